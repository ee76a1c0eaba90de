"""Everything that Label Studio holds, compared with what we know; differences out as dirty tasks.

Webhooks only make things fast. This makes them certain: several changes are never announced (annotations that are
propagated or made drafts, all tasks deleted at once), and a notice that isn't taken is never sent again.
A sweep acts on nothing itself: even a task that is missing is only marked, and `annotation.inbox` asks for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from annotation import audit_trail, doorbell, inbox, jobs, label_studio, projects, queueing
from annotation.errors import LabelStudioRefused
from annotation.models import CurrentAnnotation, DirtyTask, DocumentType, LabelTask, Recheck
from annotation.task_views import Entry

log = logging.getLogger(__name__)

State = LabelTask.State
LIVE = (State.OPEN, State.DONE)

PUSH_TAKES_AT_MOST = timedelta(minutes=1)  # a row that is being pushed for longer was left by a dead worker
NOT_FOUND = 404
LARGEST_ID = 2**63


@dataclass(frozen=True, slots=True)
class Differences:
    """What one project holds otherwise than we know."""

    changed: frozenset[int]  # tasks to fetch: changed, gone, or never seen
    untouched: Mapping[int, str]  # tasks that only got a new prediction: their new fingerprint


def sweep_all() -> None:
    """Have every project swept, each by a job of its own: one that can't be reached keeps no other waiting."""
    types = DocumentType.objects.filter(project_id__isnull=False)
    doorbell.ring("project in doubt", *types.values_list("pk", flat=True))


def sweep_project(type_id: int) -> None:
    """Mark every task of a type's project that isn't as we know it, and mend its webhook and configuration."""
    document_type = DocumentType.objects.get(pk=type_id)
    if document_type.project_id is None:
        return
    # read before Label Studio is asked: a task that is pushed meanwhile can't look as if it had vanished
    ours = {"document__document_type": document_type, "task_id__isnull": False}
    rows: list[LabelTask | Recheck] = [*LabelTask.objects.filter(**ours), *Recheck.objects.filter(**ours)]
    answered = _answered(document_type)
    present = _inventory(document_type.project_id)
    former = {row.project_id for row in rows if row.state in LIVE or row.task_id in answered}
    former -= {document_type.project_id}
    listed = [*(present or ()), *(entry for project in former for entry in _inventory(project) or ())]
    found = differences(rows, listed, answered=answered)
    changed = found.changed | _ours_but_unknown(document_type, listed)
    with transaction.atomic():
        jobs.assert_held()
        _remember(rows, found.untouched)
        announced = DirtyTask.objects.filter(task_id__in=changed).count()
        inbox.mark_dirty(changed, noticed_by="sweep")
        if _left_behind(document_type) or queueing.skipped_long_ago(document_type).exists():
            doorbell.ring("ranking changed", type_id)
        if present is None or projects.outdated(document_type):  # it was deleted, or Docloop was updated
            doorbell.ring("document type changed", type_id)
    if changed:
        log.info(
            "sweep of %s: %d of %d tasks changed, %d of them unannounced",
            *(document_type.name, len(changed), len(listed), len(changed) - announced),
        )
    if present is not None:
        projects.connect_fill_in(document_type, document_type.project_id)
        _mend_webhook(document_type, document_type.project_id)


def _mend_webhook(document_type: DocumentType, project_id: int) -> None:
    """Make a webhook that is gone, switched off or changed anew, and write it down: somebody did that.

    Raises `LabelStudioRefused` where Label Studio won't have it: the job's failure is shown, with what to set.
    """
    if projects.ensure_webhook(document_type, project_id):
        log.warning("the webhook of %s was not as it should be; it is again", document_type.name)
        audit_trail.record(
            by=audit_trail.DOCLOOP,
            action="mended the webhook",
            subject=f"document type {document_type.name}",
            why=f"in Label Studio's project {project_id} it was missing, switched off or changed",
        )


def differences(
    rows: Iterable[LabelTask | Recheck], listed: Iterable[Entry], *, answered: set[int]
) -> Differences:
    """Compare our tasks with an inventory; `answered` are the tasks with an annotation in the ledger."""
    entries = {entry.task_id: entry for entry in listed}
    # gone, with annotations that count: also of a task that is no longer, or never was, in the queue
    changed = answered - entries.keys()
    untouched = {}
    for row in rows:
        entry = entries.get(row.task_id or 0)
        if entry is None:
            if row.state in LIVE:
                changed.add(row.task_id or 0)
            continue
        now = inbox.fingerprint(entry.updated_at, entry.annotation_ids)
        if now == row.seen:
            continue
        if entry.annotation_ids or row.task_id in answered or row.state == State.DONE:
            changed.add(entry.task_id)
        else:
            untouched[entry.task_id] = now
    return Differences(frozenset(changed), untouched)


def _inventory(project_id: int) -> list[Entry] | None:
    """Every task of a project; None if there is no such project (any more)."""
    try:
        return list(label_studio.inventory(project_id))
    except LabelStudioRefused as refusal:
        if refusal.status != NOT_FOUND:
            raise
        log.warning("Label Studio's project %s is gone", project_id)
        return None


def _answered(document_type: DocumentType) -> set[int]:
    """Tasks with an annotation that counts in the ledger."""
    pointers = CurrentAnnotation.objects.filter(
        document__document_type=document_type, correction__isnull=False, task_id__isnull=False
    )
    return {task_id for task_id in pointers.values_list("task_id", flat=True) if task_id is not None}


def _ours_but_unknown(document_type: DocumentType, listed: Iterable[Entry]) -> set[int]:
    """Tasks without a row of ours that carry a document of this type.

    One whose document is just being pushed is left to the push, unless somebody has answered it already.
    """
    entries = {entry.task_id: entry for entry in listed}
    known = LabelTask.objects.filter(task_id__in=entries).values_list("task_id", flat=True)
    unknown = [entries[task_id] for task_id in entries.keys() - set(known)]
    ours = document_type.documents.filter(
        pk__in=[entry.document_id for entry in unknown if entry.document_id]
    )
    documents = set(ours.values_list("pk", flat=True))
    pushing = set(ours.filter(tasks__state=State.PUSHING).values_list("pk", flat=True))
    return {
        entry.task_id
        for entry in unknown
        if entry.document_id in documents and (entry.annotation_ids or entry.document_id not in pushing)
    }


def _remember(rows: Iterable[LabelTask | Recheck], fingerprints: Mapping[int, str]) -> None:
    """Nobody has answered these tasks: how they stand now is how they were collected."""
    stale = [row for row in rows if row.task_id in fingerprints]
    for row in stale:
        row.seen = fingerprints[row.task_id or 0]
    tasks = [row for row in stale if isinstance(row, LabelTask)]
    LabelTask.objects.bulk_update(tasks, ["seen"], batch_size=1000)
    Recheck.objects.bulk_update([row for row in stale if isinstance(row, Recheck)], ["seen"], batch_size=1000)


def _left_behind(document_type: DocumentType) -> bool:
    """Whether a push was cut in the middle; `annotation.queueing` repairs it when it fills the queue."""
    return LabelTask.objects.filter(
        document__document_type=document_type,
        state=State.PUSHING,
        created_at__lt=Now() - PUSH_TAKES_AT_MOST,
    ).exists()
