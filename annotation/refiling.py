"""A document of the wrong type in; the same document of its right type out, as if it had been sent as such.

What models and people said of it as the other type stays on record, and counts for nothing any more: it has no truth
until somebody answers it as what it is. Its tasks are taken out of Label Studio by a job, those that nobody has touched;
what is said to the others from then on is not taken (`annotation.inbox`).
"""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from annotation import audit_trail, doorbell, jobs, label_studio, label_studio_rechecks, lifecycle
from annotation.errors import LabelStudioRefused, Refused
from annotation.models import (
    Correction,
    CurrentAnnotation,
    Document,
    DocumentType,
    GivenLabels,
    LabelTask,
    Recheck,
    Refiling,
)

State = Document.State

UNREAD = (State.RECEIVED, State.UNREADABLE)
NOT_FOUND = 404


@transaction.atomic
def move(
    document_id: int, to: DocumentType, *, by: str, why: str = "", by_router: bool = False
) -> Refiling | None:
    """Make a document one of type `to`; None if it is already. Raises `Refused` while labels wait to be recorded.

    `by_router`: whether `by` is a version of the router, and no person. In one transaction: either nothing happened, or the document is of its new type and the jobs that do the rest wait.
    """
    locked = Document.objects.select_for_update(of=("self",)).select_related("document_type")
    document = locked.get(pk=document_id)
    before = document.document_type
    if before == to:
        return None
    if GivenLabels.objects.filter(document=document).exists():
        raise Refused(
            f"document {document_id} came with labels for {before.title}, which are about to be recorded. "
            "Try again in a minute."
        )
    projects = {*document.tasks.values_list("project_id", flat=True), before.project_id}
    projects |= set(document.rechecks.values_list("project_id", flat=True))
    refiling = Refiling.objects.create(
        document=document,
        before=before,
        after=to,
        by=by[:150],
        by_router=by_router,
        why=why[:500],
        projects=sorted(each for each in projects - {to.project_id} if each),
    )
    _forget_answers(document)
    if document.state not in UNREAD:
        lifecycle.move(document_id, State.READ, reason=f"moved from {before.title} to {to.title} by {by}")
        doorbell.ring("document read", document_id)
    # what ranked it ranked it among documents of the other type
    Document.objects.filter(pk=document_id).update(
        document_type=to, extraction=None, priority=None, reason="", audit_probability=None, asked_by=""
    )
    audit_trail.record(
        by=by,
        action="moved to another type",
        subject=f"document {document_id}",
        why=f"from {before.name} to {to.name}{f': {why}' if why else ''}",
    )
    doorbell.ring("document refiled", refiling.pk)
    if not before.unknown:
        doorbell.ring("pool changed", before.pk)
    return refiling


def _forget_answers(document: Document) -> None:
    """No task of it waits any more, and no answer to it counts; the ledger keeps them all."""
    document.tasks.exclude(state=LabelTask.State.WITHDRAWN).update(state=LabelTask.State.WITHDRAWN)
    live = (Recheck.State.PUSHING, Recheck.State.OPEN)
    document.rechecks.filter(state__in=live).update(state=Recheck.State.WITHDRAWN)
    CurrentAnnotation.objects.filter(document=document).update(correction=None)
    Document.objects.filter(pk=document.pk).update(truth=None)


def finish(refiling_id: int) -> None:
    """Take the document's tasks that nobody has touched out of the old type's project; done twice it does no harm.

    Raises `LabelStudioUnreachable`. A refiling whose document was erased meanwhile has nothing left to do.
    """
    refiling = Refiling.objects.select_related("document").filter(pk=refiling_id, done_at=None).first()
    if refiling is None:
        return
    own = refiling.document.document_type.project_id  # it may have been moved back since
    for project_id in refiling.projects:
        if project_id != own:
            _take_out(refiling.document, project_id)
    with transaction.atomic():
        jobs.assert_held()
        Refiling.objects.filter(pk=refiling_id).update(done_at=Now())


def _take_out(document: Document, project_id: int) -> None:
    """Looked up in Label Studio: a push that was cut short left tasks that we know no number of."""
    keys = {each.key for each in document.rechecks.all()}
    try:
        found = {
            *label_studio.tasks_by_document(project_id, [document.pk]).get(document.pk, ()),
            *(each for ids in label_studio_rechecks.tasks_by_key(project_id, keys).values() for each in ids),
        }
        label_studio.delete_untouched(project_id, found)
    except LabelStudioRefused as refusal:
        if refusal.status != NOT_FOUND:  # the project is gone, and its tasks with it
            raise


def follow(document_id: int) -> None:
    """Move a document to the type that people say it is of, where that is plain; else a lead decides.

    It is plain if everybody who answered it names the same type, which there is, and it has not been taken away from
    that type before.
    """
    with transaction.atomic():
        jobs.assert_held()
        document = Document.objects.select_for_update(of=("self",)).get(pk=document_id)
        said = _said(document)
        named = {correction.misfiled for correction in said}
        if len(named) != 1 or document.truth_id is None:
            return
        to = DocumentType.objects.filter(name=named.pop()).first()
        if to is None or document.refilings.filter(before=to).exists():
            return
        newest = said[-1]
        why = f"{newest.annotator or 'somebody'} chose it in Label Studio (correction {newest.pk})"
        move(document_id, to, by=audit_trail.DOCLOOP, why=why)


def _said(document: Document) -> list[Correction]:
    """What counts of the answers that people gave, the oldest first; skips say nothing of the type."""
    pointers = CurrentAnnotation.objects.filter(document=document, correction__skipped=False)
    ordered = pointers.select_related("correction").order_by("submitted_at", "pk")
    return [pointer.correction for pointer in ordered if pointer.correction]
