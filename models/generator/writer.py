"""What everybody who fills paper needs: this document's choice of words and formats, and amounts with their signs."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

from models.generator.regions import Region, words
from models.generator.sheet import Piece, Sheet, Style


class Writer:
    """Words and formats are chosen once where a document must agree with itself, and each time where it needn't."""

    def __init__(self, region: Region, sheet: Sheet, style: Style, rng: random.Random) -> None:
        self.region, self.sheet, self.style, self.rng = region, sheet, style, rng
        self.money_form = rng.choice(region.amounts)
        self.date_form = rng.choice(region.dates)
        self._words = words(region.language)

    def say(self, label: str) -> str:
        """One of the wordings of `label`."""
        if label == "tax" and self.region.tax:
            return self.region.tax
        wording = self.rng.choice(self._words[label])
        return wording.replace("VAT", self.region.tax) if self.region.tax else wording

    def day(self, day: date) -> str:
        return self.region.date(day, self.date_form)

    def plain(self, value: Decimal) -> str:
        return self.region.number(value)

    def money(self, value: Decimal, field: str | None = None) -> list[Piece]:
        """The amount with its sign; a sign that touches the number belongs to the value, one that stands apart doesn't."""
        number = self.plain(value)
        before, _, after = self.money_form.format(number).partition(number)
        if not before.endswith(" "):
            before, number = "", before + number
        if not after.startswith(" "):
            number, after = number + after, ""
        return [(before, None), (number, field), (after, None)]


def text_of(pieces: list[Piece]) -> str:
    return "".join(text for text, _ in pieces)
