"""Pages in, an Extraction by what reads the type now out: its champion, or before there is one its untaught extractor.

After a promotion, another schema or another base, everything that is not yet confirmed is extracted anew. What a version
has said before, and comes back to by a rollback, is taken up as it was (`take_up`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from annotation import audit_trail, canary, doorbell, jobs, lifecycle
from annotation.errors import Refused
from annotation.models import Document, DocumentType, Extraction, json_of
from models import extractors
from models.extractors import untaught
from models.extractors.untaught import Untaught
from models.registry import RegisteredVersion, Registry

if TYPE_CHECKING:
    from models.extractors.base import Extracted, Extractor

State = Document.State

# all that a person may still be asked about
OPEN = (State.READ, State.EXTRACTED, State.QUEUED, State.SKIPPED, State.ACCEPTED)
TAKEN_UP = 5000  # documents a statement: half a second
TAKING_UP = 0x74616B65  # of PostgreSQL's advisory locks, with the document type: whoever takes up what was said before
BATCH = 32  # documents: enough to fill the model's batches, little to lose when the worker dies


def extract_document(document_id: int) -> None:
    """Extract a document that was just read; where nothing can read its type yet, it goes to the pool as it is."""
    document = Document.objects.select_related("document_type", "extraction").get(pk=document_id)
    if document.state not in OPEN:
        return
    version = version_for(document.document_type, document)
    if version and (document.extraction is None or document.extraction.model_version != version):
        _extract([document], document.document_type)
    doorbell.ring("document extracted", document.pk)
    doorbell.ring("pool changed", document.document_type_id)


def ask_again(document: Document, *, by: str) -> None:
    """Have a document extracted once more by what reads its type now. Raises `Refused` if that can't be."""
    if document.document_type.unknown:
        raise Refused("Nobody knows yet what type of document this is: say so first, and it is extracted.")
    if document.state not in (*OPEN, State.CONFIRMED):
        raise Refused(f"This document is {document.state}: it has no words yet to be extracted from.")
    version = version_in_use(document.document_type)
    if not version:
        raise Refused(f"Nothing reads {document.document_type.title} yet: it has no model.")
    with transaction.atomic():
        doorbell.ring("extraction asked", document.pk)
        audit_trail.record(
            by=by, action="asked for an extraction", subject=f"document {document.pk}", why=f"by {version}"
        )


def extract_again(document_id: int) -> None:
    """Extract a document whatever was said of it before; what people confirmed stays as it is."""
    document = Document.objects.select_related("document_type").get(pk=document_id)
    if document.state in (*OPEN, State.CONFIRMED):
        _extract([document], document.document_type)
        doorbell.ring("pool changed", document.document_type_id)


def take_up(type_id: int) -> None:
    """Show again what the version in use has said of documents before another one read them.

    A rollback takes seconds by this, however long the pool took to be extracted. Rings "pool changed" if there were any.
    """
    taken = 0
    for version, its in _unseen_by(DocumentType.objects.get(pk=type_id)):
        while version and (some := _take_up_some(type_id, version, its)):
            taken += some
    if taken:
        doorbell.ring("pool changed", type_id)


@transaction.atomic
def _take_up_some(type_id: int, version: str, unseen: QuerySet[Document]) -> int:
    """Take up what the version said of the first `TAKEN_UP` of the documents; answers of how many.

    One worker after the other: a new champion is taken up and its pool extracted by two at once, and either would write
    the rows that the other has just written.
    """
    jobs.assert_held()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [TAKING_UP, type_id])
    said = Extraction.objects.filter(document=OuterRef("pk"), model_version=version)
    again = unseen.filter(Exists(said)).order_by("pk")
    documents = Document.objects.filter(pk__in=list(again.values_list("pk", flat=True)[:TAKEN_UP]))
    taken = documents.update(extraction=Subquery(said.values("pk")[:1]))
    lifecycle.move_many(documents.filter(state=State.READ), State.EXTRACTED, reason=f"extracted by {version}")
    return taken


def extract_pool(type_id: int) -> None:
    """Extract whatever the version in use has not seen yet, then have it ranked and the queue renewed."""
    take_up(type_id)
    document_type = DocumentType.objects.get(pk=type_id)
    if not version_in_use(document_type):
        return
    ids = list(unseen(document_type).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        some = Document.objects.filter(pk__in=ids[start : start + BATCH]).prefetch_related("pages")
        _extract(list(some), document_type)
        jobs.tell(min(1.0, (start + BATCH) / len(ids)))
    doorbell.ring("pool changed", type_id)


def extract_left() -> None:
    """Ring for the types of which the version in use has not seen every document.

    Nobody tells when Docloop comes with another base, and a version may change while a document is extracted.
    """
    for document_type in DocumentType.objects.order_by("pk"):
        if version_in_use(document_type) and unseen(document_type).exists():
            doorbell.ring("extractions outdated", document_type.pk)


def unseen(document_type: DocumentType) -> QuerySet[Document]:
    """What a person may still be asked about, and the version that fills it in has not extracted."""
    first, *others = (documents for _, documents in _unseen_by(document_type))
    for documents in others:
        first = first | documents
    return first


def _unseen_by(document_type: DocumentType) -> list[tuple[str, QuerySet[Document]]]:
    """The same by version: the one in use, and a challenger that fills in its share."""
    there = document_type.documents.filter(state__in=OPEN)
    champion = version_in_use(document_type)
    if not document_type.challenger_share:
        return [(champion, there.exclude(extraction__model_version=champion))]
    challenger, there = document_type.challenger, there.alias(lot=canary.lot(document_type))
    filled = canary.filled_in(document_type)
    return [
        (champion, there.exclude(filled).exclude(extraction__model_version=champion)),
        (challenger, there.filter(filled).exclude(extraction__model_version=challenger)),
    ]


def version_for(document_type: DocumentType, document: Document) -> str:
    """Whose answers this document has: `version_in_use`, unless a challenger fills it in."""
    if canary.fills_in(document_type, document.sha256):
        return document_type.challenger
    return version_in_use(document_type)


def version_in_use(document_type: DocumentType) -> str:
    """Whose answers the type's documents have: its champion's, else its untaught extractor's; "" if it has neither."""
    if document_type.champion:
        return document_type.champion
    found = untaught_of(document_type)
    return found.version if found else ""


def untaught_of(document_type: DocumentType) -> Untaught | None:
    """What the type's extractor can say before it has learned anything, champion or not; None if that is nothing."""
    base = document_type.recipe.get("base", "")
    return untaught.of(document_type.extractor, document_type.schema, base if isinstance(base, str) else "")


def in_use(document_type: DocumentType) -> Extractor | None:
    """What extracts the type's documents now, loaded once per process; None if nothing can."""
    if document_type.champion:
        return champion(document_type)
    found = untaught_of(document_type)
    return opened(found) if found else None


def champion(document_type: DocumentType) -> Extractor:
    """The type's champion, loaded once per process."""
    return _loaded(registered(document_type))


def challenger(document_type: DocumentType) -> Extractor:
    """The challenger that is tried out, loaded once per process."""
    its = (document_type.challenger, document_type.challenger_uri, document_type.challenger_sha256)
    return _loaded(_registered(document_type, *its))


def registered(document_type: DocumentType) -> RegisteredVersion:
    """The type's champion as it is registered."""
    its = (document_type.champion, document_type.champion_uri, document_type.champion_sha256)
    return _registered(document_type, *its)


def _registered(document_type: DocumentType, version: str, uri: str, sha256: str) -> RegisteredVersion:
    run = uri.removeprefix("runs:/").partition("/")[0]
    return RegisteredVersion(document_type.name, int(version.rpartition("-v")[2]), run, sha256)


def fetched(version: RegisteredVersion) -> Path:
    """The folder of a version's files, fetched if need be; raises `RegistryError`."""
    registry = Registry(settings.CONFIG.mlflow_url)
    return registry.fetch(version, version.sha256, settings.CONFIG.data / "cache" / "models")


@lru_cache(maxsize=4)
def opened(found: Untaught) -> Extractor:
    """An untaught extractor, opened once per process; raises `RegistryError`."""
    return found.open(settings.CONFIG.data / "cache" / "base")


@lru_cache(maxsize=4)
def _loaded(version: RegisteredVersion) -> Extractor:
    return extractors.load(fetched(version))


def _extract(documents: Sequence[Document], document_type: DocumentType) -> None:
    """Ask what fills each of them in, and store its answers unless this worker lost its job meanwhile."""
    tried = [each for each in documents if canary.fills_in(document_type, each.sha256)]
    if tried:
        _take(tried, document_type, document_type.challenger, challenger(document_type))
    others = [each for each in documents if each not in tried]
    extractor = in_use(document_type) if others else None
    if extractor:
        _take(others, document_type, version_in_use(document_type), extractor)


def _take(
    documents: Sequence[Document], document_type: DocumentType, version: str, extractor: Extractor
) -> None:
    answers = extractor.extract([document.word_pages for document in documents])
    with transaction.atomic():
        jobs.assert_held()
        for document, extracted in zip(documents, answers, strict=True):
            extraction = keep(document, version, extracted)
            # unless it was moved to another type meanwhile
            still = Document.objects.filter(pk=document.pk, document_type=document_type)
            still.update(extraction=extraction)
        # not by the state that was read before: meanwhile some may have gone to a person
        waiting = document_type.documents.filter(pk__in=[each.pk for each in documents], state=State.READ)
        lifecycle.move_many(waiting, State.EXTRACTED, reason=f"extracted by {version}")


def keep(document: Document, version: str, extracted: Extracted) -> Extraction:
    """The row of what a version says of a document, in place of what it said before."""
    extraction, _new = Extraction.objects.update_or_create(
        document=document,
        model_version=version,
        defaults={
            "values": json_of(extracted.values),
            "absent": dict(extracted.absent),
            "score": least_confidence(extracted),
            "created_at": Now(),
        },
    )
    return extraction


def least_confidence(extracted: Extracted) -> float:
    """The lowest confidence of any field, present or absent; 0 for an answer without any."""
    return min(
        [value.confidence for value in extracted.values] + list(extracted.absent.values()), default=0.0
    )
