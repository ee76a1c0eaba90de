"""Notices that a Label Studio task changed in; what it says now, in the ledger, out.

A notice only marks the task dirty; what counts is what Label Studio answers when it is asked. So notices may come
late, twice, in any order or not at all (`annotation.sweep` finds what none told of).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Sequence
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
    if view and view.document_id is not None:
        log_context.note(document=view.document_id)
    with transaction.atomic():
        jobs.assert_held()
        problems = _gone(task_id) if view is None else take([view], dirty.noticed_by, service_account)
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
    changed = ledger.retract({task_id: ()})
    if row:
        if row.state != TaskState.WITHDRAWN:
            LabelTask.objects.filter(pk=row.pk).update(state=TaskState.WITHDRAWN)
            doorbell.ring("ranking changed", row.document.document_type_id)
        changed.add(row.document_id)
    if recheck := Recheck.objects.filter(task_id=task_id).first():
        rechecks.gone(recheck)
    ledger.settle(changed)
    return []


def take(views: Sequence[LabelTaskView], noticed_by: str, service_account: str) -> list[str]:
    """Record every annotation of the tasks, in the caller's transaction; answers what kept some from being taken.

    A few statements for any number of tasks, but for those of `annotation.rechecks`.
    """
    further = Recheck.objects.filter(task_id__in=[view.id for view in views])
    rechecks_of = {each.task_id: each for each in further}
    problems: list[str] = []
    own: list[LabelTaskView] = []
    for view in views:
        recheck = rechecks_of.get(view.id)
        if recheck is None or view.document_id is not None:
            own.append(view)
        elif not _of_former_type(view, recheck.document):
            problems += _take_recheck(recheck, view, noticed_by, service_account)
    return problems + _take_own(own, noticed_by, service_account)


def _take_own(views: Sequence[LabelTaskView], noticed_by: str, service_account: str) -> list[str]:
    """Record every annotation of documents' own tasks."""
    tasks = _tasks(views)
    if not tasks:
        return []
    said = [(tasks[view.id], each) for view in views if view.id in tasks for each in view.annotations]
    human: list[ledger.Said] = []
    refused: dict[int, DocloopError] = {}
    for task, annotation in said:
        try:
            _refuse_machines(annotation, service_account)
        except Refused as problem:
            refused[annotation.id] = problem
        else:
            human.append((task, annotation))
    moved_here = _elsewhere(said)
    refused |= ledger.record(human, noticed_by=noticed_by) if human else {}
    still_there = {view.id: [each.id for each in view.annotations] for view in views if view.id in tasks}
    gone = ledger.retract(still_there)
    left = _update([(tasks[view.id], view) for view in views if view.id in tasks])
    changed = ledger.settle({task.document_id for task in tasks.values()} | moved_here | gone)
    # a new truth has the pool ranked and then the queue filled; a skip leaves the ranking as it is
    unranked = [task.document for task in left if task.document_id not in changed]
    doorbell.ring("ranking changed", *{document.document_type_id for document in unranked})
    return [
        f"annotation {annotation.id} of Label Studio's task {task.task_id}: {refused[annotation.id]}"
        for task, annotation in said
        if annotation.id in refused
    ]


def _tasks(views: Sequence[LabelTaskView]) -> dict[int, LabelTask]:
    """By Label Studio's task, our row for it, with its document locked; tasks whose answers don't count left out."""
    wanted = [view.document_id for view in views if view.document_id is not None]
    locked = Document.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    documents = {each.pk: each for each in locked.prefetch_related("document_type", "pages")}
    known = LabelTask.objects.select_related("extraction").filter(task_id__in=[view.id for view in views])
    rows = {row.task_id: row for row in known}
    found = {}
    for view in views:
        document = documents.get(view.document_id or 0)
        if document is None:
            log.info("Label Studio's task %s is of no document of ours", view.id)
        elif not _of_former_type(view, document):
            row = rows.get(view.id)
            found[view.id] = row if row and row.document_id == document.pk else _adopted(view, document, row)
            found[view.id].document = document
    return found


def _elsewhere(said: Iterable[tuple[LabelTask, AnnotationView]]) -> set[int]:
    """The documents that counted one of these annotations until now, and are not its task's."""
    documents = {annotation.id: task.document_id for task, annotation in said}
    pointers = CurrentAnnotation.objects.filter(
        source=ledger.Source.LABEL_STUDIO, annotation_id__in=documents
    )
    counted = pointers.values_list("annotation_id", "document_id")
    return {document for annotation, document in counted if documents[annotation] != document}


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
    ledger.retract({view.id: ids})
    Recheck.objects.filter(pk=recheck.pk).update(seen=fingerprint(view.updated_at, ids))
    if not any(rechecks.counts(recheck, annotation) for annotation in view.annotations):
        if any(labelling.problem_in(annotation.result) for annotation in view.annotations):
            rechecks.give_up(recheck)
        elif not all(annotation.skipped for annotation in view.annotations):
            rechecks.push_anew(recheck)
        else:
            rechecks.reopen(recheck)
    if not ledger.settle(
        [recheck.document_id]
    ):  # a new truth has the queue filled; so does this, for the next
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


def _update(answered: Sequence[tuple[LabelTask, LabelTaskView]]) -> list[LabelTask]:
    """Write down how the tasks stand; answers those that left the queue by this."""
    live = _live([task.document_id for task, _ in answered])
    left: list[LabelTask] = []
    shown: list[LabelTask] = []
    for task, view in answered:
        before = task.state
        others = live.setdefault(task.document_id, set()) - {task.pk}
        if view.annotations:
            task.state = TaskState.DONE
        elif task.state != TaskState.WITHDRAWN:  # else it is being deleted just now
            task.state = TaskState.OPEN
        if others:  # one live task a document
            task.state = TaskState.WITHDRAWN
        live[task.document_id] = others | ({task.pk} if task.state != TaskState.WITHDRAWN else set())
        task.seen = fingerprint(view.updated_at, [annotation.id for annotation in view.annotations])
        left += [task] if before == TaskState.OPEN and task.state != TaskState.OPEN else []
        shown += [task] if before != TaskState.DONE else []
    _keep_states([task for task, _ in answered])
    task_pages.show_again(*shown)
    return left


def _keep_states(tasks: Sequence[LabelTask]) -> None:
    columns = zip(*((task.pk, task.state, task.seen) for task in tasks), strict=True)
    with connection.cursor() as cursor:  # `bulk_update` takes 0.5 ms a row
        cursor.execute(
            "UPDATE annotation_labeltask AS task SET state = new.state, seen = new.seen "
            "FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS new (id, state, seen) WHERE task.id = new.id",
            [list(column) for column in columns],
        )


def _live(document_ids: Collection[int]) -> dict[int, set[int]]:
    """By document, its tasks (ids) that are in Label Studio or about to be."""
    tasks = LabelTask.objects.filter(document__in=document_ids).exclude(state=TaskState.WITHDRAWN)
    found: dict[int, set[int]] = {}
    for document_id, pk in tasks.values_list("document_id", "pk"):
        found.setdefault(document_id, set()).add(pk)
    return found


def _adopted(view: LabelTaskView, document: Document, row: LabelTask | None) -> LabelTask:
    """Our row for a task that we didn't know, of a document of ours; `row` has its number, and is another document's."""
    if row:  # Label Studio began anew and counts its tasks from 1 again, or somebody changed the task's data
        LabelTask.objects.filter(pk=row.pk).update(task_id=None, state=TaskState.WITHDRAWN)
    pushing = document.tasks.filter(state=TaskState.PUSHING).first()
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
