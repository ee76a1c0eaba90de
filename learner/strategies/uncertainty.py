"""By the confidences of the model in use: what it is least sure of comes first."""

from __future__ import annotations

import numpy as np

from learner.strategies.base import Need, Pool, Scores, scoring


def least_confident(pool: Pool) -> Scores:
    """How unsure the least certain field is: 0…1 (Lewis and Gale 1994)."""
    return 1 - pool.confidence.min(axis=1)


def smallest_margin(pool: Pool) -> Scores:
    """How near to a coin toss the nearest field is: 0…1 (Scheffer et al. 2001).

    A field is right or wrong, so the margin between the two is |2c - 1| at confidence c. Fields that are surely
    wrong don't count, unlike with `least_confident`.
    """
    return 1 - np.abs(2 * pool.confidence - 1).min(axis=1)


def document_entropy(pool: Pool) -> Scores:
    """How hard the fields, right or wrong, are to guess taken together: 0…F bits (Shannon 1948)."""
    return entropies(pool).sum(axis=1)


def field_entropy(pool: Pool) -> Scores:
    """How hard the field that is hardest to guess is to guess: 0…1 bit."""
    return entropies(pool).max(axis=1)


def page_entropy(pool: Pool) -> Scores:
    """Bits a page: the entropy of all fields, of which long documents have no more because they are long.

    Length-normalised as in Settles and Craven (2008), who divide by the tokens of a sentence.
    """
    bits = document_entropy(pool)
    return bits if pool.pages is None else bits / np.maximum(pool.pages, 1)


def expected_errors(pool: Pool) -> Scores:
    """How many fields of each document are wrong if the confidences are calibrated: (N,), 0…F."""
    return (1 - pool.confidence).sum(axis=1)


def entropies(pool: Pool) -> Scores:
    """Of each field, right or wrong: (N, F), 0…1 bit."""
    right = np.clip(pool.confidence.astype(np.float64), 1e-9, 1 - 1e-9)
    return -(right * np.log2(right) + (1 - right) * np.log2(1 - right))


LEAST_CONFIDENT = scoring(
    "least-confident",
    "least confident: the least sure field decides",
    least_confident,
    Need.CONFIDENCE,
)
MARGIN = scoring("margin", "margin: a field is close to a coin toss", smallest_margin, Need.CONFIDENCE)
ENTROPY = scoring("entropy", "entropy: unsure over all fields", document_entropy, Need.CONFIDENCE)
FIELD_ENTROPY = scoring(
    "entropy-field", "entropy of a field: the one that is hardest to guess", field_entropy, Need.CONFIDENCE
)
PAGE_ENTROPY = scoring(
    "entropy-page",
    "entropy a page: unsure over all fields, for its length",
    page_entropy,
    Need.CONFIDENCE,
)
MOST_ERRORS = scoring(
    "most-errors", "most errors: most fields likely to be wrong", expected_errors, Need.CONFIDENCE
)
