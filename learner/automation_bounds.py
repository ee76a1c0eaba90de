"""How many of each document's fields were wrong in; how wrong all documents like them are, with certainty, out: pure.

A document's loss is the share of its fields that are wrong, 0…1. Fields of one document go wrong together (a bad
scan), so that documents are what is counted, and nothing is assumed of how losses are distributed: every bound is a
bet against a claim. Who bets on "the mean is above m", at odds that are fair if it is m, seldom gets rich if the mean
is m or less: by a factor of 20 once in twenty times at most, however long they play (Ville 1939; Waudby-Smith and
Ramdas, "Estimating means of bounded random variables by betting", 2024). So a bettor twenty times as rich is
95 % certain.

- `surely_below`, `at_most`, `at_least`: for a number of documents that is fixed beforehand.
- `Watched`: for documents that come one by one and are looked at after each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RISK = 0.05  # that a bound is wrong
STAKES = np.linspace(
    0.05, 0.95, 37
)  # shares of what the bettor has; never all of it: one wrong document is no proof
FOUND = 1e-4  # bounds are worked out to this

# of the bets that follow a stream: what is staked, in units of the claimed mean (from "hardly above" to "far above")
UPWARD = np.array([1.0, 3.0, 10.0, 30.0])
DOWNWARD = np.array([0.95, 0.6, 0.3, 0.1])
BLOCK = 20  # documents after which another bettor begins, for whom all was well until then


def fewest(most: float, risk: float = RISK) -> int:
    """As many documents without any error, at the least, can show that their mean loss is below `most`."""
    return int(np.ceil(-np.log(risk) / np.log1p(STAKES[-1] * most / (1 - most))))


def surely_below(counts: Ints, most: float, risk: float = RISK) -> bool:
    """Whether the mean loss is below `most` (0…1, exclusive), but for a chance of `risk` to say so wrongly.

    `counts` is (U + 1,): how many documents have 0, 1, … U of their U fields wrong.
    """
    losses = _losses(counts)
    stake = _stake(int(counts.sum()), most, losses[1], risk)
    return bool(counts @ np.log1p(stake * (most - losses) / (1 - most)) >= -np.log(risk))


def at_most(counts: Ints, risk: float = RISK) -> float:
    """The least bound below which the mean loss surely is; 1 if none is."""
    total = int(counts.sum())
    low, high = (float(counts @ _losses(counts)) / total if total else 1.0), 1.0
    while high - low > FOUND:
        middle = (low + high) / 2
        if surely_below(counts, middle, risk):
            high = middle
        else:
            low = middle
    return high


def at_least(counts: Ints, risk: float = RISK) -> float:
    """A bound above which the mean loss surely is; 0 if none is."""
    losses = _losses(counts)

    def ruled_out(mean: float) -> bool:
        grown = counts @ np.log1p(np.outer(losses / mean - 1, _upward(mean)))
        return bool(np.logaddexp.reduce(grown) - np.log(len(UPWARD)) >= -np.log(risk))

    low, high = 0.0, (float(counts @ losses) / int(counts.sum()) if counts.sum() else 0.0)
    while high - low > FOUND:
        middle = (low + high) / 2
        if ruled_out(middle):
            low = middle
        else:
            high = middle
    return low


@dataclass(frozen=True, slots=True)
class Broken:
    """A claim that a stream speaks against: found after so many documents, and from which on it seems not to hold."""

    after: int  # documents
    since: int  # documents that came before it went wrong; a multiple of `BLOCK`


@dataclass(frozen=True, slots=True)
class Watched:
    """A stream of losses, (T,), each 0…1, in the order in which they came."""

    losses: Floats

    def broken(self, most: float, risk: float = RISK) -> Broken | None:
        """When the stream first spoke surely against "the mean is at most `most`"; None if it never did.

        The chance that this is ever said of a stream whose mean stays within `most` is `risk` at most, whenever and
        however often one looks. Bettors begin after every `BLOCK` documents, with less and less of the money, so that
        what goes wrong after a long good time is found too (a mixture of e-processes; Shin, Ramdas and Rinaldo,
        "E-detectors", 2024).
        """
        grown, begun = self._up(most)
        starts = np.arange(len(begun)) * BLOCK
        after = np.arange(1, len(self.losses) + 1)
        mixed = np.logaddexp.accumulate(begun, axis=0)[(after - 1) // BLOCK] + grown[1:]  # (T, bets)
        rich = np.flatnonzero(np.logaddexp.reduce(mixed, axis=1) >= -np.log(risk))
        if not rich.size:
            return None
        first = int(rich[0]) + 1
        won = np.logaddexp.reduce(begun[starts < first] + grown[first], axis=1)
        return Broken(first, int(starts[np.argmax(won)]))

    def at_most(self, risk: float = RISK) -> float:
        """A bound that holds the mean of the stream, 1 - `risk` sure, also if it is asked for after every document."""
        losses, counts = np.unique(self.losses, return_counts=True)

        def ruled_out(mean: float) -> bool:
            grown = counts @ np.log1p(np.outer(mean - losses, DOWNWARD) / (1 - mean))
            return bool(np.logaddexp.reduce(grown) - np.log(len(DOWNWARD)) >= -np.log(risk))

        low, high = (float(self.losses.mean()) if len(self.losses) else 1.0), 1.0
        while high - low > FOUND:
            middle = (low + high) / 2
            if ruled_out(middle):
                high = middle
            else:
                low = middle
        return high

    def _up(self, most: float) -> tuple[Floats, Floats]:
        """Log of what each bet grew to, (T + 1, bets), and of what each bettor begins with over it, (starts, bets)."""
        stakes = _upward(most)
        steps = np.log1p(np.outer(self.losses / most - 1, stakes))
        grown = np.vstack([np.zeros(len(stakes)), np.cumsum(steps, axis=0)])
        starts = np.arange(0, max(len(self.losses), 1), BLOCK)
        turn = np.arange(1, len(starts) + 1)
        money = -np.log(turn * (turn + 1)) - np.log(len(stakes))  # 1/2, 1/6, 1/12, …: one in all
        return grown, money[:, None] - grown[starts]


def _upward(mean: float) -> Floats:
    return np.minimum(UPWARD * mean, 0.5)


def _losses(counts: Ints) -> Floats:
    return np.arange(len(counts)) / (len(counts) - 1)


def _stake(documents: int, most: float, loss: float, risk: float) -> float:
    """The stake with which most documents of this `loss` may be among so many: chosen before any is looked at."""
    won = np.log1p(STAKES * most / (1 - most))
    lost = np.log1p(STAKES * (most - loss) / (1 - most))
    return float(STAKES[np.argmax((documents * won + np.log(risk)) / (won - lost))])
