"""What a strategy is: a pure function of arrays and a seeded generator that says which documents come first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Pool:
    """N documents that might be labelled, and M that a person has corrected; F fields, D numbers of looks.

    A confidence is the model's (0…1) that what it says of a field is right; 0 where no model said anything yet.
    Looks are numbers that don't depend on the model: text, layout, quality; similar documents are near each other
    (Euclidean distance, 0 for the same, 1 for what is as far apart as two documents usually are).
    """

    confidence: Floats  # (N, F)
    looks: Floats  # (N, D)
    seen_confidence: Floats  # (M, F): of the extraction that the person saw
    seen_looks: Floats  # (M, D)
    faults: NDArray[np.int64]  # (M,): fields that the person changed: 0, 1, or 2 for more

    def __post_init__(self) -> None:
        (n, fields), (m, _) = self.confidence.shape, self.seen_confidence.shape
        depth = self.looks.shape[1]
        wanted = [(n, fields), (n, depth), (m, fields), (m, depth), (m,)]
        arrays: list[NDArray[Any]] = [
            self.confidence,
            self.looks,
            self.seen_confidence,
            self.seen_looks,
            self.faults,
        ]
        if [array.shape for array in arrays] != wanted:
            raise ValueError(f"the arrays of a pool fit together, these don't: {[a.shape for a in arrays]}")

    def __len__(self) -> int:
        return len(self.confidence)

    @property
    def features(self) -> Floats:
        """What the quick learner knows of each document: (N, F + D)."""
        return np.hstack([self.confidence, self.looks])

    @property
    def seen_features(self) -> Floats:
        """The same of the corrected documents: (M, F + D)."""
        return np.hstack([self.seen_confidence, self.seen_looks])


# (pool, n, rng) → the rows of min(n, N) different documents, the one to label first in front
Strategy = Callable[[Pool, int, np.random.Generator], Rows]


def highest(score: NDArray[np.floating], n: int, rng: np.random.Generator) -> Rows:
    """The rows of the n highest scores, highest first; ties fall by chance, so that no upload order is favoured."""
    n = min(n, len(score))
    ties = rng.random(len(score))
    if n == 0:
        return np.empty(0, dtype=np.intp)
    # partition before sorting: 10 ms instead of 100 ms at 10⁶ rows
    least = np.partition(score, len(score) - n)[len(score) - n]
    candidates = np.flatnonzero(score >= least)
    return candidates[np.lexsort((ties[candidates], -score[candidates]))][:n]
