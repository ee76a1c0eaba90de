"""Whether the forecast's 95 % intervals hold what more corrections bring, in replays of labelling on known curves.

A replay is a type that is trained anew every 25 documents: each version's F1 is the curve's, with the luck of its training,
as found on gold documents that grow with the ledger and of which some are hard for every version. Curves are of the two
kinds that the forecast knows, and of two that it doesn't.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from benchmarks.tables import table
from learner.forecast import LUCK, NEXT, Advice, Point, forecast

EVERY = 25  # documents between two versions
VERSIONS = (2, 3, 5, 8)
REPLAYS = 50  # of each curve and number of versions
HARD, ALIKE = (
    0.5,
    0.65,
)  # how much of a field's difficulty is its document's, and how much its own for every version
MUCH = 0.03  # a gain that nobody should be advised to forgo

Curve = Callable[[float], float]  # documents → F1


@dataclass(frozen=True, slots=True)
class Row:
    """All replays of one kind of curve."""

    curve: str
    replays: int
    covered: float  # share whose interval holds the true gain
    width: float  # of the interval, mean
    stopped_early: float  # share that advised to stop while `MUCH` was to be had

    def to_json(self) -> dict[str, Any]:  # mixed: names and figures
        return asdict(self)


def measure(
    *, replays: int = REPLAYS, seed: int = 0, say: Callable[[str], None] = lambda _: None
) -> Iterator[Row]:
    """A row per kind of curve."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[tuple[bool, float, bool]]] = {}
    say(f"forecast: {len(VERSIONS) * replays} replays of each kind of curve")
    for _ in range(replays):
        for name, curve in curves(rng).items():
            found.setdefault(name, []).extend(_replayed(curve, versions, rng) for versions in VERSIONS)
    for name, said in found.items():
        covered, width, early = np.array(said, dtype=float).mean(axis=0).tolist()
        yield Row(name, len(said), covered, width, early)


def _replayed(curve: Curve, versions: int, rng: np.random.Generator) -> tuple[bool, float, bool]:
    confirmed = EVERY * versions
    found = forecast(trained(curve, versions, rng), confirmed)
    if found is None:
        raise ValueError("versions always give a forecast")
    gain = curve(confirmed + NEXT) - curve(confirmed)
    early = gain > MUCH and found.advice in (Advice.DONE, Advice.STUCK)
    return found.low <= gain <= found.high, found.high - found.low, early


def trained(curve: Curve, versions: int, rng: np.random.Generator) -> list[Point]:
    """Versions as the app makes them; the gold documents of one are in the next one's."""
    documents = [EVERY * n for n in range(1, versions + 1)]
    most, fields = documents[-1] // 5, 4
    hard = HARD * rng.standard_normal((most, 1)) + ALIKE * rng.standard_normal((most, fields))
    points = []
    for n in documents:
        level = float(np.clip(curve(n) + rng.normal(0, LUCK), 0.01, 0.999))
        own = np.sqrt(1 - HARD**2 - ALIKE**2) * rng.standard_normal((most, fields))
        right = (hard + own < NormalDist().inv_cdf(level))[: n // 5].mean(axis=1)
        drawn = rng.multinomial(len(right), np.full(len(right), 1 / len(right)), 200) @ right / len(right)
        low, high = np.percentile(drawn, [2.5, 97.5])
        points.append(Point(f"v{n}", n, float(right.mean()), float(low), float(high), len(right), fields))
    return points


def curves(rng: np.random.Generator) -> dict[str, Curve]:
    """Curves of a kind each, with chance parameters; the last two are of no kind that the forecast knows."""
    top = rng.uniform(0.85, 0.99)
    start = top * rng.uniform(0.4, 0.95)
    rate, scale = rng.uniform(0.3, 1.5), rng.uniform(40, 120)
    return {
        "power law": lambda n: top - (top - start) * (n / 10) ** -rate,
        "exponential": lambda n: top - (top - start) * float(np.exp(-(n - 10) / scale)),
        "flat": lambda n: top,
        "as receipts are": lambda n: float(
            np.interp(np.log(n), np.log([10, 25, 50, 100, 500]), [0.62, 0.80, 0.86, 0.905, 0.952])
        ),
    }


def report(rows: Sequence[Row]) -> str:
    """A table, in per cent and in points of F1."""
    header = ["curve", "replays", "gain held %", "width", "advised to stop too early %"]
    return table(
        header,
        [
            [
                row.curve,
                str(row.replays),
                f"{100 * row.covered:.1f}",
                f"{100 * row.width:.1f}",
                f"{100 * row.stopped_early:.1f}",
            ]
            for row in rows
        ],
    )
