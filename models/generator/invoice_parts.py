"""The parts of an invoice, from its head to the bank account; a layout says where each stands."""

from __future__ import annotations

import random
from decimal import Decimal

from models.generator.facts import Invoice, Item
from models.generator.invoice_heads import HEADS
from models.generator.invoices import GREY, PALE, Desk, InvoiceLayout
from models.generator.sheet import BLACK, WHITE, Piece, Sheet, Style
from models.generator.writer import text_of

# column → its label, share of the table's width, alignment
COLUMNS = {
    "position": ("position", 0.07, "left"),
    "code": ("", 0.13, "left"),
    "item": ("item", 0.40, "left"),
    "quantity": ("quantity", 0.10, "right"),
    "unit": ("", 0.08, "left"),
    "price": ("price", 0.15, "right"),
    "rate": ("tax", 0.10, "right"),
    "amount": ("amount", 0.16, "right"),
}


def _title(desk: Desk, *, with_number: bool) -> None:
    style = desk.style.of(
        size=2.1 if desk.layout.title == "big" else 1.6, bold=True, colour=desk.layout.colour
    )
    x, align = {"centre": (desk.middle, "centre"), "right": (desk.right, "right")}.get(
        desk.layout.title, (desk.left, "left")
    )
    pieces: list[Piece] = [(desk.say("invoice"), None)]
    if with_number:
        pieces += [(" ", None), (desk.facts.number, "invoice_number")]
    desk.sheet.run(x, desk.y, pieces, style, align=align)
    desk.down(2)


def _customer(desk: Desk, x: float, y: float) -> float:
    """The customer's address; answers the baseline after it."""
    party = desk.facts.customer
    if desk.layout.customer == "boxed":
        desk.sheet.box(x - 6, y - 14, 220, 22 + 13 * (len(party.address) + 2), stroke=GREY)
    if desk.layout.customer != "window":
        desk.sheet.text(x, y, desk.say("bill_to"), desk.small.of(bold=True, colour=desk.layout.colour))
        y += 14
    y = desk.lines(x, y, [party.name], desk.sheet.fit(party.name, desk.style.of(bold=True), 215))
    return desk.lines(x, y, [party.person, *party.address], desk.style) + 8


def _data(desk: Desk, *, with_number: bool) -> list[tuple[str, str, str | None]]:
    """Label, value, field: invoice number and dates among their look-alikes."""
    facts = desk.facts
    rows = [
        (desk.say("invoice_date"), desk.day(facts.day), "invoice_date"),
        (desk.say("customer_number"), facts.customer_number, None),
        (desk.say("order_number"), facts.order_number, None),
        (desk.say("delivery_date"), desk.day(facts.delivered), None),
        (desk.say("order_date"), desk.day(facts.ordered), None),
    ]
    kept = [rows[0], *(row for row in rows[1:] if desk.rng.random() < 0.65)]
    if desk.layout.due == "meta":
        kept.insert(desk.rng.randint(1, len(kept)), (desk.say("due_date"), desk.day(facts.due), "due_date"))
    if with_number:
        kept.insert(desk.rng.choice((0, 0, 1)), (desk.say("invoice_number"), facts.number, "invoice_number"))
    return kept


def _meta_pairs(desk: Desk, x: float, y: float, *, with_number: bool) -> float:
    rows = _data(desk, with_number=with_number)
    boxed = desk.layout.meta == "box"
    width = 205.0
    if boxed:
        desk.sheet.box(x - 8, y - 16, width + 16, len(rows) * 15 + 12, fill=PALE, stroke=None)
    for label, value, name in rows:
        desk.sheet.text(x, y, label if desk.layout.meta == "box" else f"{label}:", desk.style.of(size=0.95))
        if desk.layout.meta == "left":
            desk.sheet.text(x + 125, y, value, desk.style, field=name)
        else:
            desk.sheet.text(x + width, y, value, desk.style.of(bold=boxed), align="right", field=name)
        y += 15
    return y + 8


def _meta_row(desk: Desk, *, with_number: bool) -> None:
    """The data as cells side by side, over the whole width."""
    rows = _data(desk, with_number=with_number)[:5]
    wide = (desk.right - desk.left) / len(rows)
    for number, (label, value, name) in enumerate(rows):
        x = desk.left + number * wide
        desk.sheet.box(x, desk.y - 12, wide, 32, stroke=GREY)
        desk.sheet.text(x + 4, desk.y, label, desk.sheet.fit(label, desk.small.of(colour=GREY), wide - 8))
        desk.sheet.text(
            x + 4, desk.y + 14, value, desk.sheet.fit(value, desk.style.of(bold=True), wide - 8), field=name
        )
    desk.y += 42


def _opening(desk: Desk) -> None:
    """Customer and data side by side, and the title above or below."""
    with_number = desk.layout.title != "numbered"
    if desk.layout.title in {"big", "centre", "right"}:
        _title(desk, with_number=False)
    half = desk.left + (desk.right - desk.left) * 0.56
    customer_x, meta_x = (half, desk.left) if desk.layout.customer == "right" else (desk.left, half)
    if desk.layout.meta == "row":
        desk.y = _customer(desk, customer_x, desk.y) + 10
        _meta_row(desk, with_number=with_number)
    else:
        meta_x = min(meta_x, desk.right - 205) if meta_x > desk.left else meta_x
        customer_end = _customer(desk, customer_x, desk.y)
        desk.y = max(customer_end, _meta_pairs(desk, meta_x, desk.y, with_number=with_number)) + 10
    if desk.layout.title in {"left", "numbered"}:
        desk.down(0.6)
        _title(desk, with_number=not with_number)


def _cells(desk: Desk, item: Item, number: int) -> dict[str, str]:
    return {
        "position": str(number), "code": item.code, "item": item.name, "quantity": str(item.quantity),
        "unit": desk.say("unit"), "price": desk.plain(item.price), "rate": f"{desk.facts.rate}%",
        "amount": desk.plain(item.amount),
    }  # fmt: skip


def _stops(desk: Desk) -> list[tuple[str, float, float, str]]:
    """Column, left, right and alignment of each cell."""
    shares = [COLUMNS[name][1] for name in desk.layout.columns]
    width, x, stops = desk.right - desk.left, desk.left, []
    for name, share in zip(desk.layout.columns, shares, strict=True):
        end = x + width * share / sum(shares)
        stops.append((name, x, end, COLUMNS[name][2]))
        x = end
    return stops


def _row(desk: Desk, cells: dict[str, str], style: Style) -> None:
    for name, start, end, align in _stops(desk):
        x = end - 5 if align == "right" else start + 5
        desk.sheet.text(
            x, desk.y, cells[name], desk.sheet.fit(cells[name], style, end - start - 8), align=align
        )


def _table_head(desk: Desk, labels: dict[str, str]) -> None:
    filled = desk.layout.table in {"head", "zebra"}
    if filled:
        desk.sheet.box(desk.left, desk.y - 13, desk.right - desk.left, 19, fill=desk.layout.colour)
    _row(desk, labels, desk.style.of(bold=True, size=0.92, colour=WHITE if filled else BLACK))
    if desk.layout.table in {"lines", "open"}:
        desk.sheet.line(desk.left, desk.y + 6, desk.right, desk.y + 6, width=1)
    if desk.layout.table == "grid":
        _grid(desk)
    desk.y += 19


def _grid(desk: Desk) -> None:
    for _, start, end, _ in _stops(desk):
        desk.sheet.box(start, desk.y - 13, end - start, 19, stroke=GREY)


def _table(desk: Desk) -> None:
    labels = {name: desk.say(label) if label else "" for name, (label, *_) in COLUMNS.items()}
    labels["rate"] = f"{labels['rate']} %"
    _table_head(desk, labels)
    for number, item in enumerate(desk.facts.items, start=1):
        if desk.y > desk.bottom - 20:
            _next_page(desk)
            _table_head(desk, labels)
        if desk.layout.table == "zebra" and number % 2 == 0:
            desk.sheet.box(desk.left, desk.y - 13, desk.right - desk.left, 19, fill=PALE)
        if desk.layout.table == "grid":
            _grid(desk)
        _row(desk, _cells(desk, item, number), desk.style)
        if desk.layout.table == "lines":
            desk.sheet.line(desk.left, desk.y + 6, desk.right, desk.y + 6, width=0.3, colour=GREY)
        desk.y += 19
    if desk.layout.table in {"open", "head"}:
        desk.sheet.line(desk.left, desk.y - 10, desk.right, desk.y - 10, width=0.8)
    desk.y += 8


def _next_page(desk: Desk) -> None:
    page = f"{desk.say('page')} {desk.sheet.page + 1}"
    desk.sheet.text(desk.right, desk.layout.paper[1] - 30, page, desk.small, align="right")
    desk.sheet.new_page()
    desk.y = 70.0


def _sum(
    desk: Desk, label: str, value: Decimal, name: str, *, start: float, end: float, style: Style
) -> None:
    pieces = desk.money(value, name)
    fitting = desk.sheet.fit(f"{label}   {text_of(pieces)}", style, end - start - 8)
    desk.sheet.text(start + 4, desk.y, label, fitting)
    desk.sheet.run(end - 5, desk.y, pieces, fitting, align="right")


def _totals(desk: Desk) -> None:
    if desk.y > desk.bottom - 75:
        _next_page(desk)
    facts, width = desk.facts, desk.right - desk.left
    start, end = {
        "left": (desk.left, desk.left + width * 0.45),
        "band": (desk.left, desk.right),
        "wide": (desk.left, desk.right),
    }.get(desk.layout.totals, (desk.right - width * 0.45, desk.right))
    rows = [
        (desk.say("net"), facts.net, "net_amount"),
        (f"{desk.say('tax')} {facts.rate}%", facts.tax, "tax"),
        (desk.say("invoice_total"), facts.total, "total"),
    ]
    if desk.layout.totals == "band":
        third = width / 3
        desk.sheet.box(desk.left, desk.y - 16, width, 28, fill=PALE)
        for number, (label, value, name) in enumerate(rows):
            x = desk.left + number * third
            style = desk.style.of(bold=name == "total")
            _sum(desk, label, value, name, start=x + 4, end=x + third - 4, style=style)
        desk.y += 34
        return
    top = desk.y - 14
    for label, value, name in rows:
        style = desk.style.of(bold=True, size=1.15) if name == "total" else desk.style
        if name == "total" and desk.layout.totals == "filled":
            desk.sheet.box(start, desk.y - 14, end - start, 21, fill=desk.layout.colour)
            style = style.of(colour=WHITE)
        elif name == "total":
            desk.sheet.line(start, desk.y - 13, end, desk.y - 13, width=0.9)
        _sum(desk, label, value, name, start=start, end=end, style=style)
        desk.y += 20
    if desk.layout.totals == "boxed":
        desk.sheet.box(start, top, end - start, desk.y - top - 10, stroke=BLACK)
    desk.y += 8


def _notes(desk: Desk) -> None:
    facts = desk.facts
    if desk.layout.due == "sentence":
        before, _, after = desk.say("pay_by").partition("{date}")
        pieces: list[Piece] = [(before, None), (desk.day(facts.due), "due_date"), (after, None)]
        desk.sheet.run(desk.left, desk.y, pieces, desk.style)
        desk.down()
    elif desk.layout.due == "within":
        desk.sheet.text(desk.left, desk.y, desk.say("pay_within").format(days=facts.days), desk.style)
        desk.down()
    desk.sheet.text(desk.left, desk.y, desk.say("business"), desk.style)
    desk.down(2)


def _bank(desk: Desk) -> None:
    """Bank and firm: in columns at the foot, in a box, or in a line; "none" leaves the IBAN out."""
    party, foot = desk.facts.supplier, desk.layout.paper[1] - 78
    grey = desk.style.of(size=0.75, colour=(0.25, 0.25, 0.25))
    label = desk.say("iban")
    if desk.layout.bank == "columns":
        desk.sheet.line(desk.left, foot - 12, desk.right, foot - 12, width=0.5, colour=desk.layout.colour)
        third = (desk.right - desk.left) / 3
        desk.lines(desk.left, foot, [party.name[:34], *party.address][:4], grey)
        desk.lines(
            desk.left + third,
            foot,
            [*desk.contact()[:2], f"{desk.say('director')}: {party.person}"[:40]],
            grey,
        )
        x = desk.left + 2 * third - 6
        desk.sheet.text(x, foot, desk.say("bank"), grey.of(bold=True))
        line = f"{label} {party.iban}"
        desk.sheet.run(
            x, foot + 11, [(f"{label} ", None), (party.iban, "iban")], desk.sheet.fit(line, grey, third + 6)
        )
        desk.sheet.text(x, foot + 22, f"{desk.say('bic')} {party.bic}", grey)
    elif desk.layout.bank == "box":
        desk.sheet.box(desk.left, desk.y - 12, 260, 52, stroke=desk.layout.colour, round_by=4)
        desk.sheet.text(desk.left + 8, desk.y + 2, desk.say("bank"), desk.small.of(bold=True))
        desk.sheet.run(desk.left + 8, desk.y + 16, [(f"{label}: ", None), (party.iban, "iban")], desk.small)
        desk.sheet.text(desk.left + 8, desk.y + 30, f"{desk.say('bic')}: {party.bic}", desk.small)
    elif desk.layout.bank == "line":
        pieces: list[Piece] = [
            (f"{desk.say('bank')}: {label} ", None),
            (party.iban, "iban"),
            (f"  {desk.say('bic')} {party.bic}", None),
        ]
        style = desk.sheet.fit(text_of(pieces), grey, desk.right - desk.left)
        desk.sheet.run(desk.middle, desk.layout.paper[1] - 40, pieces, style, align="centre")


def draw(layout: InvoiceLayout, facts: Invoice, rng: random.Random) -> Sheet:
    """The invoice on one page, or more if it has many lines; `rng` picks words and formats."""
    desk = Desk(layout, facts, rng)
    HEADS[layout.head](desk)
    _opening(desk)
    _table(desk)
    _totals(desk)
    _notes(desk)
    _bank(desk)
    return desk.sheet
