"""Invoices between firms, of one page or more."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from models.extractors.base import Example
from models.generator.practice.forms import Pair, Setting, columns, sheet, stack, table
from models.generator.practice.names import LANDS, Party, digits, firm, person, shop
from models.generator.practice.noise import Wear, finish
from models.generator.practice.paper import Mark, Paper, Run, Text, value, wrapped
from models.generator.practice.receipt_parts import address_lines
from models.generator.practice.sales import Thing, thing
from models.generator.practice.values import Manner, cents, day
from models.generator.practice.wordings import goods, label

WHERE = ("us",) * 5 + ("gb", "gb", "my", "my", "sg", "au", "in", "de", "de", "fr", "es", "it", "nl")
NUMBERS = (
    "INV-#####",
    "#####",
    "########",
    "INV/####/####",
    "####-####",
    "RE######",
    "@#####",
    "SI-######",
    "20##-###",
    "@@-########",
    "######-#",
    "##########",
)


@dataclass(slots=True)
class Bill:
    """An invoice being written."""

    paper: Paper
    rng: random.Random
    manner: Manner
    setting: Setting
    language: str
    seller: Party
    buyer: Party
    day: date
    number: str
    things: tuple[Thing, ...]
    rate: float

    @property
    def net(self) -> Decimal:
        return sum((each.amount for each in self.things), Decimal(0))

    def word(self, key: str) -> str:
        return label(
            key, self.language, self.rng,
            tax=self.rng.choice(self.seller.land.tax), rate=f"{self.rate:g}", sign=self.manner.sign,
        )  # fmt: skip

    def date(self, concept: str, when: date) -> Run:
        return value(concept, self.manner.date(when))


def invoice(key: str, rng: random.Random) -> Example:
    """One invoice: letterhead, particulars, addresses, table, sums and terms, placed anew each time."""
    land = LANDS[rng.choice(WHERE)]
    language = land.languages[0]
    paper = sheet(rng, landscape=0.03)
    count = 1 + int(rng.random() ** 1.8 * (14 if rng.random() < 0.85 else 45))
    bill = Bill(
        paper, rng, Manner.draw(land, rng, signs=0.6), Setting.draw(rng), language,
        firm(land, rng) if rng.random() < 0.85 else shop(land, rng), firm(land, rng), day(rng),
        digits(rng.choice(NUMBERS), rng), tuple(thing(land, language, rng, work=True) for _ in range(count)),
        rng.choice((0, *land.rates)),
    )  # fmt: skip
    _top(bill)
    _middle(bill)
    _table(bill)
    _sums(bill)
    _end(bill)
    return finish(key, paper, Wear.draw(rng, upper=0.08), rng)


def _top(bill: Bill) -> None:
    """The letterhead at one side or across, the title and the particulars at the other or beneath."""
    rng, paper = bill.rng, bill.paper
    middle = paper.left + (paper.right - paper.left) * rng.uniform(0.5, 0.62)
    head = _letterhead(bill)
    title = bill.word("invoice")
    marked = [Run(title, Mark("title"))] if rng.random() < 0.7 else [title]
    scale = rng.choice((1.0, 1.5, 2.0, 2.4))
    kind = rng.random()
    if kind < 0.45:  # side by side
        left = rng.random() < 0.7
        y1 = stack(paper, head, paper.left if left else paper.right, paper.y, "l" if left else "r")
        x = middle if left else paper.left
        paper.put(marked, x, y=paper.y, scale=scale)
        top = paper.y + paper.step * (scale + 0.3)
        y2 = bill.setting.pairs(paper, _particulars(bill), x, min(paper.right, x + 330) - x, top)
        paper.y = max(y1, y2)
    elif kind < 0.75:  # across, then particulars
        paper.y = stack(paper, head, (paper.left + paper.right) / 2, paper.y, "c")
        paper.feed(rng.choice((0.5, 1, 2)))
        paper.line(marked, align=rng.choice("lcr"), scale=scale)
        if rng.random() < 0.3:
            bill.setting.ladder(paper, _particulars(bill)[:5])
        else:
            x = rng.choice((paper.left, middle))
            paper.y = bill.setting.pairs(paper, _particulars(bill), x, 330, paper.y)
    else:  # title first
        paper.line(marked, align=rng.choice("lcr"), scale=scale)
        paper.y = stack(paper, head, paper.left, paper.y)
        paper.feed(rng.choice((0.5, 1)))
        paper.y = bill.setting.pairs(
            paper, _particulars(bill), rng.choice((paper.left, middle)), 330, paper.y
        )
    paper.feed(rng.choice((0.5, 1, 2)))


def _letterhead(bill: Bill) -> list[Text]:
    rng, seller = bill.rng, bill.seller
    lines: list[Text] = []
    if rng.random() < 0.1:
        lines.append(bill.word("from") + ":")
    lines.append(value("company", seller.name))
    lines += address_lines(seller.address, 44, rng)
    more: list[Text] = []
    if rng.random() < 0.6:
        more.append([bill.word("phone"), rng.choice((": ", " ")), value("phone", seller.phone)])
    if rng.random() < 0.25:
        more.append([bill.word("fax"), ": ", value("fax", seller.fax)])
    if rng.random() < 0.4:
        more.append([rng.choice(("", "Email: ", "E: ")), value("email", seller.mail)])
    if rng.random() < 0.35:
        more.append(value("website", seller.website))
    if rng.random() < 0.5:
        more.append(
            [
                rng.choice(seller.land.tax_label),
                rng.choice((": ", " ")),
                value("company_tax_id", seller.tax_id),
            ]
        )
    if rng.random() < 0.5:
        rng.shuffle(more)
    return lines + more


def _particulars(bill: Bill) -> list[Pair]:
    rng = bill.rng
    number_name = (
        rng.choice(
            (
                "Invoice No.",
                "Invoice #",
                "Invoice Number",
                "Inv No",
                "Number",
                "Bill No.",
                "Invoice",
                "Document No",
                "No.",
            )
        )
        if bill.language == "en"
        else bill.word("document_number")
    )
    date_name = (
        rng.choice(("Date", "Invoice Date", "Date of issue", "Bill Date", "Issued", "Dated", "Tax Date"))
        if bill.language == "en"
        else bill.word("date")
    )
    rows: list[Pair] = [
        (number_name, value("document_number", bill.number)),
        (date_name, bill.date("date", bill.day)),
    ]
    if rng.random() < 0.5:
        rows.append(
            (
                bill.word("due_date"),
                bill.date("due_date", bill.day + timedelta(days=rng.choice((7, 14, 15, 30, 30, 45, 60)))),
            )
        )
    if rng.random() < 0.3:
        rows.append(
            (
                bill.word("order_number"),
                value(
                    "order_number", digits(rng.choice(("PO-#####", "#######", "45########", "@@####")), rng)
                ),
            )
        )
    if rng.random() < 0.3:
        rows.append(
            (
                bill.word("customer_number"),
                value("customer_number", digits(rng.choice(("#####", "C-####", "########", "@@@###")), rng)),
            )
        )
    if rng.random() < 0.12:
        rows.append(
            (bill.word("order_date"), bill.date("order_date", bill.day - timedelta(days=rng.randint(2, 40))))
        )
    if rng.random() < 0.12:
        rows.append(
            (
                bill.word("delivery_date"),
                bill.date("delivery_date", bill.day - timedelta(days=rng.randint(0, 9))),
            )
        )
    if rng.random() < 0.2:
        rows.append(
            (
                bill.word("terms"),
                rng.choice(("Net 30", "30 days", "COD", "Due on receipt", "Net 15", "14 Days", "C.O.D.")),
            )
        )
    if rng.random() < 0.15:
        rows.append((bill.word("salesperson"), value("salesperson", person(bill.seller.land, rng))))
    if rng.random() < 0.1:
        rows.append(
            (
                bill.word("currency"),
                value("currency", rng.choice(("USD", "EUR", "GBP", "MYR", "SGD", "AUD", "INR", "CHF"))),
            )
        )
    if rng.random() < 0.1:
        start = bill.day.replace(day=1) - timedelta(days=30)
        rows.append(
            (
                bill.word("period"),
                [
                    bill.date("period_from", start),
                    rng.choice((" - ", " to ")),
                    bill.date("period_to", start + timedelta(days=29)),
                ],
            )
        )
    if rng.random() < 0.5:
        rng.shuffle(rows)
    if rng.random() < 0.15:
        total = bill.net + cents(bill.net * Decimal(str(bill.rate)) / 100)
        rows.append(
            (
                rng.choice(("Amount Due", "Total", "Balance Due", "Total Due")),
                bill.manner.money("total", total),
            )
        )
    return rows


def _middle(bill: Bill) -> None:
    """Whom it goes to, and at times where the goods went."""
    rng, paper = bill.rng, bill.paper
    first: list[Text] = [bill.word("customer") + rng.choice(("", ":"))] if rng.random() < 0.8 else []
    first.append(value("customer", bill.buyer.name))
    if rng.random() < 0.2:
        first.append(rng.choice(("Attn: ", "c/o ", "")) + person(bill.buyer.land, rng))
    first += address_lines(bill.buyer.address, 40, rng, "customer_address")
    if rng.random() < 0.15:
        first.append([rng.choice(bill.buyer.land.tax_label), ": ", bill.buyer.tax_id])
    y = paper.y
    left = rng.random() < 0.8
    middle = paper.left + (paper.right - paper.left) * rng.uniform(0.45, 0.6)
    paper.y = stack(paper, first, paper.left if left else middle, y)
    if rng.random() < 0.3:
        second: list[Text] = [bill.word("ship_to") + ":"]
        if rng.random() < 0.6:
            second.append(value("customer", bill.buyer.name))
            second += address_lines(bill.buyer.address, 40, rng, "customer_address")
        else:
            other = firm(bill.buyer.land, rng)
            second += [other.name, *other.address]
        paper.y = max(paper.y, stack(paper, second, middle if left else paper.left, y))
    paper.feed(rng.choice((0.5, 1, 2)))
    if rng.random() < 0.15:
        paper.line(
            rng.choice(
                (
                    "Dear Sir or Madam,",
                    "We thank you for your order and invoice as follows:",
                    "For services rendered:",
                    "Please find below the details of your invoice.",
                )
            )
        )


def _turn(bill: Bill) -> None:
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


def _table(bill: Bill) -> None:
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
    table(bill.paper, cols, rows, lambda: _turn(bill), reserve=2, pitch=rng.choice((1.0, 1.0, 1.3, 1.7)))
    bill.paper.feed(rng.choice((0.3, 1, 2)))


def _sums(bill: Bill) -> None:
    rng, paper, money = bill.rng, bill.paper, bill.manner.money
    if not paper.room(9):
        _turn(bill)
    part = Decimal(str(bill.rate)) / 100
    freight = cents(bill.net * Decimal("0.03")) if rng.random() < 0.12 else Decimal(0)
    discount = cents(bill.net * Decimal("0.05")) if rng.random() < 0.1 else Decimal(0)
    base = bill.net + freight - discount
    tax = cents(base * part)
    total = base + tax
    rows: list[Pair] = []
    if rng.random() < 0.85:
        rows.append((bill.word("subtotal"), money("subtotal", bill.net)))
    if discount:
        rows.append((bill.word("discount"), money("discount", -discount)))
    if freight:
        rows.append((bill.word("shipping"), money("shipping", freight)))
    if bill.rate or rng.random() < 0.5:
        rows.append((bill.word("tax"), money("tax", tax)))
    last: Pair = (bill.word("total"), money("total", total))
    rows.append(last)
    if rng.random() < 0.2:
        paid = rng.choice((Decimal(0), total))
        rows.append(
            (
                rng.choice(("Amount Paid", "Paid", "Payments", "Less deposit", "Payment received")),
                money("cash", paid),
            )
        )
        if not paid:
            rows.append((rng.choice(("Balance Due", "Amount Due", "Total due")), money("total", total)))
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


def _end(bill: Bill) -> None:
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
                _turn(bill)
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
