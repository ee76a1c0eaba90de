"""The blocks of a receipt, from its head to its small print; each draws its own variant."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from models.generator.practice.addresses import address_lines
from models.generator.practice.made_up import digits
from models.generator.practice.names import firm, person, surname
from models.generator.practice.paper import Parts, Run, Text, runs_of, value, wrapped
from models.generator.practice.receipt_heads import prefixed
from models.generator.practice.slips import Slip
from models.generator.practice.values import Manner


def particulars(slip: Slip) -> None:
    """Number, date, time, who served: one beneath the other, in two columns, or in one line without labels."""
    rng, paper = slip.rng, slip.paper
    slip.between()
    if rng.random() < 0.7:
        paper.line(slip.word("title"), align=rng.choice("cccl"), scale=rng.choice((1.0, 1.0, 1.3)))
    if rng.random() < 0.12:
        _customer(slip)
    if rng.random() < 0.22:
        _bare_particulars(slip)
    else:
        _labelled_particulars(slip)


def _number(slip: Slip) -> str:
    return digits(
        slip.rng.choice(("######", "########", "CS########", "INV-#####", "####", "##-######", "@@#######", "R000######", "#####/###/T####",
                         "##############", "OR##############", "POS######", "###-###-######", "@#####", "T#-#####", "#-######")), slip.rng
    )  # fmt: skip


def _date(slip: Slip) -> Run:
    """The day of the sale; printed again, it may be written another way."""
    again = slip.dated and slip.rng.random() < 0.2
    slip.dated = True
    manner = Manner.draw(slip.sale.land, slip.rng) if again else slip.manner
    return value("date", manner.date(slip.sale.day))


def _time(slip: Slip) -> Run:
    return value("time", slip.manner.time(slip.sale.seconds))


def _bare_particulars(slip: Slip) -> None:
    rng = slip.rng
    pieces: list[Parts] = [[_date(slip), " ", _time(slip)] if rng.random() < 0.7 else [_date(slip)]]
    if rng.random() < 0.6:
        pieces.append([rng.choice(("", "#", "No.", "R", "TRX ")), value("document_number", _number(slip))])
    if rng.random() < 0.5:
        pieces.append(
            [digits(rng.choice(("SH## B###", "T# ", "POS##", "Reg 0#", "ST ####", "OP# ######")), rng)]
        )
    rng.shuffle(pieces)
    wide = slip.paper.columns
    text: Parts = []
    for piece in pieces:
        if text and sum(len(r if isinstance(r, str) else r.text) for r in (*text, *piece)) > wide:
            slip.paper.line(text)
            text = []
        text += [*([" "] if text else []), *piece]
    slip.paper.line(text)


def _labelled_particulars(slip: Slip) -> None:
    rng = slip.rng
    together = rng.random() < 0.35  # date and time
    rows: list[tuple[str, Text]] = []
    if rng.random() < 0.85:
        rows.append((slip.word("document_number"), value("document_number", _number(slip))))
    name = slip.word("date") if rng.random() < 0.8 else ""
    rows.append(
        (name, [_date(slip), rng.choice((" ", "  ", " - ")), _time(slip)] if together else _date(slip))
    )
    if not together and rng.random() < 0.6:
        rows.append((slip.word("time") if rng.random() < 0.8 else "", _time(slip)))
    if rng.random() < 0.6:
        who = rng.choice(
            (
                person(slip.sale.land, rng),
                surname(slip.sale.land, rng),
                digits("##", rng),
                "USER",
                "ADMIN",
                digits("## ", rng) + surname(slip.sale.land, rng),
            )
        )
        rows.append((slip.word("cashier"), value("cashier", who)))
    if rng.random() < 0.15:
        rows.append((slip.word("salesperson"), value("salesperson", surname(slip.sale.land, rng))))
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        rows.append(
            (slip.word("till"), digits(rng.choice(("#", "##", "0#", "POS#", "@#", "A-##", "", "00#")), rng))
        )
    if rng.random() < 0.05:
        rows.append(
            (slip.word("printed"), slip.manner.date(slip.sale.day + timedelta(days=rng.randint(1, 40))))
        )
    if rng.random() < 0.6:
        rng.shuffle(rows)
    _set_rows(slip, rows)


def _set_rows(slip: Slip, rows: list[tuple[str, Text]]) -> None:
    """Labels and values, one pair a line, or two pairs, or labels above values."""
    rng, paper = slip.rng, slip.paper
    middle = rng.uniform(0.5, 0.62)
    above = rng.random() < 0.05
    at = 0
    while at < len(rows):
        two = at + 1 < len(rows) and rng.random() < 0.35
        pairs = rows[at : at + 1 + two]
        at += len(pairs)
        if above and pairs[0][0]:
            paper.row([(name, 0.5 * i, "l") for i, (name, _) in enumerate(pairs)])
            paper.row([(text, 0.5 * i, "l") for i, (_, text) in enumerate(pairs)])
            continue
        cells: list[tuple[Text, float, str]] = [(text, x, "l") for text, x in slip.labelled(*pairs[0])]
        if two:
            name, text = pairs[1]
            joined: Parts = [prefixed(name, slip.colon or " "), *runs_of(text)]
            cells.append((joined, 1.0, "r") if rng.random() < 0.5 else (joined, middle, "l"))
            if _crowded(slip, cells):
                paper.row(cells[:-1])
                cells = [(joined, 0.0, "l")]
        paper.row(cells)


def _crowded(slip: Slip, cells: list[tuple[Text, float, str]]) -> bool:
    """Whether the last cell would be written over the one before."""
    paper, style = slip.paper, slip.paper.style
    wide = paper.right - paper.left
    widths = [style.width("".join(run.text for run in runs_of(text))) for text, _, _ in cells]
    ends = [share * wide + width for (_, share, _), width in zip(cells, widths, strict=True)]
    start = cells[-1][1] * wide - (widths[-1] if cells[-1][2] == "r" else 0)
    return max(ends[:-1]) + style.size > start or start + widths[-1] > wide + style.size


def _customer(slip: Slip) -> None:
    """Who buys, where the receipt is an invoice too."""
    rng = slip.rng
    buyer = firm(slip.sale.land, rng)
    name = slip.word("customer")
    if rng.random() < 0.5:
        slip.paper.line([name + slip.colon])
        slip.paper.line(value("customer", buyer.name))
    else:
        slip.paper.line([prefixed(name, slip.colon or " "), value("customer", buyer.name)])
    if rng.random() < 0.6:
        for line in address_lines(buyer.address, slip.paper.columns, rng, "customer_address"):
            slip.paper.line(line)


def things(slip: Slip) -> None:
    """The lines of what was bought, in one of five forms."""
    rng, paper = slip.rng, slip.paper
    slip.between()
    form = rng.randrange(5)
    signed = rng.random() < 0.15
    suffix = rng.choice(("", "", "", " SR", " S", " T", " *", " Z"))
    if rng.random() < 0.55:
        heads = [slip.word(key) for key in ("item", "quantity", "price", "amount")]
        if form in (0, 4):
            paper.row([(heads[0], 0.0, "l"), (heads[3], 1.0, "r")])
        else:
            paper.row(
                [(heads[0], 0.0, "l"), (heads[1], 0.55, "r"), (heads[2], 0.78, "r"), (heads[3], 1.0, "r")]
            )
        if slip.rule and rng.random() < 0.5:
            paper.line(slip.rule * paper.columns)
    for each in slip.sale.things:
        amount: Parts = [*slip.manner.money("item_amount", each.amount, signed=signed), suffix]
        price = slip.manner.money("item_price", each.price, signed=False)
        count = value("item_quantity", str(each.quantity) + rng.choice(("", "", ".00" if form == 1 else "")))
        name = value("item_name", each.name)
        code = each.code + " " if form in (1, 2) else ""
        match form:
            case 0:
                lead: Parts = [count, " ", name] if each.quantity > 1 else [name]
                paper.row([(lead, 0.0, "l"), (amount, 1.0, "r")])
            case 1:
                paper.line([code, name])
                paper.row([(count, 0.5, "r"), (price, 0.75, "r"), (amount, 1.0, "r")])
            case 2:
                paper.line([name])
                paper.row(
                    [
                        ([code, count, rng.choice((" X ", " x ", "X", " @ ", "x")), *price], 0.05, "l"),
                        (amount, 1.0, "r"),
                    ]
                )
            case 3:
                if len(each.name) > paper.columns * 0.45:
                    paper.line(name)
                    name = Run("")
                paper.row([(name, 0.0, "l"), (count, 0.55, "r"), (price, 0.78, "r"), (amount, 1.0, "r")])
            case _:
                paper.row([(name, 0.0, "l"), (amount, 1.0, "r")])
                if each.quantity > 1:
                    paper.line(["  ", count, " @ ", *price], indent=paper.style.size)
        if rng.random() < 0.03:
            paper.line(
                rng.choice(("  ADD EGG", "  LESS SUGAR", "  (TAKE AWAY)", "  * PROMO *", "  S/N: 48201"))
            )


def sums(slip: Slip) -> None:
    """From the subtotal to the change; which lines there are differs from shop to shop."""
    rng, sale = slip.rng, slip.sale
    money = slip.manner.money
    slip.between()
    bare = rng.random() < 0.12
    if not bare:
        if rng.random() < 0.35:
            count: Parts = [str(sum(each.quantity for each in sale.things))]
            if rng.random() < 0.15:
                count += ["   ", *money("subtotal", sale.goods)]
            slip.sum(slip.word("count"), count)
        if rng.random() < 0.6:
            slip.sum(
                slip.word("subtotal"),
                money("subtotal", sale.net if rng.random() < 0.4 or sale.on_top else sale.goods),
            )
        if sale.discount:
            slip.sum(slip.word("discount"), money("discount", sale.discount * rng.choice((1, -1))))
        elif rng.random() < 0.12:
            slip.sum(slip.word("discount"), money("discount", Decimal(0)))
        if sale.service:
            slip.sum(slip.word("service_charge"), money("service_charge", sale.service))
        if sale.on_top or rng.random() < 0.4:
            slip.sum(slip.word("tax"), money("tax", sale.tax))
    _totals(slip, bare)
    if rng.random() < 0.85:
        _payment(slip)
    if not sale.on_top and rng.random() < 0.3:
        slip.sum(slip.word("tax_inside"), money("tax", sale.tax))
    if rng.random() < 0.12:
        slip.sum(slip.word("saved"), money(None, Decimal(rng.randint(1, 2000)) / 100))


def _totals(slip: Slip, bare: bool) -> None:
    rng, sale = slip.rng, slip.sale
    scale = rng.choice((1.0, 1.0, 1.0, 1.2, 1.5))
    total = sale.total
    shown = sale.rounding != 0 or (not bare and rng.random() < 0.3)
    if shown:
        name = slip.word("before_rounding")
        same = sale.before == total and "sub" not in name.lower()
        slip.sum(name, slip.manner.money("total" if same else "subtotal", sale.before))
        slip.sum(slip.word("rounding"), slip.manner.money("rounding", sale.rounding))
        slip.sum(slip.word("total_rounded"), slip.manner.money("total", total), scale=scale)
    else:
        count = [f"{sum(each.quantity for each in sale.things)}   "] if rng.random() < 0.06 else []
        slip.sum(slip.word("total"), [*count, *slip.manner.money("total", total)], scale=scale)
    if rng.random() < 0.15:
        slip.sum(slip.word("total"), slip.manner.money("total", total))


def _payment(slip: Slip) -> None:
    rng, sale = slip.rng, slip.sale
    if rng.random() < 0.2:
        slip.between()
    if sale.card:
        name = slip.word("card")
        if rng.random() < 0.3:
            slip.paper.line([slip.word("payment_method") + ": ", value("payment_method", name)])
        slip.sum(name, slip.manner.money("cash", sale.paid * rng.choice((1, 1, 1, -1))))
        if rng.random() < 0.3:
            slip.paper.line(
                digits(
                    rng.choice(
                        (
                            "XXXX-XXXX-XXXX-####",
                            "************####",
                            "#### ## XX XXXX ####",
                            "APPR CODE: ######",
                        )
                    ),
                    rng,
                )
            )
    else:
        slip.sum(slip.word("cash"), slip.manner.money("cash", sale.paid))
    if not sale.card or rng.random() < 0.4:
        slip.sum(slip.word("change"), slip.manner.money("change", sale.paid - sale.total))


def tax_summary(slip: Slip) -> None:
    """The little table of taxes by rate."""
    rng, sale, paper = slip.rng, slip.sale, slip.paper
    slip.between()
    code = rng.choice(("SR", "S", "T1", "A", "SR-S", "Z", "VAT A"))
    rate = value("tax_rate", f"{sale.rate:g}{rng.choice(('%', '%', ''))}")
    base = slip.manner.money("subtotal", sale.net, signed=False)
    tax = slip.manner.money("tax", sale.tax, signed=False)
    sign = f"({slip.manner.sign})" if rng.random() < 0.6 else ""
    if rng.random() < 0.5:
        paper.line(slip.word("summary"), align=rng.choice("cl"))
        paper.row(
            [("Tax Code", 0.0, "l"), ("%", 0.4, "r"), (f"Amt{sign}", 0.7, "r"), (f"Tax{sign}", 1.0, "r")]
        )
    else:
        paper.row([(slip.word("summary"), 0.0, "l"), (f"Amount{sign}", 0.7, "r"), (f"Tax{sign}", 1.0, "r")])
    if rng.random() < 0.5:
        paper.row([(code, 0.0, "l"), (rate, 0.4, "r"), (base, 0.7, "r"), (tax, 1.0, "r")])
    else:
        paper.row(
            [([code, rng.choice((" (", " @ ", "=GST @")), rate], 0.0, "l"), (base, 0.7, "r"), (tax, 1.0, "r")]
        )
    if rng.random() < 0.25:
        zero = slip.manner.number(Decimal(0))
        paper.row([(rng.choice(("ZR", "ZRL", "Z (0%)")), 0.0, "l"), (zero, 0.7, "r"), (zero, 1.0, "r")])
    if rng.random() < 0.3:
        base, tax = (
            slip.manner.money("subtotal", sale.net, signed=False),
            slip.manner.money("tax", sale.tax, signed=False),
        )
        paper.row([(rng.choice(("Total", "TOTAL :", "Total:")), 0.3, "l"), (base, 0.7, "r"), (tax, 1.0, "r")])


def card_slip(slip: Slip) -> None:
    """What the card's terminal printed beneath."""
    rng, paper = slip.rng, slip.paper
    slip.between()
    rows: list[Text] = [
        [rng.choice(("MID: ", "Merchant ID ", "M/ID:")), digits("##########", rng)],
        [rng.choice(("TID: ", "Terminal ", "T/ID:")), digits("########", rng)],
        [rng.choice(("BATCH ", "Batch No: ")), digits("######", rng)],
        digits(rng.choice(("VISA XXXX########"[:12] + "####", "CARD NO: ************####")), rng),
        [rng.choice(("APPR CODE ", "Auth: ", "Approval: ")), digits("######", rng)],
        [rng.choice(("RREF NUM ", "TRACE NO: ", "RRN: ")), digits("############", rng)],
        [rng.choice(("DATE/TIME ", "", "Date: ")), _date(slip), " ", _time(slip)],
    ]
    for row in rng.sample(rows, rng.randint(2, len(rows))):
        paper.line(row)
    slip.sum(
        rng.choice(("AMOUNT", "TOTAL", "SALE AMT", "Amount", "Sale")),
        slip.manner.money("total", slip.sale.total),
    )
    if rng.random() < 0.4:
        paper.line(
            rng.choice(
                (
                    "NO SIGNATURE REQUIRED",
                    "SIGNATURE NOT REQUIRED",
                    "APPROVED",
                    "I agree to pay the above total amount",
                )
            )
        )


def small_print(slip: Slip) -> None:
    """Thanks, rules, the date once more."""
    rng, paper = slip.rng, slip.paper
    slip.between()
    align = rng.choice("cccl")
    lines: list[Text] = [slip.word("thanks") for _ in range(rng.choice((0, 1, 1, 2)))]
    lines += [digits(slip.word("returns"), rng) for _ in range(rng.choice((0, 1, 1, 2, 3, 4)))]
    if rng.random() < 0.08:
        lines.append(
            [
                slip.word("valid_until") + ": ",
                slip.manner.date(slip.sale.day + timedelta(days=rng.choice((7, 14, 30, 90, 365)))),
            ]
        )
    if rng.random() < 0.15:
        lines.append(
            [_date(slip), rng.choice((" ", "   ")), _time(slip)] if rng.random() < 0.7 else _date(slip)
        )
    if rng.random() < 0.06:
        lines.append(value("website", slip.sale.shop.website))
    rng.shuffle(lines)
    for line in lines:
        for part in wrapped(line, paper.columns):
            paper.line(part, align=align)
        if rng.random() < 0.1:
            paper.feed(slip.gap)
    if rng.random() < 0.12:
        paper.line(rng.choice(("*", "")) + digits("############", rng) + rng.choice(("*", "")), align="c")
