"""How dates, amounts and labels are written in a region, and what its shops are called."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from faker import Faker

LANGUAGES = Path(__file__).with_name("languages")


@dataclass(frozen=True, slots=True)
class Region:
    """`amount` shows how money is written: `{}` is the number; a blank keeps the sign apart from it."""

    name: str
    language: str
    faker: str
    amounts: tuple[str, ...]
    currency: str  # as table headings name it
    decimal: str
    thousands: str
    dates: tuple[str, ...]
    rates: tuple[int, ...]  # of tax, in percent
    tax: str = ""  # overrides the language's words for it
    price_level: float = 1.0

    def number(self, value: Decimal) -> str:
        """`value` with two decimals, as the region writes it, without a sign of currency."""
        plain = f"{value:,.2f}"
        return plain.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)

    def date(self, day: date, form: str) -> str:
        """`day` written as `form`: strftime's codes, where %-d and %-m have no leading zero."""
        codes = {"%-d": str(day.day), "%-m": str(day.month)}
        for code, text in codes.items():
            form = form.replace(code, text)
        return day.strftime(form)


EURO = ("€{}", "{} €", "EUR {}", "{}", "{} EUR")
DOTS = ("%d.%m.%Y", "%d.%m.%y", "%-d.%-m.%Y")
SLASHES = ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y")

REGIONS = {
    region.name: region
    for region in (
        Region(
            "gb", "en", "en_GB", ("£{}", "{}", "GBP {}"), "GBP", ".", ",",
            (*SLASHES, "%d %b %Y", "%-d %B %Y"), (20, 5),
        ),
        Region(
            "us", "en", "en_US", ("${}", "{}", "USD {}"), "USD", ".", ",",
            ("%m/%d/%Y", "%m/%d/%y", "%b %d, %Y", "%B %-d, %Y"), (6, 7, 8), tax="Sales Tax",
        ),
        Region(
            "my", "en", "en_GB", ("RM {}", "RM{}", "{}"), "RM", ".", ",",
            (*SLASHES, "%d %b %Y"), (6,), tax="GST", price_level=2.5,
        ),
        Region(
            "au", "en", "en_AU", ("${}", "{}", "AUD {}"), "AUD", ".", ",",
            (*SLASHES, "%d %b %Y"), (10,), tax="GST", price_level=1.6,
        ),
        Region("de", "de", "de_DE", EURO, "EUR", ",", ".", (*DOTS, "%Y-%m-%d"), (19, 7)),
        Region("at", "de", "de_AT", EURO, "EUR", ",", ".", DOTS, (20, 10)),
        Region("ch", "de", "de_CH", ("CHF {}", "{}", "Fr. {}"), "CHF", ".", "'", DOTS, (8,), price_level=1.6),
        Region("fr", "fr", "fr_FR", ("{} €", "{}", "{}€"), "EUR", ",", " ", SLASHES, (20, 10)),
        Region("romandie", "fr", "fr_CH", ("CHF {}", "{}", "Fr. {}"), "CHF", ".", "'", DOTS, (8, 3), price_level=1.6),
        Region("es", "es", "es_ES", ("{} €", "{}", "{}€"), "EUR", ",", ".", SLASHES, (21, 10)),
        Region("it", "it", "it_IT", ("€ {}", "{}", "€{}"), "EUR", ",", ".", SLASHES, (22, 10)),
        Region("nl", "nl", "nl_NL", ("€ {}", "{}", "€{}"), "EUR", ",", ".", ("%d-%m-%Y", "%d-%m-%y", "%d/%m/%Y"), (21, 9)),
        Region("pl", "pl", "pl_PL", ("{} zł", "{}", "{} PLN"), "PLN", ",", " ", ("%d.%m.%Y", "%Y-%m-%d", "%d-%m-%Y"), (23, 8)),
        Region("se", "sv", "sv_SE", ("{} kr", "{}", "{} SEK"), "SEK", ",", " ", ("%Y-%m-%d", "%y-%m-%d", "%d/%m/%Y"), (25, 12)),
    )
}  # fmt: skip

STREETS_MY = ("JALAN SAGU", "JALAN DEDAP", "LORONG MAWAR", "JALAN SS2/", "JALAN PERMAI", "JALAN UTAMA")
TOWNS_MY = (
    "81100 JOHOR BAHRU, JOHOR",
    "40170 SHAH ALAM, SELANGOR",
    "47300 PETALING JAYA",
    "11900 BAYAN LEPAS, PENANG",
)
FIRMS_MY = ("SERI", "INDAH", "MAJU", "JAYA", "SINAR", "PERMATA", "LIAN HIN", "GOLDEN", "KIM SENG", "HARMONI")  # fmt: skip
TRADES_MY = ("TRADING", "ENTERPRISE", "HARDWARE", "STATIONERY", "RESTAURANT", "MART", "PHARMACY")


@lru_cache(maxsize=16)
def words(language: str) -> dict[str, Any]:
    """Labels (lists of wordings), `goods` and `services` (name → usual price in the region's own money)."""
    return yaml.safe_load((LANGUAGES / f"{language}.yaml").read_text(encoding="utf-8"))


@lru_cache(maxsize=32)
def _faker(locale: str) -> Faker:
    return Faker(locale)


@dataclass(frozen=True, slots=True)
class Party:
    """A shop, firm or customer."""

    name: str
    address: tuple[str, ...]
    phone: str
    tax_id: str
    iban: str
    bic: str
    mail: str
    person: str


def party(region: Region, rng: random.Random, *, shop: bool) -> Party:
    """Somebody who could exist; everything about them is made up (Faker)."""
    address: tuple[str, ...]
    fake = _faker(region.faker)
    fake.seed_instance(rng.getrandbits(32))
    person = fake.name()
    if region.name == "my":
        name = f"{rng.choice(FIRMS_MY)} {rng.choice(TRADES_MY)}" + rng.choice(
            (" SDN BHD", "", " (M) SDN BHD")
        )
        street = f"NO. {rng.randint(1, 99)}, {rng.choice(STREETS_MY)} {rng.randint(1, 30)},"
        address = (street, f"TAMAN {rng.choice(FIRMS_MY)},", rng.choice(TOWNS_MY) + ".")
    else:
        name = " ".join(fake.company().split())
        if shop and rng.random() < 0.6:
            name = f"{rng.choice(words(region.language)['shops'])} {fake.last_name()}"
        address = tuple(" ".join(line.split()) for line in fake.address().split("\n") if line.strip())
    letters = "".join(char for char in name.lower() if char.isascii() and char.isalpha())[:14] or "info"
    digits = "".join(str(rng.randint(0, 9)) for _ in range(9))
    country = {"us": "", "my": "00", "gb": "GB", "au": "ABN "}.get(region.name, region.name.upper())
    plain = fake.iban()
    return Party(
        name=name,
        address=address,
        phone=f"0{rng.randint(3, 9)}-{rng.randint(2, 8)}{rng.randint(10**5, 10**6 - 1)}"
        if region.name == "my"
        else " ".join(fake.phone_number().split()),
        tax_id=f"{country}{digits}",
        iban=" ".join(plain[at : at + 4] for at in range(0, len(plain), 4)),
        bic=fake.swift(length=8),
        mail=f"{rng.choice(('info', 'office', 'mail', 'billing'))}@{letters}.example",
        person=person,
    )
