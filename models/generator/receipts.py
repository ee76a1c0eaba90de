"""Till receipts: what a layout can choose, and the paper roll that `receipt_blocks` prints on."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal

from models.generator.facts import Receipt
from models.generator.sheet import BLACK, Colour, Sheet, Style
from models.generator.writer import Writer

MM = 72 / 25.4


@dataclass(frozen=True, slots=True)
class ReceiptLayout:
    """Which blocks from top to bottom, and the look. `width` in mm; sizes in points."""

    name: str
    regions: tuple[str, ...]
    blocks: tuple[str, ...]
    family: str = "mono"
    size: float = 8.0
    width: float = 72.0
    squeeze: float = 1.0
    align: str = "centre"
    shout: bool = False  # names of things in capitals
    rule: str = "dashes"
    colour: Colour = BLACK
    company_size: float = 1.5
    items: str = "stacked"
    totals: str = "plain"
    meta: str = "pairs"
    leading: float = 1.35
    most_items: int = 9


class Roll(Writer):
    """The receipt that is being printed: paper, cursor, words."""

    def __init__(self, layout: ReceiptLayout, facts: Receipt, rng: random.Random) -> None:
        sheet = Sheet(layout.width * MM, None, beyond_latin1=facts.region.language == "pl")
        style = Style(layout.family, layout.size, squeeze=layout.squeeze)
        super().__init__(facts.region, sheet, style, rng)
        self.layout, self.facts = layout, facts
        self.margin = sheet.width * 0.06
        self.left, self.right = self.margin, sheet.width - self.margin
        self.middle = sheet.width / 2
        self.y = self.margin + layout.size

    def down(self, lines: float = 1.0) -> None:
        self.y += self.style.size * self.layout.leading * lines

    def put(self, text: str, style: Style | None = None, *, field: str | None = None) -> None:
        """One line at the layout's alignment; then down by its height."""
        style = self.sheet.fit(text, style or self.style, self.right - self.left)
        extra = style.size / self.style.size
        self.down(max(0.0, extra - 1))
        x = self.middle if self.layout.align == "centre" else self.left
        self.sheet.text(x, self.y, text, style, align=self.layout.align, field=field)
        self.down()

    def pair(
        self, label: str, amount: Decimal, style: Style | None = None, *, field: str | None = None
    ) -> None:
        """A label at the left and an amount at the right; only the number carries the field."""
        style = style or self.style
        self.down(max(0.0, style.size / self.style.size - 1))
        self.sheet.text(self.left, self.y, label, style)
        self.sheet.run(self.right, self.y, self.money(amount, field), style, align="right")
        self.down()

    def rule(self) -> None:
        sheet, y = self.sheet, self.y - self.style.size * 0.4
        match self.layout.rule:
            case "dashes" | "stars" | "equals" as kind:
                char = {"dashes": "-", "stars": "*", "equals": "="}[kind]
                count = int((self.right - self.left) / self.sheet.measure(char, self.style))
                sheet.text(self.middle, self.y, char * count, self.style, align="centre")
            case "line":
                sheet.line(self.left, y, self.right, y)
            case "double":
                sheet.line(self.left, y, self.right, y)
                sheet.line(self.left, y + 2, self.right, y + 2)
            case "dots":
                sheet.line(self.left, y, self.right, y, dash=(1, 2))
            case "space":
                pass
        self.down()
