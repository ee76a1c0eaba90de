"""What people said of a document in; out rows that never change, and the document's present truth.

A row is written once for each content that an annotation ever had. A pointer (`CurrentAnnotation`) says which row
is an annotation's content now, and is set every time, so that an edit back to an earlier content counts too.
A document's truth is the newest of its annotations that was not skipped.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
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
from models.errors import DocloopError
from models.extractors.base import Answer

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from annotation.task_views import AnnotationView

    Said = tuple[LabelTask | Recheck, AnnotationView]  # an annotation, and the task of ours that it is of

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


def record(said: Sequence[Said], *, noticed_by: str) -> dict[int, DocloopError]:
    """Write down what people submitted; a content that was recorded before only becomes the current one again.

    In the caller's transaction, which has locked the documents; a few statements for any number of annotations.
    Answers what can't be understood, and why: that is not recorded, the rest is.
    """
    earlier = _earlier([annotation.id for _, annotation in said])
    seen = _seen(said, earlier)
    current: list[CurrentAnnotation] = []
    new: list[Correction] = []
    refused: dict[int, DocloopError] = {}
    for task, annotation in said:
        content = content_hash(task.document_id, annotation)
        known = [each for each in earlier.get(annotation.id, ()) if each.content_hash == content]
        try:
            row = known[0] if known else _row(task, annotation, seen[annotation.id], noticed_by=noticed_by)
        except DocloopError as problem:
            refused[annotation.id] = problem
            continue
        new += [] if known else [row]
        current.append(_pointer(row, task.document, submitted_at=annotation.updated_at, task_id=task.task_id))
    Correction.objects.bulk_create(new)
    outcomes.keep(new)
    _point(current)
    for correction in new:
        with log_context.about(document=correction.document_id, correction=correction.pk):
            log.info("recorded in the ledger")
    return refused


def _earlier(annotation_ids: Collection[int]) -> dict[int, list[Correction]]:
    """The rows that the ledger has of these annotations of Label Studio's, the oldest first."""
    rows = Correction.objects.filter(source=Source.LABEL_STUDIO, annotation_id__in=annotation_ids)
    found: dict[int, list[Correction]] = {}
    for row in rows.order_by("pk").select_related("extraction").defer("answers", "findings"):
        found.setdefault(row.annotation_id, []).append(row)
    return found


def _row(
    task: LabelTask | Recheck, annotation: AnnotationView, seen: Extraction | None, *, noticed_by: str
) -> Correction:
    """A new row for what an annotation says, not written yet. Raises `Refused` if it can't be understood."""
    document = task.document
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
    return Correction(
        source=Source.LABEL_STUDIO,
        annotation_id=annotation.id,
        content_hash=content_hash(document.pk, annotation),
        document=document,
        skipped=annotation.skipped,
        answers=json_of(answers),
        outcomes=ended,
        findings=[finding.to_json() for finding in found],
        unsettled=not _confirmed(found, task),
        set_aside=labelling.problem_in(annotation.result)[:20] if annotation.skipped else "",
        extraction=seen,
        recheck=task if isinstance(task, Recheck) else None,
        annotator=str(annotation.completed_by or "")[:150],
        lead_time=annotation.lead_time,
        submitted_at=annotation.updated_at,
        noticed_by=noticed_by,
    )


def _confirmed(found: Sequence[Finding], task: LabelTask | Recheck) -> bool:
    """Whether somebody said what looks wrong a second time, asked again: papers carry wrong dates and sums too."""
    asked_about = task.first.findings if isinstance(task, Recheck) else ()
    return {finding.what for finding in found} <= {each["what"] for each in asked_about}


def retract(still_there: Mapping[int, Collection[int]]) -> set[int]:
    """Annotations that are gone in Label Studio count no longer; answers their documents (ids).

    `still_there` has, by Label Studio task, the annotations that it still holds.
    """
    pointers = CurrentAnnotation.objects.filter(
        source=Source.LABEL_STUDIO, task_id__in=still_there, correction__isnull=False
    )
    gone = [each for each in pointers if each.annotation_id not in still_there[each.task_id or 0]]
    CurrentAnnotation.objects.filter(pk__in=[each.pk for each in gone]).update(correction=None)
    return {each.document_id for each in gone}


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
    _point([_pointer(correction, document, submitted_at=now, task_id=None)])
    settle([document.pk])
    return correction


@transaction.atomic
def settle(document_ids: Collection[int]) -> set[int]:
    """Bring documents' truths and states up to date with their annotations; answers the documents whose truth changed.

    Rings "correction recorded" for those. A document without any annotation left goes back to the queue if it has
    a task there, else to the pool. A few statements for any number.
    """
    documents = Document.objects.select_for_update().filter(pk__in=document_ids).order_by("pk")
    newest_first = _present(document_ids)
    moves: dict[int, tuple[Document.State, str]] = {}
    changed: list[Document] = []
    misfiled: list[int] = []
    emptied: set[int] = set()
    for document in documents:
        said = next((each for each in newest_first.get(document.pk, ()) if not each.skipped), None)
        if document.truth_id != (said.pk if said else None):
            document.truth = said
            changed.append(document)
            misfiled += [document.pk] if said and said.misfiled else []
        if document.pk in newest_first:
            moves[document.pk] = _answered(said, newest_first[document.pk][0])
        elif document.state in ANSWERED and (home := _home(document)) != document.state:
            moves[document.pk] = (home, "no annotation of it is left in Label Studio")
            emptied.add(document.document_type_id)
    _keep_truths(changed)
    doorbell.ring("correction recorded", *(each.pk for each in changed))
    doorbell.ring("document misfiled", *misfiled)
    lifecycle.move_each(moves)
    doorbell.ring("pool changed", *emptied)
    return {each.pk for each in changed}


def _keep_truths(documents: Sequence[Document]) -> None:
    truths = [document.truth_id for document in documents]
    with connection.cursor() as cursor:  # `bulk_update` takes 0.5 ms a row
        cursor.execute(
            "UPDATE annotation_document AS document SET truth_id = new.truth_id "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, truth_id) WHERE document.id = new.id",
            [[document.pk for document in documents], truths],
        )


def _present(document_ids: Collection[int]) -> dict[int, list[Correction]]:
    """By document, what its annotations say now, the newest first; documents without any left out."""
    pointers = CurrentAnnotation.objects.filter(document__in=document_ids, correction__isnull=False)
    newest_first = pointers.order_by("-submitted_at", "-annotation_id").select_related("correction")
    found: dict[int, list[Correction]] = {}
    for pointer in newest_first.defer("correction__answers", "correction__findings"):
        if pointer.correction:
            found.setdefault(pointer.document_id, []).append(pointer.correction)
    return found


def _answered(said: Correction | None, newest: Correction) -> tuple[Document.State, str]:
    """The state of a document that somebody answered or skipped, and why it is in it."""
    if said is None:
        why = f": {newest.set_aside}" if newest.set_aside else ""
        return State.SKIPPED, f"skipped by {newest.annotator}{why}"
    verb = "corrected" if said.source == Source.LABEL_STUDIO else "labels imported"
    verb = f"said to be of the type {said.misfiled}" if said.misfiled else verb
    return State.CONFIRMED, f"{verb} by {said.annotator}"


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


def _seen(said: Sequence[Said], earlier: Mapping[int, Sequence[Correction]]) -> dict[int, Extraction | None]:
    """By annotation, the extraction that the person was shown: of the version they began with, else the task's.

    Who edits an annotation sees what it says, not what a newer model says: what was seen at first stays. Who is asked
    again begins with something else; what they say is held against what the first person was shown.
    """
    named = {annotation.model_version for _, annotation in said} - {""}
    documents = [task.document_id for task, _ in said]
    of_versions = Extraction.objects.filter(document__in=documents, model_version__in=named)
    begun = {(each.document_id, each.model_version): each for each in of_versions} if named else {}
    found: dict[int, Extraction | None] = {}
    for task, annotation in said:
        of_document = (
            each for each in earlier.get(annotation.id, ()) if each.document_id == task.document_id
        )
        if isinstance(task, Recheck):
            found[annotation.id] = task.first.extraction
        elif first := next(of_document, None):
            found[annotation.id] = first.extraction
        else:
            begun_with = begun.get((task.document_id, annotation.model_version))
            found[annotation.id] = begun_with or task.extraction
    return found


def _pointer(
    correction: Correction, document: Document, *, submitted_at: datetime, task_id: int | None
) -> CurrentAnnotation:
    return CurrentAnnotation(
        source=correction.source,
        annotation_id=correction.annotation_id,
        document=document,
        correction=correction,
        submitted_at=submitted_at,
        task_id=task_id,
    )


def _point(current: Sequence[CurrentAnnotation]) -> None:
    """Have each annotation point to its row, whatever it pointed to."""
    CurrentAnnotation.objects.bulk_create(
        sorted(current, key=lambda each: each.annotation_id),
        update_conflicts=True,
        unique_fields=["source", "annotation_id"],
        update_fields=["document", "correction", "submitted_at", "task_id"],
    )
