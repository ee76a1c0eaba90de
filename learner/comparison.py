"""Two model versions of one type in; how they differ on the same documents out, per field and on examples.

Only documents that say something of both: people confirmed every field of them, both versions extracted them, and
neither learned from them; not those that are said to be of another type. Those held back for judging are among them (`learner.evaluation.keep`), and what both
versions read before somebody corrected it. They are held against what people say today, also where a correction
has changed since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

import numpy as np
from django.db import connection

from annotation import ledger
from annotation.models import Document, DocumentType, Extraction
from learner import evaluation
from learner.models import ModelVersion
from learner.reports import Difference
from models.extractors.base import Answer, Extracted, Value
from models.metrics import Counts, Scores, paired_bootstraps, score
from models.pages import Place
from models.schema import Schema

LOOK_AT = 2000  # newest confirmed documents among which those are looked for that both extracted
MOST = 300  # documents compared: enough for ±3 points, and read in a moment
MOST_EXAMPLES = 10  # each way


@dataclass(frozen=True, slots=True)
class Said:
    """What one version says a field of a document holds; no texts: that it is not there."""

    texts: tuple[str, ...]
    confidence: float | None  # of the least sure one


@dataclass(frozen=True, slots=True)
class Example:
    """A field of a document that one version has right and the other hasn't. `place` is where people found it."""

    document: int
    filename: str
    field: str
    title: str
    truth: tuple[str, ...]
    first: Said
    second: Said
    place: Place | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the second version differs from the first. Without common documents there are no figures."""

    documents: int
    held_back: int  # of them, documents on which both were judged after their training
    overall: Difference | None
    fields: tuple[Difference, ...]
    left_out: tuple[str, ...]  # titles of fields that one of the two wasn't trained for
    second_right: tuple[Example, ...]  # the first is wrong there
    first_right: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class _Common:
    """The compared documents, row by row: their truths, and what each version says of them."""

    documents: list[Document]
    truth: list[tuple[Answer, ...]]
    said: tuple[list[Extracted], list[Extracted]]


def compare(first: ModelVersion, second: ModelVersion, *, field: str = "") -> Comparison:
    """Both versions are of one type; examples are of `field` only, if one is named."""
    document_type = first.document_type
    schema, left_out = _common_fields(document_type, first, second)
    chosen, held_back = _documents(document_type, first, second, schema)
    common = _read(chosen, (first.name, second.name), schema)
    scores = [score(schema, common.truth, said) for said in common.said]
    differences = _differences(scores[0], scores[1]) if chosen and schema.names else []
    right = [_right(each) for each in scores]
    return Comparison(
        documents=len(chosen),
        held_back=held_back,
        overall=differences[0] if differences else None,
        fields=tuple(differences[1:]),
        left_out=left_out,
        second_right=_examples(common, schema, right[1] & ~right[0], field),
        first_right=_examples(common, schema, right[0] & ~right[1], field),
    )


def _common_fields(
    document_type: DocumentType, first: ModelVersion, second: ModelVersion
) -> tuple[Schema, tuple[str, ...]]:
    """The type's fields of today that both were trained for, and the titles of the others."""
    trained = [
        set(Schema.from_json(version.run.snapshot.fields).names)
        for version in (first, second)
        if version.run.snapshot
    ]
    known = set.intersection(*trained) if trained else set(document_type.schema.names)
    fields = tuple(field for field in document_type.schema if field.name in known)
    left_out = tuple(field.title for field in document_type.schema if field.name not in known)
    return Schema(fields), left_out


def _documents(
    document_type: DocumentType, first: ModelVersion, second: ModelVersion, schema: Schema
) -> tuple[list[Document], int]:
    """The newest documents that can be compared, with their truths, and how many of them were held back from both."""
    names = set(schema.names)
    newest = (
        Document.objects.filter(document_type=document_type, truth__isnull=False)
        .exclude(truth__in=ledger.misfiled(document_type))
        .order_by("-truth_id")
        .values_list("pk", flat=True)[:LOOK_AT]
    )
    extracted = Extraction.objects.filter(document_id__in=list(newest))
    ids = set(extracted.filter(model_version=first.name).values_list("document_id", flat=True))
    ids &= set(extracted.filter(model_version=second.name).values_list("document_id", flat=True))
    candidates = sorted(ids, reverse=True)[: 2 * MOST]
    learned = _documents_in(candidates, [first, second], gold=False)
    chosen = [pk for pk in candidates if pk not in learned][:MOST]
    rows = Document.objects.filter(pk__in=chosen).select_related("truth").order_by("-pk")
    whole = [row for row in rows if row.truth and not row.truth.unconfirmed & names]
    held_back = _documents_in(chosen, [first], gold=True) & _documents_in(chosen, [second], gold=True)
    return whole, sum(row.pk in held_back for row in whole)


def _documents_in(ids: Sequence[int], versions: Sequence[ModelVersion], *, gold: bool) -> set[int]:
    """Which of these documents some of the versions learned from, or with `gold` was judged on.

    Asked of the index, correction by correction: to read a snapshot of 200,000 takes 200 times as long.
    """
    snapshots = [version.run.snapshot_id for version in versions if version.run.snapshot_id]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.document_id FROM annotation_correction c WHERE c.document_id = ANY(%s) AND EXISTS ("
            " SELECT 1 FROM learner_snapshot s WHERE s.id = ANY(%s::bigint[])"
            " AND snapshot_part(s.items, %s) @> ARRAY[c.id])",
            [list(ids), snapshots, gold],
        )
        return {document for (document,) in cursor.fetchall()}


def _read(documents: list[Document], versions: tuple[str, str], schema: Schema) -> _Common:
    rows = Extraction.objects.filter(document__in=documents, model_version__in=versions)
    found = {(row.document_id, row.model_version): row for row in rows}
    first, second = (
        [_extracted(found[document.pk, version], schema) for document in documents] for version in versions
    )
    names = set(schema.names)
    truth = [
        tuple(answer for answer in document.truth.said if answer.field in names) if document.truth else ()
        for document in documents
    ]
    return _Common(documents, truth, (first, second))


def _extracted(row: Extraction, schema: Schema) -> Extracted:
    """Both versions' values are taken for what one schema makes of them."""
    return evaluation.by_schema(schema, Extracted(row.found, row.absent))


def _differences(first: Scores, second: Scores) -> list[Difference]:
    """All fields together first. The same chances for everybody who looks."""
    found = paired_bootstraps(first, second, np.random.default_rng(0))
    return [
        Difference(
            name, first.f1(name or None), second.f1(name or None), interval.value, interval.low, interval.high
        )
        for name, interval in found.items()
    ]


def _right(scores: Scores) -> Counts:
    """(N, F): whether a field of a document is wholly right: nothing is missing, nothing too much."""
    right: Counts = (scores.right == scores.true) & (scores.right == scores.predicted)
    return right


def _examples(common: _Common, schema: Schema, where: Counts, only: str) -> tuple[Example, ...]:
    """Some of the (document, field) in `where` (N, F), field after field in turn, so that none hides the others."""
    by_field: dict[str, list[Example]] = defaultdict(list)
    for row, column in np.argwhere(where)[:, :2]:
        field = schema.fields[column]
        if (only and field.name != only) or len(by_field[field.name]) == MOST_EXAMPLES:
            continue
        document, said = common.documents[row], [each[row] for each in common.said]
        answers = [answer for answer in common.truth[row] if answer.field == field.name]
        values = [[value for value in each.values if value.field == field.name] for each in said]
        places = [each.place for each in (*answers, *values[0], *values[1]) if each.place]
        by_field[field.name].append(
            Example(
                document.pk,
                document.filename,
                field.name,
                field.title,
                tuple(answer.text for answer in answers),
                _said(values[0], said[0].absent.get(field.name)),
                _said(values[1], said[1].absent.get(field.name)),
                places[0] if places else None,
            )
        )
    in_turn = (each for turn in zip_longest(*by_field.values()) for each in turn if each)
    return tuple(islice(in_turn, MOST_EXAMPLES))


def _said(values: Sequence[Value], absent: float | None) -> Said:
    if not values:
        return Said((), absent)
    return Said(tuple(value.text for value in values), min(value.confidence for value in values))
