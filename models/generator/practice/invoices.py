"""Invoices between firms, of one page or more."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

from models.extractors.base import Example
from models.generator.practice.addresses import address_lines
from models.generator.practice.bills import NUMBERS, WHERE, Bill
from models.generator.practice.forms import Pair, Setting, sheet, stack
from models.generator.practice.invoice_tables import write_end, write_sums, write_table
from models.generator.practice.lands import LANDS
from models.generator.practice.made_up import digits
from models.generator.practice.names import firm, person, shop
from models.generator.practice.noise import Wear, finish
from models.generator.practice.paper import Mark, Run, Text, value
from models.generator.practice.sales import thing
from models.generator.practice.values import Manner, cents, day


def invoice(key: str, rng: random.Random) -> Example:
    """One invoice: letterhead, particulars, addresses, table, sums and terms, placed anew each time."""
    land = LANDS[rng.choice(WHERE)]
    language = land.languages[0]
    paper = sheet(rng, landscape=0.03)
    count = 1 + int(rng.random() ** 1.8 * (14 if rng.random() < 0.85 else 45))
    things = tuple(thing(land, language, rng, work=True) for _ in range(count))
    net = sum((each.amount for each in things), Decimal(0))
    bill = Bill(
        paper, rng, Manner.draw(land, rng, signs=0.6), Setting.draw(rng), language,
        firm(land, rng) if rng.random() < 0.85 else shop(land, rng), firm(land, rng), day(rng),
        digits(rng.choice(NUMBERS), rng), things, rng.choice((0, *land.rates)),
        freight=cents(net * Decimal("0.03")) if rng.random() < 0.12 else Decimal(0),
        discount=cents(net * Decimal("0.05")) if rng.random() < 0.1 else Decimal(0),
    )  # fmt: skip
    _top(bill)
    _middle(bill)
    write_table(bill)
    write_sums(bill)
    write_end(bill)
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
    """Who sends the invoice, where it sits and how to reach it."""
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
    """Number and date, and some of what else may stand with them, in any order."""
    rng = bill.rng

    def on(concept: str, days: int) -> Run:
        return bill.date(concept, bill.day + timedelta(days=days))

    def number(concept: str, patterns: str) -> Run:
        return value(concept, digits(rng.choice(patterns.split()), rng))

    start = 1 - bill.day.day - 30
    period: Text = [on("period_from", start), rng.choice((" - ", " to ")), on("period_to", start + 29)]
    possible: tuple[tuple[float, str, Text], ...] = (
        (0.5, "due_date", on("due_date", rng.choice((7, 14, 15, 30, 30, 45, 60)))),
        (0.3, "order_number", number("order_number", "PO-##### ####### 45######## @@####")),
        (0.3, "customer_number", number("customer_number", "##### C-#### ######## @@@###")),
        (0.12, "order_date", on("order_date", -rng.randint(2, 40))),
        (0.12, "delivery_date", on("delivery_date", -rng.randint(1, 9))),
        (0.2, "terms", rng.choice(("Net 30", "30 days", "COD", "Due on receipt", "Net 15", "C.O.D."))),
        (0.15, "salesperson", value("salesperson", person(bill.seller.land, rng))),
        (0.1, "currency", value("currency", rng.choice(("USD", "EUR", "GBP", "MYR", "SGD", "AUD", "INR")))),
        (0.1, "period", period),
    )
    rows: list[Pair] = [
        (bill.word("invoice_number"), value("document_number", bill.number)),
        (bill.word("invoice_date"), on("date", 0)),
        *((bill.word(key), text) for share, key, text in possible if rng.random() < share),
    ]
    if rng.random() < 0.5:
        rng.shuffle(rows)
    if rng.random() < 0.15:
        rows.append((bill.word("amount_due"), bill.manner.money("total", bill.total)))
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
