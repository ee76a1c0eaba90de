"""Invoices: a layout says where head, customer, data, table, sums and bank stand; how each is drawn is here."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.generator.facts import Invoice
from models.generator.sheet import WHITE, Colour, Sheet, Style
from models.generator.writer import Writer

A4, LETTER = (595.28, 841.89), (612.0, 792.0)
GREY = (0.45, 0.45, 0.45)
PALE = (0.93, 0.93, 0.95)


@dataclass(frozen=True, slots=True)
class InvoiceLayout:
    """Where things stand and how they look. `due`: "meta" or "sentence" give a date, "within" only a number of days."""

    name: str
    regions: tuple[str, ...]
    family: str = "helvetica"
    size: float = 9.5
    colour: Colour = (0.1, 0.2, 0.45)
    paper: tuple[float, float] = A4
    head: str = "left"
    customer: str = "left"
    meta: str = "pairs"
    title: str = "left"
    columns: tuple[str, ...] = ("position", "item", "quantity", "price", "amount")
    table: str = "lines"
    totals: str = "right"
    bank: str = "columns"
    due: str = "meta"
    most_items: int = 8


class Desk(Writer):
    """The invoice that is being written: paper, cursor, words."""

    def __init__(self, layout: InvoiceLayout, facts: Invoice, rng: random.Random) -> None:
        sheet = Sheet(*layout.paper, beyond_latin1=facts.region.language == "pl")
        super().__init__(facts.region, sheet, Style(layout.family, layout.size), rng)
        self.layout, self.facts = layout, facts
        self.left, self.right = 56.0, layout.paper[0] - 50.0
        self.bottom = layout.paper[1] - 110.0
        self.y = 60.0

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def small(self) -> Style:
        return self.style.of(size=0.82)

    def down(self, lines: float = 1.0) -> None:
        self.y += self.style.size * 1.4 * lines

    def lines(
        self,
        x: float,
        y: float,
        texts: list[str],
        style: Style,
        *,
        align: str = "left",
        field: str | None = None,
    ) -> float:
        """Texts below each other from baseline `y`; answers the baseline after the last."""
        for text in texts:
            fitting = self.sheet.fit(text, style, (self.right - self.left) * 0.95)
            self.sheet.text(x, y, text, fitting, align=align, field=field)
            y += style.size * 1.35
        return y

    def contact(self) -> list[str]:
        party = self.facts.supplier
        return [f"{self.say('phone')} {party.phone}", party.mail, f"{self.say('vat_id')} {party.tax_id}"]

    def mark(self, x: float, y: float) -> None:
        """A made-up trade mark, of this layout's shape."""
        shapes = sum(map(ord, self.layout.name)) % 3
        if shapes == 0:
            self.sheet.disc(x + 14, y, 14, self.layout.colour)
            self.sheet.disc(x + 20, y - 4, 6, WHITE)
        elif shapes == 1:
            for step in range(3):
                self.sheet.box(x + step * 10, y - 14 + step * 6, 8, 28 - step * 6, fill=self.layout.colour)
        else:
            self.sheet.box(x, y - 14, 28, 28, fill=self.layout.colour, round_by=6)
            self.sheet.box(x + 8, y - 6, 12, 12, fill=WHITE, round_by=3)
