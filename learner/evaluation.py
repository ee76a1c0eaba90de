"""A model and gold documents in, how right it is out: per field and overall, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from annotation import extraction
from annotation.models import Document, Extraction, json_of
from models.extractors.base import Example, Extracted, Extractor
from models.judging import extract_all
from models.metrics import Scores, score
from models.schema import Schema


def measure(extractor: Extractor, gold: Sequence[Example], schema: Schema) -> Scores:
    """Let the model extract every gold document, and compare with what people said, field by field.

    All by `schema`, also the values: a model may take 03/04/2024 for another day than the one it is compared with, but
    both are asked where the date stands. A model that doesn't know a field has it missing everywhere.
    """
    return compare(gold, answers(extractor, gold, schema), schema)


def answers(extractor: Extractor, gold: Sequence[Example], schema: Schema) -> list[Extracted]:
    """What the model says of every gold document, in their order and by `schema`."""
    said = extract_all(extractor.extract, [example.pages for example in gold]).extracted
    return [by_schema(schema, each) for each in said]


def compare(gold: Sequence[Example], said: Sequence[Extracted], schema: Schema) -> Scores:
    """The same with `answers` that are there already."""
    return score(schema, [example.answers for example in gold], said)


def keep(version: str, gold: Sequence[Example], said: Sequence[Extracted]) -> None:
    """Store what a version says of gold documents, so that people can compare it with what others say of them.

    In the caller's transaction. Documents that were erased meanwhile are left out; what is there already stays.
    """
    rows = dict(zip([int(example.key) for example in gold], said, strict=True))
    there = Document.objects.filter(pk__in=rows).select_for_update(no_key=True).values_list("pk", flat=True)
    Extraction.objects.bulk_create(
        [
            Extraction(
                document_id=pk,
                model_version=version,
                values=json_of(rows[pk].values),
                absent=dict(rows[pk].absent),
                score=extraction.least_confidence(rows[pk]),
            )
            for pk in sorted(there)
        ],
        ignore_conflicts=True,
        batch_size=500,
    )


def by_schema(schema: Schema, extracted: Extracted) -> Extracted:
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
