"""Pages in, an Extraction by the document type's champion out; after a promotion, for everything not yet confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from annotation import doorbell, jobs, lifecycle
from annotation.models import Document, DocumentType, Extraction, json_of
from models import extractors
from models.registry import RegisteredVersion, Registry

if TYPE_CHECKING:
    from models.extractors.base import Extracted, Extractor

State = Document.State

# all that a person may still be asked about
OPEN = (State.READ, State.EXTRACTED, State.QUEUED, State.SKIPPED, State.ACCEPTED)
BATCH = 32  # documents: enough to fill the model's batches, little to lose when the worker dies


def extract_document(document_id: int) -> None:
    """Extract a document that was just read; without a champion it goes to the pool as it is."""
    document = Document.objects.select_related("document_type").get(pk=document_id)
    if document.state not in OPEN:
        return
    if document.document_type.champion:
        _extract([document], document.document_type)
    doorbell.ring("pool changed", document.document_type_id)


def extract_pool(type_id: int) -> None:
    """Extract with the champion whatever it has not seen yet, then have it ranked and the queue renewed."""
    document_type = DocumentType.objects.get(pk=type_id)
    if not document_type.champion:
        return
    waiting = document_type.documents.filter(state__in=OPEN).exclude(
        extraction__model_version=document_type.champion
    )
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        some = Document.objects.filter(pk__in=ids[start : start + BATCH]).prefetch_related("pages")
        _extract(list(some), document_type)
    doorbell.ring("pool changed", type_id)


def _extract(documents: Sequence[Document], document_type: DocumentType) -> None:
    """Ask the champion, and store its answers unless this worker lost its job meanwhile."""
    extractor = champion(document_type)
    answers = extractor.extract([document.word_pages for document in documents])
    with transaction.atomic():
        jobs.assert_held()
        for document, extracted in zip(documents, answers, strict=True):
            extraction, _new = Extraction.objects.update_or_create(
                document=document,
                model_version=document_type.champion,
                defaults={
                    "values": json_of(extracted.values),
                    "absent": dict(extracted.absent),
                    "score": least_confidence(extracted),
                },
            )
            Document.objects.filter(pk=document.pk).update(extraction=extraction)
        # not by the state that was read before: meanwhile some may have gone to a person
        unseen = Document.objects.filter(pk__in=[each.pk for each in documents], state=State.READ)
        lifecycle.move_many(unseen, State.EXTRACTED, reason=f"extracted by {document_type.champion}")


def least_confidence(extracted: Extracted) -> float:
    """The lowest confidence of any field, present or absent; 0 for an answer without any."""
    return min(
        [value.confidence for value in extracted.values] + list(extracted.absent.values()), default=0.0
    )


def champion(document_type: DocumentType) -> Extractor:
    """The type's champion, loaded once per process."""
    number = int(document_type.champion.rpartition("-v")[2])
    run = document_type.champion_uri.removeprefix("runs:/").partition("/")[0]
    return _loaded(RegisteredVersion(document_type.name, number, run, document_type.champion_sha256))


@lru_cache(maxsize=4)
def _loaded(version: RegisteredVersion) -> Extractor:
    registry = Registry(settings.CONFIG.mlflow_url)
    folder = registry.fetch(version, version.sha256, settings.CONFIG.data / "cache" / "models")
    return extractors.load(folder)
