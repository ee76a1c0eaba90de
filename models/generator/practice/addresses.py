"""Addresses as they are written in many countries, line by line."""

from __future__ import annotations

import random
from collections.abc import Callable

from models.generator.practice.made_up import CHINESE, MALAY, digits, estates, invented, people
from models.generator.practice.paper import Mark, Run, Text, wrapped


def malaysian(rng: random.Random) -> list[str]:
    before, after, streets = estates()
    number = digits(
        rng.choice(("#", "##", "##", "##A", "#-#", "##-##", "####", "#, ## & ##", "G-##", "@-##-##")), rng
    )
    number = rng.choice(("", "", "No. ", "NO ", "Lot ", "No.", "LOT NO. ", "Unit ")) + number
    street = rng.choice(("Jalan", "Jalan", "Jalan", "Jln", "Lorong", "Persiaran", "Lebuh", "JLN")) + " "
    street += rng.choice((rng.choice(streets), rng.choice(MALAY).title()))
    street += rng.choice(
        ("", digits(" #", rng), digits(" #/#", rng), digits(" #/##", rng), digits(" ##/##@", rng))
    )
    lines = [f"{number}, {street}" if rng.random() < 0.8 else f"{number} {street}"]
    if rng.random() < 0.2:
        lines.insert(
            0,
            rng.choice(
                (
                    "Ground Floor",
                    "Level 2",
                    "1st Floor",
                    "Wisma " + rng.choice(MALAY).title(),
                    digits("Lot LG-##", rng),
                )
            ),
        )
    if rng.random() < 0.65:
        area = rng.choice(
            (
                "Taman",
                "Bandar",
                "Kawasan Perindustrian",
                "Seksyen ##",
                "Bukit",
                "Kampung",
                "Off Jalan",
                "Pusat Bandar",
            )
        )
        lines.append(digits(area, rng) + " " + rng.choice((rng.choice(after), rng.choice(MALAY).title())))
    town = rng.choice(
        (f"{rng.choice(before)} {rng.choice(after)}", "Kuala " + rng.choice(MALAY).title(), rng.choice(after))
    )
    state = rng.choice(["Selangor", "Johor", "Perak", "Penang", "Kedah", "Melaka", "Sabah", "Sarawak", "Pahang", "Kelantan", "Terengganu", "Perlis", "Putrajaya"] + ["Kuala Lumpur", "Negeri Sembilan", "Selangor Darul Ehsan", "W.P. Kuala Lumpur", "Johor Darul Takzim", "Pulau Pinang"])  # fmt: skip
    code = digits(rng.choice(("##000", "##100", "##200", "#####", "#####")), rng)
    lines.append(
        rng.choice(
            (
                f"{code} {town}, {state}",
                f"{code} {town}",
                f"{code} {town} {state}",
                f"{code}, {town}, {state}",
            )
        )
    )
    return lines


def singapore(rng: random.Random) -> list[str]:
    lines = [digits(rng.choice(("## ", "### ", "Blk ### ")), rng) + rng.choice(CHINESE).title() + rng.choice((" Road", " Street ##", " Avenue #", " Drive")).replace("##", "12").replace("#", "3")]  # fmt: skip
    if rng.random() < 0.6:
        lines.append(digits(rng.choice(("#", "")) + rng.choice(("##-##", "B#-##", "##-###")), rng))
    lines.append(digits(rng.choice(("Singapore ######", "S(######)", "SINGAPORE ######")), rng))
    return lines


CITY_ENDS = (
    "ton",
    "ville",
    "field",
    "ford",
    "burg",
    " Springs",
    "port",
    " City",
    "wood",
    " Falls",
    "dale",
    " Heights",
    "bury",
    "ham",
)


STATES = [
    "AL",
    "AK",
    "AZ",
    "AR",
    "CA",
    "CO",
    "CT",
    "DE",
    "FL",
    "GA",
    "HI",
    "ID",
    "IL",
    "IN",
    "IA",
    "KS",
    "KY",
    "LA",
    "ME",
    "MD",
    "MA",
    "MI",
    "MN",
    "MS",
    "MO",
    "MT",
    "NE",
    "NV",
    "NH",
    "NJ",
    "NM",
    "NY",
    "NC",
    "ND",
    "OH",
    "OK",
    "OR",
    "PA",
    "RI",
    "SC",
    "SD",
    "TN",
    "TX",
    "UT",
    "VT",
    "VA",
    "WA",
    "WV",
    "WI",
    "WY",
    "DC",
]


def town(locale: str, rng: random.Random) -> str:
    """A town's name that somebody could live in."""
    return rng.choice((rng.choice(people(locale)[1]), invented(rng))) + rng.choice(CITY_ENDS)


def american(rng: random.Random) -> list[str]:
    street = f"{rng.choice(('', '', '', 'N. ', 'S ', 'West ', 'E '))}{rng.choice((rng.choice(people('en_US')[1]), 'Main', 'Oak', '1st', '3rd', '42nd', 'Park', 'Washington', 'Lake'))}"
    street += " " + rng.choice(
        (
            "St",
            "Street",
            "Ave",
            "Avenue",
            "Blvd",
            "Road",
            "Rd.",
            "Drive",
            "Lane",
            "Way",
            "Plaza",
            "Parkway",
            "Circle",
        )
    )
    lines = [digits(rng.choice(("###", "####", "#####", "##")), rng) + " " + street]
    if rng.random() < 0.1:
        lines = [digits("P.O. Box ####", rng)]
    if rng.random() < 0.3:
        suite = digits(rng.choice(("Suite ###", "Ste. ##", "#th Floor", "Unit #@", "Apt. ##", "Bldg #")), rng)
        lines = [*lines, suite] if rng.random() < 0.5 else [f"{lines[0]}, {suite}"]
    code = digits(rng.choice(("#####", "#####", "#####-####")), rng)
    lines.append(f"{town('en_US', rng)}{rng.choice((', ', ', ', ' '))}{rng.choice(STATES)} {code}")
    return lines


def british(rng: random.Random) -> list[str]:
    lines = [
        f"{rng.randint(1, 250)} {rng.choice(people('en_GB')[1])} {rng.choice(('Street', 'Road', 'Lane', 'Way', 'Close', 'Avenue', 'Square', 'High Street'))}"
    ]
    if rng.random() < 0.3:
        lines.insert(
            0,
            rng.choice(
                (
                    f"{invented(rng)} House",
                    digits("Unit ##", rng),
                    f"{rng.choice(people('en_GB')[1])} Business Park",
                )
            ),
        )
    lines.append(town("en_GB", rng))
    code = digits(rng.choice(("@# #@@", "@@## #@@", "@@# #@@")), rng)
    if rng.random() < 0.5:
        lines.append(
            rng.choice(("London", "Kent", "Surrey", "Yorkshire", "Essex", "Lancashire"))
            + rng.choice((" ", ", "))
            + code
        )
    else:
        lines[-1] += rng.choice((" ", ", ")) + code
    return lines


def australian(rng: random.Random) -> list[str]:
    street = f"{rng.randint(1, 400)} {rng.choice(people('en_US')[1])} {rng.choice(('St', 'Street', 'Rd', 'Parade', 'Highway', 'Terrace'))}"
    return [
        street,
        f"{town('en_GB', rng)} {rng.choice(('NSW', 'VIC', 'QLD', 'WA', 'SA', 'TAS', 'ACT'))} {digits('####', rng)}",
    ]


def indian(rng: random.Random) -> list[str]:
    last = people("en_IN")[1]
    lines = [
        digits(rng.choice(("##/#, ", "Shop No. ##, ", "Plot ###, ", "No. ##, ")), rng)
        + f"{rng.choice(last)} {rng.choice(('Road', 'Nagar', 'Street', 'Marg', 'Complex', 'Bazaar'))}"
    ]
    if rng.random() < 0.5:
        lines.append(
            f"{rng.choice(('Near', 'Opp.', 'Behind'))} {rng.choice(last)} {rng.choice(('Temple', 'Circle', 'Hospital', 'Park', 'Bank'))}"
        )
    lines.append(
        f"{rng.choice(last)}{rng.choice(('pur', 'abad', 'nagar', 'garh'))}{rng.choice((' - ', ' ', '-'))}{digits('######', rng)}"
    )
    return lines


def continental(
    locale: str, street_ends: tuple[str, ...], before: bool, code: str
) -> Callable[[random.Random], list[str]]:
    def address(rng: random.Random) -> list[str]:
        name = rng.choice(people(locale)[1])
        kind = rng.choice(street_ends)
        street = (
            f"{rng.randint(1, 180)}{rng.choice((' ', ', '))}{kind} {name}"
            if before
            else f"{name}{kind} {rng.randint(1, 180)}{rng.choice(('', '', 'a'))}"
        )
        place = rng.choice((invented(rng), rng.choice(people(locale)[1]))) + rng.choice(
            ("", "stadt", " sur Mer", "", "")
        ) * (not before)
        country = rng.choice(("", "", "", "D-", "F-", "NL-", "A-")) if rng.random() < 0.3 else ""
        return [street, f"{country}{digits(code, rng)} {place}"]

    return address


def address_lines(
    address: tuple[str, ...], columns: int, rng: random.Random, concept: str = "company_address"
) -> list[Text]:
    """The lines of one address as runs of one mark."""
    mark = Mark(concept)
    comma = rng.choice((",", ",", ""))
    lines = [line + comma * (not line.endswith(",")) for line in address[:-1]]
    lines.append(address[-1] + rng.choice(("", "", ".")))
    if rng.random() < 0.45:
        narrow = rng.randint(min(18, columns), max(20, min(columns, 60)))
        return list(wrapped(Run(" ".join(lines), mark), narrow))
    if rng.random() < 0.1:  # town, code and country apart
        lines[-1:] = lines[-1].replace(", ", ",\n").split("\n")
    found: list[Text] = []
    for line in lines:
        found += wrapped(Run(line, mark), columns)
    return found
