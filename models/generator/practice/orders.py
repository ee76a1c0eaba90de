"""Orders, contracts and invoices for advertising time: a head of many labels, sums by month, a long table of spots."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from models.extractors.base import Example
from models.generator.practice.addresses import address_lines
from models.generator.practice.forms import Pair, Setting, sheet, stack
from models.generator.practice.lands import LANDS
from models.generator.practice.made_up import digits, invented
from models.generator.practice.names import firm_name, person, surname
from models.generator.practice.noise import Wear, finish
from models.generator.practice.order_facts import Order, Spot
from models.generator.practice.order_tables import (
    PROGRAMMES,
    money_pairs,
    write_close,
    write_months,
    write_spots,
)
from models.generator.practice.order_words import BYWORDS, advertiser_name
from models.generator.practice.paper import Mark, Run, Text, value
from models.generator.practice.values import Manner, cents, day


def _spots(rng: random.Random, start: date, end: date) -> tuple[Spot, ...]:
    found = []
    level = rng.choice((10, 30, 100, 300))
    for _ in range(1 + int(rng.random() ** 1.2 * 48)):
        first = start + timedelta(days=rng.randint(0, (end - start).days))
        last = min(end, first + timedelta(days=rng.choice((0, 0, 4, 6, 6))))
        days = "".join(rng.choice("-1") if rng.random() < 0.7 else rng.choice("MTWF") for _ in range(7))
        rate = Decimal(rng.randint(1, 40) * level) / rng.choice((1, 1, 1, 2, 4))
        found.append(
            Spot(
                rng.choice(PROGRAMMES),
                first,
                last,
                days,
                rng.choice((":30", ":30", ":15", ":60", "30", "30s")),
                rng.randint(1, 9),
                cents(rate),
            )
        )
    return tuple(found)


def order(key: str, rng: random.Random) -> Example:
    """One order of one to about three pages."""
    start = day(rng)
    end = start + timedelta(days=rng.choice((0, 1, 3, 4, 5, 6, 6, 6, 7, 8, 13, 20, 27, 34, 60, 90)))
    us = LANDS["us"]
    manner = replace(
        Manner.draw(us, rng, signs=0.0), sign="$", sign_at=rng.choice(("glued",) * 8 + ("", "apart"))
    )
    paper = sheet(rng, landscape=0.4, smallest=7.5)
    call = digits(rng.choice(("K@@@", "W@@@", "W@@@-TV", "K@@@-TV", "E@@@", "W@@@ TV, LLC")), rng)
    made = Order(
        paper, rng, manner, Setting.draw(rng), digits(rng.choice(("#######", "######", "########", "######-#", "#######-#", "###", "WOC########", "###### / ", "#####-####")), rng).rstrip(" /"),
        advertiser_name(rng), firm_name(us, rng, formal=0.5) + rng.choice(("", "", f" ({digits('#####', rng)})")) if rng.random() < 0.8 else "",
        call, start, end, start - timedelta(days=rng.randint(1, 20)), _spots(rng, start, end), rng.choice((15, 15, 15, 0, 10)),
        rng.choice(("", "Page #", "Page # of 3", "Printed At: % 04:18 PM", "powered by Spot Office, page #")),
    )  # fmt: skip
    _head(made)
    blocks = [write_months, write_spots]
    if rng.random() < 0.3:
        blocks.reverse()
    if rng.random() < 0.15:
        blocks.remove(write_months)
    for block in blocks:
        block(made)
    write_close(made)
    return finish(key, paper, Wear.draw(rng, upper=0.05), rng)


def _labelled(made: Order) -> list[Pair]:
    """Everything the head says, what matters first."""
    rng, manner, us = made.rng, made.manner, LANDS["us"]
    entered: Text = value("date", manner.date(made.entered))
    if rng.random() < 0.3:
        entered = [
            value("date", manner.date(made.entered)),
            f" / {manner.date(made.entered + timedelta(days=1))}",
        ]
    campaign = f"{invented(rng)} {rng.choice(('Spring', 'Launch', '2020', 'Brand'))}"
    product = rng.choice(
        (made.advertiser.upper(), "POLITICAL", "CANDIDATE", "Issue", campaign, surname(us, rng))
    )
    number = digits(rng.choice(("ECR########", "####", "##/###/#####", "########", "#####")), rng)
    possible: tuple[tuple[float, str, Text], ...] = (
        (0.7, "date", entered),
        (0.6, "product", value("product", product)),
        (0.5, "station", value("station", made.station)),
        (0.6, "salesperson", value("salesperson", person(us, rng))),
        (0.6, "order_number", value("order_number", number)),
    )
    rows: list[Pair] = [
        (
            made.word("contract_number"),
            [value("contract_number", made.number), rng.choice((" /", "", "", " / 1"))],
        ),
        (made.word("advertiser"), value("advertiser", made.advertiser)),
    ]
    if made.agency:
        rows.append((made.word("agency"), value("agency", made.agency)))
    if rng.random() < 0.7:
        rows.append((made.word("flight"), made.flight()))
    else:
        rows += [(made.word("start"), made.flight(end=False)), (made.word("end"), made.flight(start=False))]
    rows += [(made.word(key), text) for share, key, text in possible if rng.random() < share]
    rows += [(name, digits(text, rng)) for name, text in rng.sample(BYWORDS, rng.randint(0, 16))]
    if rng.random() < 0.3:
        rows.append((made.word("commission") + " %", f"{made.percent}%"))
    if rng.random() < 0.3:
        rows += money_pairs(made)
    return rows


def _head(made: Order) -> None:
    rng, paper = made.rng, made.paper
    if rng.random() < 0.4:
        stamp = f"{made.word('printed')} {made.manner.date(made.entered + timedelta(days=rng.randint(0, 3)))} {made.manner.time(rng.randrange(28800, 64800))}"
        paper.row([(stamp, rng.choice((0.0, 0.6)), "l"), (f"Page 1 of {rng.randint(1, 4)}", 1.0, "r")])
    if rng.random() < 0.75:
        title = rng.choice(
            (
                "ORDER",
                "CONTRACT",
                "INVOICE",
                "Contract Agreement Between:",
                "Broadcast Order",
                "INSERTION ORDER",
                "CONFIRMATION CONTRACT",
                "Political Order Form",
                "Sales Order",
                "Order Confirmation",
                "PROPOSAL",
                "AGREEMENT FORM",
            )
        )
        paper.line([Run(title, Mark("title"))], align=rng.choice("lcr"), scale=rng.choice((1.0, 1.4, 2.0)))
    rows = _labelled(made)
    if rng.random() < 0.6:
        rng.shuffle(rows)
    width = paper.right - paper.left
    side = rng.random() < 0.65  # addresses beside the labels
    left = width * rng.uniform(0.2, 0.34) if side else 0.0
    top = paper.y
    if side:
        bottom = stack(paper, _addresses(made), paper.left, top)
    else:
        bottom = top = stack(paper, _addresses(made), paper.left, top) if rng.random() < 0.6 else top
    count = rng.choice((1, 2, 2, 2, 3)) if width > 650 else rng.choice((1, 1, 2))
    wide = (width - left) / count
    per = -(-len(rows) // count)
    for column in range(count):
        part = rows[column * per : (column + 1) * per]
        x = paper.left + left + column * wide
        bottom = max(
            bottom, made.setting.pairs(paper, part, x, wide * 0.95, top + column * rng.choice((0, 0, 5)))
        )
    paper.y = bottom
    paper.feed(rng.choice((0.5, 1)))


def _addresses(made: Order) -> list[Text]:
    """The station's and the agency's, one beneath the other."""
    rng = made.rng
    us = LANDS["us"]
    lines: list[Text] = []
    if rng.random() < 0.8:
        lines += [
            value("station", made.station),
            *address_lines(tuple(us.address(rng)), 34, rng, "company_address"),
        ]
        if rng.random() < 0.5:
            lines.append(value("phone", digits(rng.choice(us.phone), rng)))
    if made.agency and rng.random() < 0.7:
        lines += [
            " ",
            rng.choice(("", "And:", "Bill to:", "Billing Address:", "To:")),
            value("agency", made.agency),
            *address_lines(tuple(us.address(rng)), 34, rng, "customer_address"),
        ]
    return lines
