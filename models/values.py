"""Raw text → comparable value, by kind: dates to ISO, money and numbers to a plain decimal, text to letters and digits.

Each function answers None for what is no value of its kind; the raw text is kept elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from decimal import Decimal

from models.dates import day_first_of, normalise_date

__all__ = [
    "currency_of",
    "day_first_of",
    "decimal_of",
    "normalise_date",
    "normalise_money",
    "normalise_number",
    "normalise_period",
    "normalise_text",
]

# Thousands may be apart (1 234,50), and readers tear numbers at the decimal mark (12 .50, 12. 50).
NUMBER = re.compile(
    r"(?:\d{1,3}(?:\s\d{3})+(?!\d)|\d+|[.,]\d)(?:[.,'’]\d+)*(?:\s[.,]\d\d?(?!\d)|[.,]\s\d\d(?![\d.,]))?"
)
# a dash behind a word joins (INV-12), unless the word is a currency (RM-12)
MINUS = re.compile(r"(?:^|\s|[^\w\s]|(?P<word>[^\W\d_]+))[-−–]\s?(?:[^\W\d_]{1,3}\.?\s?|[^\w\s]\s?)?$")
BRACKET = re.compile(r"\(\s?(?:[^\W\d_]{1,3}\.?\s?|[^\w\s]\s?)?$")
BRACKET_END = re.compile(r"\s?(?:[^\W\d_]{1,3}|[^\w\s)])?\s?\)")
MINUS_BEHIND = re.compile(r"\s?[-−–](?!\s?[\w-])")
NO_CENTS = re.compile(r"[.,]\s?[-−–]{1,2}(?!\w)")  # 12.- and 12,-- are twelve
MISREAD = re.compile(r"\d[\dOoQIl|.,'’]*[\d]|\d[\d.,]*[.,]\d[Oo]\b")
FIGURES = str.maketrans("OoQIl|", "000111")

# How money's currency is printed → ISO 4217, the likeliest first.
CURRENCIES = {
    "EUR": ("EUR",), "€": ("EUR",), "EURO": ("EUR",), "EUROS": ("EUR",),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"), "US$": ("USD",), "USD": ("USD",),
    "DOLLAR": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD"), "DOLLARS": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD"),
    "C$": ("CAD",), "CA$": ("CAD",), "A$": ("AUD",), "AU$": ("AUD",), "NZ$": ("NZD",), "S$": ("SGD",),
    "HK$": ("HKD",), "R$": ("BRL",), "MX$": ("MXN",), "NT$": ("TWD",),
    "£": ("GBP",), "POUND": ("GBP",), "POUNDS": ("GBP",),
    "¥": ("JPY", "CNY"), "YEN": ("JPY",), "RMB": ("CNY",), "YUAN": ("CNY",), "₩": ("KRW",),
    "RM": ("MYR",), "RINGGIT": ("MYR",), "RP": ("IDR",), "RUPIAH": ("IDR",), "฿": ("THB",), "₱": ("PHP",), "₫": ("VND",),
    "₹": ("INR",), "RS": ("INR", "PKR", "LKR", "MUR", "NPR"), "RUPEES": ("INR", "PKR", "LKR"),
    "FR": ("CHF",), "SFR": ("CHF",), "FRANKEN": ("CHF",), "FRANCS": ("CHF",),
    "KR": ("SEK", "NOK", "DKK", "ISK"), "ZŁ": ("PLN",), "KČ": ("CZK",), "FT": ("HUF",), "LEI": ("RON",),
    "₺": ("TRY",), "TL": ("TRY",), "₽": ("RUB",), "₴": ("UAH",), "₪": ("ILS",), "DHS": ("AED",),
}  # fmt: skip
_CODES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW KWD LKR MAD MUR "
    "MXN MYR NGN NOK NPR NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD UYU VND ZAR"
)
CODES = frozenset(_CODES.split())
SIGN = re.compile(r"[^\W\d_]*[$€£¥₩฿₱₫₹₺₽₴₪]|[^\W\d_]+")

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
SPELT = (
    {word: number for number, word in enumerate(UNITS.split())}
    | {"seventeen": 17, "eighteen": 18, "nineteen": 19}
    | TENS
    | {f"{ten}{unit}": TENS[ten] + n for ten in TENS for n, unit in enumerate(UNITS.split()[:10]) if n}
)
PERIOD = re.compile(
    r"\W*(?:(?P<spelt>[a-z]+(?:[\s-][a-z]+)?)\s?)?(?:\(?\s?(?P<figure>\d{1,3})\s?\)?)?[\s-]{0,2}"
    r"(?P<unit>year|month|week|day)s?['’]?\W*",
    re.IGNORECASE,
)


def normalise_text(raw: str) -> str:
    """Letters and digits only, upper case (Unicode NFKC): punctuation, spaces and case never make a value wrong."""
    folded = unicodedata.normalize("NFKC", raw).upper()
    return "".join(char for char in folded if char.isalnum())


def normalise_period(raw: str) -> str | None:
    """A span of time in figures, as `normalise_text` gives it: `three (3) years`, `Three years` → `3YEARS`.

    None where the whole of `raw` isn't one, or words and figure contradict each other. English only.
    """
    found = PERIOD.fullmatch(raw)
    if not found:
        return None
    spelt, figure = found["spelt"], found["figure"]
    number = int(figure) if figure else None
    if spelt:
        said = SPELT.get(re.sub(r"[\s-]", "", spelt.lower()))
        if said is None or number not in (None, said):
            return None
        number = said
    return None if number is None else f"{number}{found['unit'].upper()}{'' if number == 1 else 'S'}"


def currency_of(raw: str, among: Collection[str] = CODES) -> str | None:
    """The ISO 4217 code of the currency that `raw` names by sign, abbreviation or code; None if by none.

    `among` are the codes that may be meant: where only SGD is used, `$` means SGD.
    """
    for sign in SIGN.findall(unicodedata.normalize("NFC", raw).upper()):
        wanted = CURRENCIES.get(sign) or ((sign,) if sign in CODES else ())
        if found := next((code for code in wanted if code in among), None):
            return found
    return None


def decimal_of(raw: str) -> Decimal | None:
    """The first number in `raw`, with either decimal mark (1,234.50 and 1.234,50); negative for -12, 12-, (12)."""
    text = unicodedata.normalize("NFKC", raw)
    text = MISREAD.sub(lambda match: match.group().translate(FIGURES), text)
    match = NUMBER.search(text)
    if not match:
        return None
    number = Decimal(_plain(re.sub(r"[^\d.,]", "", match.group())))
    before, behind = text[: match.start()], text[match.end() :]
    minus = MINUS.search(before)
    negative = (
        (minus and (not minus["word"] or currency_of(minus["word"])))
        or (BRACKET.search(before) and BRACKET_END.match(behind))
        or (MINUS_BEHIND.match(behind) and not NO_CENTS.match(behind))
    )
    return -number if negative else number


def _plain(digits: str) -> str:
    """Digits with marks → digits with at most one point: tells the decimal mark from those that group thousands."""
    mark = max(digits.rfind("."), digits.rfind(","))
    if mark < 0:
        return digits
    whole, tail = re.sub(r"[.,]", "", digits[:mark]), digits[mark + 1 :]
    # the last mark is the decimal one unless three digits follow it and it, or no other, groups thousands
    alone = len(set(digits) & {".", ","}) == 1
    groups = (
        len(tail) == 3
        and alone
        and not whole.startswith("0")
        and 0 < len(digits[:mark].split(digits[mark])[0]) <= 3
    )
    return whole + tail if groups else f"{whole or '0'}.{tail}"


def normalise_money(raw: str) -> str | None:
    """A plain decimal with two places, currency dropped: `RM 1,234.5` → `1234.50`."""
    number = decimal_of(raw)
    return None if number is None else f"{number:.2f}"


def normalise_number(raw: str) -> str | None:
    """A plain decimal without trailing zeros: `1,250.0` → `1250`."""
    number = decimal_of(raw)
    if number is None:
        return None
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
