"""Blank pages on which a practice document is written: text at places, and which of it is a value of a concept.

Unit is the pixel of the page. Nothing is drawn: a word's box comes from how wide its characters usually are.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

NARROW = frozenset(".,:;'|!iljtfrI()[]`´’ ")
WIDE = frozenset("MWmw@%&—")
WORD = re.compile(r"\S+")


@dataclass(eq=False, slots=True)
class Mark:
    """One occurrence of a value; all pieces of text that carry the same Mark are one answer."""

    concept: str


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text, and the value it belongs to. Runs that follow each other join without a blank between."""

    text: str
    mark: Mark | None = None


# what stands in one place: plain text, one run or several
Text = str | Run | Sequence[Run | str]
Parts = list[Run | str]


def value(concept: str, text: str) -> Run:
    """A value that stands in one piece."""
    return Run(text, Mark(concept))


def runs_of(text: Text) -> list[Run]:
    if isinstance(text, Run):
        return [text]
    if isinstance(text, str):
        return [Run(text)]
    return [Run(part) if isinstance(part, str) else part for part in text]


def plain(text: Text) -> str:
    return "".join(run.text for run in runs_of(text))


@dataclass(slots=True)
class Ink:
    """One word on paper, in pixels. `said` holds for each mark the part of the word that belongs to its value."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    page: int
    line: int  # words of one `put` have the same; only they can be merged by a reader
    said: list[tuple[Mark, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Style:
    """How a document's letters look."""

    size: float  # of a line, in pixels
    stretch: float = 1.0  # width of the letters
    mono: bool = False
    leading: float = 1.2  # from line to line, in sizes
    box: float = 0.95  # height of a word's box, in sizes

    def width(self, text: str, scale: float = 1.0) -> float:
        if self.mono:
            units = 0.58 * len(text)
        else:
            units = sum(0.3 if char in NARROW else 0.8 if char in WIDE else 0.54 for char in text)
        return units * self.size * self.stretch * scale


class Paper:
    """Pages of `width` x `height`; a height of None is a roll of paper that ends where the text ends.

    `y` is where the next line begins; `room` says whether some more fits on the page.
    """

    def __init__(self, rng: random.Random, width: float, height: float | None, margin: float, style: Style):
        self.rng = rng
        self.width = width
        self.height = height
        self.left = margin
        self.right = width - margin
        self.top = margin
        self.style = style
        self.y = margin
        self.page = 0
        self.inks: list[Ink] = []
        self._puts = 0

    @property
    def step(self) -> float:
        """From one line to the next."""
        return self.style.size * self.style.leading

    @property
    def columns(self) -> int:
        """About how many characters fit between the margins."""
        usual = self.style.width("n") * (1.0 if self.style.mono else 0.88)
        return int((self.right - self.left) / usual)

    def room(self, lines: float) -> bool:
        return self.height is None or self.y + lines * self.step < self.height - self.top

    def turn(self) -> None:
        """Begin the next page."""
        self.page += 1
        self.y = self.top

    def feed(self, lines: float = 1.0) -> None:
        self.y += lines * self.step

    def put(
        self, text: Text, x: float, *, align: str = "l", scale: float = 1.0, y: float | None = None
    ) -> float:
        """Write `text` with its left end ("l"), middle ("c") or right end ("r") at `x`; returns the right end."""
        runs = runs_of(text)
        whole = "".join(run.text for run in runs)
        wide = self.style.width(whole, scale)
        start = x - {"l": 0.0, "c": wide / 2, "r": wide}[align]
        top = self.y if y is None else y
        self._puts += 1
        spans = []
        at = 0
        for run in runs:
            spans.append((at, at + len(run.text), run.mark))
            at += len(run.text)
        for match in WORD.finditer(whole):
            begin, end = match.span()
            left = start + self.style.width(whole[:begin], scale)
            right = left + self.style.width(match.group(), scale)
            said = [
                (mark, whole[max(begin, low) : min(end, high)])
                for low, high, mark in spans
                if mark is not None and low < end and high > begin
            ]
            height = self.style.size * self.style.box * scale
            drop = (self.style.size - self.style.size * self.style.box) / 2
            self.inks.append(
                Ink(match.group(), left, top + drop, right, top + drop + height, self.page, self._puts, said)
            )
        return start + wide

    def line(self, text: Text, *, align: str = "l", scale: float = 1.0, indent: float = 0.0) -> None:
        """A line of its own between the margins."""
        x = {"l": self.left + indent, "c": (self.left + self.right) / 2, "r": self.right}[align]
        self.put(text, x, align=align, scale=scale)
        self.feed(max(1.0, scale))

    def row(self, cells: Sequence[tuple[Text, float, str]]) -> None:
        """Several texts on one line: each with its place, a share of the width between margins, and its alignment."""
        wide = self.right - self.left
        for text, share, align in cells:
            if plain(text).strip():
                self.put(text, self.left + share * wide, align=align)
        self.feed()


def wrapped(text: Text, columns: int) -> list[list[Run]]:
    """`text` cut at blanks into lines of at most `columns` characters (longer words stay whole)."""
    lines: list[list[Run]] = [[]]
    used = 0
    blank = True  # a line ends at a blank only, not wherever a run ends
    for run in runs_of(text):
        for part in re.findall(r"\S+\s*|\s+", run.text):
            if used and blank and used + len(part.rstrip()) > columns:
                lines.append([])
                used = 0
            lines[-1].append(Run(part, run.mark))
            used += len(part)
            blank = part[-1].isspace()
    return [line for line in lines if line]
