"""Reading order: words to lines, lines top to bottom, each line left to right; the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from models.pages import Word


def reading_order(words: Sequence[Word], slope: float = 0.0) -> list[Word]:
    """`words` in reading order.

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
        # a big word is as tall as several lines, so the smaller of the two decides
        near = 0.5 * max(min(height(word), typical * 1.5), typical * 0.5)
        if lines and level(word) - middle <= near:
            lines[-1].append(word)
            middle += (level(word) - middle) / len(lines[-1])
        else:
            lines.append([word])
            middle = level(word)
    return [word for line in lines for word in sorted(line, key=lambda each: each.box.x0)]
