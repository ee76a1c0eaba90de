"""A model and gold documents in, how right it is out: per field and overall, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models.extractors.base import Example, Extracted, Extractor
from models.judging import extract_all
from models.metrics import Scores, score
from models.schema import Schema


def measure(extractor: Extractor, gold: Sequence[Example], schema: Schema) -> Scores:
    """Let the model extract every gold document, and compare with what people said, field by field.

    All by `schema`, also the values: a model may take 03/04/2024 for another day than the one it is compared with, but
    both are asked where the date stands. A model that doesn't know a field has it missing everywhere.
    """
    said = extract_all(extractor.extract, [example.pages for example in gold]).extracted
    return score(schema, [example.answers for example in gold], [_by(schema, each) for each in said])


def _by(schema: Schema, extracted: Extracted) -> Extracted:
    """The same with its values normalised by `schema`, as far as it has their fields."""
    values = [
        replace(value, normalised=schema[value.field].normalise(value.text) or None)
        for value in extracted.values
        if value.field in schema
    ]
    return Extracted(tuple(values), extracted.absent)


def figures(scores: Scores, rng: np.random.Generator) -> dict[str, Any]:
    """JSON of a version's figures: F1 with its 95 % interval, precision and recall, overall and per field."""
    return {
        "documents": len(scores),
        "overall": _figures(scores, rng, None),
        "fields": {field: _figures(scores, rng, field) for field in scores.fields},
    }


def flat(stored: dict[str, Any]) -> dict[str, float]:
    """The same as MLflow's metrics: `gold_f1`, `gold_total_f1`, `gold_total_precision`, …"""
    metrics = {f"gold_{name}": value for name, value in stored["overall"].items()}
    for field, figures_of_field in stored["fields"].items():
        metrics |= {f"gold_{field}_{name}": value for name, value in figures_of_field.items()}
    return metrics | {"gold_documents": float(stored["documents"])}


def _figures(scores: Scores, rng: np.random.Generator, field: str | None) -> dict[str, float]:
    interval = scores.interval(rng, field)
    return {
        "f1": interval.value,
        "low": interval.low,
        "high": interval.high,
        "precision": scores.precision(field),
        "recall": scores.recall(field),
    }
