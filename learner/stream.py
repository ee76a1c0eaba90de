"""A document that was extracted in; its row of signals out, by which the stream of its type is watched for drift.

Written once, as the document passes: what another model says of it later is no change of what comes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db.models import Avg, QuerySet
from django.utils import timezone

from annotation import doorbell
from annotation.labelling import confidences
from annotation.models import Arrival, Document, DocumentType
from learner.models import Signals
from models import drift, signals
from models.layout_print import layout_print

BATCH = 100  # documents with all their words in memory
WAITED = "waited"  # log of the seconds from arrival to extraction: how Docloop does, not what comes in


def note(document_id: int) -> None:
    """Write the signals of a document that was just extracted; rings "stream grew"."""
    document = Document.objects.filter(pk=document_id).select_related("document_type").first()
    if document is None or document.document_type.unknown:
        return
    # it was of another type before
    Signals.objects.filter(document=document).exclude(document_type=document.document_type).delete()
    if write(Document.objects.filter(pk=document_id)):
        doorbell.ring("stream grew", document.document_type_id)


def write(documents: QuerySet[Document]) -> int:
    """Write the signals of documents that have none, in the order of their ids; answers how many."""
    ids = list(documents.filter(signals__isnull=True).order_by("pk").values_list("pk", flat=True))
    sources = dict(
        Arrival.objects.filter(document__in=ids).order_by("-pk").values_list("document", "source__name")
    )
    for start in range(0, len(ids), BATCH):
        some = Document.objects.filter(pk__in=ids[start : start + BATCH]).order_by("pk")
        related = some.select_related("document_type", "extraction").prefetch_related("pages")
        rows = [
            _of(document, document.quality, sources.get(document.pk, ""))
            for document in related.annotate(quality=Avg("pages__quality"))
        ]
        Signals.objects.bulk_create(rows, ignore_conflicts=True)
    return len(ids)


def of(document_type: DocumentType) -> QuerySet[Signals]:
    """The stream of a type, in its order: what rows of the present rule there are."""
    return Signals.objects.filter(document_type=document_type, rule=signals.RULE).order_by("pk")


def table(rows: QuerySet[Signals], names: Sequence[str] = ()) -> drift.Documents:
    """Rows of a stream as arrays; their ids are those of the signals."""
    found = list(rows.order_by("pk").values_list("pk", "numbers", "layout"))
    return drift.documents(
        [pk for pk, _, _ in found],
        [{name: number for name, number in numbers.items() if name != WAITED} for _, numbers, _ in found],
        [bytes(layout) for _, _, layout in found],
        names,
    )


def _of(document: Document, quality: float | None, source: str) -> Signals:
    extraction, schema, pages = document.extraction, document.document_type.schema, document.word_pages
    told: dict[str, Any] = {"values": (), "confidence": {}}
    if extraction:
        sure = confidences(schema, extraction.values, extraction.absent)
        told = {"values": extraction.found, "confidence": dict(zip(schema.names, sure, strict=True))}
    now = timezone.now()
    numbers = signals.numbers(
        pages, quality=quality, schema=schema, today=document.received_at.date(), **told
    )
    waited = max(0.0, (now - document.received_at).total_seconds())
    return Signals(
        document=document,
        document_type=document.document_type,
        source=source[:80],
        rule=signals.RULE,
        numbers=numbers | {WAITED: round(float(np.log1p(waited)), 4)},
        layout=layout_print(pages).tobytes(),
        at=now,
    )
