"""By what a second of a person's time mends."""

from __future__ import annotations

import numpy as np

from learner.strategies import modal
from learner.strategies.base import Need, Pool, Scores, scoring
from learner.strategies.uncertainty import expected_errors


def errors_per_second(pool: Pool) -> Scores:
    """Expected wrong fields that a second at the document mends: (N,), above 0 (cf. Settles et al. 2008).

    The expectation is the mean of two: by the model's confidences, and by the quick learner, which has seen which
    documents people had to change.
    """
    errors = expected_errors(pool)
    if (learned := modal.learned_errors(pool)) is not None:
        errors = (errors + learned) / 2
    errors = (
        errors + 1e-6
    )  # so that among documents without any error the cheap and the different ones come first
    return errors if pool.seconds is None else errors / np.maximum(pool.seconds, 1e-3)


ERRORS_PER_SECOND = scoring(
    "errors-per-second",
    "errors per second: most mended for a person's time",
    errors_per_second,
    Need.CONFIDENCE,
    Need.CORRECTIONS,
    Need.SECONDS,
)
