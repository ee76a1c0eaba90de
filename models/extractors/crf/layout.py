"""A page's words → lines, and for every word its neighbours in the line, above and below."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

from models.lines import lines_of
from models.pages import Page

NEAR_LINES = 4  # how many lines up or down a neighbour is looked for


@dataclass(frozen=True, slots=True)
class Line:
    """A visual line: word indices from left to right, and the box around them in shares of the page."""

    words: list[int]
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def height(self) -> float:
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the W words of a page stand to one another; -1 where there is no neighbour."""

    lines: list[Line]
    line_of: list[int]  # (W,) number of the word's line
    position: list[int]  # (W,) in its line, from 0
    above: list[int]  # (W,) the word over it
    below: list[int]  # (W,) the word under it
    height: float  # of the page's usual word, as a share of the page


@lru_cache(maxsize=64)
def layout_of(page: Page) -> Layout:
    """Lines and neighbours of the page; of a page that several ask about, worked out once."""
    boxes = [word.box for word in page.words]
    lines = []
    for words in lines_of(page):
        own = [boxes[i] for i in words]
        # the usual height: one tall word must not make a tall line
        y0, y1 = median(box.y0 for box in own), median(box.y1 for box in own)
        lines.append(Line(words, own[0].x0, y0, max(box.x1 for box in own), y1))
    line_of, position = [0] * len(boxes), [0] * len(boxes)
    for number, line in enumerate(lines):
        for place, index in enumerate(line.words):
            line_of[index], position[index] = number, place
    starts = [[boxes[i].x0 for i in line.words] for line in lines]

    def nearest(index: int, candidates: range) -> int:
        """The word of the nearest of these lines that shares the most of its width."""
        x0, x1 = boxes[index].x0, boxes[index].x1
        for number in candidates:
            words = lines[number].words
            best, most = -1, 0.0
            for at in range(bisect_left(starts[number], x1) - 1, -1, -1):
                box = boxes[words[at]]
                if box.x1 <= x0:
                    break
                shared = min(x1, box.x1) - max(x0, box.x0)
                if shared > most:
                    best, most = words[at], shared
            if best >= 0:
                return best
        return -1

    numbers = range(len(lines))
    above = [nearest(i, numbers[max(0, n - NEAR_LINES) : n][::-1]) for i, n in enumerate(line_of)]
    below = [nearest(i, numbers[n + 1 : n + 1 + NEAR_LINES]) for i, n in enumerate(line_of)]
    heights = [box.y1 - box.y0 for box in boxes]
    return Layout(lines, line_of, position, above, below, median(heights) if heights else 0.0)
