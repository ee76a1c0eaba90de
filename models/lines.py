"""Words → visual lines, and the words by which a document announces a field ("Total:", "Date")."""

from __future__ import annotations

import re

from models.pages import Page
from models.schema import Field

# too general to announce anything; they stand in half of all field names and help texts
GENERAL = frozenset(
    ["the", "and", "for", "with", "from", "this", "that", "name", "text", "value", "field", "number"]
)
CUE = re.compile(r"[^\W\d_]{3,}")


def lines_of(page: Page) -> list[list[int]]:
    """Word indices by visual line, lines top to bottom, each line left to right.

    A word joins a line when its centre is at most half a word height above or below that of the line's nearest
    word, so that a slightly turned scan still gives whole lines.
    """
    xs, ys = zip(*(word.box.centre for word in page.words), strict=True) if page.words else ((), ())
    heights = [word.box.y1 - word.box.y0 for word in page.words]
    lines: list[list[int]] = []
    for index in sorted(range(len(page.words)), key=ys.__getitem__):
        for line in lines[-4:]:  # older lines lie too far above to take another word
            near = min(line, key=lambda other: abs(xs[other] - xs[index]))
            if abs(ys[near] - ys[index]) <= min(heights[near], heights[index]) / 2:
                line.append(index)
                break
        else:
            lines.append([index])
    return [sorted(line, key=xs.__getitem__) for line in lines]


def cues(field: Field, *, with_help: bool = False) -> frozenset[str]:
    """Lower-case words that announce `field`: those of its name and label (and help text, if wanted)."""
    said = f"{field.name.replace('_', ' ')} {field.label} {field.help if with_help else ''}"
    return frozenset(CUE.findall(said.lower())) - GENERAL


def words_of(page: Page, indices: list[int]) -> set[str]:
    """The lower-case words, letters only, that stand at `indices`."""
    return set(CUE.findall(" ".join(page.words[i].text for i in indices).lower()))
