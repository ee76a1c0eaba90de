"""By the confidences of the model in use: what it is least sure of comes first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learner.strategies.base import Pool, Rows, highest


def least_confident(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Documents whose least certain field is least certain first (Lewis and Gale 1994)."""
    return highest(1 - pool.confidence.min(axis=1), n, rng)


def smallest_margin(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Documents with the field nearest to a coin toss first (Scheffer et al. 2001).

    A field is right or wrong, so the margin between the two is |2c - 1| at confidence c. Fields that are surely
    wrong don't count, unlike with `least_confident`.
    """
    return highest(1 - np.abs(2 * pool.confidence - 1).min(axis=1), n, rng)


def highest_entropy(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Documents whose fields, right or wrong, are hardest to guess taken together first (Shannon 1948)."""
    right = np.clip(pool.confidence.astype(np.float64), 1e-9, 1 - 1e-9)
    bits = -(right * np.log2(right) + (1 - right) * np.log2(1 - right))  # (N, F)
    return highest(bits.sum(axis=1), n, rng)


def most_errors(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Documents with the highest expected number of wrong fields first."""
    return highest(expected_errors(pool), n, rng)


def expected_errors(pool: Pool) -> NDArray[np.floating]:
    """How many fields of each document are wrong if the confidences are calibrated: (N,), 0…F."""
    return (1 - pool.confidence).sum(axis=1)
