"""What Label Studio holds in, the ledger that says the same out: for when corrections were lost, or to see that none is.

Every annotation is fetched and taken as the inbox takes it, so that doing it twice changes nothing, and it may be done while
people work. Rows that Label Studio no longer holds are kept. What an annotation said before its last edit, only the lost
rows knew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from django.db import connection, transaction

from annotation import audit_trail, inbox, label_studio, label_studio_whole, ledger
from annotation.errors import LabelStudioRefused
from annotation.models import Correction, CurrentAnnotation, Document, DocumentType, LabelTask, Recheck
from annotation.task_views import Entry, LabelTaskView

NOT_FOUND = 404
NOTICED_BY = "rebuild"
BATCH = 100  # tasks: their documents are locked for as long as it takes to write what was said of them, below a second
# What points to a row of the ledger that is not there: no foreign key lets that happen, a damaged database does
LOST = "NOT EXISTS (SELECT FROM annotation_correction WHERE id = {})"
LET_GO = (
    "UPDATE annotation_document SET truth_id = NULL WHERE truth_id IS NOT NULL AND "
    + LOST.format("truth_id"),
    "UPDATE annotation_currentannotation SET correction_id = NULL WHERE correction_id IS NOT NULL AND "
    + LOST.format("correction_id"),
    "DELETE FROM annotation_outcome WHERE " + LOST.format("correction_id"),
)


@dataclass(slots=True)
class Rebuilt:
    """How the ledger of one type compares with what Label Studio holds; all counts are of annotations but the last two."""

    name: str
    held: int = 0  # by Label Studio, in tasks of documents of ours
    known: int = 0  # of these, those that the ledger had already, with just this content
    taken: int = 0  # those that it has now
    probes: int = 0  # answers to probes, which never enter the ledger
    problems: list[str] = field(default_factory=list)  # of those that can't be taken, and why
    gone: int = 0  # rows of the ledger that Label Studio no longer holds; they are kept
    foreign: int = 0  # tasks with annotations, of documents that Docloop has not


class Listed(NamedTuple):
    """A task, and the project that holds it."""

    project_id: int
    entry: Entry


def rebuild(*, by: str, dry: bool = False) -> Iterator[Rebuilt]:
    """Bring the ledger up to date with every project, one after the other; `dry` counts and changes nothing.

    Raises `LabelStudioUnreachable`; what was taken until then stays.
    """
    if not dry:
        _let_go_of_lost_rows()
    for document_type in DocumentType.objects.filter(project_id__isnull=False).order_by("name"):
        found = _rebuild(document_type, dry=dry)
        if not dry:
            audit_trail.record(
                by=by,
                action="rebuilt the ledger",
                subject=f"document type {document_type.name}",
                why=f"from Label Studio: {found.held} held, {found.taken} taken, {found.gone} kept that it holds no longer",
            )
        yield found


def _rebuild(document_type: DocumentType, *, dry: bool) -> Rebuilt:
    found = Rebuilt(document_type.name)
    answered = [each for each in _inventory(document_type) if each.entry.annotation_ids]
    documents = set(document_type.documents.values_list("pk", flat=True))
    rechecks = dict(
        Recheck.objects.filter(document__document_type=document_type).values_list("task_id", "purpose")
    )
    own = [each for each in answered if each.entry.document_id in documents]
    further = [each for each in answered if each.entry.document_id is None and each.entry.task_id in rechecks]
    found.foreign = len(answered) - len(own) - len(further)
    ids = _compare(own, found, dry=dry)
    if not dry:
        _repoint_rechecks(document_type)
    probes = [each for each in further if rechecks[each.entry.task_id] == Recheck.Purpose.PROBE]
    found.probes = sum(len(each.entry.annotation_ids) for each in probes)
    ids |= _compare([each for each in further if each not in probes], found, dry=dry)
    rows = Correction.objects.filter(document__document_type=document_type, source=ledger.Source.LABEL_STUDIO)
    present = set(rows.values_list("annotation_id", flat=True).distinct())
    found.gone = rows.filter(annotation_id__in=present - ids).count()
    return found


def _compare(listed: Sequence[Listed], found: Rebuilt, *, dry: bool) -> set[int]:
    """Count the tasks' annotations, and take them unless `dry`; answers their ids."""
    account = label_studio.service_account() if listed else ""
    ids: set[int] = set()
    for project_id, task_ids in _batches(listed):
        views = label_studio_whole.fetch_tasks(project_id, task_ids)
        annotations = [annotation.id for view in views for annotation in view.annotations]
        found.held += len(annotations)
        found.known += _recorded(views)
        if not dry:
            with transaction.atomic():
                found.problems += inbox.take(views, NOTICED_BY, account)
                found.taken += _recorded(views)
        ids.update(annotations)
    return ids


def _batches(listed: Sequence[Listed]) -> Iterator[tuple[int, list[int]]]:
    """A project and tasks of it, so many as are fetched and taken at once: one by one, each takes 50 ms."""
    for project_id, group in groupby(listed, key=lambda each: each.project_id):
        task_ids = [each.entry.task_id for each in group]
        for start in range(0, len(task_ids), BATCH):
            yield project_id, task_ids[start : start + BATCH]


def _recorded(views: Sequence[LabelTaskView]) -> int:
    """How many of the tasks' annotations are in the ledger with the content that they have."""
    said = {annotation.id: annotation for view in views for annotation in view.annotations}
    pointers = CurrentAnnotation.objects.filter(
        source=ledger.Source.LABEL_STUDIO, annotation_id__in=said, correction__isnull=False
    )
    contents = pointers.values_list("annotation_id", "correction__document", "correction__content_hash")
    return sum(
        content == ledger.content_hash(document_id, said[annotation_id])
        for annotation_id, document_id, content in contents
    )


def _inventory(document_type: DocumentType) -> Iterator[Listed]:
    """Every task of the type's project, and of those that it had before; one that is gone holds nothing."""
    former = LabelTask.objects.filter(document__document_type=document_type).values_list(
        "project_id", flat=True
    )
    for project_id in sorted({document_type.project_id or 0, *former}):
        try:
            for entry in label_studio.inventory(project_id):
                yield Listed(project_id, entry)
        except LabelStudioRefused as refusal:
            if refusal.status != NOT_FOUND:
                raise


@transaction.atomic
def _let_go_of_lost_rows() -> None:
    with connection.cursor() as cursor:
        for statement in LET_GO:
            cursor.execute(statement)


def _repoint_rechecks(document_type: DocumentType) -> None:
    """A recheck whose first answer was lost is about what its document's own task says."""
    known = Correction.objects.values("pk")
    for recheck in Recheck.objects.filter(document__document_type=document_type).exclude(first__in=known):
        truth = Document.objects.values_list("truth", flat=True).get(pk=recheck.document_id)
        if truth is not None:
            Recheck.objects.filter(pk=recheck.pk).update(first=truth)
