"""Documents that are done out, with the values that count: what a person confirmed, and what was accepted unseen.

A person's answer that looks wrong and that nobody has confirmed yet is not done, nor is one that says that the document
is of another type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from operator import attrgetter

from django.db.models import OuterRef, QuerySet, Subquery

from annotation import ledger
from annotation.export_rows import Row, value_of
from annotation.models import Correction, Document, DocumentType, Move

AT_ONCE = 1000  # documents in memory
CONFIRMED, ACCEPTED = "confirmed", "accepted"


@dataclass(frozen=True, slots=True)
class Finished:
    """A document that is done, and by what."""

    document_id: int
    document: Document
    how: str  # CONFIRMED or ACCEPTED
    about: str  # the correction or extraction that it is done by: another one is another result
    model_version: str  # that was sure of it; empty where a person confirmed it
    at: datetime
    fields: Row  # name → value, a list of them if it may repeat, None if it is absent
    unconfirmed: tuple[str, ...]  # fields that nobody has looked at


def of_document(document_id: int) -> Finished | None:
    """The document as it is done now; None if it isn't, or is gone."""
    one = Document.objects.filter(pk=document_id).select_related("document_type").first()
    if one is None:
        return None
    truths = ledger.truths(one.document_type).filter(document=document_id)
    return next(_confirmed(truths), None) or next(_accepted(Document.objects.filter(pk=document_id)), None)


def of_type(document_type: DocumentType) -> Iterator[Finished]:
    """All of a type, by id; some at a time, however many there are."""
    accepted = Document.objects.filter(document_type=document_type)
    by_id = attrgetter("document_id")
    return merge(_confirmed(ledger.truths(document_type)), _accepted(accepted), key=by_id)


def _confirmed(truths: QuerySet[Correction]) -> Iterator[Finished]:
    done = truths.filter(document__state=Document.State.CONFIRMED).select_related("document__document_type")
    for truth in done.order_by("document_id").iterator(chunk_size=AT_ONCE):
        schema = truth.document.document_type.schema
        yield Finished(
            truth.document_id,
            truth.document,
            CONFIRMED,
            f"correction {truth.pk}",
            "",
            truth.recorded_at,
            {field.name: value_of(field, truth.said) for field in schema},
            tuple(sorted(truth.unconfirmed)),
        )


def _accepted(documents: QuerySet[Document]) -> Iterator[Finished]:
    moved = Move.objects.filter(document=OuterRef("pk"), after=Document.State.ACCEPTED).order_by("-pk")
    done = documents.filter(state=Document.State.ACCEPTED, extraction__isnull=False)
    since = done.annotate(since=Subquery(moved.values("at")[:1])).select_related(
        "document_type", "extraction"
    )
    for document in since.order_by("pk").iterator(chunk_size=AT_ONCE):
        extraction, schema = document.extraction, document.document_type.schema
        assert extraction is not None  # of those that have one only
        yield Finished(
            document.pk,
            document,
            ACCEPTED,
            f"extraction {extraction.pk}",
            extraction.model_version,
            document.since or extraction.created_at,
            {field.name: value_of(field, extraction.found) for field in schema},
            tuple(schema.names),
        )
