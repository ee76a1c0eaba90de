"""What is learned from a document helps those like it: the choice that covers most of what is still wrong."""

from __future__ import annotations

import numpy as np

from learner.strategies.base import Floats, Need, Pool, Rows, choosing, highest
from learner.strategies.cost import errors_per_second
from learner.strategies.uncertainty import expected_errors

COMPARED = 2000  # rows that may be chosen
OTHERS = 1000  # documents by chance that stand for the whole pool
PICKED = 200  # what comes after so many is taken by expected wrong fields a second


def covering(
    pool: Pool,
    n: int,
    rng: np.random.Generator,
    *,
    candidates: int = COMPARED,
    width: float = 0.4,
) -> Rows:
    """Always the document that covers most expected wrong fields a second which nothing before it covers.

    A document covers another as far as they look alike: wholly the same, about 60 % at the distance `width`. What was
    corrected or chosen covers its like already, so near-duplicates come last, and so do oddities, which are like
    nothing. Greedy facility location (Wei, Iyer and Bilmes 2015), weighed by errors and by what the person is paid.
    """
    worth = errors_per_second(pool)
    rows = highest(worth, max(n, candidates), rng)
    others = np.sort(rng.permutation(len(pool))[:OTHERS])
    first = cover(pool, rows[:candidates], others, min(n, PICKED), width)
    left = np.setdiff1d(np.arange(len(rows)), first)  # rows are in order of their worth
    return rows[np.concatenate([first, left])][:n]


def cover(pool: Pool, rows: Rows, others: Rows, n: int, width: float) -> Rows:
    """Positions in `rows` of up to n documents that together cover most of what is wrong in `others`, greedily."""
    alike = likeness(pool.looks[rows], pool.looks[others], width)  # (C, R)
    covered = np.zeros(len(others), dtype=np.float32)
    for start in range(0, len(pool.seen_looks), 1000):
        some = likeness(pool.seen_looks[start : start + 1000], pool.looks[others], width)
        np.maximum(covered, some.max(axis=0), out=covered)
    errors = (expected_errors(pool)[others] + 1e-6).astype(np.float32)
    seconds = np.ones(len(rows)) if pool.seconds is None else np.maximum(pool.seconds[rows], 1e-3)
    chosen: list[int] = []
    for _ in range(min(n, len(rows))):
        gain = (np.maximum(alike - covered, 0) @ errors + 1e-9) / seconds
        gain[chosen] = -1  # below every other's
        best = int(np.argmax(gain))
        chosen.append(best)
        np.maximum(covered, alike[best], out=covered)
    return np.array(chosen, dtype=np.intp)


def likeness(looks: Floats, others: Floats, width: float) -> Floats:
    """How alike each row of `looks` (N, D) is to each of `others` (M, D): (N, M), 0…1."""
    squared = (looks**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * looks @ others.T
    alike: Floats = np.exp(-np.maximum(squared, 0) / (2 * width**2)).astype(np.float32)
    return alike


COVERING = choosing("coverage", "coverage: helps most other documents that are wrong", covering, *Need)
