"""Pages → what the CRF sees of every word: how it is written, what stands around it, where, and which figure it is.

Features are strings that hold or don't, so that a model can be read: `left=total`, `line=3`, `rank=0`. What is only a
matter of a word's text is kept for the next time that word is met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.extractors.crf.figures import Figures, figures_of
from models.extractors.crf.layout import Layout, Line, layout_of
from models.extractors.crf.writing import beside, kind_of, letters_of, own, plain
from models.lines import cues
from models.pages import Page
from models.schema import Schema

Features = list[str] | dict[str, float]  # of one word: what holds of it, or how much

LEFT_WORDS = 5  # words to the left in the line that count as its announcement
LONGEST_KEY = 4
CUE_WITHIN = 6  # words before, over line breaks, in which a field's own words announce it
FIGURES = frozenset({"amount", "date", "time", "percent", "number", "figures", "code", "phone"})
MARGIN = "^"  # stands for what is before the first word and behind the last
LINE_EDGES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 40)
GAP_EDGES = (0.15, 0.4, 0.8, 1.5, 4.0)  # in heights of a word
TALL_EDGES = (0.8, 1.15, 1.4, 1.8)  # in heights of the page's usual word
ALIGNED = 0.01  # of the page's width


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found out about the W words of a page."""

    texts: list[str]
    kinds: list[str]
    plains: list[str]
    letters: list[str]
    layout: Layout
    headers: list[int]
    figures: Figures
    cue_of: Mapping[str, tuple[str, ...]]  # word → the fields that it announces


def features_of(pages: Sequence[Page], schema: Schema) -> list[list[list[str]]]:
    """For every page and word of a document its features."""
    cue_of = _cues(schema)
    last = len(pages) - 1
    found = []
    for number, (page, figures) in enumerate(zip(pages, figures_of(pages), strict=True)):
        where = [f"page={min(number, 3)}", f"page-={min(last - number, 2)}"]
        seen = _look(page, figures, cue_of)
        lines = [where + _of_line(seen, line) for line in range(len(seen.layout.lines))]
        found.append(
            [
                list(
                    dict.fromkeys(
                        [
                            *own(text),
                            *figures.features[i],
                            *lines[seen.layout.line_of[i]],
                            *_beside(seen, i),
                            *_within(seen, i),
                            *_announced(seen, i),
                        ]
                    )
                )
                for i, text in enumerate(seen.texts)
            ]
        )
    return found


def _cues(schema: Schema) -> dict[str, tuple[str, ...]]:
    """The words of the fields' names, labels and help texts, each with what it announces."""
    announced: dict[str, tuple[str, ...]] = {}
    for each in schema:
        own_words = cues(each)
        for word in cues(each, with_help=True):
            name = each.name if word in own_words else f"help {each.name}"
            announced[word] = (*announced.get(word, ()), name)
    return announced


def _look(page: Page, figures: Figures, cue_of: Mapping[str, tuple[str, ...]]) -> _Seen:
    texts = [word.text for word in page.words]
    kinds = ["date" if i in figures.date_from else kind_of(text) for i, text in enumerate(texts)]
    layout = layout_of(page)
    return _Seen(
        texts,
        kinds,
        [plain(text) for text in texts],
        [letters_of(text) for text in texts],
        layout,
        _headers(layout, kinds),
        figures,
        cue_of,
    )


def _headers(layout: Layout, kinds: Sequence[str]) -> list[int]:
    """For every word the nearest one above it, column-wise, that is no figure; -1 for none."""
    headers = [-1] * len(kinds)
    for line in layout.lines:  # from top to bottom, so that the word above has its header already
        for i in line.words:
            above = layout.above[i]
            headers[i] = headers[above] if above >= 0 and kinds[above] in FIGURES else above
    return headers


def _beside(seen: _Seen, i: int) -> list[str]:
    """The words before and behind, over line breaks: what prose and torn lines are known by."""
    texts, plains = seen.texts, seen.plains
    last = len(texts) - 1
    found: list[str] = []
    for step, name in ((-1, "-1"), (1, "+1"), (-2, "-2"), (2, "+2")):
        if 0 <= i + step <= last:
            found += beside(texts[i + step], name)
    before = plains[i - 1] if i else MARGIN
    behind = plains[i + 1] if i < last else MARGIN
    found.append(f"-1,0={before} {plains[i]}")
    found.append(f"0,+1={plains[i]} {behind}")
    if i > 1:
        found.append(f"-2,-1={plains[i - 2]} {before}")
    if i + 2 <= last:
        found.append(f"+1,+2={behind} {plains[i + 2]}")
    return found


def _within(seen: _Seen, i: int) -> list[str]:
    """Where the word stands in its line.

    Not how wide the gaps beside it are, nor how far to the right it stands: with ten receipts such measures cost four
    points of F1, and later they give none.
    """
    line, at = seen.layout.lines[seen.layout.line_of[i]].words, seen.layout.position[i]
    return [f"at={min(at, 5)}", f"at-={min(len(line) - 1 - at, 5)}"]


def _announced(seen: _Seen, i: int) -> list[str]:
    """What announces the word: to its left, above it, at the head of its column; for figures also by their kind."""
    layout, letters, kind = seen.layout, seen.letters, seen.kinds[i]
    line = layout.lines[layout.line_of[i]].words
    # what stands before a date stands before each of its words
    first = seen.figures.date_from.get(i, i)
    at = layout.position[first] if layout.line_of[first] == layout.line_of[i] else 0
    left = line[max(0, at - LEFT_WORDS) : at]
    said = [letters[j] for j in left if letters[j]]
    key = " ".join(said[-LONGEST_KEY:])
    above, below, header = layout.above[i], layout.below[i], seen.headers[i]
    found = [f"left={each}" for each in said]
    found.append(f"key={key}")
    found.append(f"header={seen.plains[header] if header >= 0 else MARGIN}")
    for j, there in ((above, "above"), (below, "below")):
        found.append(f"{there}={seen.plains[j] if j >= 0 else MARGIN}")
        found.append(f"{there} kind={seen.kinds[j] if j >= 0 else MARGIN}")
    if kind in FIGURES:
        found += [f"{kind} left={each}" for each in said]
        found.append(f"{kind} key={key}")
        found.append(f"{kind} header={seen.plains[header] if header >= 0 else MARGIN}")
    places = [("left", left), ("before", range(max(0, first - CUE_WITHIN), first))]
    places += [("above", [above] if above >= 0 else []), ("header", [header] if header >= 0 else [])]
    for there, words in places:
        for j in words:
            for name in seen.cue_of.get(letters[j], ()):
                found += (f"cue {there} {name}", f"{kind} cue {there} {name}")
    return found


def _of_line(seen: _Seen, number: int) -> list[str]:
    """What all words of a line share."""
    layout, letters = seen.layout, seen.letters
    line, last = layout.lines[number], len(layout.lines) - 1
    texts = [seen.texts[i] for i in line.words]
    said = [letters[i] for i in line.words if letters[i]]
    found = [
        f"line={_step(number, LINE_EDGES)}",
        f"line-={min(last - number, 6)}",
        f"words={min(len(line.words), 6)}",
        f"tall={_step(line.height / layout.height, TALL_EDGES)}",
        f"first={' '.join(said[:1])}",
        f"first two={' '.join(said[:2])}",
    ]
    found += [f"in line={each}" for each in said[:8]]
    if all(text.isupper() or not letters_of(text) for text in texts):
        found.append("line capitals")
    if not any(c.isdigit() for text in texts for c in text):
        found.append("line no digits")
    for other, name in ((number - 1, "up"), (number + 1, "down")):
        if 0 <= other <= last:
            found += _next_to(seen, line, layout.lines[other], name)
        else:
            found.append(f"{name} none")
    return found


def _next_to(seen: _Seen, line: Line, other: Line, name: str) -> list[str]:
    """What the line above or below says, and how the two stand to one another."""
    gap = max(line.y0 - other.y1, other.y0 - line.y1)
    words = [seen.letters[i] for i in other.words if seen.letters[i]]
    left = abs(line.x0 - other.x0) < ALIGNED
    right = abs(line.x1 - other.x1) < ALIGNED
    middle = abs(line.x0 + line.x1 - other.x0 - other.x1) < 2 * ALIGNED
    return [
        f"{name} gap={_step(gap / seen.layout.height, GAP_EDGES)}",
        f"{name} first={' '.join(words[:1])}",
        f"{name} last={' '.join(words[-1:])}",
        f"{name} aligned={left:d}{middle:d}{right:d}",
        f"{name} taller={_step(line.height / other.height if other.height else 1.0, (0.75, 1.3))}",
        *(f"{name} has={each}" for each in words[:6]),
    ]


def _step(value: float, edges: Sequence[float]) -> int:
    """How many of the edges the value has reached."""
    return sum(value >= edge for edge in edges)
