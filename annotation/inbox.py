"""Notices that a Label Studio task changed in; what it says now, in the ledger, out.

A notice only marks the task dirty; what counts is what Label Studio answers when it is asked. So notices may come
late, twice, in any order or not at all (`annotation.sweep` finds what none told of).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from annotation import (
    doorbell,
    jobs,
    label_studio,
    labelling,
    ledger,
    lifecycle,
    log_context,
    rechecks,
    task_pages,
)
from annotation.errors import Refused
from annotation.models import CurrentAnnotation, DirtyTask, Document, DocumentType, LabelTask, Recheck
from annotation.task_views import AnnotationView, LabelTaskView
from models.errors import DocloopError

log = logging.getLogger(__name__)

TaskState = LabelTask.State


@transaction.atomic
def mark_dirty(task_ids: Iterable[int], *, noticed_by: str) -> None:
    """Note that these Label Studio tasks changed, and ring for someone to fetch them.

    `noticed_by` is "webhook" or "sweep"; a task that both told of was noticed by the webhook.
    """
    tasks = sorted(
        set(task_ids)
    )  # one order everywhere: two notices of the same tasks can't block each other
    if not tasks:
        return
    with connection.cursor() as cursor:  # the ORM has no `seq = seq + 1` on conflict
        cursor.execute(
            """
            INSERT INTO annotation_dirtytask AS dirty (task_id, seq, noticed_by)
            SELECT task_id, 1, %s FROM unnest(%s::int[]) AS task_id
            ON CONFLICT (task_id) DO UPDATE SET
                seq = dirty.seq + 1,
                noticed_by = CASE 'webhook' WHEN EXCLUDED.noticed_by THEN 'webhook' ELSE dirty.noticed_by END
            """,
            [noticed_by, tasks],
        )
    doorbell.ring("task changed", *tasks)


def collect_task(task_id: int) -> None:
    """Fetch a dirty task and bring ledger, document and queue up to date with it.

    A task with an annotation that can't be taken stays dirty, and `Refused` says why; the others count. A notice
    that came meanwhile keeps the task dirty too, and rings again.
    """
    dirty = DirtyTask.objects.filter(task_id=task_id).first()
    if dirty is None:  # an earlier job collected what this one was rung for
        return
    # outside any transaction: a slow answer must hold no lock
    view = label_studio.fetch_task(task_id)
    service_account = label_studio.service_account() if view and view.annotations else ""
    with transaction.atomic():
        jobs.assert_held()
        problems = _gone(task_id) if view is None else take(view, dirty.noticed_by, service_account)
        as_read = DirtyTask.objects.filter(pk=dirty.pk, seq=dirty.seq)
        if not (as_read.exists() if problems else as_read.delete()[0]):
            doorbell.ring("task changed", task_id)
    if problems:
        raise Refused("; ".join(problems))


def fingerprint(updated_at: datetime | None, annotation_ids: Iterable[int]) -> str:
    """SHA-256 of what the light inventory tells of a task: another one, and the task must be fetched."""
    when = updated_at.isoformat() if updated_at else ""
    return hashlib.sha256(json.dumps([when, sorted(annotation_ids)]).encode()).hexdigest()


def _gone(task_id: int) -> list[str]:
    """The task was deleted in Label Studio, and its annotations with it."""
    # locked: the queue may be giving the row another task just now, and that one is not gone
    row = LabelTask.objects.select_for_update().filter(task_id=task_id).first()
    changed = set(ledger.retract(task_id, still_there=()))
    if row:
        if row.state != TaskState.WITHDRAWN:
            LabelTask.objects.filter(pk=row.pk).update(state=TaskState.WITHDRAWN)
            doorbell.ring("ranking changed", row.document.document_type_id)
        changed.add(row.document_id)
    if recheck := Recheck.objects.filter(task_id=task_id).first():
        rechecks.gone(recheck)
    for document_id in sorted(changed):
        ledger.settle(document_id)
    return []


def take(view: LabelTaskView, noticed_by: str, service_account: str) -> list[str]:
    """Record every annotation of the task, in the caller's transaction; answers what kept some from being taken."""
    recheck = Recheck.objects.filter(task_id=view.id).first()
    if recheck and view.document_id is None:
        if _of_former_type(view, recheck.document):
            return []
        return _take_recheck(recheck, view, noticed_by, service_account)
    document = None
    if view.document_id is not None:
        document = Document.objects.select_for_update().filter(pk=view.document_id).first()
        log_context.note(document=view.document_id)
    if document is None:
        log.info("Label Studio's task %s is of no document of ours", view.id)
        return []
    if _of_former_type(view, document):
        return []
    task = _row(view, document)
    ids = [annotation.id for annotation in view.annotations]
    moved_here = CurrentAnnotation.objects.filter(
        source=ledger.Source.LABEL_STUDIO, annotation_id__in=ids
    ).exclude(document=document)
    touched = {document.pk, *moved_here.values_list("document_id", flat=True)}
    problems = []
    for annotation in view.annotations:
        try:
            _refuse_machines(annotation, service_account)
            ledger.record(task, annotation, noticed_by=noticed_by)
        except DocloopError as problem:
            problems.append(f"annotation {annotation.id} of Label Studio's task {view.id}: {problem}")
    touched.update(ledger.retract(view.id, still_there=ids))
    answered = _update(task, view)
    truth_changed = [ledger.settle(each) for each in sorted(touched)]
    # a new truth has the pool ranked and then the queue filled; a skip leaves the ranking as it is
    if answered and not any(truth_changed):
        doorbell.ring("ranking changed", document.document_type_id)
    return problems


def _of_former_type(view: LabelTaskView, document: Document) -> bool:
    """Whether the task is from before its document was moved to another type: what is said to it counts no longer."""
    own = document.document_type
    if view.project_id == own.project_id or not document.refilings.exists():
        return False
    log.info("Label Studio's task %s is of a document that was moved to another type", view.id)
    return DocumentType.objects.filter(project_id=view.project_id).exists()


def _take_recheck(recheck: Recheck, view: LabelTaskView, noticed_by: str, service_account: str) -> list[str]:
    """Record every annotation of a further task for a document; answers what kept some from being taken."""
    Document.objects.select_for_update().get(pk=recheck.document_id)
    log_context.note(document=recheck.document_id, recheck=recheck.pk)
    problems = []
    for annotation in sorted(view.annotations, key=lambda each: each.updated_at):
        try:
            if rechecks.counts(recheck, annotation):
                _refuse_machines(annotation, service_account)
                rechecks.answer(recheck, annotation, noticed_by=noticed_by)
        except DocloopError as problem:
            problems.append(f"annotation {annotation.id} of Label Studio's task {view.id}: {problem}")
    ids = [annotation.id for annotation in view.annotations]
    ledger.retract(view.id, still_there=ids)
    Recheck.objects.filter(pk=recheck.pk).update(seen=fingerprint(view.updated_at, ids))
    if not any(rechecks.counts(recheck, annotation) for annotation in view.annotations):
        if any(labelling.problem_in(annotation.result) for annotation in view.annotations):
            rechecks.give_up(recheck)
        elif not all(annotation.skipped for annotation in view.annotations):
            rechecks.push_anew(recheck)
        else:
            rechecks.reopen(recheck)
    if not ledger.settle(recheck.document_id):  # a new truth has the queue filled; so does this, for the next
        doorbell.ring("ranking changed", recheck.document.document_type_id)
    return problems


def _refuse_machines(annotation: AnnotationView, service_account: str) -> None:
    """Only what people said enters the ledger: raises `Refused` for the rest, saying what to do."""
    if annotation.completed_by == service_account:
        raise Refused(
            f"it was made with {service_account}, the account of Docloop itself: submit it as a person, or delete it"
        )
    # the front end always says how long it took; the bulk action "Create Annotations From Predictions" can't
    if annotation.parent_prediction is not None and annotation.lead_time is None:
        raise Refused(
            "it was copied from a prediction and nobody looked at it: submit it in Label Studio, or delete it there"
        )


def _update(task: LabelTask, view: LabelTaskView) -> bool:
    """Write down how the task stands; answers whether it left the queue by this."""
    if view.annotations:
        state = TaskState.DONE
    elif task.state == TaskState.WITHDRAWN:  # being deleted just now
        state = TaskState.WITHDRAWN
    else:
        state = TaskState.OPEN
    others = LabelTask.objects.filter(document_id=task.document_id).exclude(pk=task.pk)
    if others.exclude(state=TaskState.WITHDRAWN).exists():  # one live task a document
        state = TaskState.WITHDRAWN
    seen = fingerprint(view.updated_at, [annotation.id for annotation in view.annotations])
    LabelTask.objects.filter(pk=task.pk).update(state=state, seen=seen)
    if task.state != TaskState.DONE:
        task_pages.show_again(task)
    return task.state == TaskState.OPEN and state != TaskState.OPEN


def _row(view: LabelTaskView, document: Document) -> LabelTask:
    """Our row for a task of Label Studio's; a task we didn't know, of a document of ours, is adopted."""
    row = LabelTask.objects.select_related("document").filter(task_id=view.id).first()
    if row and row.document_id == document.pk:
        return row
    if row:  # Label Studio began anew and counts its tasks from 1 again, or somebody changed the task's data
        LabelTask.objects.filter(pk=row.pk).update(task_id=None, state=TaskState.WITHDRAWN)
    pushing = document.tasks.select_related("document").filter(state=TaskState.PUSHING).first()
    if pushing:  # the push arrived, and its worker died before it could say so
        pushing.task_id, pushing.state = view.id, TaskState.OPEN
        pushing.save(update_fields=["task_id", "state"])
        return pushing
    live = document.tasks.exclude(state=TaskState.WITHDRAWN).exists()
    if not live and document.state in lifecycle.POOL:
        lifecycle.move(document.pk, Document.State.QUEUED, reason="its task was found in Label Studio")
    return LabelTask.objects.create(
        document=document,
        project_id=view.project_id,
        task_id=view.id,
        state=TaskState.WITHDRAWN if live else TaskState.OPEN,
        page_key="",  # the one in its data is not ours: the queue will push it anew
    )
