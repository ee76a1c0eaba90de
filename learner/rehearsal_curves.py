"""Curves of rehearsals in, what they say out: how many documents and seconds each way took to a goal, and what that saves.

A curve has a point after each training, beginning with nothing labelled: `documents`, `seconds` (of a person who corrects
what the model said), `by_hand` (of a person who is shown nothing), `f1` (0…1 on documents held back).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

Json = dict[str, Any]  # names, counts, figures
Point = Mapping[str, float]
Curves = Mapping[str, Mapping[int, Sequence[Point]]]  # strategy → seed → its curve

RULE = "v3"  # of what a rehearsal's run means: kept ones of another rule are made anew
SHARES = (0.95, 0.98, 0.99)  # of the F1 that all documents labelled give
RANDOM = "random"
BY_HAND = "by-hand"  # random order, and people are shown nothing
UNITS = ("documents", "seconds")


def beginning(run: Mapping[str, Any], budget: int) -> Json:
    """What a run of `rehearsal_replay` had been with a smaller budget that ends with one of its trainings."""
    up_to = {
        name: [each for each in run[name] if each["documents"] <= budget]
        for name in ("points", "trainings", "problems")
    }
    return {**run, **up_to, "picks": run["picks"][:budget]}


def with_by_hand(curves: Curves) -> dict[str, dict[int, list[Json]]]:
    """The curves, and that of random order without pre-annotation: the same documents, answered from nothing.

    That is random order's own, or what is called so here already, where random order doesn't ask for every field.
    """
    found = {
        name: {seed: [dict(point) for point in points] for seed, points in own.items()}
        for name, own in curves.items()
    }
    if (whole := found.pop(BY_HAND, found.get(RANDOM))) is not None:
        found[BY_HAND] = {
            seed: [point | {"seconds": point["by_hand"]} for point in points]
            for seed, points in whole.items()
        }
    return found


def ungated(points: Sequence[Point], trainings: Sequence[Mapping[str, float]]) -> list[Json]:
    """The same curve had the gate let every model through: `f1` of the newest training (its `documents` and `f1`).

    People would have corrected the same documents: what they were asked was told by what reads.
    """
    newest = {training["documents"]: training["f1"] for training in trainings}
    found, f1 = [], points[0]["f1"]
    for point in points:
        f1 = newest.get(point["documents"], f1)
        found.append(dict(point) | {"f1": f1})
    return found


def reached(points: Sequence[Point], f1: float, unit: str) -> float | None:
    """At how many of `unit` a curve first comes to `f1`, by a straight line between points; None if it never does."""
    for before, after in zip([points[0], *points], points, strict=False):
        if after["f1"] >= f1:
            rise = after["f1"] - before["f1"]
            share = (f1 - before["f1"]) / rise if rise > 0 else 1.0
            return float(before[unit] + share * (after[unit] - before[unit]))
    return None


def held(points: Sequence[Point], f1: float) -> float | None:
    """After how many documents a training comes to `f1` and the next one is there still; None if that never happens.

    A small test and few documents make single trainings lucky; the last one of a curve counts by itself.
    """
    for point, after in zip(points, [*points[1:], points[-1]], strict=True):
        if min(point["f1"], after["f1"]) >= f1:
            return point["documents"]
    return None


def goals(curves: Curves, everything: Mapping[int, float]) -> list[Json]:
    """For each of `SHARES` what every strategy took: by seed and the median, None where it was not reached.

    `everything` is the F1 of each seed with every document labelled. Each seed has its own goal, since it has its own
    test. `held` is in documents, see there. A median is None where half of the seeds or more never came so far.
    """
    return [
        {
            "share": share,
            "f1": float(np.median(list(everything.values()))) * share,
            "ways": {
                name: {
                    unit: _told([reached(own[seed], share * everything[seed], unit) for seed in sorted(own)])
                    for unit in UNITS
                }
                | {"held": _told([held(own[seed], share * everything[seed]) for seed in sorted(own)])}
                for name, own in curves.items()
            },
        }
        for share in SHARES
    ]


def _told(each: Sequence[float | None]) -> Json:
    middle = median(np.inf if one is None else one for one in each)
    return {"each": list(each), "median": None if np.isinf(middle) else float(middle)}


def summed(curves: Curves, unit: str = "documents") -> dict[str, float]:
    """The mean F1 along each strategy's curves up to where the shortest ends: one figure for a whole curve, 0…1."""
    end = min(points[-1][unit] for own in curves.values() for points in own.values())
    return {
        name: float(np.mean([_mean(points, unit, end) for points in own.values()]))
        for name, own in curves.items()
    }


def _mean(points: Sequence[Point], unit: str, end: float) -> float:
    at = [point[unit] for point in points]
    right = [point["f1"] for point in points]
    inside = [each for each in at if each < end]
    places = [*inside, end]
    values = [*right[: len(inside)], float(np.interp(end, at, right))]
    return float(np.trapezoid(values, places) / end) if end > 0 else values[-1]


def saved(goal: Json, strategy: str) -> list[str]:
    """What a strategy saves to a goal, against random order with and without pre-annotation, as sentences."""
    ways = goal["ways"]
    documents, seconds = (ways[strategy][unit]["median"] for unit in UNITS)
    where = f"F1 {goal['f1']:.3f} ({goal['share']:.0%} of what all documents give)"
    if documents is None or seconds is None:
        return [f"{strategy} did not come to {where} within the budget"]
    lines = []
    for other, what in (
        (RANDOM, "random order"),
        (BY_HAND, "random order without pre-annotation"),
    ):
        theirs, longer = (ways[other][unit]["median"] for unit in UNITS)
        if theirs is None or longer is None:
            lines.append(f"to reach {where}, {what} needs more than the budget")
            continue
        times = f"{seconds / longer:.2f} of the time" if longer else "neither needs any"
        verb = "save" if longer >= seconds else "cost"
        lines.append(
            f"to reach {where}, {strategy} would {verb} you {abs(theirs - documents):.0f} documents / "
            f"{abs(longer - seconds) / 3600:.2f} hours against {what} ({documents:.0f} instead of {theirs:.0f} "
            f"documents, {seconds / 3600:.2f} instead of {longer / 3600:.2f} h: {times})"
        )
    return lines
