"""BALD by dropout: the quick learner, as a network with one hidden layer, is asked many times, each time without some units.

Where its answers are sure and differ, it lacks what a correction can tell (Houlsby et al. 2011); dropout stands for the
doubt about the model (Gal and Ghahramani 2016). The hidden layer is drawn and never trained (Rahimi and Recht 2008), so
that learning is a logistic regression and takes a moment. modAL's own `mc_dropout_bald` wants a network in torch.
"""

from __future__ import annotations

import numpy as np

from learner.strategies.base import Floats, Need, Pool, Rows, choosing, highest
from learner.strategies.modal import information, knows
from learner.strategies.uncertainty import least_confident

UNITS = 256  # of the hidden layer
COPIES = 3  # of each correction, without other units: what is asked with dropout has learned with it
CHUNK = 10_000  # documents that are told at a time


def by_dropout(
    pool: Pool, n: int, rng: np.random.Generator, *, passes: int = 20, dropped: float = 0.5
) -> Rows:
    """Highest mutual information of the answer and of the units that were left out.

    `passes` times a share of the units, `dropped` (0…1), is left out: the same ones for all documents. By the
    confidences as long as too little is known.
    """
    if len(pool) == 0 or not knows(pool.seen_faults):
        return highest(least_confident(pool), n, rng)
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(pool.seen_features)
    wide = pool.seen_features.shape[1]
    weights, shift = rng.standard_normal((wide, UNITS)) / np.sqrt(wide), rng.standard_normal(UNITS)

    def hidden(features: Floats) -> Floats:
        layer: Floats = np.maximum(scaler.transform(features) @ weights + shift, 0)
        return layer

    seen = np.repeat(hidden(pool.seen_features), COPIES, axis=0)
    learner = LogisticRegression(C=0.1 / COPIES, max_iter=500)
    learner.fit(seen * _masks(seen.shape, dropped, rng), np.repeat(pool.seen_faults, COPIES))
    masks = _masks((passes, UNITS), dropped, rng)
    measure = np.empty(len(pool))
    for start in range(0, len(pool), CHUNK):
        rows = pool.only(np.arange(start, min(start + CHUNK, len(pool))))
        layer = hidden(rows.features)
        told = np.stack([learner.predict_proba(layer * mask) for mask in masks], axis=1)
        measure[start : start + len(rows)] = information(told)
    return highest(measure, n, rng)


def _masks(shape: tuple[int, ...], dropped: float, rng: np.random.Generator) -> Floats:
    """0 for what is left out; what stays weighs more, so that sums stay as they were."""
    kept = max(1 - dropped, 0.05)
    return ((rng.random(shape) < kept) / kept).astype(np.float32)


DROPOUT = choosing(
    "bald-dropout",
    "BALD by dropout: the quick learner is sure of something else each time it lacks some units",
    by_dropout,
    Need.CONFIDENCE,
    Need.LOOKS,
    Need.CORRECTIONS,
)
