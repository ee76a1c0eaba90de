"""Numbers in, places on a drawing out: what the templates' SVG needs, so that they do no arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from annotation.models import Document
from learner.savings import Savings


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: where it starts and how wide it is, in percent of the whole."""

    state: str
    count: int
    start: float
    width: float


# from done to not begun, so that a bar fills from the left
ORDER = ("confirmed", "accepted", "skipped", "queued", "extracted", "read", "received", "unreadable")
assert set(ORDER) == set(Document.State.values)


def parts(counts: Mapping[str, int]) -> list[Part]:
    """The states that have documents, side by side."""
    total = sum(counts.values())
    found: list[Part] = []
    start = 0.0
    for state in ORDER:
        if count := counts.get(state, 0):
            width = 100 * count / total
            found.append(Part(state, count, start, width))
            start += width
    return found


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of a bar chart, in the drawing's own units."""

    day: date
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart of `width` x `height`; `top` is the number that its highest line stands for."""

    bars: list[Bar]
    top: int
    width: int
    height: int
    floor: int


def bars(days: Sequence[tuple[date, int]], width: int = 480, height: int = 190) -> Bars:
    """A bar for each (day, count); room of 20 units is kept below for dates and 12 above for the top's number."""
    above, below = 12, 20
    floor = height - below
    top = _round_up(max((count for _, count in days), default=0))
    step = width / max(len(days), 1)
    drawn = []
    for number, (day, count) in enumerate(days):
        tall = (floor - above) * count / top
        drawn.append(Bar(day, count, number * step + 0.15 * step, floor - tall, 0.7 * step, tall))
    return Bars(drawn, top, width, height, floor)


def _round_up(count: int) -> int:
    """The next of 5, 10, 20, 50, 100, …: a number that is easy to read a chart by."""
    size = 5
    while size < count:
        size = size * 2 if str(size)[0] in "15" else size * 5 // 2
    return size


@dataclass(frozen=True, slots=True)
class Interval:
    """A score with its interval on a line from 0 to 100."""

    low: float
    width: float
    point: float


def interval(low: float, point: float, high: float) -> Interval:
    """Shares (0…1) in, percent out."""
    return Interval(100 * low, max(100 * (high - low), 0.5), 100 * point)


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure with its interval on a chart, and the words for it."""

    x: float
    y: float
    top: float
    bottom: float
    label: str


@dataclass(frozen=True, slots=True)
class Learning:
    """A learning curve: versions on gold, versions on audited documents, the forecast's line and band."""

    gold: list[Mark]
    audit: list[Mark]
    line: str  # points of a polyline; "" without a forecast
    band: str  # points of a polygon
    most: int  # documents at the right edge
    least: float  # share at the bottom edge
    width: int
    height: int
    floor: int


def learning(found: Savings, width: int = 480, height: int = 190) -> Learning:
    """Confirmed documents from left to right, shares from a tenth below the lowest point up to 1."""
    above, below = 12, 20
    floor = height - below
    places = found.forecast.curve if found.forecast else ()
    most = max([point.documents for point in found.points] + [place.documents for place in places])
    lows = [point.low for point in found.points] + [point.low for point in found.audit_points]
    lowest = min(lows + [place.f1 for place in places])
    least = min(max(0.0, int(10 * lowest) / 10), 0.9)

    def x(documents: int) -> float:
        return round(width * documents / max(most, 1), 1)

    def y(share: float) -> float:
        return round(floor - (floor - above) * (max(share, least) - least) / (1 - least), 1)

    band = [(place.documents, place.high) for place in places]
    band += [(place.documents, place.low) for place in reversed(places)]
    return Learning(
        gold=[
            Mark(x(p.documents), y(p.f1), y(p.high), y(p.low), f"{p.name}: F1 {p.f1:.3f}")
            for p in found.points
        ],
        audit=[
            Mark(x(p.documents), y(p.accuracy), y(p.high), y(p.low), f"{p.version}: audit {p.accuracy:.0%}")
            for p in found.audit_points
        ],
        line=" ".join(f"{x(place.documents)},{y(place.f1)}" for place in places),
        band=" ".join(f"{x(documents)},{y(share)}" for documents, share in band),
        most=most,
        least=least,
        width=width,
        height=height,
        floor=floor,
    )
