"""By looks: every next document is one that differs from all that were corrected or chosen before it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learner.strategies.base import Floats, Pool, Rows, highest

CANDIDATES = 5000  # rows that are compared with each other; 200 picks among them take 0.1 s


def diverse(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Farthest from everything corrected or chosen first (k-center greedy: Sener and Savarese 2018)."""
    candidates = highest(novelty(pool.looks, pool.seen_looks), max(n, CANDIDATES), rng)
    return spread(pool, candidates, np.ones(len(candidates)), n)


def spread(pool: Pool, candidates: Rows, worth: NDArray[np.floating], n: int) -> Rows:
    """Up to n of the candidates, always the one with the highest worth times distance to all before it.

    `worth` is one positive number a candidate. A near-duplicate of something chosen has a distance of almost
    nothing: it comes last, whatever its worth.
    """
    looks = pool.looks[candidates]
    distance = novelty(looks, pool.seen_looks)
    chosen: list[int] = []
    left = np.ones(len(candidates), dtype=bool)
    for _ in range(min(n, len(candidates))):
        best = int(np.argmax(np.where(left, worth * distance, -1.0)))
        chosen.append(best)
        left[best] = False
        distance = np.minimum(distance, np.linalg.norm(looks - looks[best], axis=1))
    return candidates[chosen]


def novelty(looks: Floats, seen: Floats) -> NDArray[np.floating]:
    """The distance of each row of `looks` (N, D) to the nearest of `seen` (M, D), at most 1; 1 if none was seen."""
    nearest = np.ones(len(looks))
    squares = (seen**2).sum(axis=1)  # (M,)
    for start in range(0, len(looks), 4096):  # 4096 x M distances at a time: 64 MB at M = 4,000
        rows = looks[start : start + 4096]
        if len(seen):
            squared = (rows**2).sum(axis=1)[:, None] - 2 * rows @ seen.T + squares
            nearest[start : start + 4096] = np.sqrt(np.clip(squared.min(axis=1), 0, 1))
    return nearest
