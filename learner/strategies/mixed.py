"""The default: documents that the model gets wrong, each different from the ones before it."""

from __future__ import annotations

import numpy as np

from learner.strategies import modal
from learner.strategies.base import Pool, Rows, highest
from learner.strategies.diversity import CANDIDATES, spread
from learner.strategies.uncertainty import expected_errors


def mixed(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Expected number of wrong fields times distance from what was corrected or chosen (cf. Zhdanov 2019).

    The expectation is the mean of two: by the model's confidences, and by the quick learner, which has seen which
    documents people had to change.
    """
    errors = expected_errors(pool)
    if (learned := modal.learned_errors(pool)) is not None:
        errors = (errors + learned) / 2
    candidates = highest(errors, max(n, CANDIDATES), rng)
    return spread(pool, candidates, errors[candidates] + 1e-6, n)
