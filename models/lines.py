"""Words → visual lines, and the words by which a document announces a field ("Total:", "Date")."""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import replace
from itertools import pairwise

import numpy as np

from models.dates import written_dates
from models.pages import Box, Page, Word
from models.schema import Field

# too general to announce anything; they stand in half of all field names and help texts
GENERAL = frozenset(
    ["the", "and", "for", "with", "from", "this", "that", "name", "text", "value", "field", "number"]
)
WIDE_GAP = 1.5  # line heights between words of one line, or between lines, that belong to different blocks
NEAR_PARTS = 12  # a part's upper neighbour is looked for among so many parts before it
ABOVE = 2.5  # line heights between a heading and what stands below it
SHORTEST_TO_CUT = 6
DIGIT = re.compile(r"\d")
# before a bracket with something longer in it; behind the colon of a label
PART = re.compile(r"(?<=[^\W_])(?=\([^()]{4,}\)?$)|(?<=[^\W\d_]{2}:)(?=[^\W_]{2})")
CUE = re.compile(r"[^\W\d_]{3,}")


def lines_of(page: Page) -> list[list[int]]:
    """Word indices by visual line, lines top to bottom, each line left to right.

    A word joins a line when its centre is at most half a word height above or below that of the line's nearest
    word, so that a slightly turned scan still gives whole lines.
    """
    xs, ys = zip(*(word.box.centre for word in page.words), strict=True) if page.words else ((), ())
    heights = [word.box.y1 - word.box.y0 for word in page.words]
    lines: list[list[tuple[float, int]]] = []  # (x, word), from left to right
    for index in sorted(range(len(page.words)), key=ys.__getitem__):
        for line in lines[-4:]:  # older lines lie too far above to take another word
            at = bisect(line, (xs[index], index))
            near = min(line[max(0, at - 1) : at + 1], key=lambda other: abs(other[0] - xs[index]))[1]
            if abs(ys[near] - ys[index]) <= min(heights[near], heights[index]) / 2:
                line.insert(at, (xs[index], index))
                break
        else:
            lines.append([(xs[index], index)])
    return [[index for _, index in line] for line in lines]


def column_order(page: Page) -> list[int]:
    """Word indices column by column where lines have wide gaps, so that an address beside another one is in one piece.

    Each line is cut at its wide gaps; a part goes on with the part below it that stands under it, as long as that is
    near. Columns come in the order of their first parts.
    """
    parts = [part for line in lines_of(page) for part in _parts(page, line)]
    boxes = [Box.around(page.words[i].box for i in part) for part in parts]
    follows: dict[int, int] = {}  # part → the part above it
    taken: set[int] = set()
    for below, box in enumerate(boxes):
        height = box.y1 - box.y0
        for above in range(below - 1, max(-1, below - NEAR_PARTS), -1):
            over = boxes[above]
            gap = box.y0 - over.y1
            shared = min(box.x1, over.x1) - max(box.x0, over.x0)
            if above in taken or gap < -height / 2 or gap > WIDE_GAP * height or shared <= 0:
                continue
            follows[below] = above
            taken.add(above)
            break
    column: dict[int, int] = {}
    for part in range(len(parts)):
        column[part] = column[follows[part]] if part in follows else part
    order = sorted(range(len(parts)), key=lambda part: (column[part], part))
    return [index for part in order for index in parts[part]]


def _parts(page: Page, line: list[int]) -> list[list[int]]:
    """A line cut where the gap between two words is as wide as between columns."""
    parts = [[line[0]]]
    for index in line[1:]:
        before, box = page.words[parts[-1][-1]].box, page.words[index].box
        # gaps are widths and heights are heights: both in pixels
        gap = (box.x0 - before.x1) * page.width
        if gap > WIDE_GAP * (box.y1 - box.y0) * page.height:
            parts.append([])
        parts[-1].append(index)
    return parts


def parted(page: Page) -> Page:
    """The page with words cut where two things stand in one: two dates, a label and its value, a name and a number.

    `05/08/20-05/12/20` holds two values, `Date:25/12/2018` and `BHD(728384-M)` one and something else, and a word
    can belong to one field only.
    """
    return replace(page, words=tuple(part for word in page.words for part in _cut(word)))


def _cut(word: Word) -> list[Word]:
    text = word.text
    if len(text) < SHORTEST_TO_CUT:
        return [word]
    cuts = {match.start() for match in PART.finditer(text)}
    cuts |= {date.start for date in written_dates(text)[1:]} if DIGIT.search(text) else set()
    edges = [0, *sorted(cuts - {0}), len(text)]
    wide = (word.box.x1 - word.box.x0) / len(text)
    return [
        replace(
            word,
            text=text[start:end],
            box=replace(
                word.box, x0=word.box.x0 + start * wide, x1=min(word.box.x1, word.box.x0 + end * wide)
            ),
        )
        for start, end in pairwise(edges)
    ]


class Neighbours:
    """A page's words by their places, to ask what stands before or above one of them."""

    def __init__(self, page: Page) -> None:
        boxes = np.array([[b.x0, b.y0, b.x1, b.y1] for b in (word.box for word in page.words)]).reshape(-1, 4)
        self.left, self.top, self.right, self.bottom = boxes.T
        self.middle = (self.top + self.bottom) / 2

    def announcing(self, index: int) -> tuple[list[int], list[int]]:
        """The words on the same line, and those right above: there a form says what the word at `index` is."""
        height = self.bottom[index] - self.top[index]
        distance = self.middle[index] - self.middle
        beside = np.abs(distance) <= height / 2
        over = (self.left < self.right[index]) & (self.right > self.left[index]) & ~beside
        above = over & (distance > 0) & (distance <= ABOVE * height)
        return np.flatnonzero(beside).tolist(), np.flatnonzero(above).tolist()


def cues(field: Field, *, with_help: bool = False) -> frozenset[str]:
    """Lower-case words that announce `field`: those of its name and label (and help text, if wanted)."""
    said = f"{field.name.replace('_', ' ')} {field.label} {field.help if with_help else ''}"
    return frozenset(CUE.findall(said.lower())) - GENERAL


def words_of(page: Page, indices: list[int]) -> set[str]:
    """The lower-case words, letters only, that stand at `indices`."""
    return set(CUE.findall(" ".join(page.words[i].text for i in indices).lower()))
