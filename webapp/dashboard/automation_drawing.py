"""Places of the threshold in, the curve of error over automation on a drawing out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

WIDTH, HEIGHT = 640, 230
LEFT, RIGHT, ABOVE, BELOW = 56, 12, 12, 30  # room for numbers


class Placed(Protocol):
    """What is drawn of a place: shares, 0…1."""

    @property
    def share(self) -> float: ...
    @property
    def error(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Tick:
    """A number on an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of errors in a band of what is certain, in the drawing's units."""

    line: str  # points of a polyline
    band: str  # points of a polygon
    xs: list[float]  # of each place
    target: float | None  # height of the target's line
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = ABOVE
    floor: int = HEIGHT - BELOW


def curve(places: Sequence[Placed], target: float | None) -> Curve:
    """Shares of documents from left to right, shares of wrong fields upwards; what is higher than the drawing is cut."""
    highest = _round_up(max(1.25 * max(each.error for each in places), 2 * (target or 0.0), 0.005))

    def x(share: float) -> float:
        return round(LEFT + (WIDTH - RIGHT - LEFT) * share, 1)

    def y(error: float) -> float:
        return round(HEIGHT - BELOW - (HEIGHT - BELOW - ABOVE) * min(error, highest) / highest, 1)

    band = [(each.share, each.high) for each in places] + [
        (each.share, each.low) for each in reversed(places)
    ]
    return Curve(
        line=" ".join(f"{x(each.share)},{y(each.error)}" for each in places),
        band=" ".join(f"{x(share)},{y(error)}" for share, error in band),
        xs=[x(each.share) for each in places],
        target=None if target is None else y(target),
        x_ticks=[Tick(x(percent / 100), f"{percent} %") for percent in (0, 25, 50, 75, 100)],
        y_ticks=[Tick(y(highest * part), _percent(highest * part)) for part in (0.0, 0.5, 1.0)],
    )


def _round_up(share: float) -> float:
    """The next of 0.5 %, 1 %, 2 %, 5 %, 10 %, …"""
    for step in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5):
        if share <= step:
            return step
    return 1.0


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
