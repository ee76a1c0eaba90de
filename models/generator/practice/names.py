"""Shops, firms and people who could exist in many countries, and their addresses; made up, in endless variety.

Surnames and places come from Faker's lists and from syllables, so that a name is known by where and how it stands
and not by heart.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.generator.practice.lands import Land
from models.generator.practice.made_up import CHINESE, MALAY, digits, invented, people

TRADES = [
    "Hardware",
    "Trading",
    "Enterprise",
    "Stationery",
    "Restaurant",
    "Mart",
    "Pharmacy",
    "Bakery",
    "Electrical",
    "Auto Parts",
    "Supermarket",
    "Minimarket",
    "Books",
    "Cafe",
    "Coffee",
    "Kitchen",
    "Seafood",
    "Bistro",
    "Optical",
    "Clinic",
    "Fashion",
    "Furniture",
    "Petrol",
    "Service Station",
    "Parking",
    "Hypermarket",
    "Grocery",
    "Fresh Market",
    "Home Centre",
    "DIY",
    "Toys",
    "Sports",
    "Computers",
    "Mobile",
    "Photo",
    "Printing",
    "Motor",
    "Tyre & Battery",
    "Plumbing",
    "Paint",
    "Lighting",
    "Garden Centre",
    "Florist",
    "Pet Shop",
    "Laundry",
    "Salon",
    "Beauty",
    "Gifts",
    "Houseware",
    "Department Store",
    "Noodle House",
    "Grill",
    "Pizza",
    "Burger",
    "Sushi",
    "Tea House",
    "Food Court",
    "Deli",
    "Steak House",
    "Ice Cream",
    "Wine & Spirits",
    "Hotel",
    "Inn",
    "Karaoke",
    "Textiles",
    "Shoes",
    "Jewellery",
    "Timber",
    "Machinery",
    "Industries",
    "Marketing",
]
SERVICES = [
    "Consulting",
    "Solutions",
    "Logistics",
    "Systems",
    "Media",
    "Software",
    "Partners",
    "Engineering",
    "Holdings",
    "Technologies",
    "Group",
    "Networks",
    "Design",
    "Supplies",
    "Construction",
    "Energy",
    "Pharma",
    "Foods",
    "Labs",
    "Data",
    "Security",
    "Communications",
    "Capital",
    "Semiconductor",
    "Biosciences",
    "Health",
    "Therapeutics",
    "Interactive",
    "Financial",
    "Industries",
    "International",
    "Electronics",
    "Instruments",
    "Devices",
    "Brands",
    "Resources",
    "Studios",
    "Freight",
    "Analytics",
    "Aerospace",
    "Materials",
    "Hosting",
    "Telecom",
    "Translations",
]


def surname(land: Land, rng: random.Random) -> str:
    return rng.choice(people(land.people)[1])


def person(land: Land, rng: random.Random) -> str:
    first, last = people(land.people)
    middle = f" {rng.choice('ABCDEFGHJKLMNPRSTW')}." if rng.random() < 0.2 else ""
    return f"{rng.choice(first)}{middle} {rng.choice(last)}"


def _core(land: Land, rng: random.Random) -> str:
    if land.name in ("my", "sg") and rng.random() < 0.7:
        words = CHINESE if rng.random() < 0.5 else MALAY
        return " ".join(rng.sample(words, rng.choice((1, 2, 2, 2, 3)))).title()
    kind = rng.random()
    if kind < 0.35:
        return surname(land, rng) + rng.choice(("", "", "'s", " & Sons", f" & {surname(land, rng)}"))
    if kind < 0.5:
        start = rng.choice(
            ("The", "Golden", "New", "Royal", "Green", "City", "Grand", "Blue", "Old", "Happy", "Super")
        )
        thing = rng.choice(
            (
                "Dragon",
                "Corner",
                "Star",
                "Garden",
                "Lotus",
                "Bridge",
                "Oak",
                "Harbour",
                "Point",
                "Leaf",
                "Tree",
            )
        )
        return f"{start} {thing}"
    return " ".join(invented(rng) for _ in range(rng.choice((1, 1, 1, 2))))


def shop_name(land: Land, rng: random.Random) -> str:
    """What stands over a shop's door, without a legal form."""
    core = _core(land, rng)
    kind = rng.random()
    if kind < 0.12:
        return core
    if kind < 0.2:
        return f"{rng.choice(('Restoran', 'Kedai', 'Cafe', 'Hotel', 'Syarikat', 'Pasar Raya', 'Chez', 'Casa', 'Bar'))} {core}"
    more = f" {rng.choice(('&', 'AND'))} {rng.choice(TRADES)}" if rng.random() < 0.12 else ""
    return f"{core} {rng.choice(TRADES)}{more}"


def firm_name(land: Land, rng: random.Random, *, formal: float = 0.9) -> str:
    """A firm's name, mostly with its legal form."""
    core = _core(land, rng)
    name = f"{core} {rng.choice(SERVICES)}" if rng.random() < 0.6 else core
    return (
        f"{name}{rng.choice((' ', ' ', ', ')) if land.name == 'us' else ' '}{rng.choice(land.legal)}"
        if rng.random() < formal
        else name
    )


def legal_name(land: Land, rng: random.Random) -> str:
    """A shop's registered name."""
    return f"{shop_name(land, rng)} {rng.choice(land.legal)}"


@dataclass(frozen=True, slots=True)
class Party:
    """A shop, firm or customer."""

    land: Land
    name: str
    trade_name: str  # over the door, where it isn't the registered one; else empty
    address: tuple[str, ...]
    phone: str
    fax: str
    mail: str
    website: str
    company_number: str
    tax_id: str


def shop(land: Land, rng: random.Random) -> Party:
    """A shop: with a legal name, or without, or with both names."""
    kind = rng.random()
    name = legal_name(land, rng) if kind < 0.6 else shop_name(land, rng)
    return _party(land, rng, name, shop_name(land, rng) if kind < 0.15 else "")


def firm(land: Land, rng: random.Random) -> Party:
    """A firm that sends invoices or gets them."""
    return _party(land, rng, firm_name(land, rng), "")


def _party(land: Land, rng: random.Random, name: str, trade_name: str) -> Party:
    letters = "".join(
        c for c in (trade_name or name).lower().split(" sdn")[0] if c.isascii() and c.isalpha()
    )[:16]
    domain = f"{letters or 'shop'}.{rng.choice(('com', 'com', 'net', 'co', 'biz', 'org', 'com.my', 'de', 'co.uk', 'io'))}"
    return Party(
        land, name, trade_name, tuple(land.address(rng)),
        digits(rng.choice(land.phone), rng), digits(rng.choice(land.phone), rng),
        f"{rng.choice(('info', 'sales', 'office', 'contact', 'billing', 'enquiry', 'hello', 'accounts'))}@{domain}",
        rng.choice(("www.", "www.", "http://", "https://www.", "")) + domain,
        digits(rng.choice(land.company_number), rng), digits(rng.choice(land.tax_id), rng),
    )  # fmt: skip
