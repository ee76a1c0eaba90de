"""Raw text → comparable value, by kind: dates to ISO, money and numbers to a plain decimal, text to letters and digits.

Each function answers None for what is no value of its kind; the raw text is kept elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from dateutil import parser as dates

NUMBER = re.compile(r"[-+(]?\s*\d[\d\s.,'’]*")
DATE_LIKE = re.compile(r"\d")


def normalise_text(raw: str) -> str:
    """Letters and digits only, upper case (Unicode NFKC): punctuation, spaces and case never make a value wrong."""
    folded = unicodedata.normalize("NFKC", raw).upper()
    return "".join(char for char in folded if char.isalnum())


def normalise_date(raw: str, *, day_first: bool = True) -> str | None:
    """YYYY-MM-DD, or None; `03/04/2018` is the 3rd of April unless `day_first` is off (a 13th month swaps)."""
    text = raw.strip()
    iso = re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", text)
    if not DATE_LIKE.search(text) or len(text) > 60:
        return None
    try:
        # dateutil fills what is missing from a default: two defaults that differ in every part
        # tell a date that is complete from one that was completed
        found = {
            dates.parse(text, dayfirst=day_first and not iso, default=default, fuzzy=True).date()
            for default in (dates.parse("2001-01-01"), dates.parse("2002-02-02"))
        }
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None
    return found.pop().isoformat() if len(found) == 1 else None


def _decimal(raw: str) -> Decimal | None:
    """The first number in `raw`, with either decimal mark (1,234.50 and 1.234,50)."""
    match = NUMBER.search(unicodedata.normalize("NFKC", raw))
    if not match:
        return None
    text = match.group().strip()
    negative = text.startswith(("-", "(")) or raw.strip().endswith("-")
    digits = re.sub(r"[^\d.,]", "", text).strip(".,")
    mark = max(digits.rfind("."), digits.rfind(","))
    if mark >= 0:
        last, tail = digits[mark], digits[mark + 1 :]
        # a mark is the decimal one unless exactly three digits follow it and it (or no other) groups thousands
        groups = len(tail) == 3 and (digits.count(last) > 1 or len(set(digits) & {".", ","}) == 1)
        whole = re.sub(r"[.,]", "", digits[:mark])
        digits = whole + tail if groups else f"{whole or '0'}.{tail}"
    try:
        number = Decimal(digits)
    except InvalidOperation:
        return None
    return -number if negative else number


def normalise_money(raw: str) -> str | None:
    """A plain decimal with two places, currency dropped: `RM 1,234.5` → `1234.50`."""
    number = _decimal(raw)
    return None if number is None else f"{number:.2f}"


def normalise_number(raw: str) -> str | None:
    """A plain decimal without trailing zeros: `1,250.0` → `1250`."""
    number = _decimal(raw)
    if number is None:
        return None
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
