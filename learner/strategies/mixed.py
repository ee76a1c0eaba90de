"""The default: what mends most for a person's time, each document different from the ones before it."""

from __future__ import annotations

import numpy as np

from learner.strategies.base import Need, Pool, Rows, choosing, highest
from learner.strategies.cost import errors_per_second
from learner.strategies.coverage import covering
from learner.strategies.diversity import CANDIDATES, novelty, spread


def mixed(
    pool: Pool, n: int, rng: np.random.Generator, *, candidates: int = CANDIDATES, apart: float = 1.0
) -> Rows:
    """Expected wrong fields a second times distance from what was corrected or chosen (cf. Zhdanov 2019).

    Only the best `candidates` by the first are compared by the second, so that a million documents take a second.
    The distance counts to the power of `apart`: above 1, choices differ more and are worth less.

    As long as no model has said anything, every document is as wrong as the others, and the farthest ones would be the
    oddities: then those come first that cover most of the pool.
    """
    if not pool.confidence.any():
        return covering(pool, n, rng)
    worth = errors_per_second(pool)
    rows = highest(worth, max(n, candidates), rng)
    looks = pool.looks[rows]
    # the root of the worth gives the order that the power of the distance would
    return rows[spread(looks, worth[rows] ** (1 / apart), novelty(looks, pool.seen_looks), n)]


MIXED = choosing(
    "mixed",
    "mixed: many faults for a person's time, and unlike each other (recommended)",
    mixed,
    *Need,
)
