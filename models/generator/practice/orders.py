"""Orders, contracts and invoices for advertising time: a head of many labels, sums by month, a long table of spots."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from models.extractors.base import Example
from models.generator.practice.forms import Pair, Setting, columns, sheet, stack, table
from models.generator.practice.names import LANDS, STATES, digits, firm_name, invented, person, surname, town
from models.generator.practice.noise import Wear, finish
from models.generator.practice.paper import Mark, Paper, Run, Text, value, wrapped
from models.generator.practice.receipt_parts import address_lines
from models.generator.practice.values import Manner, cents, day, write_date

OFFICES = (
    "President",
    "Senate",
    "US Senate",
    "Congress",
    "Governor",
    "Mayor",
    "Judge",
    "Sheriff",
    "Attorney General",
    "State House",
    "County Commissioner",
    "Supreme Court",
    "State Treasurer",
    "City Council",
    "School Board",
)
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
LABELS: dict[str, tuple[str, ...]] = {
    "contract_number": ("Contract #", "Order #", "Order Number", "Contract Number", "Order / Rev:", "Contract / Revision", "Invoice #", "Order No.", "Contract No", "Estimate/Order #", "Contract", "Sales Order #", "Order", "Proposal #", "Agreement No."),
    "advertiser": ("Advertiser", "Advertiser", "Advertiser Name", "Client", "Sponsor", "ADVERTISER", "Name of Advertiser"),
    "agency": ("Agency", "Agency Name", "Advertising Agency", "Buying Agency", "AGENCY"),
    "product": ("Product", "Product Desc", "Brand", "Campaign", "Product/Brand", "Product Description", "Title"),
    "flight": ("Flight Dates", "Flight", "Contract Dates", "Schedule Dates", "Order Flight", "Flight Dates:", "Campaign Dates", "Air dates", "Start/End Date", "Hiatus/Flight"),
    "start": ("Start Date", "Flight Start", "Start", "From", "Flight Start Date", "Begin", "Campaign start"),
    "end": ("End Date", "Flight End", "End", "To", "Thru", "Flight End Date", "Stop", "Campaign end"),
    "date": ("Date Entered", "Order Date", "Date", "Original Date", "Contract Date", "Invoice Date", "Entered", "Date Created", "Last Modified", "Bill Date"),
    "printed": ("Print Date", "Printed", "Printed At", "Run on", "As of", "Changes as of"),
    "station": ("Station", "Property", "Market/Station", "Channel", "Call Letters", "STATION", "Outlet"),
    "salesperson": ("Salesperson", "Account Executive", "Primary AE", "AE", "Sales Rep", "Acct Exec", "Seller"),
    "gross": ("Gross Amount", "Gross Total", "Gross", "Total Gross", "Grand Total", "Total", "Total $", "Order Total", "Gross Cost", "Total Cost", "TOTAL", "Total Dollars", "Contract Total", "Totals", "Total Amount", "Gross Order Amount"),
    "net": ("Net Amount", "Net Total", "Net", "Net Due", "Total Net", "Net Cost", "Amount Due Station", "Net Total (w/agency)", "Net Amount Due"),
    "commission": ("Agency Commission", "Commission", "Less Commission", "Comm.", "Agency Comm", "15% Commission", "Commission 15%"),
    "order_number": ("Alt Order #", "Agency Order #", "Estimate", "Estimate #", "External #", "CPE", "Agency Ref", "PO #", "Est #", "Client Code"),
}  # fmt: skip
# labels that stand among the others and tell nothing that is looked for
BYWORDS: tuple[tuple[str, str], ...] = (
    ("Order Type", "Normal"), ("Billing Type", "Cash"), ("Billing Cycle", "EOM/EOC"), ("Billing Calendar", "Broadcast"), ("Demographic", "A35+"), ("Demo", "HH"),
    ("Sales Office", "NATL"), ("Sales Region", "National"), ("Special Handling", ""), ("Revenue Code 1", "AGY"), ("Revenue Code 2", "POL"), ("Unit Code", "General"),
    ("Priority", "P-0#"), ("Order Separation", "00:15:00"), ("Buyer Name", ""), ("Phone/Fax", "###-###-####"), ("CO-OP", "No"), ("Package Deal", ""), ("Version", "#"),
    ("Account Types", "National/Political"), ("Payment Terms", "30 Days"), ("Advertiser Code", "###"), ("Product Code", "PL#"), ("Separation", "15"), ("Makegood Policy", "Client"),
    ("Competitive Code", "Political"), ("Deal #", "######"), ("Survey", "Nielsen"), ("Spots", "##"), ("Total Units", "##"), ("Rating", "0.00"), ("Page", "1 of 2"), ("Comments", ""), ("Agency Code", "####"),
)  # fmt: skip
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


@dataclass(frozen=True, slots=True)
class Spot:
    programme: str
    start: date
    end: date
    days: str
    length: str
    count: int
    rate: Decimal

    @property
    def amount(self) -> Decimal:
        return self.count * self.rate


@dataclass(slots=True)
class Order:
    """An order being written."""

    paper: Paper
    rng: random.Random
    manner: Manner
    setting: Setting
    number: str
    advertiser: str
    agency: str  # "" for none
    station: str
    start: date
    end: date
    entered: date
    spots: tuple[Spot, ...]
    percent: int  # commission

    @property
    def gross(self) -> Decimal:
        return sum((spot.amount for spot in self.spots), Decimal(0))

    @property
    def commission(self) -> Decimal:
        return cents(self.gross * self.percent / 100)

    def word(self, key: str) -> str:
        return self.rng.choice(LABELS[key])

    def flight(self, *, start: bool = True, end: bool = True) -> Text:
        first, last = (
            value("period_from", self.manner.date(self.start)),
            value("period_to", self.manner.date(self.end)),
        )
        if start and end:
            dash = self.rng.choice((" - ", " - ", " to ", " thru ", "-", "- "))
            return [first, dash, last]
        return first if start else last


def _advertiser(rng: random.Random) -> str:
    land = LANDS["us"]
    kind = rng.random()
    if kind < 0.5:
        who, office = person(land, rng), rng.choice(OFFICES)
        area = rng.choice((town("en_US", rng), rng.choice(STATES)))
        return rng.choice((
            f"{who} for {office}", f"{surname(land, rng)} for {area}", f"Friends of {who}", f"Committee to Elect {who}", f"POL/ {who} / {rng.choice('DRI')} / {office} / {rng.choice(STATES)}",
            f"{who} for {office}-{rng.choice('DR')} ({digits('######', rng)})", f"{surname(land, rng)}/{rng.choice('DR')}/{office}", f"{who} {office} {rng.choice(STATES)}", f"Citizens for {surname(land, rng)}",
        ))  # fmt: skip
    if kind < 0.7:
        words = rng.sample(
            (
                "America",
                "Action",
                "Fund",
                "Future",
                "Liberty",
                "Families",
                "Progress",
                "Majority",
                "Growth",
                "Values",
                "Voters",
                "Health",
                "Justice",
                "Energy",
                "Truth",
                "Jobs",
                "Freedom",
                "People",
            ),
            2,
        )
        return rng.choice(
            (
                f"{words[0]} for {words[1]}",
                f"{words[0]} {words[1]} PAC",
                f"{words[0]} {words[1]}",
                f"{invented(rng)} {words[0]} {words[1]} Fund",
            )
        )
    name = firm_name(land, rng, formal=0.4)
    return name + (f" ({digits('#####', rng)})" if rng.random() < 0.2 else "")


def _spots(rng: random.Random, start: date, end: date) -> tuple[Spot, ...]:
    found = []
    level = rng.choice((10, 30, 100, 300))
    for _ in range(1 + int(rng.random() ** 1.4 * 38)):
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
    manner = replace(Manner.draw(us, rng, signs=0.9), sign="$")
    paper = sheet(rng, landscape=0.4, smallest=7.5)
    call = digits(rng.choice(("K@@@", "W@@@", "W@@@-TV", "K@@@-TV", "E@@@", "W@@@ TV, LLC")), rng)
    made = Order(
        paper, rng, manner, Setting.draw(rng), digits(rng.choice(("#######", "######", "########", "######-#", "#######-#", "###", "WOC########", "###### / ", "#####-####")), rng).rstrip(" /"),
        _advertiser(rng), firm_name(us, rng, formal=0.5) + rng.choice(("", "", f" ({digits('#####', rng)})")) if rng.random() < 0.8 else "",
        call, start, end, start - timedelta(days=rng.randint(1, 20)), _spots(rng, start, end), rng.choice((15, 15, 15, 0, 10)),
    )  # fmt: skip
    _head(made)
    blocks = [_months, _lines]
    if rng.random() < 0.3:
        blocks.reverse()
    if rng.random() < 0.15:
        blocks.remove(_months)
    for block in blocks:
        block(made)
    _close(made)
    return finish(key, paper, Wear.draw(rng, upper=0.05), rng)


def _labelled(made: Order) -> list[Pair]:
    """Everything the head says, in no particular order."""
    rng, manner = made.rng, made.manner
    number = value("contract_number", made.number)
    rows: list[Pair] = [
        (made.word("contract_number"), [number, rng.choice((" /", "", "", " / 1"))]),
        (made.word("advertiser"), value("advertiser", made.advertiser)),
    ]
    if made.agency:
        rows.append((made.word("agency"), value("agency", made.agency)))
    if rng.random() < 0.7:
        rows.append((made.word("flight"), made.flight()))
    else:
        rows += [(made.word("start"), made.flight(end=False)), (made.word("end"), made.flight(start=False))]
    if rng.random() < 0.7:
        rows.append(
            (
                made.word("date"),
                [
                    value("date", manner.date(made.entered)),
                    rng.choice(("", "", f" / {manner.date(made.entered + timedelta(days=1))}")),
                ],
            )
        )
    if rng.random() < 0.6:
        rows.append(
            (
                made.word("product"),
                value(
                    "product",
                    rng.choice(
                        (
                            made.advertiser.upper(),
                            "POLITICAL",
                            "CANDIDATE",
                            "Issue",
                            f"{invented(rng)} {rng.choice(('Spring', 'Launch', '2020', 'Brand'))}",
                            surname(LANDS["us"], rng),
                        )
                    ),
                ),
            )
        )
    if rng.random() < 0.5:
        rows.append((made.word("station"), value("station", made.station)))
    if rng.random() < 0.6:
        rows.append((made.word("salesperson"), value("salesperson", person(LANDS["us"], rng))))
    if rng.random() < 0.6:
        rows.append(
            (
                made.word("order_number"),
                value(
                    "order_number",
                    digits(rng.choice(("ECR########", "####", "##/###/#####", "########", "#####")), rng),
                ),
            )
        )
    bywords = rng.sample(BYWORDS, rng.randint(0, 16))
    rows += [(name, digits(text, rng)) for name, text in bywords]
    if rng.random() < 0.3:
        rows.append((made.word("commission") + " %", f"{made.percent}%"))
    if rng.random() < 0.3:
        rows += _money_pairs(made)
    return rows


def _money_pairs(made: Order) -> list[Pair]:
    rng, money = made.rng, made.manner.money
    rows: list[Pair] = [(made.word("gross"), money("gross_amount", made.gross))]
    if made.percent and rng.random() < 0.7:
        rows.append((made.word("commission"), money("commission", made.commission * rng.choice((1, -1)))))
        rows.append((made.word("net"), money("net_amount", made.gross - made.commission)))
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


def _turn(made: Order) -> None:
    """A new page; it mostly says again whose order it is."""
    rng, paper = made.rng, made.paper
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


def _months(made: Order) -> None:
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
        _turn(made)
    table(paper, cols, [row[:keep] for row in rows], lambda: _turn(made))
    paper.feed(rng.choice((0.5, 1)))


def _day(concept: str, when: date, form: str) -> Run:
    """A date of a line; without its year it is no value."""
    text = write_date(when, form)
    return value(concept, text) if "%y" in form.lower() else Run(text)


def _lines(made: Order) -> None:
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
    rows: list[list[Text]] = []
    for number, spot in enumerate(made.spots, start=1):
        cells: dict[str, Text] = {
            "line": str(number), "station": made.station.split()[0], "start": _day("item_from", spot.start, form), "end": _day("item_to", spot.end, form),
            "name": value("item_name", spot.programme), "days": spot.days, "length": spot.length, "count": value("item_quantity", str(spot.count)),
            "rate": manner.money("item_price", spot.rate), "amount": manner.money("item_amount", spot.amount),
        }  # fmt: skip
        rows.append([cells[key] for key in keys])
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
        lambda: _turn(made),
        reserve=4,
        pitch=rng.choice((1.0, 1.0, 1.2)),
    )
    made.paper.feed(0.5)


def _close(made: Order) -> None:
    """Sums at the end, signatures, small print."""
    rng, paper = made.rng, made.paper
    if rng.random() < 0.7:
        if not paper.room(6):
            _turn(made)
        x = rng.choice((paper.left, paper.right - 260))
        paper.y = Setting(rng.choice(("right", "inline", "column")), made.setting.colon, 0.6, False).pairs(
            paper, _money_pairs(made), x, 250, paper.y
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
                _turn(made)
            paper.line(part)
