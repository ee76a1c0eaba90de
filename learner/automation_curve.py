"""Documents that people answered and what a model had said of them in; how many need no person, at what error, out: pure.

A document is as doubtful as its most doubtful field: the confidence (0…1) that a field lacks, over the error rate that
the field may have. So one number moves the thresholds of all fields at once, and `Curve` follows it from the surest
documents to all of them. `choose` goes along it for as long as the errors among the documents so far are surely within
the targets (fixed-sequence testing: Angelopoulos et al., "Learn then Test", 2021), so that having chosen the
threshold by these very documents doesn't spoil what is promised: that its true error rate is within every target,
wrongly in one case in twenty at most. Each step asks of all targets at once (Berger 1982), so none of them costs more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learner import automation_bounds as bounds

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEPS = 100  # of the test along the curve
POINTS = 40  # of the curve that is drawn


@dataclass(frozen=True, slots=True)
class Answers:
    """Documents that people answered, N of them with F fields: how sure the model was, and whether it was wrong."""

    fields: tuple[str, ...]
    confidence: Floats  # (N, F), 0…1; of a field that was not found: that it is absent
    wrong: Flags  # (N, F)

    def __len__(self) -> int:
        return len(self.wrong)


@dataclass(frozen=True, slots=True)
class Targets:
    """What may be wrong among documents that nobody looks at: a share (0…1) of all fields, and of some fields' values."""

    most: float
    fields: Mapping[str, float]  # {name: share}, only those with one of their own

    def weights(self, names: Sequence[str]) -> Floats:
        """Each field's (F,): how much confidence it may lack, beside the others."""
        return np.array([self.fields.get(name, self.most) for name in names])

    @property
    def strictest(self) -> float:
        return min([self.most, *self.fields.values()])


@dataclass(frozen=True, slots=True)
class Point:
    """One place of the threshold: the share of documents above it, and of their fields (0…1) how many are wrong."""

    doubt: float  # documents up to this are above the threshold
    documents: int  # of those answered
    share: float
    error: float
    low: float  # 95 % sure that it is more
    high: float  # 95 % sure that it is less

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Point:  # numbers of both kinds
        return cls(**stored)


def doubts(confidence: Floats, weights: Floats) -> Floats:
    """How doubtful each document is, (N,), by the confidence of its fields, (N, F)."""
    return ((1 - confidence) / weights).max(axis=1, initial=0.0)


def thresholds(doubt: float, names: Sequence[str], weights: Floats) -> dict[str, float]:
    """Each field's: the confidence from which on a document of this `doubt` has it."""
    return dict(zip(names, np.clip(1 - doubt * weights, 0, 1).tolist(), strict=True))


def curve(answers: Answers, weights: Floats) -> tuple[Point, ...]:
    """From the surest documents to all of them, in `POINTS` steps; empty without answers.

    The bounds are each point's own: a threshold chosen by looking at them is right less often than 95 %.
    """
    doubt, counts, _ = _cumulated(answers, weights)
    found = []
    for k in _steps(doubt, 1, POINTS):
        so_far = counts[k - 1]
        error = float(so_far @ np.arange(len(so_far))) / (k * (len(so_far) - 1))
        low, high = bounds.at_least(so_far), bounds.at_most(so_far)
        found.append(Point(float(doubt[k - 1]), k, k / len(answers), error, low, high))
    return tuple(found)


def needed(targets: Targets, risk: float) -> int:
    """Answered documents above the threshold, all of them right, without which nothing can be promised."""
    return bounds.fewest(targets.strictest, risk)


def choose(answers: Answers, targets: Targets, risk: float) -> Point | None:
    """The laxest threshold that is surely (but for a chance of `risk`) within the targets; None if none is.

    Begins where a few errors among so many documents are no reason to stop: a place that depends on numbers of
    documents alone, not on what people said of them.
    """
    weights = targets.weights(answers.fields)
    doubt, counts, wrong = _cumulated(answers, weights)
    least = needed(targets, risk)
    if len(answers) < least:
        return None
    first = max(least, min(2 * least, len(answers) // 2))
    own = [(answers.fields.index(name), most) for name, most in targets.fields.items()]
    chosen = None
    for k in _steps(doubt, first, STEPS):
        within = bounds.surely_below(counts[k - 1], targets.most, risk) and all(
            bounds.surely_below(np.array([k - wrong[k - 1, column], wrong[k - 1, column]]), most, risk)
            for column, most in own
        )
        if not within:
            break
        chosen = k
    if chosen is None:
        return None
    so_far = counts[chosen - 1]
    error = float(so_far @ np.arange(len(so_far))) / (chosen * (len(so_far) - 1))
    return Point(
        float(doubt[chosen - 1]),
        chosen,
        chosen / len(answers),
        error,
        bounds.at_least(so_far),
        bounds.at_most(so_far, risk),
    )


def _cumulated(answers: Answers, weights: Floats) -> tuple[Floats, bounds.Ints, bounds.Ints]:
    """The surest document first: its doubt (N,), and of all documents so far how many have 0…F fields wrong
    (N, F + 1), and how often each field is wrong (N, F)."""
    doubt = doubts(answers.confidence, weights)
    order = np.argsort(doubt, kind="stable")
    wrong = answers.wrong[order]
    histogram = np.eye(len(answers.fields) + 1, dtype=np.int64)[wrong.sum(axis=1)]
    return doubt[order], histogram.cumsum(axis=0), wrong.cumsum(axis=0, dtype=np.int64)


def _steps(doubt: Floats, first: int, most: int) -> list[int]:
    """Numbers of documents from `first` to all, `most` at the most; documents of the same doubt are not parted."""
    if len(doubt) < first:
        return []
    wanted = np.linspace(first, len(doubt), most).round().astype(int)
    whole = np.searchsorted(doubt, doubt[wanted - 1], side="right")
    return sorted(set(whole.tolist()))
