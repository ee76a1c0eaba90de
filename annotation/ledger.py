"""What people said of a document in; out rows that never change, and the document's present truth.

A row is written once for each content that an annotation ever had. A pointer (`CurrentAnnotation`) says which row
is an annotation's content now, and is set every time, so that an edit back to an earlier content counts too.
A document's truth is the newest of its annotations that was not skipped.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from annotation import doorbell, labelling, lifecycle, log_context, outcomes, validation
from annotation.errors import Refused
from annotation.models import (
    Correction,
    CurrentAnnotation,
    Document,
    DocumentType,
    Extraction,
    LabelTask,
    Recheck,
    json_of,
)
from annotation.validation import Finding
from models.extractors.base import Answer

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from annotation.task_views import AnnotationView

State = Document.State
Source = Correction.Source

# states that only a task or an annotation in Label Studio gives
MISFILED = Q(outcomes__has_key=labelling.CHOSEN_TYPE)
ANSWERED = (State.QUEUED, State.SKIPPED, State.CONFIRMED)


def truths(document_type: DocumentType) -> QuerySet[Correction]:
    """The present truth of every document of the type that has one: a row each, none of them skipped.

    Nobody learns from answers that look wrong until somebody has confirmed them (`doubtful`), nor of documents that are
    said to be of another type (`misfiled`): both are left out.
    """
    answered = Document.objects.filter(document_type=document_type, truth__isnull=False)
    settled = Correction.objects.filter(pk__in=answered.values("truth"), unsettled=False)
    return settled.exclude(MISFILED)


def doubtful(document_type: DocumentType) -> QuerySet[Correction]:
    """The present truths of the type that look wrong and that nobody has confirmed, a row each."""
    unsettled = Correction.objects.filter(unsettled=True, document__document_type=document_type)
    return unsettled.filter(pk=F("document__truth"))


def misfiled(document_type: DocumentType) -> QuerySet[Correction]:
    """The present truths of documents of the type that a person says are of another type, a row each."""
    elsewhere = Correction.objects.filter(MISFILED, document__document_type=document_type)
    return elsewhere.filter(pk=F("document__truth"))


def held_back() -> dict[int, tuple[int, int]]:
    """By document type (id), how many present truths are `doubtful` and how many `misfiled`; types without any left out."""
    present = Correction.objects.filter(MISFILED | Q(unsettled=True), pk=F("document__truth"))
    by_type = present.values_list("document__document_type").annotate(
        in_doubt=Count("pk", filter=Q(unsettled=True)), elsewhere=Count("pk", filter=MISFILED)
    )
    return {type_id: (in_doubt, elsewhere) for type_id, in_doubt, elsewhere in by_type}


def count_since(document_type: DocumentType, known: Collection[int]) -> int:
    """How many documents have a present truth, such as `truths` has, that isn't among the `known` corrections (ids)."""
    answered = Document.objects.filter(document_type=document_type, truth__isnull=False)
    # as one array, which the database looks up by hash: a list of 100,000 parameters takes seconds
    ids = f"{{{','.join(map(str, known))}}}"
    answered = answered.extra(where=["truth_id <> ALL(%s::bigint[])"], params=[ids])
    learned_from = answered.exclude(truth__in=doubtful(document_type))
    return learned_from.exclude(truth__in=misfiled(document_type)).count()


def record(task: LabelTask | Recheck, annotation: AnnotationView, *, noticed_by: str) -> Correction:
    """The row of an annotation's present content, written if it is new, and the pointer set to it.

    The caller sees to it that a person made it, and settles the task's document afterwards (`settle`), in the same
    transaction. Raises `Refused` if the annotation can't be understood.
    """
    document = task.document
    seen = _seen(task, annotation)
    answers: tuple[Answer, ...] = ()
    ended: dict[str, str] = {}
    found: tuple[Finding, ...] = ()
    if not annotation.skipped:  # with a skip, Label Studio sends what it had filled in: nobody said that
        answers, ended, dragged = _read(document, annotation, seen, task.unasked)
        absent = labelling.absent_in(annotation.result)
        if labelling.CHOSEN_TYPE not in ended:  # the fields of another type's document mean nothing
            schema = document.document_type.schema
            found = validation.findings(schema, answers, absent=absent)
            found += validation.misplaced(schema, dragged, document.word_pages)
    correction, new = Correction.objects.get_or_create(
        source=Source.LABEL_STUDIO,
        annotation_id=annotation.id,
        content_hash=content_hash(document.pk, annotation),
        defaults={
            "document": document,
            "skipped": annotation.skipped,
            "answers": json_of(answers),
            "outcomes": ended,
            "findings": [finding.to_json() for finding in found],
            "unsettled": not _confirmed(found, task),
            "set_aside": labelling.problem_in(annotation.result)[:20] if annotation.skipped else "",
            "extraction": seen,
            "recheck": task if isinstance(task, Recheck) else None,
            "annotator": str(annotation.completed_by or "")[:150],
            "lead_time": annotation.lead_time,
            "submitted_at": annotation.updated_at,
            "noticed_by": noticed_by,
        },
    )
    if new:
        outcomes.keep(correction)
        with log_context.about(document=document.pk, correction=correction.pk):
            log.info("recorded in the ledger")
    _point(correction, document, submitted_at=annotation.updated_at, task_id=task.task_id)
    return correction


def _confirmed(found: Sequence[Finding], task: LabelTask | Recheck) -> bool:
    """Whether somebody said what looks wrong a second time, asked again: papers carry wrong dates and sums too."""
    asked_about = task.first.findings if isinstance(task, Recheck) else ()
    return {finding.what for finding in found} <= {each["what"] for each in asked_about}


def retract(task_id: int, still_there: Collection[int]) -> list[int]:
    """Annotations of a Label Studio task that are gone there count no longer; answers their documents' ids."""
    gone = CurrentAnnotation.objects.filter(
        source=Source.LABEL_STUDIO, task_id=task_id, correction__isnull=False
    ).exclude(annotation_id__in=still_there)
    documents = sorted(set(gone.values_list("document_id", flat=True)))
    gone.update(correction=None)
    return documents


@transaction.atomic
def import_answers(document: Document, answers: Sequence[Answer], by: str) -> Correction:
    """Take labels that people made elsewhere as a document's truth; `answers` is complete, `by` says whose they are.

    Raises `Refused` for answers to fields or pages that the document hasn't got.
    """
    schema = document.document_type.schema
    pages = document.pages.count()
    if unknown := {answer.field for answer in answers} - set(schema.names):
        raise Refused(
            f"document {document.pk} has no field {', '.join(sorted(unknown))}; there are: {', '.join(schema.names)}"
        )
    if any(answer.place and not 0 <= answer.place.page < pages for answer in answers):
        raise Refused(f"document {document.pk} has {pages} pages; an answer is placed on another")
    stored = json_of(tuple(answers))
    # marked, but nobody is asked: whoever made them can't be
    found = [finding.to_json() for finding in validation.findings(schema, answers)]
    now = timezone.now()
    correction, _new = Correction.objects.get_or_create(
        source=Source.IMPORTED,
        annotation_id=document.pk,
        content_hash=_hash([stored, by]),
        defaults={
            "document": document,
            "answers": stored,
            "findings": found,
            "annotator": by[:150],
            "submitted_at": now,
        },
    )
    _point(correction, document, submitted_at=now, task_id=None)
    settle(document.pk)
    return correction


@transaction.atomic
def settle(document_id: int) -> bool:
    """Bring a document's truth and state up to date with its annotations; answers whether its truth changed.

    Rings "correction recorded" if it did. A document without any annotation left goes back to the queue if it has
    a task there, else to the pool.
    """
    document = Document.objects.select_for_update().get(pk=document_id)
    present = CurrentAnnotation.objects.filter(document=document).select_related("correction")
    pointers = present.order_by("-submitted_at", "-annotation_id")
    newest_first = [pointer.correction for pointer in pointers if pointer.correction]
    said = next((correction for correction in newest_first if not correction.skipped), None)
    changed = document.truth_id != (said.pk if said else None)
    if changed:
        Document.objects.filter(pk=document_id).update(truth=said)
        doorbell.ring("correction recorded", document_id)
    if changed and said and said.misfiled:
        doorbell.ring("document misfiled", document_id)
    if said:
        verb = "corrected" if said.source == Source.LABEL_STUDIO else "labels imported"
        verb = f"said to be of the type {said.misfiled}" if said.misfiled else verb
        lifecycle.move(document_id, State.CONFIRMED, reason=f"{verb} by {said.annotator}")
    elif newest_first:
        why = f": {newest_first[0].set_aside}" if newest_first[0].set_aside else ""
        lifecycle.move(document_id, State.SKIPPED, reason=f"skipped by {newest_first[0].annotator}{why}")
    elif document.state in ANSWERED and (home := _home(document)) != document.state:
        lifecycle.move(document_id, home, reason="no annotation of it is left in Label Studio")
        doorbell.ring("pool changed", document.document_type_id)
    return changed


def _read(
    document: Document, annotation: AnnotationView, seen: Extraction | None, unasked: Sequence[str]
) -> tuple[tuple[Answer, ...], dict[str, str], tuple[Answer, ...]]:
    """The answers of an annotation, how each field ended against what the person saw, and was `unasked` for, and which
    answers have a new place only.
    """
    document_type = document.document_type
    schema = document_type.schema
    regions, chosen = labelling.read_annotation(annotation.result, document.word_pages, schema)
    shown = labelling.shown(seen.found if seen else (), schema)
    ended = labelling.outcomes(shown, regions, schema, unasked=unasked)
    if chosen and chosen != document_type.name:
        ended[labelling.CHOSEN_TYPE] = chosen
    answers = tuple(region.answer for region in regions)
    return answers, ended, labelling.dragged(shown, regions, schema)


def content_hash(document_id: int, annotation: AnnotationView) -> str:
    """SHA-256 of what an annotation says, of what, and who said it: not of times, scores or the order of regions."""
    items = sorted(json.dumps(_essence(item), sort_keys=True) for item in annotation.result)
    return _hash(
        [document_id, items, annotation.skipped, annotation.ground_truth, str(annotation.completed_by)]
    )


def _essence(item: Any) -> Any:  # Label Studio's JSON, of whatever form
    if not isinstance(item, dict):
        return item
    return {key: item.get(key) for key in ("id", "from_name", "type", "item_index", "value")}


def _hash(content: Any) -> str:  # anything that JSON can hold
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _home(document: Document) -> Document.State:
    """Where a document belongs that nobody has answered."""
    if document.tasks.exclude(state=LabelTask.State.WITHDRAWN).exists():
        return State.QUEUED
    return State.EXTRACTED if document.extraction_id else State.READ


def _seen(task: LabelTask | Recheck, annotation: AnnotationView) -> Extraction | None:
    """The extraction that the person was shown: of the version they began with, else the task's.

    Who edits an annotation sees what it says, not what a newer model says: what was seen at first stays. Who is asked
    again begins with something else; what they say is held against what the first person was shown.
    """
    if isinstance(task, Recheck):
        return task.first.extraction
    earlier = Correction.objects.filter(
        source=Source.LABEL_STUDIO, annotation_id=annotation.id, document_id=task.document_id
    )
    if first := earlier.order_by("pk").select_related("extraction").first():
        return first.extraction
    begun_with = Extraction.objects.filter(
        document_id=task.document_id, model_version=annotation.model_version
    )
    return begun_with.first() or task.extraction


def _point(
    correction: Correction, document: Document, *, submitted_at: datetime, task_id: int | None
) -> None:
    CurrentAnnotation.objects.update_or_create(
        source=correction.source,
        annotation_id=correction.annotation_id,
        defaults={
            "document": document,
            "correction": correction,
            "submitted_at": submitted_at,
            "task_id": task_id,
        },
    )
