"""What a person would program in five minutes, for each pack: no learning, and only the fields where it is that easy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from models.alignment import runs_like, text_of
from models.extractors.base import Extracted, Value
from models.lines import lines_of
from models.pages import Page
from models.schema import Field, Schema

Finder = Callable[[Field, Sequence[Page]], str | None]

NUMBERED = re.compile(r"\b(?:contract|order|invoice)\b\D{0,20}(\d[\w-]*)", re.IGNORECASE)
DOLLARS = re.compile(r"\$\s?\d[\d,]*\.\d{2}")


def has_finders(schema: Schema) -> bool:
    """Whether there is a finder for any of the fields."""
    return any(field.name in FINDERS for field in schema)


def trivial(schema: Schema, pages: Sequence[Page]) -> Extracted:
    """What the field's finder finds; fields without one stay empty."""
    values = []
    for field in schema:
        text = FINDERS[field.name](field, pages) if field.name in FINDERS else None
        if text:
            values.append(Value(field.name, text, field.normalise(text) or None, 1.0))
    return Extracted(tuple(values))


def _lines(pages: Sequence[Page]) -> Iterator[tuple[Page, list[int]]]:
    return ((page, line) for page in pages for line in lines_of(page))


def _first_line(field: Field, pages: Sequence[Page]) -> str | None:
    return next((text_of(page, line) for page, line in _lines(pages)), None)


def _first_date(field: Field, pages: Sequence[Page]) -> str | None:
    return next((text_of(page, run) for page in pages for run in runs_like(page, field)), None)


def _last_total(field: Field, pages: Sequence[Page]) -> str | None:
    """The last amount of the last line with "total" and an amount."""
    found = None
    for page, line in _lines(pages):
        if "total" in text_of(page, line).lower():
            amounts = [page.words[i].text for i in line if re.search(r"\d[.,]\d\d$", page.words[i].text)]
            found = amounts[-1] if amounts else found
    return found


def _most_dollars(field: Field, pages: Sequence[Page]) -> str | None:
    amounts = [match for page in pages for match in DOLLARS.findall(page.text)]
    return max(amounts, key=lambda amount: float(field.normalise(amount) or 0), default=None)


def _contract_number(field: Field, pages: Sequence[Page]) -> str | None:
    return next((match[1] for page in pages if (match := NUMBERED.search(page.text))), None)


FINDERS: dict[str, Finder] = {
    "company": _first_line,
    "date": _first_date,
    "total": _last_total,
    "gross_amount": _most_dollars,
    "contract_num": _contract_number,
}
