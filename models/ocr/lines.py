"""Lines of text: cut into words, and put into reading order; the same for every engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from models.pages import Box, Word

# corners of a line in reading direction: start top, end top, end bottom, start bottom; any unit
Corners = Sequence[Sequence[float]]
# a word in its line: text, start and end (0…1 of the line's length), confidence
Span = tuple[str, float, float, float]

NARROW = set(".,:;'|!iljtfrI()[]`´’ ")
WIDE = set("MWmw@%&—ÆŒ")


def spans(text: str, confidence: float = 1.0) -> list[Span]:
    """The words of a line and where they stand in it, guessed from how wide characters usually are."""
    widths = [0.55 if char in NARROW else 1.5 if char in WIDE else 1.0 for char in text]
    total = sum(widths) or 1.0
    found: list[Span] = []
    start, passed, letters = 0.0, 0.0, ""
    for char, width in zip(text + " ", [*widths, 0.0], strict=True):
        if not char.isspace():
            if not letters:
                start = passed
            letters += char
        elif letters:
            found.append((letters, start / total, passed / total, confidence))
            letters = ""
        passed += width
    return found


def words_in(line: Corners, parts: Iterable[Span], width: float, height: float) -> list[Word]:
    """The words of a line on a page of `width` x `height` (the unit of the corners); slanted lines keep their slant."""

    def at(one: Sequence[float], other: Sequence[float], share: float) -> tuple[float, float]:
        return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share

    words = []
    for text, start, end, confidence in parts:
        points = [at(line[0], line[1], share) for share in (start, end)]
        points += [at(line[3], line[2], share) for share in (start, end)]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        box = Box.from_pixels(min(xs), min(ys), max(xs), max(ys), width, height)
        if text.strip() and box.area > 0:
            words.append(Word(text, box, min(1.0, max(0.0, confidence))))
    return words


def reading_order(words: Sequence[Word], slope: float = 0.0) -> list[Word]:
    """`words` line by line from top to bottom, each line from left to right.

    `slope` tells how far the lines fall: shares of the page's height per share of its width, to the right. On a page
    that was scanned askew by 2 degrees the right end of a line hangs lower than the left end of the next one, so
    lines can't be told apart without it.
    """
    if not words:
        return []

    def level(word: Word) -> float:
        x, y = word.box.centre
        return y - slope * x

    def height(word: Word) -> float:
        return word.box.y1 - word.box.y0

    typical = median(height(word) for word in words)
    lines: list[list[Word]] = []
    middle = 0.0
    for word in sorted(words, key=level):
        # a big word is as tall as several lines, and a dash is hardly a line: neither may decide
        near = 0.5 * min(max(height(word), typical * 0.5), typical * 1.5)
        if lines and level(word) - middle <= near:
            lines[-1].append(word)
            middle += (level(word) - middle) / len(lines[-1])
        else:
            lines.append([word])
            middle = level(word)
    return [word for line in lines for word in sorted(line, key=lambda each: each.box.x0)]
