"""The pool in, its order out: every document's priority, the reason for it, and the audit slice.

Guaranteed: the strategy never decides who is audited, and nobody is drawn twice; a ranking of 100,000 documents
takes seconds, and writes only the rows that changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import Avg, Count, QuerySet

from annotation import doorbell, jobs, ledger, lifecycle
from annotation.models import Document, DocumentType, LabelTask, Page
from learner import acceptance, automation, cost, ranking, strategies
from learner.models import Look
from models.schema import Schema

T = TypeVar("T")
State = Document.State

RANKED = (*lifecycle.POOL, State.QUEUED)  # the queue too: what has lost its rank is withdrawn from it
LEARN_FROM = 2000  # newest corrections
BATCH = 5000  # rows a statement


@dataclass(slots=True)
class Columns:
    """Documents as they were read, column by column; N of them. What ranking doesn't ask for is here."""

    ids: list[int]
    before: list[tuple[float | None, str]]  # priority and reason
    waiting: ranking.Waiting


def rank_pool(type_id: int) -> None:
    """Rank a type's pool and queue anew; rings "ranking changed"."""
    document_type = DocumentType.objects.get(pk=type_id)
    strategy = strategies.named(document_type.strategy, **document_type.strategy_parameters)
    acceptance.take_back(document_type)
    documents = Document.objects.filter(document_type=document_type, state__in=RANKED)
    truths = ledger.truths(document_type)
    store_looks(documents)
    store_looks(Document.objects.filter(pk__in=truths.filter(extraction__isnull=False).values("document")))

    schema = document_type.schema
    rows = _read(documents, schema)
    waiting = rows.waiting
    asked = cost.fields_asked(
        document_type, waiting.confidence, list(zip(waiting.shas, waiting.audit, strict=True))
    )
    seconds = partial(cost.of(document_type).seconds, asked=asked)
    pool = ranking.pool_of(schema, waiting, _corrected(document_type), seconds)
    automation.count_waiting(document_type, pool.confidence)
    ranked = ranking.rank(
        schema,
        waiting,
        pool,
        strategy,
        share=document_type.audit_share,
        debt=_debt(document_type),
        # the seed is the type's: the same pool is ranked the same, whoever asks, however often
        seed=document_type.pk,
    )
    changed = [
        (document, after.priority, after.reason, after.probability)
        for document, after, before, audited in zip(rows.ids, ranked, rows.before, waiting.audit, strict=True)
        if (after.priority, after.reason) != before or after.probability != audited
    ]
    _write(changed)
    acceptance.accept(document_type)
    doorbell.ring("ranking changed", type_id)


def store_looks(documents: QuerySet[Document]) -> None:
    """Compute, once for each document, what it looks like."""
    missing = documents.exclude(look__rule=ranking.RULE)
    ids = list(missing.order_by("pk").values_list("pk", flat=True))
    for some in _batches(ids, 200):  # documents with all their words in memory
        found = Document.objects.filter(pk__in=some).prefetch_related("pages")
        made = [
            Look(
                document=document,
                rule=ranking.RULE,
                vector=ranking.look(document.word_pages, document.quality).tobytes(),
            )
            for document in found.annotate(quality=Avg("pages__quality"))
        ]
        Look.objects.bulk_create(
            made, update_conflicts=True, unique_fields=["document"], update_fields=["rule", "vector"]
        )


def _debt(document_type: DocumentType) -> float:
    done = LabelTask.objects.filter(document__document_type=document_type, state=LabelTask.State.DONE)
    audited = done.filter(document__audit_probability__isnull=False)
    return ranking.debt(document_type.audit_share, done.count(), audited.count())


def _read(documents: QuerySet[Document], schema: Schema) -> Columns:
    columns = (
        "pk",
        "sha256",
        "audit_probability",
        "priority",
        "reason",
        "extraction__values",
        "extraction__absent",
        "look__vector",
    )
    waiting = ranking.Waiting([], [], [], [], [], [])
    rows = Columns([], [], waiting)
    counted = Page.objects.filter(document__in=documents.values("pk")).order_by()
    pages = dict(counted.values_list("document").annotate(n=Count("pk")))
    for pk, sha, probability, priority, reason, values, absent, look in (
        documents.filter(look__isnull=False).order_by("pk").values_list(*columns).iterator(chunk_size=BATCH)
    ):
        rows.ids.append(pk)
        rows.before.append((priority, reason))
        waiting.shas.append(sha)
        waiting.audit.append(probability)
        waiting.extracted.append(values is not None)
        waiting.confidence.append(ranking.confidences(schema, values or [], absent or {}))
        waiting.looks.append(bytes(look))
        waiting.pages.append(pages.get(pk, 1))
    return rows


def _corrected(document_type: DocumentType) -> list[ranking.Corrected]:
    """The newest `LEARN_FROM` documents that people corrected, the newest first."""
    schema = document_type.schema
    found = (
        ledger.truths(document_type)
        .filter(extraction__isnull=False, document__look__isnull=False)
        .order_by("-pk")
        .values_list("extraction__values", "extraction__absent", "outcomes", "document__look__vector")
    )
    return [
        ranking.Corrected(
            ranking.confidences(schema, values, absent), bytes(look), ranking.faults(schema, outcomes)
        )
        for values, absent, outcomes, look in found[:LEARN_FROM]
    ]


def _write(changed: Sequence[tuple[int, float, str, float | None]]) -> None:
    """One statement for `BATCH` rows; bulk_update's CASE … WHEN takes minutes for what this does in seconds.

    By id, a transaction a batch: a worker that moves one of these documents waits for a moment at most.
    """
    for some in _batches(changed, BATCH):
        ids, priorities, reasons, probabilities = map(list, zip(*some, strict=True))
        with transaction.atomic(), connection.cursor() as cursor:
            jobs.assert_held()
            cursor.execute(
                "UPDATE annotation_document d SET audit_probability = n.probability,"
                # who put it at the head by hand is not overruled
                " priority = CASE WHEN d.asked_by = '' THEN n.priority ELSE d.priority END,"
                " reason = CASE WHEN d.asked_by = '' THEN n.reason ELSE d.reason END"
                " FROM unnest(%s::bigint[], %s::float8[], %s::text[], %s::float8[])"
                " AS n(id, priority, reason, probability) WHERE d.id = n.id",
                [ids, priorities, reasons, probabilities],
            )


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
