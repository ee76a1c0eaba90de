"""The lower part of an invoice: what was delivered, sums, terms and the bank."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from models.generator.practice.bills import Bill
from models.generator.practice.forms import Pair, Setting, columns, stack, table
from models.generator.practice.made_up import digits
from models.generator.practice.paper import Mark, Run, Text, value, wrapped
from models.generator.practice.wordings import goods


def turn(bill: Bill) -> None:
    rng, paper = bill.rng, bill.paper
    paper.turn()
    if rng.random() < 0.5:
        paper.row(
            [
                (value("company", bill.seller.name), 0.0, "l"),
                ([f"{bill.word('invoice')} ", value("document_number", bill.number)], 1.0, "r"),
            ]
        )
        paper.feed()


def write_table(bill: Bill) -> None:
    rng = bill.rng
    sign = f" ({bill.manner.sign})" if rng.random() < 0.15 else ""
    name, amount = (bill.word("item"), 3.6, "l"), (bill.word("amount") + sign, 1.2, "r")
    more = [("quantity", 0.7), ("price", 1.1)]
    if rng.random() < 0.3:
        more.reverse()
    if rng.random() < 0.15:
        more = more[:1]
    heads = [name, *((bill.word(key), weight, "r") for key, weight in more), amount]
    first = rng.random() < 0.2  # quantity before the name
    coded = rng.random() < 0.3
    signed = rng.random() < 0.4
    rows: list[list[Text]] = []
    for index, each in enumerate(bill.things):
        cells: dict[str, Text] = {
            "quantity": [
                value("item_quantity", str(each.quantity)),
                rng.choice(("", "", "", " pcs", " hrs")),
            ],
            "price": bill.manner.money("item_price", each.price, signed=signed),
        }
        said: Text = value(
            "item_name", goods(bill.language, rng, work=True) if rng.random() < 0.2 else each.name
        )
        row: list[Text] = [
            said,
            *(cells[key] for key, _ in more),
            bill.manner.money("item_amount", each.amount, signed=signed),
        ]
        if coded:
            row.insert(0, each.code if rng.random() < 0.9 else str(index + 1))
        rows.append(row)
    if coded:
        heads.insert(0, (rng.choice(("Item", "Code", "#", "SKU", "Art. No", "Pos")), 1.0, "l"))
    elif first:
        heads.insert(0, heads.pop(1))
        for row in rows:
            row.insert(0, row.pop(1))
    cols = columns([h[0] for h in heads], [h[1] for h in heads], [h[2] for h in heads])
    table(bill.paper, cols, rows, lambda: turn(bill), reserve=2, pitch=rng.choice((1.0, 1.0, 1.3, 1.7)))
    bill.paper.feed(rng.choice((0.3, 1, 2)))


def write_sums(bill: Bill) -> None:
    """From the net sum to what is to be paid."""
    rng, paper, money = bill.rng, bill.paper, bill.manner.money
    if not paper.room(9):
        turn(bill)
    rows: list[Pair] = []
    if rng.random() < 0.85:
        rows.append((bill.word("subtotal"), money("subtotal", bill.net)))
    if bill.discount:
        rows.append((bill.word("discount"), money("discount", -bill.discount)))
    if bill.freight:
        rows.append((bill.word("shipping"), money("shipping", bill.freight)))
    if bill.rate or rng.random() < 0.5:
        rows.append((bill.word("tax"), money("tax", bill.tax)))
    rows.append((bill.word("total"), money("total", bill.total)))
    if rng.random() < 0.2:
        paid = rng.choice((Decimal(0), bill.total))
        rows.append(
            (
                rng.choice(("Amount Paid", "Paid", "Payments", "Less deposit", "Payment received")),
                money("cash", paid),
            )
        )
        if not paid:
            rows.append((bill.word("amount_due"), money("total", bill.total)))
    wide = rng.uniform(180, 330)
    setting = Setting(
        rng.choice(("right", "right", "right", "column", "inline")),
        bill.setting.colon,
        0.6,
        bill.setting.upper,
    )
    x = paper.right - wide if rng.random() < 0.85 else paper.left
    paper.y = setting.pairs(paper, rows, x, wide, paper.y)
    paper.feed(rng.choice((0.5, 1, 2)))


def write_end(bill: Bill) -> None:
    """Terms, the bank, thanks and a foot with the seller's details."""
    rng, paper = bill.rng, bill.paper
    lines: list[Text] = []
    if rng.random() < 0.35:
        lines.append(
            [
                rng.choice(("Bank account: ", "IBAN: ", "IBAN ", "Account No: ")),
                value(
                    "bank_account",
                    digits(
                        rng.choice(
                            (
                                "GB## @@@@ #### #### ####",
                                "DE## #### #### #### #### ##",
                                "##########",
                                "###-######-#",
                            )
                        ),
                        rng,
                    ),
                ),
            ]
        )
        lines.append(
            rng.choice(("SWIFT: ", "BIC ", "Sort code: ")) + digits(rng.choice(("@@@@@@##", "##-##-##")), rng)
        )
    if rng.random() < 0.2:
        lines.append([bill.word("due_date") + ": ", bill.date("due_date", bill.day + timedelta(days=30))])
    lines += [digits(rng.choice((
        "Thank you for your business!", "Payment is due within ## days of the invoice date.", "Interest of #% per month is charged on overdue accounts.",
        "Please quote the invoice number with your payment.", "Make all checks payable to the company above.", "Goods remain our property until paid in full.",
        "If you have any questions concerning this invoice, please contact us.", "This is a computer generated invoice. No signature is required.",
        "Subject to our general terms and conditions.", "E. & O. E.", "Authorised Signature ____________________", "Reverse charge applies where indicated.",
    )), rng) for _ in range(rng.randint(0, 4))]  # fmt: skip
    rng.shuffle(lines)
    for line in lines:
        for part in wrapped(line, paper.columns):
            if not paper.room(2):
                turn(bill)
            paper.line(part)
        paper.feed(rng.choice((0, 0, 0.5)))
    if rng.random() < 0.35 and paper.height is not None:
        seller = bill.seller
        y = max(paper.y, paper.height - paper.top - 2 * paper.step)
        if y + 2 * paper.step < paper.height:
            mark = Mark("company_address")
            foot: Text = [
                value("company", seller.name),
                rng.choice((" | ", " - ", ", ")),
                Run(", ".join(seller.address), mark),
            ]
            stack(
                paper,
                [foot, [value("phone", seller.phone), " | ", value("email", seller.mail)]],
                (paper.left + paper.right) / 2,
                y,
                "c",
                0.8,
            )
