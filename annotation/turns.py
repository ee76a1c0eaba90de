"""Ranked documents in; out whose turn it is: near copies of what somebody may have open come after everything else.

Two people who do nearly the same document do it twice, and the model learns it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.similarity import THRESHOLD


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document that waits for a person."""

    id: int
    fingerprint: int  # models.similarity, 64 bits; 0 without words: nothing is known to be like it
    queued: bool  # in Label Studio: somebody may have it open


def in_turn(ranked: Sequence[Ranked], wanted: int) -> list[int]:
    """The ids of the first `wanted` of `ranked` (best first), with copies behind.

    A copy is what is nearly the same as a queued document, or as one whose turn comes before. What is queued itself
    keeps its rank. Copies are not left out: a team whose documents are all alike has to do them too.
    """
    bits = np.array([document.fingerprint for document in ranked], dtype=np.uint64)  # (N,)
    queued = np.array([document.queued for document in ranked], dtype=bool)
    copy = np.zeros(len(ranked), dtype=bool)

    def mark(position: int) -> None:
        if bits[position]:
            near = (np.bitwise_count(bits ^ bits[position]) <= THRESHOLD) & (bits != 0) & ~queued
            copy[near] = True

    for position in np.flatnonzero(queued):
        mark(int(position))
    turn: list[int] = []
    behind: list[int] = []
    for position, document in enumerate(ranked):
        if len(turn) == wanted:
            return turn
        if copy[position]:
            behind.append(document.id)
        else:
            turn.append(document.id)
            mark(position)
    return (turn + behind)[:wanted]
