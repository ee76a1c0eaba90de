"""What invoices and orders are set with: blocks of lines, labels with values in several manners, tables over pages."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.generator.practice.paper import Paper, Style, Text, plain, runs_of, wrapped

Pair = tuple[str, Text]
ROOMS = ("inline", "inline", "column", "column", "column", "right", "above")


def sheet(rng: random.Random, *, landscape: float = 0.1, smallest: float = 9.0) -> Paper:
    """An empty page of A4 or Letter, upright or across, with a type size of its own."""
    short, long = rng.choice(((827.0, 1170.0), (850.0, 1100.0)))
    width, height = (long, short) if rng.random() < landscape else (short, long)
    mono = rng.random() < 0.15
    size = rng.uniform(smallest, 15.5 if not mono else 13.0)
    style = Style(
        size, rng.uniform(0.88, 1.05), mono, rng.choice((1.1, 1.2, 1.35, 1.5, 1.7)), rng.uniform(0.8, 1.05)
    )
    return Paper(rng, width, height, rng.uniform(15, 90), style)


def stack(
    paper: Paper, lines: Sequence[Text], x: float, y: float, align: str = "l", scale: float = 1.0
) -> float:
    """Lines beneath each other from `y` on; returns where the next would begin."""
    for line in lines:
        if plain(line).strip():
            paper.put(line, x, align=align, y=y, scale=scale)
        y += paper.step * scale
    return y


@dataclass(frozen=True, slots=True)
class Setting:
    """How a document sets its labels and values."""

    room: str  # one of ROOMS
    colon: str
    share: float  # of the block's width that labels take
    upper: bool

    @classmethod
    def draw(cls, rng: random.Random) -> Setting:
        colon = rng.choice((":", ":", ":", "", "", " :", ".", " -"))
        return cls(rng.choice(ROOMS), colon, rng.uniform(0.32, 0.6), rng.random() < 0.2)

    def pairs(self, paper: Paper, rows: Sequence[Pair], x: float, width: float, y: float) -> float:
        """Write `rows` in a block at `x` of `width`; returns where the next line would begin."""
        for name, text in rows:
            said = (name.upper() if self.upper else name) + self.colon * bool(name)
            room = self.room
            gap = paper.style.width("n")
            if room == "column" and paper.style.width(said) + gap > width * self.share:
                room = "inline"
            if room == "right" and paper.style.width(said + plain(text)) + 2 * gap > width:
                room = "inline"
            match room:
                case "inline":
                    paper.put([said, " ", *runs_of(text)], x, y=y)
                case "column":
                    paper.put(said, x, y=y)
                    paper.put(text, x + width * self.share, y=y)
                case "right":
                    paper.put(said, x, y=y)
                    paper.put(text, x + width, y=y, align="r")
                case _:
                    paper.put(said, x, y=y)
                    y += paper.step
                    paper.put(text, x, y=y)
            y += paper.step
        return y

    def ladder(self, paper: Paper, rows: Sequence[Pair]) -> None:
        """All labels in one line and their values in the next, across the page."""
        wide = (paper.right - paper.left) / max(1, len(rows))
        for index, (name, text) in enumerate(rows):
            x = paper.left + index * wide
            paper.put(name + self.colon.strip(), x)
            paper.put(text, x, y=paper.y + paper.step)
        paper.feed(2.3)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: where it stands (share of the width between margins) and how it is aligned."""

    head: str
    at: float
    align: str


def columns(heads: Sequence[str], weights: Sequence[float], aligns: Sequence[str]) -> list[Column]:
    """Columns whose widths go by `weights`."""
    total = sum(weights)
    found, left = [], 0.0
    for head, weight, align in zip(heads, weights, aligns, strict=True):
        share = weight / total
        at = {"l": left, "r": left + share * 0.94, "c": left + share / 2}[align]
        found.append(Column(head, at, align))
        left += share
    return found


def table(
    paper: Paper,
    cols: Sequence[Column],
    rows: Sequence[Sequence[Text]],
    turn: Callable[[], None],
    *,
    reserve: float = 3.0,
    pitch: float = 1.0,
) -> None:
    """Heads and rows; `turn` begins a new page where less than `reserve` lines are left, and the heads come again.

    What is wider than its column goes on beneath, in the first column only.
    """

    def heads() -> None:
        paper.row([(col.head, col.at, col.align) for col in cols if col.head])
        paper.feed(0.2)

    heads()
    wide = paper.right - paper.left
    first = (cols[1].at - cols[0].at) * wide if len(cols) > 1 else wide
    for row in rows:
        if not paper.room(reserve):
            turn()
            heads()
        cells = list(row)
        room = max(8, int(first / paper.style.width("n"))) if cols[0].align == "l" else 99
        lines: list[Text] = list(wrapped(cells[0], room)) if plain(cells[0]).strip() else [cells[0]]
        paper.row([(text, col.at, col.align) for text, col in zip([lines[0], *cells[1:]], cols, strict=True)])
        for more in lines[1:]:
            paper.row([(more, cols[0].at, "l")])
        paper.feed(pitch - 1.0)
