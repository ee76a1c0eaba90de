"""Raw scores → probabilities that mean what they say: of the values given 0.9, nine in ten are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
# Scores are kept off 0 and 1, where their logit is infinite; nothing we learn from a few hundred answers is surer.
SUREST = 1 - 1e-4
# How far slope and offset stray from (1, 0) without evidence, one standard deviation. With twenty answers the prior
# and the data weigh about the same; with none the scores stay as they are.
SLOPE_SPREAD, OFFSET_SPREAD = 0.5, 1.0
DRAWS = 1000  # of outcomes by lot, to tell chance from error


@dataclass(frozen=True, slots=True)
class Calibration:
    """probability = sigmoid(slope · logit(score) + offset): Platt scaling of a score (Platt 1999)."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, score: float) -> float:
        return float(_sigmoid(self.slope * _logit(score) + self.offset))

    def to_json(self) -> dict[str, float]:
        return {"slope": self.slope, "offset": self.offset}

    @classmethod
    def from_json(cls, stored: dict[str, float]) -> Calibration:
        return cls(float(stored["slope"]), float(stored["offset"]))


def fit(
    scores: Sequence[float], correct: Sequence[bool], *, expected: Calibration | None = None
) -> Calibration:
    """The likeliest calibration given raw scores (0…1) and whether each was right, with a prior on `expected`.

    Unless told otherwise, scores are expected to be right as they are.

    Temperature scaling is the case offset = 0; the offset is what a model that is always too sure needs. Solved
    by Newton's method on log(slope) and offset, so that a higher score never means a lower probability.
    """
    x, y = _logit(scores), np.asarray(correct, dtype=np.float64)  # (N,), (N,)
    center = (0.0, 0.0) if expected is None else (float(np.log(expected.slope)), expected.offset)
    log_slope, offset = center
    for _ in range(100):
        slope = np.exp(log_slope)
        p = _sigmoid(slope * x + offset)
        features = np.stack([slope * x, np.ones_like(x)])  # (2, N): derivatives of the logit
        precision = np.diag([1 / SLOPE_SPREAD**2, 1 / OFFSET_SPREAD**2])
        gradient = features @ (p - y) + precision @ [log_slope - center[0], offset - center[1]]
        hessian = (features * (p * (1 - p))) @ features.T + precision  # Gauss-Newton: positive definite
        step = np.linalg.solve(hessian, gradient)
        step *= min(1.0, 0.5 / max(1e-12, float(np.abs(step).max())))  # no leap over the optimum
        log_slope, offset = log_slope - float(step[0]), offset - float(step[1])
        if np.abs(step).max() < 1e-8:
            break
    return Calibration(float(np.exp(log_slope)), offset)


def expected_calibration_error(confidences: ArrayLike, correct: ArrayLike, *, bins: int = 10) -> float:
    """Mean gap between confidence and share of right ones over equally wide bins (Naeini et al. 2015); 0 for none."""
    p, y = np.asarray(confidences, dtype=np.float64), np.asarray(correct, dtype=np.float64)  # (N,), (N,)
    if not p.size:
        return 0.0
    bin_of = np.minimum((p * bins).astype(np.intp), bins - 1)
    gaps = np.abs(np.bincount(bin_of, p, bins) - np.bincount(bin_of, y, bins))  # (bins,): sums, not means
    return float(gaps.sum() / p.size)


def errors_by_chance(confidences: ArrayLike, rng: np.random.Generator, *, bins: int = 10) -> Floats:
    """(`DRAWS`,) errors that statements show which are right exactly as often as they say, drawn by lot; 0s for none.

    So much of a measured error, of as many statements, may be chance.
    """
    p = np.asarray(confidences, dtype=np.float64)  # (N,)
    if not p.size:
        return np.zeros(DRAWS)
    right = rng.random((DRAWS, p.size)) < p
    in_bin = np.minimum((p * bins).astype(np.intp), bins - 1)[:, None] == np.arange(bins)  # (N, bins)
    found: Floats = np.abs((right - p) @ in_bin).sum(axis=1) / p.size
    return found


def _logit(scores: ArrayLike) -> Floats:
    p = np.clip(np.asarray(scores, dtype=np.float64), 1 - SUREST, SUREST)
    return np.log(p / (1 - p))


def _sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))
