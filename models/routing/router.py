"""What a router has learned, as arrays, and what it says of pages with it: plain numpy and scipy, nothing to train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]

from models.calibration import Calibration
from models.pages import Page
from models.routing import UNKNOWN, features
from models.routing.features import Floats, Rows

NEIGHBOURS = 3  # documents of its type that a document is held against
LAYOUT_WEIGHT = 0.5  # of a row's layout beside its words, which have length 1
BATCH = 256  # documents whose numbers are held at a time


@dataclass(frozen=True, slots=True)
class Routed:
    """The type of a document, or `UNKNOWN`; with the likeliest one, and how likely (0…1) it is among the known ones."""

    document_type: str
    likeliest: str
    confidence: float
    familiarity: (
        float  # how near it is to known documents of that type; 0 as usual, below the threshold: unknown
    )


@dataclass(frozen=True, slots=True)
class Router:
    """C types, each with its weights and some of its documents; made by `models.routing.learn`."""

    types: tuple[str, ...]
    weights: NDArray[np.float32]  # (C, WORDS + LAYOUT)
    bias: Floats  # (C,)
    rarity: Floats  # (WORDS,): the rarer a word is, the more it says
    kept: Rows  # (K, WORDS), rows of length 1
    kept_types: NDArray[np.int64]  # (K,): positions in `types`
    centre: Floats  # (C,): log similarity of a type's documents to the nearest others of it, as usual
    spread: Floats  # (C,): and how far it strays
    threshold: float  # familiarity below which a document is unknown
    calibration: Calibration

    def route(self, documents: Sequence[Sequence[Page]]) -> list[Routed]:
        """One answer for each document's pages, in order. A document without words is unknown."""
        found: list[Routed] = []
        for start in range(0, len(documents), BATCH):
            found += self._route(documents[start : start + BATCH])
        return found

    def _route(self, documents: Sequence[Sequence[Page]]) -> list[Routed]:
        counted = features.words_of(documents)
        words = weighed(counted, self.rarity)
        shares = probabilities(together(words, documents), self.weights, self.bias)
        best = shares.argmax(axis=1)
        familiar = self._familiarity(words, best)
        empty = np.diff(counted.indptr) == 0
        return [
            Routed(
                UNKNOWN if none or near < self.threshold else self.types[position],
                self.types[position],
                self.calibration(float(share[position])),
                float(near),
            )
            for position, share, near, none in zip(best, shares, familiar, empty, strict=True)
        ]

    def _familiarity(self, words: Rows, types: NDArray[np.int64]) -> Floats:
        similarity = np.asarray((words @ self.kept.T).todense())  # (N, K)
        found = np.array(
            [
                nearest(row[self.kept_types == position])
                for row, position in zip(similarity, types, strict=True)
            ]
        )
        return np.asarray((found - self.centre[types]) / self.spread[types])


def weighed(counted: Rows, rarity: Floats) -> Rows:
    """Rows of length 1 of counted words, rare ones weighing more."""
    return features.unit(sparse.csr_matrix(counted @ sparse.diags(rarity)))


def together(words: Rows, documents: Sequence[Sequence[Page]]) -> Rows:
    """(N, WORDS + LAYOUT)."""
    layouts = sparse.csr_matrix(LAYOUT_WEIGHT * features.layouts_of(documents))
    return sparse.csr_matrix(sparse.hstack([words, layouts]))


def probabilities(rows: Rows, weights: NDArray[np.float32], bias: Floats) -> Floats:
    """(N, C), each row with the sum 1."""
    scores = np.asarray(rows @ weights.T + bias)
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def nearest(similarities: Floats) -> float:
    """Log of the mean of the `NEIGHBOURS` highest of these (0…1); of none it is that of 0."""
    best = np.sort(similarities)[::-1][:NEIGHBOURS]
    return float(np.log((best.mean() if len(best) else 0.0) + 1e-3))
