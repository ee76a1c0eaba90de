"""Unsure, and like many others: what is learned from the document helps them too."""

from __future__ import annotations

import numpy as np

from learner.strategies.base import Floats, Need, Pool, Rows, Scores, choosing, highest
from learner.strategies.diversity import CANDIDATES
from learner.strategies.uncertainty import document_entropy

OTHERS = 1000  # documents by chance that stand for the whole pool


def dense(
    pool: Pool, n: int, rng: np.random.Generator, *, candidates: int = CANDIDATES, width: float = 0.5
) -> Rows:
    """Entropy times density (information density: Settles and Craven 2008), among the `candidates` of most entropy.

    `width` is the distance at which a document counts as about 60 % alike.
    """
    entropy = document_entropy(pool)
    rows = highest(entropy, max(n, candidates), rng)
    others = pool.looks[rng.permutation(len(pool))[:OTHERS]]
    return rows[highest(entropy[rows] * density(pool.looks[rows], others, width), n, rng)]


def density(looks: Floats, others: Floats, width: float) -> Scores:
    """How alike each row of `looks` (N, D) is to `others` (M, D) in the mean: (N,), 0…1."""
    squared = (looks**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * looks @ others.T
    alike: Scores = np.exp(-np.maximum(squared, 0) / (2 * width**2)).sum(axis=1) / max(1, len(others))
    return alike


DENSE = choosing(
    "density",
    "density: unsure, and like many others",
    dense,
    Need.CONFIDENCE,
    Need.LOOKS,
)
