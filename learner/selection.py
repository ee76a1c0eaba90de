"""The pool in, its order out: every document's priority, the reason for it, and the audit slice.

Guaranteed: the strategy never decides who is audited, and nobody is drawn twice; a ranking of 100,000 documents
takes seconds, and writes only the rows that changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from django.db import connection, transaction
from django.db.models import Avg, Count, QuerySet

from annotation import doorbell, jobs, ledger, lifecycle
from annotation.models import Document, DocumentType, LabelTask, Page
from learner import acceptance, cost, ranking, strategies
from learner.models import Look
from learner.strategies.base import Floats, Pool, Rows
from learner.strategies.diversity import novelty
from learner.strategies.uncertainty import expected_errors
from models.schema import Schema

T = TypeVar("T")
State = Document.State

RANKED = (*lifecycle.POOL, State.QUEUED)  # the queue too: what has lost its rank is withdrawn from it
HEAD = 200  # documents that the strategy orders; the others follow by expected errors
LEARN_FROM = 2000  # newest corrections
BATCH = 5000  # rows a statement


@dataclass(slots=True)
class Columns:
    """Documents as they were read, column by column; N of them."""

    ids: list[int] = field(default_factory=list)
    shas: list[str] = field(default_factory=list)
    audit: list[float | None] = field(default_factory=list)
    before: list[tuple[float | None, str]] = field(default_factory=list)  # priority and reason
    extracted: list[bool] = field(default_factory=list)
    confidence: list[list[float]] = field(default_factory=list)
    looks: list[bytes] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)


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
    share = document_type.audit_share
    chosen = [
        kept if kept is not None else share if ranking.draw(sha) < share else None
        for kept, sha in zip(rows.audit, rows.shas, strict=True)
    ]
    pool = _pool(rows, document_type)
    ranked = np.flatnonzero([probability is None for probability in chosen])
    # the seed is the type's: the same pool is ranked the same, whoever asks, however often
    order = _order(pool.only(ranked), strategy, np.random.default_rng(document_type.pk))
    audited = [row for row, probability in enumerate(chosen) if probability is not None]
    audited.sort(key=lambda row: ranking.draw(rows.shas[row]))
    woven = ranking.weave(ranked[order].tolist(), audited, share, _debt(document_type))

    priorities = _priorities(woven)
    distance = novelty(pool.looks, pool.seen_looks) if len(pool.seen_looks) else np.zeros(len(pool))
    changed: list[tuple[int, float, str, float | None]] = []
    for row, (document, probability) in enumerate(zip(rows.ids, chosen, strict=True)):
        reason = (
            ranking.audit_reason(probability)
            if probability is not None
            else ranking.reason(
                schema, rows.confidence[row], extracted=rows.extracted[row], novelty=float(distance[row])
            )
        )
        after = (priorities[row], reason)
        if after != rows.before[row] or probability != rows.audit[row]:
            changed.append((document, *after, probability))
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


def _order(pool: Pool, strategy: strategies.Strategy, rng: np.random.Generator) -> Rows:
    """All rows: first what the strategy picks, then the others by expected errors."""
    head = strategy(pool, HEAD, rng)
    others = np.setdiff1d(np.arange(len(pool)), head)
    return np.concatenate([head, others[np.argsort(-expected_errors(pool)[others], kind="stable")]])


def _priorities(order: Sequence[int]) -> dict[int, float]:
    """Row → priority: 1…2 and different for the first `HEAD`, below that in hundredths.

    Coarse where it doesn't matter, because every correction ranks anew and every changed row is written.
    """
    coarse = {place: round(1 - place / len(order), 2) for place in range(HEAD, len(order))}
    return {row: coarse.get(place, 2 - place / HEAD) for place, row in enumerate(order)}


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
    rows = Columns()
    counted = Page.objects.filter(document__in=documents.values("pk")).order_by()
    pages = dict(counted.values_list("document").annotate(n=Count("pk")))
    for pk, sha, probability, priority, reason, values, absent, look in (
        documents.filter(look__isnull=False).order_by("pk").values_list(*columns).iterator(chunk_size=BATCH)
    ):
        rows.ids.append(pk)
        rows.shas.append(sha)
        rows.audit.append(probability)
        rows.before.append((priority, reason))
        rows.extracted.append(values is not None)
        rows.confidence.append(ranking.confidences(schema, values or [], absent or {}))
        rows.looks.append(bytes(look))
        rows.pages.append(pages.get(pk, 1))
    return rows


def _pool(rows: Columns, document_type: DocumentType) -> Pool:
    schema = document_type.schema
    corrected = (
        ledger.truths(document_type)
        .filter(extraction__isnull=False, document__look__isnull=False)
        .order_by("-pk")
        .values_list("extraction__values", "extraction__absent", "outcomes", "document__look__vector")
    )
    seen = list(corrected[:LEARN_FROM])
    pages = np.array(rows.pages, dtype=np.float64)
    pool = Pool(
        _table(rows.confidence, len(schema.fields)),
        _vectors(rows.looks),
        _table(
            [ranking.confidences(schema, values, absent) for values, absent, _, _ in seen], len(schema.fields)
        ),
        _vectors([bytes(look) for _, _, _, look in seen]),
        np.array([ranking.faults(schema, outcomes) for _, _, outcomes, _ in seen], dtype=np.int64),
        pages,
    )
    # by the confidences: a strategy may know better which fields are wrong, but seconds change little by it
    errors = expected_errors(pool).astype(np.float64)
    return replace(pool, seconds=cost.of(document_type).seconds(errors, pages))


def _table(rows: Sequence[Sequence[float]], columns: int) -> Floats:
    return np.array(rows, dtype=np.float32).reshape(-1, columns)


def _vectors(looks: Sequence[bytes]) -> Floats:
    return np.frombuffer(b"".join(looks), dtype=np.float32).reshape(-1, ranking.DEPTH)


def _write(changed: Sequence[tuple[int, float, str, float | None]]) -> None:
    """One statement for `BATCH` rows; bulk_update's CASE … WHEN takes minutes for what this does in seconds.

    By id, a transaction a batch: a worker that moves one of these documents waits for a moment at most.
    """
    for some in _batches(changed, BATCH):
        ids, priorities, reasons, probabilities = map(list, zip(*some, strict=True))
        with transaction.atomic(), connection.cursor() as cursor:
            jobs.assert_held()
            cursor.execute(
                "UPDATE annotation_document d SET priority = n.priority, reason = n.reason,"
                " audit_probability = n.probability"
                " FROM unnest(%s::bigint[], %s::float8[], %s::text[], %s::float8[])"
                " AS n(id, priority, reason, probability) WHERE d.id = n.id",
                [ids, priorities, reasons, probabilities],
            )


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
