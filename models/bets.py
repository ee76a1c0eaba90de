"""Documents' numbers as bins in; how much a bettor against "nothing changed" has won by now, out: pure.

A conformal test martingale (Vovk, Nouretdinov and Gammerman, "Testing exchangeability on-line", 2003; Vovk et al.,
"Conformal martingales for change-point detection", 2021). Each document gets a p-value for every score: how many of all
so far score as high or higher, ties broken by lot. As long as documents come in no particular order, p-values are
uniform and independent, whatever the documents are like, and no bettor at fair odds on them gets `times` as rich with
a chance of more than 1 / `times`, however often one looks (Ville 1939). So the rate of false alarms is set, not found.

Bettors begin after every `BLOCK` documents with an equal part of the money, so that a change is found as fast after
9,000 documents as after 100; after `HORIZON` documents there is new money, and a new chance of a false alarm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HORIZON = 10_000  # documents, in which all alarms together are false with the chance that is set
BLOCK = 20  # documents after which other bettors begin

# (width, share): the share of documents that the bettor expects among the `width` highest scores
HIGH = ((0.02, 0.1), (0.02, 0.3), (0.05, 0.2), (0.05, 0.4), (0.1, 0.4))
LOW = ((0.05, 0.2), (0.1, 0.4))  # the same among the lowest
PARTS = 10  # of the histogram by which one more bettor learns as it goes
FORGETS = 0.99  # a document: it bets on what the last hundred were like
BETS = len(HIGH) + len(LOW) + 1

WIDTHS, SHARES = (np.array(column) for column in zip(*HIGH, *LOW, strict=True))
IS_HIGH = np.arange(BETS - 1) < len(HIGH)


@dataclass(slots=True)
class Table:
    """The bettors at S scores of one stream, each score in one of K bins."""

    counts: Ints  # (S, K): documents so far, by bin
    upward: NDArray[np.bool_]  # (S,): whether only high scores are strange
    won: Floats = field(init=False)  # (S, BETS): what bettors who have begun own
    gains: Floats = field(init=False)  # (S, BETS): log of what was won since it was best to begin
    since: Ints = field(init=False)  # (S, BETS): the document with which that was
    lately: Floats = field(init=False)  # (S, PARTS): p-values lately, for the one that learns
    looked: int = 0  # documents in this horizon

    def __post_init__(self) -> None:
        scores = len(self.counts)
        self.won, self.gains = np.zeros((scores, BETS)), np.zeros((scores, BETS))
        self.since = np.zeros((scores, BETS), dtype=np.int64)
        self.lately = np.zeros((scores, PARTS))

    def see(self, document: int, bins: Ints, lots: Floats) -> None:
        """Bet on one more document, and take it in. `bins` (S,) is -1 where it has no score; `lots` (S,) are 0…1."""
        if self.looked == HORIZON:
            self.looked = 0
            self.won[:] = 0
        if self.looked % BLOCK == 0:
            self.won += self._money() * BLOCK / HORIZON
        there = bins >= 0
        p = self._p_values(bins, lots)
        factors = np.where(there[:, None], self._factors(p), 1.0)
        self.won *= factors
        self._follow(document, np.log(factors))
        self.lately *= FORGETS
        part = np.minimum((p * PARTS).astype(np.int64), PARTS - 1)
        self.lately[there, part[there]] += 1
        self.counts[there, bins[there]] += 1
        self.looked += 1

    @property
    def wealth(self) -> Floats:
        """(S,): what all bettors at a score have, those included who are yet to begin; 1 at first."""
        begun = min(HORIZON, -(-self.looked // BLOCK) * BLOCK) / HORIZON
        return np.asarray(self.won.sum(axis=1) + 1 - begun)

    def began(self, score: int) -> int:
        """The document since which a score seems to have changed."""
        return int(self.since[score, int(np.argmax(self.gains[score]))])

    def _money(self) -> Floats:
        """(S, BETS): what the bettors of a score begin with, one in all."""
        money = np.full((len(self.counts), BETS), 1 / BETS)
        money[self.upward] = np.concatenate([IS_HIGH / len(HIGH), [0.0]])
        return money

    def _p_values(self, bins: Ints, lots: Floats) -> Floats:
        places = np.arange(self.counts.shape[1])
        higher = np.where(places > bins[:, None], self.counts, 0).sum(axis=1)
        same = self.counts[np.arange(len(bins)), bins] + 1
        return np.asarray((higher + lots * same) / (self.counts.sum(axis=1) + 1))

    def _factors(self, p: Floats) -> Floats:
        """(S, BETS): by how much each bettor's money grows; 1 on average over uniform p."""
        hit = np.where(IS_HIGH, p[:, None] < WIDTHS, p[:, None] > 1 - WIDTHS)  # (S, BETS - 1)
        steps = np.where(hit, 1 + SHARES * (1 / WIDTHS - 1), 1 - SHARES)
        part = np.minimum((p * PARTS).astype(np.int64), PARTS - 1)
        learned = PARTS * (self.lately[np.arange(len(p)), part] + 1) / (self.lately.sum(axis=1) + PARTS)
        return np.concatenate([steps, learned[:, None]], axis=1)

    def _follow(self, document: int, logs: Floats) -> None:
        """Since when it would have been best to bet (Page 1954)."""
        fresh = self.gains <= 0
        self.since[fresh] = document
        self.gains = np.maximum(np.where(fresh, 0, self.gains) + logs, 0)

    def to_json(self) -> dict[str, Any]:  # mixed: a number, and lists of them
        return {
            "looked": self.looked,
            "counts": self.counts.tolist(),
            "upward": self.upward.tolist(),
            "won": self.won.tolist(),
            "gains": np.round(self.gains, 6).tolist(),
            "since": self.since.tolist(),
            "lately": np.round(self.lately, 6).tolist(),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        table = cls(np.array(stored["counts"], dtype=np.int64), np.array(stored["upward"], dtype=bool))
        table.looked = stored["looked"]
        table.won, table.gains = np.array(stored["won"]), np.array(stored["gains"])
        table.since = np.array(stored["since"], dtype=np.int64)
        table.lately = np.array(stored["lately"])
        return table
