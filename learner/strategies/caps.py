"""The most errors, but no near-duplicates and not too many of one layout."""

from __future__ import annotations

import numpy as np

from learner.strategies.base import Need, Pool, Rows, choosing, highest
from learner.strategies.diversity import CANDIDATES
from learner.strategies.uncertainty import expected_errors

NEAR = 0.15  # a distance below which two documents are near-duplicates
LAYOUT = 0.75  # a distance below which two documents have one layout


def capped(
    pool: Pool,
    n: int,
    rng: np.random.Generator,
    *,
    candidates: int = CANDIDATES,
    near: float = NEAR,
    layout: float = LAYOUT,
    share: float = 0.1,
) -> Rows:
    """By expected errors; passed over is a near-duplicate of one chosen, and a layout that has its share of the n.

    Whatever was passed over comes after all others, so that n documents are found wherever there are n.
    """
    errors = expected_errors(pool)
    rows = highest(errors, max(n, candidates), rng)
    looks = np.ascontiguousarray(pool.looks[rows])
    squares = np.einsum("nd,nd->n", looks, looks)
    most = max(1, round(share * n))
    free = np.ones(len(rows), dtype=bool)
    alike = np.zeros(len(rows), dtype=np.int64)  # chosen ones of the same layout
    chosen: list[int] = []
    while len(chosen) < n and free.any():
        best = int(np.argmax(free))  # rows are in order: the first that is free is the best
        chosen.append(best)
        squared = squares + squares[best] - 2 * (looks @ looks[best])
        alike += squared < layout**2
        free &= (squared >= near**2) & (alike < most)
        free[best] = False
    others = np.setdiff1d(np.arange(len(rows)), chosen)
    return rows[np.concatenate([np.array(chosen, dtype=np.intp), others])][:n]


CAPPED = choosing(
    "capped",
    "capped: most errors, no near-duplicates, few of each layout",
    capped,
    Need.CONFIDENCE,
    Need.LOOKS,
)
