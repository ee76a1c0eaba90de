"""Documents whose types people know in, a `Router` out. The same documents and seed give the same router.

When a document is too far from all others of its type is read off the training documents themselves: each is held
against the others, without its own near copies, and the threshold is where the share `LOST` of them would be called
unknown (a conformal bound: Vovk et al. 2005, as near as so many documents allow).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression

from models import calibration
from models.calibration import Calibration
from models.errors import TrainingFailed
from models.pages import Page
from models.routing import features
from models.routing.features import Floats, Rows
from models.routing.router import Router, nearest, probabilities, together, weighed

LOST = 0.015  # share of known documents that may be called unknown
MOST_KEPT = 300  # documents of a type that others are held against
STRENGTH = 30.0  # scikit-learn's C
FOLDS = 5  # for the calibration
LEAST_SPREAD = 0.05

Positions = NDArray[np.int64]


def learn(
    documents: Sequence[Sequence[Page]], types: Sequence[str], groups: Sequence[int], *, seed: int
) -> Router:
    """`types` and `groups` (near copies have the same number, `models.similarity.group`) beside the documents.

    Raises `TrainingFailed` for no documents with words.
    """
    if not len(documents) == len(types) == len(groups):
        raise TrainingFailed(f"{len(documents)} documents, {len(types)} types and {len(groups)} groups")
    counted = features.words_of(documents)
    if counted.nnz == 0:
        raise TrainingFailed("no document has a word: a router learns from what stands in documents")
    names = tuple(sorted(set(types)))
    known = np.array([names.index(each) for each in types], dtype=np.int64)
    group = np.asarray(groups, dtype=np.int64)
    rng = np.random.default_rng(seed)
    present = np.asarray((counted > 0).sum(axis=0)).ravel()
    rarity = np.log((1 + len(documents)) / (1 + present)) + 1
    words = weighed(counted, rarity)
    rows = together(words, documents)
    weights, bias = _fit(rows, known, len(names), seed)
    kept = np.concatenate([_some(np.flatnonzero(known == each), rng) for each in range(len(names))])
    usual = _usual(words, known, group, kept)
    centre, spread = _around(usual, known, len(names))
    return Router(
        types=names,
        weights=weights,
        bias=bias,
        rarity=rarity,
        kept=sparse.csr_matrix(words[kept]),
        kept_types=known[kept],
        centre=centre,
        spread=spread,
        threshold=_threshold((usual - centre[known]) / spread[known]),
        calibration=_calibrated(rows, known, group, rng),
    )


def _fit(rows: Rows, known: Positions, n: int, seed: int) -> tuple[NDArray[np.float32], Floats]:
    """(n, columns) and (n,), with zeros for types without a document among these rows' `known`."""
    weights, bias = np.zeros((n, rows.shape[1]), dtype=np.float32), np.full(n, -1e9)
    there = np.unique(known)
    bias[there] = 0.0
    if len(there) > 1:
        model = LogisticRegression(C=STRENGTH, max_iter=500, class_weight="balanced", random_state=seed)
        model.fit(rows, known)
        # of two, scikit-learn has the weights of the second alone
        own = there if len(there) > 2 else there[1:]
        weights[own], bias[own] = model.coef_, model.intercept_
    return weights, bias


def _some(positions: Positions, rng: np.random.Generator) -> Positions:
    return np.sort(rng.permutation(positions)[:MOST_KEPT])


def _usual(words: Rows, known: Positions, group: Positions, kept: Positions) -> Floats:
    """(N,): how near each document is to the others of its type, near copies apart; NaN for one without others."""
    similarity = np.asarray((words @ words[kept].T).todense())
    others = (known[:, None] == known[kept]) & (group[:, None] != group[kept])
    return np.array(
        [
            nearest(row[other]) if other.any() else np.nan
            for row, other in zip(similarity, others, strict=True)
        ]
    )


def _around(usual: Floats, known: Positions, n: int) -> tuple[Floats, Floats]:
    """Median and spread (as of a normal distribution) for each type; of one that tells nothing, those of all."""
    measured = [usual[(known == each) & ~np.isnan(usual)] for each in range(n)]
    every = usual[~np.isnan(usual)]
    found = [each if len(each) > 1 else every for each in measured]
    centre = np.array([np.median(each) if len(each) else 0.0 for each in found])
    spread = [
        1.4826 * float(np.median(abs(each - middle))) if len(each) else np.inf
        for each, middle in zip(found, centre, strict=True)
    ]
    return centre, np.array(spread) + LEAST_SPREAD


def _threshold(familiarity: Floats) -> float:
    """So that a new document of a known type is below it with probability `LOST`; without evidence nothing is."""
    found = np.sort(familiarity[~np.isnan(familiarity)])
    if not len(found):
        return -float(np.finfo(np.float64).max)
    return float(found[max(0, int((len(found) + 1) * LOST) - 1)])


def _calibrated(rows: Rows, known: Positions, group: Positions, rng: np.random.Generator) -> Calibration:
    """By what others of `FOLDS` parts, whole groups each, say of documents that they haven't learned from."""
    n = int(known.max()) + 1
    part_of = {each: part % FOLDS for part, each in enumerate(rng.permutation(np.unique(group)).tolist())}
    part = np.array([part_of[each] for each in group.tolist()])
    scores: list[float] = []
    right: list[bool] = []
    for held in range(FOLDS):
        tested, taught = np.flatnonzero(part == held), np.flatnonzero(part != held)
        if not len(tested) or not len(taught):
            continue
        weights, bias = _fit(rows[taught], known[taught], n, held)
        said = probabilities(rows[tested], weights, bias)
        scores += said.max(axis=1).tolist()
        right += (said.argmax(axis=1) == known[tested]).tolist()
    return calibration.fit(scores, right) if scores else Calibration()
