"""Two opinions about every word → one, and how much weight the second is worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.extractors.base import Example, Extracted
from models.extractors.fields import Floats, Reading, read_fields
from models.metrics import score
from models.schema import Schema

Opinion = list[Floats]  # of one document: (W, L) log-probabilities of each page
WEIGHTS = (0.5, 0.35, 0.65, 0.2, 0.8, 0.0, 1.0)  # of the second; of equally good ones the first in this row


def pooled(first: Opinion, second: Opinion, weight: float) -> Opinion:
    """The logarithmic opinion pool (Genest and Zidek 1986): the weighted mean of log-probabilities, made a whole again."""
    pages = []
    for one, other in zip(first, second, strict=True):
        mean = (1 - weight) * one + weight * other
        pages.append(mean - np.logaddexp.reduce(mean, axis=1, keepdims=True) if len(mean) else mean)
    return pages


def read(
    schema: Schema,
    examples: Sequence[Example],
    opinions: tuple[Sequence[Opinion], Sequence[Opinion]],
    weight: float,
) -> list[Extracted]:
    """What the pool says of the examples, uncalibrated."""
    return [
        read_fields(example.pages, pooled(one, other, weight), schema, Reading())
        for example, one, other in zip(examples, *opinions, strict=True)
    ]


def best_weight(
    schema: Schema, examples: Sequence[Example], opinions: tuple[Sequence[Opinion], Sequence[Opinion]]
) -> float:
    """The weight of the second with which most of the examples' values are right (micro F1); half without examples.

    Leaving one out is worth more than a hair: that a document in three hundred is read better needs no second model.
    """
    answers = [example.answers for example in examples]
    right = {
        weight: score(schema, answers, read(schema, examples, opinions, weight)).f1() for weight in WEIGHTS
    }
    return (
        max(WEIGHTS, key=lambda weight: (round(right[weight], 6), -WEIGHTS.index(weight)))
        if examples
        else 0.5
    )
