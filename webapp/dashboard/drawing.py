"""Numbers in, places on a drawing out: what the templates' small SVG drawings need, so that they do no arithmetic.

Charts with axes are `webapp.dashboard.charts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from annotation.models import Document


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: where it starts and how wide it is, in percent of the whole."""

    state: str  # of documents, or how a field ended
    count: int
    start: float
    width: float


# from done to not begun, so that a bar fills from the left
ORDER = ("confirmed", "accepted", "skipped", "queued", "extracted", "read", "received", "unreadable")
assert set(ORDER) == set(Document.State.values)


def parts(counts: Mapping[str, int], order: Sequence[str] = ORDER) -> list[Part]:
    """What has a count, side by side in that order."""
    total = sum(counts.get(state, 0) for state in order)
    found: list[Part] = []
    start = 0.0
    for state in order:
        if count := counts.get(state, 0):
            width = 100 * count / total
            found.append(Part(state, count, start, width))
            start += width
    return found


MARK = 1.2  # how wide the score itself is drawn


@dataclass(frozen=True, slots=True)
class Interval:
    """A score with its interval on a line from 0 to 100: where both begin, and how wide the interval is."""

    low: float
    width: float
    point: float


def interval(low: float, point: float, high: float) -> Interval:
    """Shares (0…1) in, percent out; marks stay on the line, so that 0 and 1 are seen too."""
    width = max(100 * (high - low), MARK)
    return Interval(min(100 * low, 100 - width), width, mark(point))


def mark(share: float) -> float:
    """Where a mark at this share (0…1) of the line begins."""
    return min(max(100 * share - MARK / 2, 0.0), 100 - MARK)
