"""Several opinions about every word → one, and how much weight each is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.extractors.base import Example, Extracted
from models.extractors.fields import Floats, Reading, read_fields
from models.metrics import score
from models.schema import Schema

Opinion = list[Floats]  # of one document: (W, L) log-probabilities of each page
Weights = tuple[float, float, float]  # of base, trees and CRF; they add up to 1

UNTOLD: Weights = (
    0.5,
    0.4,
    0.1,
)  # of a few documents nothing can be told but that the base knows more than they do
# of equally good ones the first in this row: all three are steadier than any one
TRIED: tuple[Weights, ...] = (
    (0.3, 0.4, 0.3),
    (0.2, 0.5, 0.3),
    (0.2, 0.4, 0.4),
    (0.4, 0.4, 0.2),
    (0.0, 0.6, 0.4),
    (0.5, 0.3, 0.2),
    (0.1, 0.3, 0.6),
    (0.5, 0.5, 0.0),
    (0.7, 0.3, 0.0),
    (0.0, 1.0, 0.0),
    (0.0, 0.0, 1.0),
    (1.0, 0.0, 0.0),
)


def pooled(opinions: Sequence[Opinion], weights: Weights) -> Opinion:
    """The logarithmic opinion pool (Genest and Zidek 1986): the weighted mean of log-probabilities, made a whole again."""
    return [_of_page(pages, weights) for pages in zip(*opinions, strict=True)]


def _of_page(pages: Sequence[Floats], weights: Weights) -> Floats:
    mean: Floats = sum(
        (weight * page for page, weight in zip(pages, weights, strict=True)), start=np.zeros_like(pages[0])
    )
    return mean - np.logaddexp.reduce(mean, axis=1, keepdims=True) if len(mean) else mean


def of_concepts(concepts: NDArray[np.floating[Any]], columns: Sequence[int | None], other: Floats) -> Floats:
    """What the base says of the schema's labels: (W, L) of its (W, H) concepts.

    `columns` are the head's for each label but `O`. A label that no concept means gets the opinion of `other`, since
    the base has none of its own; all concepts that the schema doesn't ask for are outside.
    """
    asked = [column for column in columns if column is not None]
    rest = [column for column in range(concepts.shape[1]) if column not in asked]
    said = np.empty((len(concepts), 1 + len(columns)))
    said[:, 0] = np.logaddexp.reduce(concepts[:, rest], axis=1)
    for label, column in enumerate(columns, start=1):
        said[:, label] = other[:, label] if column is None else concepts[:, column]
    return said


def read(
    schema: Schema, examples: Sequence[Example], opinions: Sequence[Sequence[Opinion]], weights: Weights
) -> list[Extracted]:
    """What the pool of a document's opinions says, uncalibrated."""
    return [
        read_fields(example.pages, pooled(each, weights), schema, Reading())
        for example, each in zip(examples, opinions, strict=True)
    ]


def best_weights(
    schema: Schema, examples: Sequence[Example], opinions: Sequence[Sequence[Opinion]]
) -> Weights:
    """The weights with which most of the examples' values are right (micro F1)."""
    answers = [example.answers for example in examples]
    right = [score(schema, answers, read(schema, examples, opinions, each)).f1() for each in TRIED]
    return TRIED[int(np.argmax(np.round(right, 6)))]


def floored(log_probs: NDArray[np.floating[Any]], least: float = -13.8) -> Floats:
    """Kept off minus infinity: one opinion must not forbid what the others are sure of."""
    return np.maximum(log_probs, least).astype(np.float64)
