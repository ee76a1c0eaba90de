"""Shops, firms and people who could exist in many countries, and their addresses; made up, in endless variety.

Surnames and places come from Faker's lists and from syllables, so that a name is known by where and how it stands
and not by heart.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "bu",
    "ca",
    "ce",
    "co",
    "da",
    "de",
    "di",
    "do",
    "el",
    "en",
    "er",
    "fa",
    "fi",
    "ga",
    "go",
    "ha",
    "hi",
    "ho",
    "in",
    "is",
    "ja",
    "jo",
    "ka",
    "ke",
    "ki",
    "ko",
    "ku",
    "la",
    "le",
    "li",
    "lo",
    "lu",
    "ma",
    "me",
    "mi",
    "mo",
    "mu",
    "na",
    "ne",
    "ni",
    "no",
    "nu",
    "or",
    "pa",
    "pe",
    "pi",
    "po",
    "ra",
    "re",
    "ri",
    "ro",
    "ru",
    "sa",
    "se",
    "si",
    "so",
    "su",
    "ta",
    "te",
    "ti",
    "to",
    "tu",
    "un",
    "va",
    "ve",
    "vi",
    "vo",
    "wa",
    "wi",
    "ya",
    "yo",
    "za",
    "zen",
]
ENDS = ("", "", "n", "r", "s", "x", "l", "ng", "tech", "mart", "co", "via", "land", "tek", "lux", "ia", "nex")
CHINESE = [
    "AH",
    "BAN",
    "BOON",
    "CHAI",
    "CHEE",
    "CHENG",
    "CHIN",
    "CHONG",
    "CHUAN",
    "ENG",
    "FATT",
    "FOO",
    "GUAN",
    "HENG",
    "HIN",
    "HO",
    "HOCK",
    "HONG",
    "HUA",
    "HUAT",
    "HUP",
    "KEAT",
    "KEE",
    "KIM",
    "KOK",
    "KWANG",
    "LAI",
    "LEE",
    "LEONG",
    "LIAN",
    "LIM",
    "LOONG",
    "MEI",
    "MING",
    "ONN",
    "PENG",
    "POH",
    "SANG",
    "SENG",
    "SHENG",
    "SIANG",
    "SIN",
    "SOON",
    "SWEE",
    "TAI",
    "TAN",
    "TECK",
    "THYE",
    "TONG",
    "WAH",
    "WEI",
    "WENG",
    "WING",
    "YEE",
    "YEW",
    "YONG",
]
MALAY = [
    "AMAN",
    "BAHAGIA",
    "BARU",
    "BERKAT",
    "BINTANG",
    "BUDI",
    "CAHAYA",
    "CEMERLANG",
    "DAMAI",
    "GEMILANG",
    "HIJAU",
    "INDAH",
    "IMPIAN",
    "JAYA",
    "KENARI",
    "KENCANA",
    "MAJU",
    "MAKMUR",
    "MAWAR",
    "MELATI",
    "MESRA",
    "MURNI",
    "MUTIARA",
    "PERDANA",
    "PERMAI",
    "PERKASA",
    "PUTRA",
    "RAYA",
    "RIA",
    "SEJATI",
    "SENTOSA",
    "SERI",
    "SINAR",
    "SURIA",
    "TEGUH",
    "UTAMA",
    "WARISAN",
    "WAWASAN",
    "ALAM",
    "ANGGERIK",
    "ASIA",
    "CENDANA",
    "DELIMA",
    "IDAMAN",
    "KASIH",
]
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


@dataclass(frozen=True, slots=True)
class Land:
    """What names, addresses and numbers look like in one part of the world; functions draw from a generator."""

    name: str
    people: str  # Faker's locale
    legal: tuple[str, ...]
    phone: tuple[str, ...]  # # is a digit
    company_number: tuple[str, ...]
    tax_label: tuple[str, ...]
    tax_id: tuple[str, ...]
    address: Callable[[random.Random], list[str]]
    languages: tuple[str, ...]
    symbols: tuple[str, ...]  # of currency
    tax: tuple[str, ...]  # what it is called
    rates: tuple[float, ...]
    decimal: str = "."
    thousands: str = ","
    level: float = 1.0  # of prices
    dates: str = "dmy"


@lru_cache(maxsize=64)
def _people(locale: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    provider = import_module(f"faker.providers.person.{locale}").Provider
    first = getattr(provider, "first_names", None) or provider.first_names_male
    return tuple(first), tuple(provider.last_names)


@lru_cache(maxsize=1)
def _estates() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    provider = import_module("faker.providers.address.en_MS").Provider
    return tuple(provider.city_prefixes), tuple(provider.city_suffixes), tuple(provider.street_suffixes)


def surname(land: Land, rng: random.Random) -> str:
    return rng.choice(_people(land.people)[1])


def person(land: Land, rng: random.Random) -> str:
    first, last = _people(land.people)
    middle = f" {rng.choice('ABCDEFGHJKLMNPRSTW')}." if rng.random() < 0.2 else ""
    return f"{rng.choice(first)}{middle} {rng.choice(last)}"


def invented(rng: random.Random) -> str:
    """A word that means nothing, such as firms like to be called."""
    if rng.random() < 0.12:
        return "".join(rng.choice("ABCDEFGHKLMNPRSTVWXZ") for _ in range(rng.randint(2, 4)))
    return ("".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 3))) + rng.choice(ENDS)).capitalize()


def digits(pattern: str, rng: random.Random) -> str:
    """`pattern` with each # a digit and each @ a capital letter."""
    return "".join(
        rng.choice("0123456789") if c == "#" else rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") if c == "@" else c
        for c in pattern
    )


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


def _malaysian(rng: random.Random) -> list[str]:
    before, after, streets = _estates()
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


def _singapore(rng: random.Random) -> list[str]:
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
    return rng.choice((rng.choice(_people(locale)[1]), invented(rng))) + rng.choice(CITY_ENDS)


def _american(rng: random.Random) -> list[str]:
    street = f"{rng.choice(('', '', '', 'N. ', 'S ', 'West ', 'E '))}{rng.choice((rng.choice(_people('en_US')[1]), 'Main', 'Oak', '1st', '3rd', '42nd', 'Park', 'Washington', 'Lake'))}"
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


def _british(rng: random.Random) -> list[str]:
    lines = [
        f"{rng.randint(1, 250)} {rng.choice(_people('en_GB')[1])} {rng.choice(('Street', 'Road', 'Lane', 'Way', 'Close', 'Avenue', 'Square', 'High Street'))}"
    ]
    if rng.random() < 0.3:
        lines.insert(
            0,
            rng.choice(
                (
                    f"{invented(rng)} House",
                    digits("Unit ##", rng),
                    f"{surname(LANDS['gb'], rng)} Business Park",
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


def _australian(rng: random.Random) -> list[str]:
    street = f"{rng.randint(1, 400)} {rng.choice(_people('en_US')[1])} {rng.choice(('St', 'Street', 'Rd', 'Parade', 'Highway', 'Terrace'))}"
    return [
        street,
        f"{town('en_GB', rng)} {rng.choice(('NSW', 'VIC', 'QLD', 'WA', 'SA', 'TAS', 'ACT'))} {digits('####', rng)}",
    ]


def _indian(rng: random.Random) -> list[str]:
    last = _people("en_IN")[1]
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


def _continental(
    locale: str, street_ends: tuple[str, ...], before: bool, code: str
) -> Callable[[random.Random], list[str]]:
    def address(rng: random.Random) -> list[str]:
        name = rng.choice(_people(locale)[1])
        kind = rng.choice(street_ends)
        street = (
            f"{rng.randint(1, 180)}{rng.choice((' ', ', '))}{kind} {name}"
            if before
            else f"{name}{kind} {rng.randint(1, 180)}{rng.choice(('', '', 'a'))}"
        )
        place = rng.choice((invented(rng), rng.choice(_people(locale)[1]))) + rng.choice(
            ("", "stadt", " sur Mer", "", "")
        ) * (not before)
        country = rng.choice(("", "", "", "D-", "F-", "NL-", "A-")) if rng.random() < 0.3 else ""
        return [street, f"{country}{digits(code, rng)} {place}"]

    return address


LANDS: dict[str, Land] = {
    land.name: land
    for land in (
        Land("my", "id_ID", ("Sdn Bhd", "Sdn. Bhd.", "SDN BHD", "(M) Sdn Bhd", "Enterprise", "Trading", "S/B"),
             ("0#-### ####", "0#-########", "+60#-#######", "01#-#######", "0#-#### ####", "0# #######"), ("(######-@)", "(#######-@)", "(######@)", "(JM#######-@)", "CO. REG NO: ######-@", "(CO. NO.: ######@)", "ROC NO. ######-@"),
             ("GST ID", "GST ID NO", "GST REG NO", "GST NO", "GST Reg. No", "SST ID"), ("00##########", "00##########", "@##-####-########"), _malaysian, ("en",), ("RM", "RM", "MYR", "$"), ("GST", "SST", "SR"), (6, 6, 0, 10), level=3.0),
        Land("sg", "id_ID", ("Pte Ltd", "Pte. Ltd.", "(S) Pte Ltd", "LLP"), ("6### ####", "+65 #### ####", "########"), ("(#########@)", "Co. Reg. No. #########@", "UEN: 20#######@"),
             ("GST Reg No", "GST No", "GST REG NO."), ("M#-#######-#", "20#######@", "M#########"), _singapore, ("en",), ("$", "S$", "SGD"), ("GST",), (7, 8, 9), level=1.5),
        Land("us", "en_US", ("LLC", "Inc.", "Inc", "Corp.", "Corporation", "Co.", "L.L.C.", "LP", "Company"), ("(###) ###-####", "###-###-####", "###.###.####", "1-800-###-####"), ("Store #####", "STORE #: ####"),
             ("EIN", "Tax ID", "Fed ID", "Tax ID #"), ("##-#######",), _american, ("en",), ("$", "$", "USD", "US$"), ("Tax", "Sales Tax", "TAX"), (6.25, 7, 8.25, 8.875, 5), dates="mdy"),
        Land("gb", "en_GB", ("Ltd", "Limited", "PLC", "LLP", "Ltd."), ("0## #### ####", "0#### ######", "+44 #### ######"), ("Company No. ########", "Reg. No. ########"), ("VAT No", "VAT Reg No", "VAT"), ("GB ### #### ##", "### #### ##", "GB#########"),
             _british, ("en",), ("£", "£", "GBP"), ("VAT",), (20, 5)),
        Land("au", "en_US", ("Pty Ltd", "Pty. Ltd.", "Limited"), ("0# #### ####", "+61 # #### ####", "1300 ### ###"), ("ACN ### ### ###",), ("ABN", "A.B.N."), ("## ### ### ###", "###########"), _australian, ("en",), ("$", "AUD", "A$"), ("GST",), (10,), level=1.5),
        Land("in", "en_IN", ("Pvt Ltd", "Pvt. Ltd.", "Private Limited", "& Co"), ("+91 ##########", "0##-########", "##########"), ("CIN: U#####@@####",), ("GSTIN", "GST No", "TIN"), ("##@@@@@####@#Z#",), _indian, ("en",), ("Rs.", "₹", "INR", "Rs"), ("CGST", "GST", "VAT"), (5, 12, 18), level=20.0),
        Land("de", "de_DE", ("GmbH", "AG", "KG", "GmbH & Co. KG", "e.K.", "UG"), ("0### ######", "+49 ## #######", "0####/#####"), ("HRB #####",), ("USt-IdNr.", "USt-ID", "St.-Nr."), ("DE#########", "##/###/#####"), _continental("de_DE", ("straße", "str.", "weg", "platz", "gasse", "allee"), False, "#####"),
             ("de",), ("€", "EUR", "€"), ("MwSt", "USt"), (19, 7), ",", "."),
        Land("fr", "fr_FR", ("SARL", "SA", "SAS", "EURL"), ("0# ## ## ## ##", "+33 # ## ## ## ##"), ("RCS ### ### ###", "SIRET ### ### ### #####"), ("N° TVA", "TVA"), ("FR###########",), _continental("fr_FR", ("rue", "rue de", "avenue", "boulevard", "place", "quai"), True, "#####"),
             ("fr",), ("€", "EUR", "€"), ("TVA",), (20, 10, 5.5), ",", " "),
        Land("es", "es_ES", ("S.L.", "S.A.", "SL", "SA de CV"), ("### ### ###", "+34 ### ## ## ##"), ("Reg. Merc. ####",), ("CIF", "NIF", "RFC"), ("@########", "########@"), _continental("es_ES", ("Calle", "C/", "Avda.", "Plaza", "Paseo"), True, "#####"), ("es",), ("€", "EUR", "€", "$"), ("IVA",), (21, 10), ",", "."),
        Land("it", "it_IT", ("S.r.l.", "S.p.A.", "SRL", "s.n.c."), ("0## #######", "+39 ### #######"), ("REA ######",), ("P. IVA", "P.IVA", "Partita IVA"), ("###########", "IT###########"), _continental("it_IT", ("Via", "Viale", "Piazza", "Corso"), True, "#####"), ("it",), ("€", "EUR"), ("IVA",), (22, 10), ",", "."),
        Land("nl", "nl_NL", ("B.V.", "BV", "N.V.", "VOF"), ("0##-#######", "+31 ## ### ## ##"), ("KvK ########",), ("BTW", "BTW nr."), ("NL#########B##",), _continental("nl_NL", ("straat", "weg", "laan", "plein", "gracht"), False, "#### @@"), ("nl",), ("€", "EUR"), ("BTW",), (21, 9), ",", "."),
    )
}  # fmt: skip
EVERYWHERE = ("my",) * 7 + ("us",) * 5 + ("sg", "sg", "gb", "gb", "au", "in", "de", "fr", "es", "it", "nl")


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
