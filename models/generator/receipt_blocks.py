"""The blocks of a till receipt, from logo to barcode; a layout lists the ones it has."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from models.generator.facts import Item, Receipt
from models.generator.receipts import ReceiptLayout, Roll
from models.generator.sheet import BLACK, WHITE, Sheet
from models.generator.writer import text_of


def logo(roll: Roll) -> None:
    """A mark without words."""
    x = roll.middle if roll.layout.align == "centre" else roll.left + 12
    colours = roll.layout.colour, (0.55, 0.55, 0.55)
    for number, offset in enumerate((-9, 0, 9)):
        roll.sheet.disc(x + offset, roll.y + 4, 8 - 2 * (number % 2), colours[number % 2])
    roll.down(2.4)


def company(roll: Roll) -> None:
    style = roll.style.of(size=roll.layout.company_size, bold=True)
    name = roll.facts.shop.name
    roll.put(name.upper() if roll.layout.shout else name, style, field="company")


def banner(roll: Roll) -> None:
    """The shop's name in white on a bar."""
    style = roll.style.of(size=roll.layout.company_size, bold=True, colour=WHITE)
    name = roll.facts.shop.name
    style = roll.sheet.fit(name, style, roll.right - roll.left - 8)
    height = style.size * 2
    roll.sheet.box(
        roll.left, roll.y - roll.style.size, roll.right - roll.left, height, fill=roll.layout.colour
    )
    y = roll.y - roll.style.size + height / 2 + style.size * 0.28
    roll.sheet.text(roll.middle, y, name, style, align="centre", field="company")
    roll.y += height + roll.style.size * 0.4


def address(roll: Roll) -> None:
    for line in roll.facts.shop.address:
        roll.put(line.upper() if roll.layout.shout else line, field="address")


def address_in_a_line(roll: Roll) -> None:
    lines = roll.facts.shop.address
    half = (len(lines) + 1) // 2
    for part in (lines[:half], lines[half:]):
        if part:
            roll.put(", ".join(line.rstrip(",") for line in part), field="address")


def contact(roll: Roll) -> None:
    roll.put(f"{roll.say('phone')}: {roll.facts.shop.phone}")
    if roll.rng.random() < 0.8:
        roll.put(f"{roll.say('tax_id')}: {roll.facts.shop.tax_id}")


def title(roll: Roll) -> None:
    roll.down(0.3)
    roll.put(roll.say("receipt"), roll.style.of(bold=True, size=1.1))


def meta(roll: Roll) -> None:
    """Date, time, number, cashier, in the layout's way."""
    facts, sheet, style = roll.facts, roll.sheet, roll.style
    day = roll.day(facts.day)
    match roll.layout.meta:
        case "line":
            sheet.run(roll.left, roll.y, [(day, "date"), (f"  {facts.time}", None)], style)
            sheet.text(roll.right, roll.y, facts.number, style, align="right")
            roll.down()
        case "columns":
            half = roll.middle + 4
            pairs = [
                ((roll.say("date"), day, "date"), (roll.say("time"), facts.time, None)),
                (
                    (roll.say("receipt_number"), facts.number, None),
                    (roll.say("till"), f"0{roll.rng.randint(1, 9)}", None),
                ),
            ]
            for left, right in pairs:
                for x, (label, value, name) in ((roll.left, left), (half, right)):
                    small = sheet.fit(f"{label}: {value}", style, roll.middle - roll.left)
                    sheet.run(x, roll.y, [(f"{label}: ", None), (value, name)], small)
                roll.down()
        case "grid":
            cells = [
                (roll.say("date"), day, "date"),
                (roll.say("receipt_number"), facts.number, None),
                (roll.say("time"), facts.time, None),
            ]
            wide = (roll.right - roll.left) / len(cells)
            for number, (label, value, name) in enumerate(cells):
                x, top = roll.left + number * wide, roll.y - style.size
                sheet.box(x, top, wide, style.size * 2.9, stroke=BLACK)
                sheet.text(x + 3, roll.y, label, sheet.fit(label, style.of(size=0.75), wide - 6))
                sheet.text(
                    x + 3,
                    roll.y + style.size * 1.3,
                    value,
                    sheet.fit(value, style.of(bold=True), wide - 6),
                    field=name,
                )
            roll.down(2.6)
        case "right":
            for value, name in ((day, "date"), (facts.time, None), (f"#{facts.number}", None)):
                sheet.text(roll.right, roll.y, value, style, align="right", field=name)
                roll.down()
        case _:
            rows = [
                (roll.say("receipt_number"), facts.number, None),
                (roll.say("date"), day, "date"),
                (roll.say("time"), facts.time, None),
                (roll.say("cashier"), facts.cashier, None),
            ]
            stop = roll.left + max(sheet.measure(label, style) for label, *_ in rows) + style.size
            for label, value, name in rows:
                sheet.text(roll.left, roll.y, label, style)
                sheet.run(
                    stop,
                    roll.y,
                    [(": ", None), (value, name)],
                    sheet.fit(f": {value}", style, roll.right - stop),
                )
                roll.down()


def place(roll: Roll) -> None:
    """Table and guest count, as restaurants print them."""
    label, number = roll.say("table"), roll.rng.randint(1, 40)
    roll.sheet.text(roll.left, roll.y, f"{label} {number}", roll.style.of(bold=True))
    roll.sheet.text(roll.right, roll.y, roll.facts.cashier, roll.style, align="right")
    roll.down()


def _name(roll: Roll, item: Item) -> str:
    return item.name.upper() if roll.layout.shout else item.name


def _stacked(roll: Roll, item: Item) -> None:
    roll.sheet.text(roll.left, roll.y, _name(roll, item), roll.style)
    roll.down()
    roll.sheet.text(
        roll.left + roll.style.size, roll.y, f"{item.quantity} x {roll.plain(item.price)}", roll.style
    )
    roll.sheet.text(roll.right, roll.y, roll.plain(item.amount), roll.style, align="right")
    roll.down()


def _columns(roll: Roll, item: Item) -> None:
    stops = [
        roll.left,
        roll.left + (roll.right - roll.left) * 0.12,
        roll.left + (roll.right - roll.left) * 0.76,
        roll.right,
    ]
    roll.sheet.text(stops[0], roll.y, str(item.quantity), roll.style)
    name = roll.sheet.fit(_name(roll, item), roll.style, (stops[2] - stops[1]) * 0.72)
    roll.sheet.text(stops[1], roll.y, _name(roll, item), name)
    small = roll.sheet.fit(roll.plain(item.price), roll.style, (roll.right - roll.left) * 0.2)
    roll.sheet.text(stops[2], roll.y, roll.plain(item.price), small, align="right")
    roll.sheet.text(stops[3], roll.y, roll.plain(item.amount), small, align="right")
    roll.down()


def _simple(roll: Roll, item: Item) -> None:
    name = _name(roll, item) if item.quantity == 1 else f"{item.quantity} {_name(roll, item)}"
    fitting = roll.sheet.fit(name, roll.style, (roll.right - roll.left) * 0.72)
    end = roll.sheet.text(roll.left, roll.y, name, fitting)
    amount = roll.plain(item.amount) + (f" {'AB'[item.quantity % 2]}" if roll.layout.items == "coded" else "")
    start = roll.right - roll.sheet.measure(amount, roll.style)
    if roll.layout.items == "leaders" and start - end > 8:
        roll.sheet.line(end + 3, roll.y - 1, start - 3, roll.y - 1, dash=(0.8, 2.2))
    roll.sheet.text(roll.right, roll.y, amount, roll.style, align="right")
    roll.down()


def _numbered(roll: Roll, item: Item) -> None:
    roll.sheet.text(roll.left, roll.y, item.code, roll.style.of(size=0.85))
    roll.down()
    _simple(roll, item)


def items(roll: Roll) -> None:
    rows: dict[str, Callable[[Roll, Item], None]] = {
        "stacked": _stacked, "columns": _columns, "numbered": _numbered,
    }  # fmt: skip
    if roll.layout.items == "columns":
        header = roll.style.of(bold=True, size=0.85)
        roll.sheet.text(roll.left, roll.y, roll.say("quantity")[:4], header)
        roll.sheet.text(roll.left + (roll.right - roll.left) * 0.22, roll.y, roll.say("item"), header)
        roll.sheet.text(roll.right, roll.y, roll.say("amount"), header, align="right")
        roll.down()
        roll.rule()
    for item in roll.facts.items:
        rows.get(roll.layout.items, _simple)(roll, item)


def totals(roll: Roll) -> None:
    """Subtotal and discount (if any), tax (where it comes on top), total."""
    facts = roll.facts
    if facts.discount:
        roll.pair(roll.say("discount"), -facts.discount)
    if facts.tax_on_top or roll.rng.random() < 0.6:
        roll.pair(roll.say("subtotal"), facts.net if facts.tax_on_top else facts.goods)
    if facts.tax_on_top:
        roll.pair(f"{roll.say('tax')} {facts.rate}%", facts.tax, field="tax")
    label = roll.say("total")
    line = f"{label}   {text_of(roll.money(facts.total))}"
    match roll.layout.totals:
        case "big":
            style = roll.sheet.fit(line, roll.style.of(size=1.7, bold=True), roll.right - roll.left)
            roll.pair(label, facts.total, style, field="total")
        case "boxed":
            style = roll.sheet.fit(line, roll.style.of(size=1.3, bold=True), roll.right - roll.left - 6)
            top = roll.y - roll.style.size
            roll.down(0.3)
            roll.pair(label, facts.total, style, field="total")
            bottom = roll.y - roll.style.size * 0.6
            roll.sheet.box(roll.left - 3, top, roll.right - roll.left + 6, bottom - top, stroke=BLACK)
            roll.down(0.4)
        case "inverse":
            style = roll.sheet.fit(
                line, roll.style.of(size=1.2, bold=True, colour=WHITE), roll.right - roll.left - 4
            )
            roll.sheet.box(
                roll.left - 3,
                roll.y - roll.style.size * 1.05,
                roll.right - roll.left + 6,
                style.size * 1.75,
                fill=roll.layout.colour,
            )
            roll.pair(label, facts.total, style, field="total")
            roll.down(0.5)
        case _:
            roll.pair(label, facts.total, roll.style.of(bold=True), field="total")


def payment(roll: Roll) -> None:
    """How it was paid; change is as good a trap for a total as cash is."""
    facts = roll.facts
    label = roll.say("cash" if facts.paid_cash else "card")
    start = roll.y
    roll.pair("", facts.tendered)
    end, roll.y = roll.y, start
    roll.sheet.text(roll.left, roll.y, label, roll.style, field="payment_method")
    roll.y = end
    if facts.paid_cash:
        roll.pair(roll.say("change"), facts.change)
    else:
        roll.sheet.text(roll.left, roll.y, f"************{roll.rng.randint(1000, 9999)}", roll.style)
        roll.down()


def tax_table(roll: Roll) -> None:
    """Rate, net, tax and gross in a row, as Europe prints them."""
    facts = roll.facts
    if facts.tax_on_top:
        return
    stops = [roll.left, *(roll.left + (roll.right - roll.left) * share for share in (0.48, 0.74, 1.0))]
    small = roll.style.of(size=0.82)
    for x, text in zip(
        stops, (roll.say("tax"), roll.say("net_short"), "", roll.say("amount")[:8]), strict=True
    ):
        roll.sheet.text(x, roll.y, text, small, align="left" if x == roll.left else "right")
    roll.down(0.9)
    row = [
        (f"{facts.rate}%", None),
        (roll.plain(facts.net), None),
        (roll.plain(facts.tax), "tax"),
        (roll.plain(facts.total), None),
    ]
    for x, (text, name) in zip(stops, row, strict=True):
        roll.sheet.text(x, roll.y, text, small, align="left" if x == roll.left else "right", field=name)
    roll.down()


def tax_line(roll: Roll) -> None:
    if not roll.facts.tax_on_top:
        roll.pair(
            f"{roll.say('tax')} {roll.facts.rate}%", roll.facts.tax, roll.style.of(size=0.95), field="tax"
        )


def footer(roll: Roll) -> None:
    roll.down(0.4)
    for label in ("thanks", "returns"):
        if roll.rng.random() < 0.8:
            roll.put(roll.say(label), roll.style.of(size=0.9))
    if roll.rng.random() < 0.4:  # a second date, which is not the receipt's
        later = roll.facts.day + timedelta(days=roll.rng.choice((14, 28, 30, 90)))
        roll.put(f"{roll.say('valid_until')} {roll.day(later)}", roll.style.of(size=0.9))


def barcode(roll: Roll) -> None:
    width, x = (roll.right - roll.left) * 0.7, roll.middle - (roll.right - roll.left) * 0.35
    end = x + width
    while x < end:
        wide = roll.rng.choice((0.7, 0.7, 1.4, 2.1))
        roll.sheet.line(x, roll.y, x, roll.y + 22, width=wide)
        x += wide + roll.rng.choice((0.9, 1.6, 2.4))
    roll.y += 22 + roll.style.size * 1.2
    code = "".join(str(roll.rng.randint(0, 9)) for _ in range(13))
    roll.sheet.text(roll.middle, roll.y, code, roll.style.of(size=0.85), align="centre")
    roll.down()


def gap(roll: Roll) -> None:
    roll.down(0.6)


def rule(roll: Roll) -> None:
    roll.rule()


BLOCKS: dict[str, Callable[[Roll], None]] = {
    block.__name__: block
    for block in (
        logo, company, banner, address, address_in_a_line, contact, title, meta, place, items, totals,
        payment, tax_table, tax_line, footer, barcode, gap, rule,
    )
}  # fmt: skip


def draw(layout: ReceiptLayout, facts: Receipt, rng: random.Random) -> Sheet:
    """The receipt on paper that is as long as it needs; `rng` picks words and formats."""
    roll = Roll(layout, facts, rng)
    for block in layout.blocks:
        BLOCKS[block](roll)
    roll.sheet.height = roll.y + roll.margin
    return roll.sheet
