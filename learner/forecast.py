"""Versions with what they scored in; what the next corrections will bring, with interval, and whether to stop, out.

Pure, no database. A version's F1 is that of a curve that rises to a ceiling, as a power law or an exponential does,
plus the luck of its training and of its gold documents. All such curves are weighed by how well they fit (Bayes on a
grid), so that one version leaves nearly everything open, and ten leave little. What was tried:
docs/decisions/0012-forecast.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from learner.audit import ALIKE, Z

FloatArray = NDArray[np.float64]

NEXT = 50  # corrections that a forecast is about
GOAL = 0.95  # F1 from which a type is called good enough, if it has no goal of its own
STEPS = (
    10,
    20,
    30,
    50,
    75,
    100,
    150,
    200,
    300,
    500,
    750,
    1000,
    1500,
    2000,
)  # corrections that a goal may be away
LUCK = 0.01  # standard deviation of F1 between trainings on as many documents
SHARED = 0.5  # correlation of the errors that two versions make on the same gold documents
FIRST = 10  # documents at which the grid's curves start: no training has less
TRUST = 0.7  # how much of a version counts: real curves are not quite of either kind (Miller and Dunson 2019)
DRAWS = 4000
BOUNDS = (0.5, 0.025, 0.975)  # median, and what holds 95 %
NOTHING = 0.002  # a gain that is as good as zero
NOTICED = 0.02  # a gain that is worth waiting to know of

CEILINGS = np.linspace(0.20, 1.00, 41)  # a
STARTS = np.linspace(0.0, 1.0, 41)  # F1 at `FIRST` documents, as a share of the ceiling
RATES = np.geomspace(0.05, 1.0, 20)  # c of the power laws
SCALES = np.geomspace(30, 1000, 20)  # documents, k of the exponentials
CURVES = len(CEILINGS) * len(STARTS) * (len(RATES) + len(SCALES))


class Advice(StrEnum):
    """What to do about labelling."""

    EARLY = "too early to tell"
    GO_ON = "go on"
    DONE = "stop: the goal is met"
    STUCK = "stop: the goal is not met, and more of the same hardly helps"


@dataclass(frozen=True, slots=True)
class Point:
    """A version: how many confirmed documents its snapshot held, and its F1 with 95 % interval on gold."""

    name: str
    documents: int
    f1: float
    low: float
    high: float
    gold: int  # documents it was measured on
    fields: int  # of each


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the curve: F1 to be expected of a training on so many documents, with its 95 % interval."""

    documents: int
    f1: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What `corrections` more will bring: F1 of a training with them less one without, with 95 % interval."""

    corrections: int
    gain: float
    low: float
    high: float
    now: float  # F1 to be expected of a training on what is confirmed
    curve: tuple[Place, ...]  # from the first version to the end of the forecast
    advice: Advice


def forecast(
    points: Sequence[Point], confirmed: int, *, corrections: int = NEXT, goal: float = GOAL
) -> Forecast | None:
    """From `confirmed` documents on; None without versions. The same points give the same forecast.

    The advice is about `NEXT` corrections however few are asked about: the last three would always bring nothing.
    """
    if not points:
        return None
    first = min(min(point.documents for point in points), confirmed)
    places = np.unique(np.linspace(first, confirmed + corrections, 25).round().astype(int))
    asked = np.append(places, [confirmed, confirmed + corrections, confirmed + NEXT])
    drawn = _curves(_fitting(points), asked)  # (places + 3, DRAWS)
    before, after, usual = drawn[-3:]
    gain, low, high = map(float, np.quantile(after - before, BOUNDS))
    _, worst, best = map(float, np.quantile(usual - before, BOUNDS))
    now = float(np.median(before))
    bands = np.quantile(drawn[:-3], BOUNDS, axis=1).T
    return Forecast(
        corrections=corrections,
        gain=gain,
        low=low,
        high=high,
        now=now,
        curve=tuple(Place(int(n), *map(float, band)) for n, band in zip(places, bands, strict=True)),
        advice=_advice(worst, best, now, goal),
    )


def needed(points: Sequence[Point], confirmed: int, *, goal: float = GOAL) -> int | None:
    """About how many more corrections bring the F1 to be expected to `goal`: 0 if it is there, else one of `STEPS`.

    None if that isn't in sight, or without versions.
    """
    if not points:
        return None
    steps = np.array([0, *STEPS])
    expected = np.median(_curves(_fitting(points), confirmed + steps), axis=1)
    reached = np.flatnonzero(expected >= goal)
    return int(steps[reached[0]]) if len(reached) else None


def _advice(low: float, high: float, now: float, goal: float) -> Advice:
    """Stop if the interval of the gain holds zero, but not if it does because little is known."""
    if low >= NOTHING:
        return Advice.GO_ON
    if high > NOTICED:
        return Advice.EARLY
    return Advice.DONE if now >= goal else Advice.STUCK


def _fitting(points: Sequence[Point]) -> NDArray[np.intp]:
    """`DRAWS` of the curves, each as likely as it fits the points."""
    curves = _curves(np.arange(CURVES), np.array([point.documents for point in points]))  # (V, CURVES)
    f1 = np.array([[point.f1] for point in points])
    misfit = np.linalg.solve(np.linalg.cholesky(_noise(points)), f1 - curves)
    log_weight = -0.5 * TRUST * (misfit**2).sum(axis=0)
    weight = np.exp(log_weight - log_weight.max())
    return np.random.default_rng(0).choice(len(weight), DRAWS, p=weight / weight.sum())


def _curves(which: NDArray[np.intp], documents: NDArray[np.int_]) -> FloatArray:
    """F1 on some of the `CURVES` (C,) at these numbers of documents (V,): (V, C)."""
    since = np.maximum(documents, FIRST)[:, None] / FIRST  # (V, 1)
    power = 1 - since**-RATES  # (V, shapes): share of the rise that is done
    exponential = 1 - np.exp((1 - since) * FIRST / SCALES)
    ceiling, share, shape = np.unravel_index(which, (len(CEILINGS), len(STARTS), len(RATES) + len(SCALES)))
    start = CEILINGS[ceiling] * STARTS[share]
    return np.asarray(start + np.hstack([power, exponential])[:, shape] * (CEILINGS[ceiling] - start))


def _noise(points: Sequence[Point]) -> FloatArray:
    """Covariance of the versions' F1s: (V, V). Gold only grows, so a version's gold documents are in the next one's."""
    deviation = np.array([_deviation(point) for point in points])
    gold = np.array([max(point.gold, 1) for point in points], dtype=np.float64)
    common = np.sqrt(np.minimum.outer(gold, gold) / np.maximum.outer(gold, gold))
    shared = SHARED * common * np.outer(deviation, deviation)
    np.fill_diagonal(shared, deviation**2 + LUCK**2)
    return shared


def _deviation(point: Point) -> float:
    """Standard deviation of a version's F1: as its interval says, but never less than so few documents must have.

    Three gold documents without an error have an interval of no width; a trial more of either kind gives it one.
    """
    fields = max(point.fields, 1)
    trials = max(point.gold, 1) * fields / (1 + (fields - 1) * ALIKE)
    share = (point.f1 * trials + 1) / (trials + 2)
    return max((point.high - point.low) / (2 * Z), float(np.sqrt(share * (1 - share) / (trials + 2))))
