"""By looks: every next document is one that differs from all that were corrected or chosen before it."""

from __future__ import annotations

import numpy as np

from learner.strategies.base import Floats, Need, Pool, Rows, Scores, choosing, highest

CANDIDATES = 5000  # rows that are compared with each other; 200 picks among them take 0.1 s


def diverse(pool: Pool, n: int, rng: np.random.Generator, *, candidates: int = CANDIDATES) -> Rows:
    """Farthest from everything corrected or chosen first (core-set, k-center greedy: Sener and Savarese 2018)."""
    distance = novelty(pool.looks, pool.seen_looks)
    rows = highest(distance, max(n, candidates), rng)
    return rows[spread(pool.looks[rows], np.ones(len(rows)), distance[rows], n)]


def spread(looks: Floats, worth: Scores, distance: Scores, n: int) -> Rows:
    """Up to n of the rows of `looks` (N, D), always the one with the highest worth times distance to all before it.

    `worth` is one positive number a row, `distance` that to what was corrected. A near-duplicate of something chosen
    has a distance of almost nothing: it comes last, whatever its worth.
    """
    looks = np.ascontiguousarray(looks, dtype=np.float32)
    squares = np.einsum("nd,nd->n", looks, looks)
    # everything squared: the same order without a root for each row of each pick
    gain = np.asarray(worth, dtype=np.float64) ** 2
    nearest = np.asarray(distance, dtype=np.float64) ** 2
    chosen: list[int] = []
    for _ in range(min(n, len(looks))):
        best = int(np.argmax(gain * nearest))
        chosen.append(best)
        to_best = squares + squares[best] - 2 * (looks @ looks[best])
        np.minimum(nearest, np.maximum(to_best, 0), out=nearest)
        nearest[best] = -1  # below every other's: never chosen again
    return np.array(chosen, dtype=np.intp)


def novelty(looks: Floats, seen: Floats) -> Scores:
    """The distance of each row of `looks` (N, D) to the nearest of `seen` (M, D), at most 1; 1 if none was seen."""
    nearest = np.ones(len(looks))
    squares = (seen**2).sum(axis=1)  # (M,)
    for start in range(0, len(looks), 4096):  # 4096 x M distances at a time: 64 MB at M = 4,000
        rows = looks[start : start + 4096]
        if len(seen):
            squared = (rows**2).sum(axis=1)[:, None] - 2 * rows @ seen.T + squares
            nearest[start : start + 4096] = np.sqrt(np.clip(squared.min(axis=1), 0, 1))
    return nearest


DIVERSE = choosing("diverse", "diverse: unlike what has been labelled (core-set)", diverse, Need.LOOKS)
