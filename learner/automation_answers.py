"""A model version in; what it said of audited documents that it has not learned from, beside what people said, out.

Audited documents are picked by lot, whatever a model thinks of them, so they stand for those to come. Those of a
version are the ones that were gold in its training, and those that people have answered since it is in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.db.models import OuterRef, QuerySet, Subquery

from annotation import ledger
from annotation.labelling import ASSUMED
from annotation.models import Correction, DocumentType, Extraction
from learner import ranking
from learner.automation_curve import Answers, Flags
from learner.models import ModelVersion
from learner.snapshots import Split
from models.extractors.base import Answer, Extracted, Value
from models.metrics import score
from models.schema import Schema

MOST = 5000  # newest ones


@dataclass(frozen=True, slots=True)
class Stream:
    """Answered documents in the order in which people first answered them, and when they did."""

    answers: Answers
    at: tuple[datetime, ...]


def of(document_type: DocumentType, version: str, *, after: datetime | None = None) -> Stream:
    """What people said of audited documents that `version` has extracted; only those first answered `after` that."""
    schema = document_type.schema
    columns = (
        "document",
        "values",
        "absent",
        "document__truth__answers",
        "document__truth__outcomes",
        "first",
    )
    corrections = Correction.objects.filter(document=OuterRef("document"), skipped=False)
    first = corrections.order_by("pk").values("recorded_at")[:1]
    found = _found(document_type, version).annotate(first=Subquery(first))
    if after is not None:
        found = found.filter(first__gt=after)
    newest = list(found.order_by("-first", "-pk").values_list(*columns)[:MOST])
    learned = set() if after is not None else _learned(version, [row[0] for row in newest])
    rows = [
        (values, absent, answers, first)
        for document, values, absent, answers, outcomes, first in reversed(newest)
        # what nobody was asked for is no answer; and what a version has learned from says nothing of others
        if ASSUMED not in outcomes.values() and document not in learned
    ]
    confidence = [ranking.confidences(schema, values, absent) for values, absent, *_ in rows]
    return Stream(
        Answers(
            schema.names,
            np.array(confidence, dtype=np.float64).reshape(-1, len(schema.names)),
            wrong(
                schema,
                [[Answer.from_json(stored) for stored in answers] for _, _, answers, _ in rows],
                [[Value.from_json(stored) for stored in values] for values, *_ in rows],
            ),
        ),
        tuple(first for *_, first in rows),
    )


def count(document_type: DocumentType, version: str) -> int:
    """How many there are, at the most: cheaper than looking at each."""
    return _found(document_type, version).count()


def wrong(schema: Schema, answers: Sequence[Sequence[Answer]], said: Sequence[Sequence[Value]]) -> Flags:
    """Which fields of each document a person has to change: (N, F). Only values count, not where they stand."""
    # by the type's schema on both sides: a model may have learned that 03/04 is in April
    extracted = [
        Extracted(
            tuple(
                replace(value, normalised=schema[value.field].normalise(value.text))
                for value in values
                if value.field in schema
            )
        )
        for values in said
    ]
    scores = score(schema, answers, extracted)
    repeats = np.array([field.repeats for field in schema])
    predicted = np.where(repeats, scores.predicted, np.minimum(scores.predicted, 1))
    return np.asarray((scores.right < scores.true) | (scores.right < predicted))


def _found(document_type: DocumentType, version: str) -> QuerySet[Extraction]:
    found = Extraction.objects.filter(
        model_version=version,
        document__document_type=document_type,
        document__audit_probability__gt=0,
        document__truth__source=Correction.Source.LABEL_STUDIO,
    )
    return found.exclude(document__truth__in=ledger.misfiled(document_type))


def _learned(version: str, documents: Sequence[int]) -> set[int]:
    """Those of `documents` (ids) that `version` was trained or calibrated with."""
    found = ModelVersion.objects.filter(name=version, run__snapshot__isnull=False)
    items = found.values_list("run__snapshot__items", flat=True).first() or []
    taught = {correction for correction, split in items if split != Split.GOLD}
    theirs = Correction.objects.filter(document__in=documents).values_list("pk", "document")
    return {document for correction, document in theirs if correction in taught}
