"""The lower part of an order: sums by month, the table of spots, signatures and small print."""

from __future__ import annotations

from datetime import date, timedelta

from models.generator.practice.forms import Pair, Setting, columns, table
from models.generator.practice.order_facts import Order
from models.generator.practice.paper import Parts, Run, Text, value, wrapped
from models.generator.practice.values import cents, write_date

PROGRAMMES = (
    "Morning News",
    "News @ 6p",
    "News at Noon",
    "Evening News",
    "Late News",
    "Prime Rotator",
    "Talk Show",
    "Game Hour",
    "Wheel Time",
    "Sunday Football",
    "Daytime Rotation",
    "Sat Movie",
    "Local News 5-530p",
    "Early News",
    "Good Day",
    "Court Hour",
    "Late Show",
    "M-F 9a-4p",
    "Sports Weekend",
    "Soap Block",
    "Nightline",
    "Family Quiz",
    "World News",
    "Access Daily",
)


FINE_PRINT = (
    "The parties agree that the standard terms of the station apply to this order and to every change of it.",
    "Agency and advertiser are jointly and severally liable for the payment of all sums due under this contract.",
    "The station does not discriminate in advertising on the basis of race, gender or ethnicity.",
    "Payment is due within thirty days of the invoice date unless agreed otherwise in writing.",
    "Rates are subject to preemption; spots that did not run are made good within the flight or credited.",
    "Orders may be cancelled with fourteen days of notice in writing before the first broadcast.",
    "All copy must reach the station two business days before it airs.",
    "Late payments bear interest at the highest rate the law allows.",
    "The station reserves the right to reject any material that does not meet its standards.",
)


def money_pairs(made: Order) -> list[Pair]:
    rng, money = made.rng, made.manner.money
    rows: list[Pair] = [(made.word("gross"), money("gross_amount", made.gross))]
    if made.percent and rng.random() < 0.7:
        rows.append((made.word("commission"), money("commission", made.commission * rng.choice((1, -1)))))
        rows.append((made.word("net"), money("net_amount", made.gross - made.commission)))
    return rows


def write_foot(made: Order) -> None:
    """The number of the page and the like in its lower margin."""
    paper = made.paper
    if paper.height is None or made.foot == "":
        return
    y = paper.height - paper.style.size * 1.4
    text = made.foot.replace("#", str(paper.page + 1)).replace(
        "%", made.manner.date(made.entered + timedelta(days=1))
    )
    paper.put(
        text,
        paper.right if made.foot.startswith("Page") else paper.left,
        y=y,
        align="r" if made.foot.startswith("Page") else "l",
    )


def turn(made: Order) -> None:
    """A new page; it mostly says again whose order it is."""
    rng, paper = made.rng, made.paper
    write_foot(made)
    paper.turn()
    if rng.random() < 0.7:
        cells: list[Pair] = [
            ("Contract", value("contract_number", made.number)),
            ("Advertiser", value("advertiser", made.advertiser)),
        ]
        if rng.random() < 0.6:
            cells.append((made.word("flight"), made.flight()))
        paper.y = made.setting.pairs(paper, cells, paper.left, (paper.right - paper.left) * 0.6, paper.y)
        paper.feed(0.5)


def write_months(made: Order) -> None:
    """Sums by month or by whole order."""
    rng, paper, manner = made.rng, made.paper, made.manner
    one = made.start.month == made.end.month
    money = manner.money
    heads = [
        "Month",
        "# Spots",
        rng.choice(("Gross Amount", "Gross", "Rate", "Gross $")),
        rng.choice(("Net Amount", "Net")),
    ]
    net = made.gross - made.commission
    spots = str(sum(spot.count for spot in made.spots))
    month = made.start.strftime(rng.choice(("%B %Y", "%b. %Y", "%b %y")))
    if one:
        rows: list[list[Text]] = [[month, spots, money("gross_amount", made.gross), money("net_amount", net)]]
    else:
        part = cents(made.gross / 3)
        later = made.end.strftime("%B %Y")
        rows = [
            [month, "#", money(None, part), money(None, cents(part * 85 / 100))],
            [later, "#", money(None, made.gross - part), money(None, net - cents(part * 85 / 100))],
        ]
    rows.append(
        [
            rng.choice(("Totals", "Total", "Grand Total:", "TOTAL")),
            spots,
            money("gross_amount", made.gross),
            money("net_amount", net),
        ]
    )
    with_net = rng.random() < 0.7
    keep = 4 if with_net else 3
    cols = columns(heads[:keep], (2, 1, 1.5, 1.5)[:keep], ("l", "r", "r", "r")[:keep])
    if not paper.room(6):
        turn(made)
    table(paper, cols, [row[:keep] for row in rows], lambda: turn(made))
    paper.feed(rng.choice((0.5, 1)))


def _day(concept: str, when: date, form: str) -> Run:
    """A date of a line; without its year it is no value."""
    text = write_date(when, form)
    return value(concept, text) if "%y" in form.lower() else Run(text)


def write_spots(made: Order) -> None:
    """The table of spots."""
    rng, manner = made.rng, made.manner
    possible = {
        "line": ("Ln", 0.5, "l"), "station": ("Ch", 0.8, "l"), "start": (rng.choice(("Start Date", "Start")), 1.3, "l"), "end": (rng.choice(("End Date", "End")), 1.3, "l"),
        "name": (rng.choice(("Description", "Inventory Code", "Program", "Programming", "Line Type")), 2.6, "l"), "days": (rng.choice(("Days", "MTWTFSS", "Weekdays")), 1.0, "l"),
        "length": (rng.choice(("Len", "Length", "Sec")), 0.7, "l"), "count": (rng.choice(("Spots", "Spots/Week", "SPW", "#")), 0.8, "r"), "rate": (rng.choice(("Rate", "Unit Cost", "Spot Cost")), 1.2, "r"), "amount": (rng.choice(("Amount", "Total", "Total Cost", "Cost")), 1.3, "r"),
    }  # fmt: skip
    keys = ["line", "name", "start", "end", "days", "length", "count", "rate", "amount"]
    if rng.random() < 0.4:
        keys.insert(1, "station")
    if rng.random() < 0.4:
        keys.remove("name")
        keys.insert(rng.randint(0, 1) + 1, "name")
    if rng.random() < 0.3:
        keys = [key for key in keys if key not in ("end", "line")]
    if rng.random() < 0.2:
        keys.remove("length")
    form = rng.choice((manner.date_form, "%m/%d/%y", "%m/%d"))
    weekly = rng.random() < 0.25
    rows: list[list[Text]] = []
    for number, spot in enumerate(made.spots, start=1):
        cells: dict[str, Text] = {
            "line": str(number), "station": made.station.split()[0], "start": _day("item_from", spot.start, form), "end": _day("item_to", spot.end, form),
            "name": value("item_name", spot.programme), "days": spot.days, "length": spot.length, "count": value("item_quantity", str(spot.count)),
            "rate": manner.money("item_price", spot.rate), "amount": manner.money("item_amount", spot.amount),
        }  # fmt: skip
        rows.append([cells[key] for key in keys])
        blank: list[Text] = [" "] * (len(keys) - 2)
        if weekly:
            week: Parts = ["Week: ", value("item_from", manner.date(spot.start)), " "]
            week += [value("item_to", manner.date(spot.end)), f" {spot.days} {spot.count}"]
            rows.append([" ", week, *blank])
        if rng.random() < 0.05:
            remark = rng.choice(("* makegood for line 2", "CO", "credited", "Contract Line Remarks:"))
            rows.append([" ", remark, *blank])
    if rng.random() < 0.6:
        last: list[Text] = [" "] * len(keys)
        last[1] = rng.choice(("Totals", "Total", "TOTALS:"))
        last[-1] = manner.money("gross_amount", made.gross)
        rows.append(last)
    heads = [possible[key] for key in keys]
    table(
        made.paper,
        columns([h[0] for h in heads], [h[1] for h in heads], [h[2] for h in heads]),
        rows,
        lambda: turn(made),
        reserve=4,
        pitch=rng.choice((1.0, 1.0, 1.2)),
    )
    made.paper.feed(0.5)


def write_close(made: Order) -> None:
    """Sums at the end, signatures, small print."""
    rng, paper = made.rng, made.paper
    if rng.random() < 0.7:
        if not paper.room(6):
            turn(made)
        x = rng.choice((paper.left, paper.right - 260))
        paper.y = Setting(rng.choice(("right", "inline", "column")), made.setting.colon, 0.6, False).pairs(
            paper, money_pairs(made), x, 250, paper.y
        )
        paper.feed(0.5)
    lines: list[Text] = []
    if rng.random() < 0.4:
        lines.append(
            rng.choice(
                (
                    "Accepted - Agency/Advertiser: ____________ Date: ________",
                    "Signature: _________________ Date: _______",
                    "Accepted for Station By: ________ Date: ______",
                )
            )
        )
    lines += rng.sample(FINE_PRINT, rng.randint(0, 5))
    for line in lines:
        for part in wrapped(line, paper.columns):
            if not paper.room(2):
                turn(made)
            paper.line(part)
    write_foot(made)
