"""How one receipt is set: where labels and values stand, and the helpers that write them so."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.generator.practice.paper import Paper, Text, plain, runs_of
from models.generator.practice.sales import Sale
from models.generator.practice.values import Manner
from models.generator.practice.wordings import label


@dataclass(slots=True)
class Slip:
    """A receipt being written; everything random about its looks is drawn once."""

    paper: Paper
    sale: Sale
    rng: random.Random
    manner: Manner
    language: str
    centred: bool  # the head
    colon: str  # between label and value
    value_at: (
        float | None
    )  # share of the width where values of particulars begin; None: right after the label
    sums_from: float  # where labels of sums begin; 1.0: they end before the amounts
    amounts_at: float
    rule: str  # a line of these between blocks, "" for none
    gap: float  # lines between blocks
    dated: bool = False  # whether the day of the sale was printed already

    @classmethod
    def draw(cls, paper: Paper, sale: Sale, rng: random.Random) -> Slip:
        return cls(
            paper, sale, rng,
            manner=Manner.draw(sale.land, rng, signs=0.45),
            language=sale.land.languages[0] if rng.random() < 0.9 else "en",
            centred=rng.random() < 0.75,
            colon=rng.choice((": ", ": ", ":", " : ", " :", " ", ". ", "")),
            value_at=rng.choice((None, None, None, rng.uniform(0.28, 0.42))),
            sums_from=rng.choice((0.0, 0.0, 0.0, rng.uniform(0.1, 0.5), 1.0)),
            amounts_at=rng.choice((1.0, 1.0, 1.0, rng.uniform(0.8, 0.95))),
            rule=rng.choice(("", "", "", "-", "=", "*", "_")),
            gap=rng.choice((0.0, 0.3, 0.6, 1.0)),
        )  # fmt: skip

    def word(self, key: str) -> str:
        """A label as this receipt's language has it."""
        rate = f"{self.sale.rate:g}"
        return label(
            key,
            self.language,
            self.rng,
            tax=self.rng.choice(self.sale.land.tax),
            rate=rate,
            sign=self.manner.sign,
        )

    def between(self) -> None:
        """What parts two blocks."""
        if self.rule and self.rng.random() < 0.7:
            count = self.paper.columns if self.rng.random() < 0.6 else self.rng.randint(3, 12)
            self.paper.line(self.rule * count)
        self.paper.feed(self.gap)

    def head_line(self, text: Text, scale: float = 1.0) -> None:
        """A line of the head; shrunk where it would be wider than the paper."""
        wide = self.paper.style.width(plain(text), scale)
        room = self.paper.right - self.paper.left
        self.paper.line(text, align="c" if self.centred else "l", scale=scale * min(1.0, room / wide))

    def labelled(self, name: str, text: Text) -> list[tuple[Text, float]]:
        """A label and its value as cells: one where the value follows, two where it has a column."""
        if not name:
            return [(text, 0.0)]
        if self.value_at is None:
            colon = self.colon if self.colon.strip() or self.colon else " "
            return [([name + colon, *runs_of(text)], 0.0)]
        return [(name + self.colon.rstrip(), 0.0), (text, self.value_at)]

    def sum(self, name: str, text: Text, *, scale: float = 1.0) -> None:
        """A label and an amount on one line."""
        paper, wide = self.paper, self.paper.right - self.paper.left
        colon = self.colon.rstrip()
        amount_left = paper.left + self.amounts_at * wide - paper.style.width(plain(text), scale)
        glued = self.sums_from == 0.0 and self.colon == ":" and self.rng.random() < 0.15
        if glued:
            paper.put([name + colon, *runs_of(text)], paper.left, scale=scale)
        else:
            right = amount_left - paper.style.width("n")
            left = paper.left + self.sums_from * wide
            needed = paper.style.width(name + colon, scale)
            if left + needed > right:
                left = max(paper.left - 2, right - needed)
            paper.put(name + colon, left, scale=scale)
            paper.put(text, paper.left + self.amounts_at * wide, align="r", scale=scale)
        paper.feed(max(1.0, scale))
