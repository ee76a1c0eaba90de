"""Documents that would each pull the model another way, and strongly."""

from __future__ import annotations

import numpy as np

from learner.strategies.base import Need, Pool, Rows, choosing, highest
from learner.strategies.diversity import CANDIDATES
from learner.strategies.uncertainty import expected_errors

DRAWN = 200  # what comes after so many is taken by expected errors


def badge(pool: Pool, n: int, rng: np.random.Generator, *, candidates: int = CANDIDATES) -> Rows:
    """Drawn by k-means++ among gradients of the last layer, as in BADGE (Ash et al. 2020).

    If a field turned out wrong, the model's last layer would be pulled by its doubt (1 - confidence) times what it
    saw; looks stand for the latter. That is one vector of F x D numbers a document, whose products are those of the
    doubts times those of the looks, so that it is never written out.
    """
    errors = expected_errors(pool)
    rows = highest(errors, max(n, candidates), rng)
    if n == 0 or len(rows) == 0:
        return rows[:0]
    doubt = 1 - pool.confidence[rows]
    # a number that is the same for all keeps documents with looks of nothing but zeros apart from sure ones
    looks = np.hstack([pool.looks[rows], np.ones((len(rows), 1), dtype=np.float32)])
    squares = (doubt**2).sum(axis=1) * (looks**2).sum(axis=1)
    best = int(np.argmax(squares))  # rows are in an order by chance among equals
    chosen = [best]
    nearest = np.full(len(rows), np.inf)
    for _ in range(min(n, len(rows), DRAWN) - 1):
        product = (doubt @ doubt[best]) * (looks @ looks[best])
        np.minimum(nearest, np.maximum(squares + squares[best] - 2 * product, 0), out=nearest)
        nearest[chosen] = 0
        total = float(nearest.sum())
        if total <= 1e-9:  # nothing left that differs
            break
        best = int(rng.choice(len(rows), p=nearest / total))
        chosen.append(best)
    others = np.setdiff1d(np.arange(len(rows)), chosen)
    return rows[np.concatenate([np.array(chosen, dtype=np.intp), others])][:n]


BADGE = choosing(
    "badge",
    "BADGE: strong and different corrections of the model",
    badge,
    Need.CONFIDENCE,
    Need.LOOKS,
)
