"""A new answer in; out who is asked again: for agreement, as a probe, and about what is still in doubt.

Who is picked is drawn by lot from what never changes (a document's hash, an answer's), so that a job which is done twice
asks once, and no model or person has a say in it.
"""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
from django.db.models import QuerySet

from annotation import rechecks
from annotation.models import Correction, Document, DocumentType, Extraction, Recheck
from learner import probes, suspects
from learner.models import Suspect

Purpose = Recheck.Purpose
MOST_ASKED = 2  # further times that people are asked for agreement who have answered already
MOST_LEFT = (
    20  # documents of the overlap that wait for an answer before any that was passed over is asked about
)
TRIED = 20  # documents, until one has a value that a probe can show wrongly


def check_answer(document_id: int) -> None:
    """After each new truth of a document: close doubts, and ask again whom the lot or a doubt picks."""
    document = (
        Document.objects.filter(pk=document_id, truth__isnull=False)
        .select_related("document_type", "truth__extraction", "extraction")
        .first()
    )
    if document is None or document.truth is None:
        return
    suspects.settle(document)
    for recheck in document.rechecks.filter(purpose=Purpose.OVERLAP, state=Recheck.State.DONE).select_related(
        "first", "document__document_type", "document__truth"
    ):
        suspects.differ(recheck)
    if document.truth.source == Correction.Source.LABEL_STUDIO:
        _ask_for_agreement(document, document.truth)
        if document.truth.recheck_id is None:
            _probe(document, document.truth)
    suspects.ask_others(document.document_type)


def ask_left() -> None:
    """Ask about documents of the overlap that nobody could be asked about when they were answered, some at a time.

    There was nobody else yet who labels their type, or they were being asked about for another reason.
    """
    wanted = DocumentType.objects.filter(overlap_share__gt=0, overlap_annotators__gt=1)
    for document_type in wanted.filter(project_id__isnull=False):
        people = len(rechecks.annotators(document_type))
        ours = Recheck.objects.filter(document__document_type=document_type)
        room = MOST_LEFT - ours.filter(purpose=Purpose.OVERLAP, state__in=rechecks.LIVE).count()
        if people < 2 or room <= 0:
            continue
        for document_id in _left(document_type, ours, min(people, document_type.overlap_annotators))[:room]:
            document = Document.objects.select_related("document_type", "truth").get(pk=document_id)
            if document.truth is not None:
                _ask_for_agreement(document, document.truth)


def _left(document_type: DocumentType, ours: QuerySet[Recheck], answers: int) -> list[int]:
    """The documents of the overlap that have fewer `answers`, and that nobody is asked about: the oldest first."""
    overlap = ours.filter(purpose=Purpose.OVERLAP)
    asked = Counter(overlap.values_list("document", flat=True))
    done = Counter(overlap.filter(state=Recheck.State.DONE).values_list("document", flat=True))
    live = set(ours.filter(state__in=rechecks.LIVE).values_list("document", flat=True))
    confirmed = document_type.documents.filter(
        state=Document.State.CONFIRMED, truth__source=Correction.Source.LABEL_STUDIO
    )
    return [
        pk
        for pk, sha256 in confirmed.order_by("pk").values_list("pk", "sha256").iterator()
        if lot("overlap", sha256) < document_type.overlap_share
        and pk not in live
        and 1 + done[pk] < answers
        and asked[pk] < document_type.overlap_annotators - 1 + MOST_ASKED
    ]


def lot(purpose: str, what: str) -> float:
    """0…1, always the same for the same, and independent of all that a model or a person says."""
    return int.from_bytes(hashlib.sha256(f"{purpose} {what}".encode()).digest()[:8]) / 2**64


def _ask_for_agreement(document: Document, truth: Correction) -> None:
    """Have a document of the overlap answered by as many people as the type wants, each shown what the first was."""
    kind = document.document_type
    if lot("overlap", document.sha256) >= kind.overlap_share:
        return
    if len(rechecks.answered_by(document)) >= kind.overlap_annotators:
        return
    asked = document.rechecks.filter(purpose=Purpose.OVERLAP)
    if asked.count() >= kind.overlap_annotators - 1 + MOST_ASKED:
        return
    before = asked.order_by("pk").select_related("first__extraction").first()
    first = before.first if before else truth
    rechecks.ask(
        document,
        Purpose.OVERLAP,
        because=f"overlap {asked.count() + 1}",
        shown=first.extraction.found if first.extraction else (),
        reason=document.reason,
    )


def _probe(document: Document, truth: Correction) -> None:
    """For a share of all answers, some known document is shown with one wrong value, to whoever comes next."""
    kind = document.document_type
    because = f"answer {truth.content_hash[:64]}"
    made = Recheck.objects.filter(
        document__document_type=kind, purpose=Purpose.PROBE, because=because
    ).exists()
    if made or lot("probe", truth.content_hash) >= kind.probes:
        return
    rng = np.random.default_rng(int(truth.content_hash[:16], 16))
    doubted = Suspect.objects.filter(document__document_type=kind, state__in=suspects.WAITING)
    known = (
        kind.documents.filter(state=Document.State.CONFIRMED, truth__isnull=False)
        .exclude(pk=document.pk)
        .exclude(pk__in=doubted.values("document"))
        .exclude(rechecks__purpose=Purpose.PROBE)
        .exclude(rechecks__state__in=rechecks.LIVE)
    )
    ids = rng.permutation(sorted(known.values_list("pk", flat=True)))[:TRIED].tolist()
    for each in (
        Document.objects.filter(pk=pk).select_related("truth", "extraction").prefetch_related("pages").get()
        for pk in ids
    ):
        if each.truth is None or each.truth.unconfirmed or each.truth.unsettled or each.truth.misfiled:
            continue
        planted = probes.plant(
            kind.schema, each.word_pages, each.truth.said, _confidences(each.extraction), rng
        )
        if planted and rechecks.ask(
            each,
            Purpose.PROBE,
            because=because,
            shown=planted.values,
            fields=[planted.field],
            reason=each.reason,
        ):
            return


def _confidences(extraction: Extraction | None) -> dict[str, float]:
    """How sure the model was of each field that it found, at its least."""
    sure: dict[str, float] = {}
    for value in extraction.found if extraction else ():
        sure[value.field] = min(value.confidence, sure.get(value.field, 1.0))
    return sure
