"""Whatever the model thinks: the baseline every other strategy is measured against."""

from __future__ import annotations

import numpy as np

from learner.strategies.base import Pool, Rows, choosing


def random(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Every order is equally likely."""
    return rng.permutation(len(pool))[:n]


RANDOM = choosing("random", "random: by chance alone", random)
