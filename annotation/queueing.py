"""The ranked pool in; out a shallow queue in Label Studio: topped up, shown what the champion says, rid of lost ranks.

A task exists for us from before it is pushed (state PUSHING): whatever a cut push left behind is looked up in Label
Studio by its document before anything is sent again, so that there are neither duplicates nor holes.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import OrderBy

from annotation import jobs, label_studio, labelling, lifecycle
from annotation.models import Document, DocumentType, Extraction, LabelTask

log = logging.getLogger(__name__)

State = Document.State
TaskState = LabelTask.State

BATCH = 100  # tasks a request: sent within a second or two, and cheap to look up again
BEST_FIRST: Sequence[OrderBy | str] = (F("priority").desc(nulls_last=True), "pk")
# A task goes when its document is no longer among this many times the queue's length of the best. To come in takes
# being among the best once the length, so that what stands near the edge does not go to and fro.
KEEPS_RANK = 2
CHURN = 0.5  # of the queue's length may be withdrawn at a time
NEW_TYPE = "There is no model yet: please fill in every field"


def fill_queue(type_id: int) -> None:
    """Bring the type's queue up to date: as deep as it should be, with the documents that are worth a person's time
    most, each with what the champion says now.

    One job does it all, so that nothing is withdrawn while it is given a prediction.
    """
    document_type = DocumentType.objects.get(pk=type_id)
    if document_type.project_id is None:  # `annotation.projects` rings again when there is one
        return
    _look_up(document_type, document_type.project_id)
    _withdraw(document_type, document_type.project_id)
    _renew(document_type, document_type.project_id)
    _choose(document_type, document_type.project_id)
    _push(document_type, document_type.project_id)
    _show_newest(document_type, document_type.project_id)


def _renew(document_type: DocumentType, project_id: int) -> None:
    """Give open tasks what the champion says now.

    The predictions that people may have begun with stay beside the new ones: Label Studio tells which of them a
    person submitted from.
    """
    renewed = Q(extraction__isnull=True) | ~Q(extraction=F("document__extraction"))
    outdated = _tasks(document_type, TaskState.OPEN).filter(
        renewed, document__extraction__isnull=False, project_id=project_id
    )
    for tasks in _batches(outdated):
        predictions = {
            task.task_id: _prediction(document_type, task.document, task.document.extraction)
            for task in tasks
        }
        label_studio.add_predictions(
            project_id, {task_id: each for task_id, each in predictions.items() if task_id and each}
        )
        with transaction.atomic():
            jobs.assert_held()
            for task in tasks:
                LabelTask.objects.filter(pk=task.pk).update(extraction=task.document.extraction_id)


def depth(document_type: DocumentType) -> int:
    """How many tasks the type's queue holds: its depth for each active annotator."""
    annotators = User.objects.filter(is_active=True, groups__name="annotator").distinct().count()
    return document_type.queue_depth * max(1, annotators)


def _tasks(document_type: DocumentType, *states: str) -> QuerySet[LabelTask]:
    return LabelTask.objects.filter(document__document_type=document_type, state__in=states)


def _batches(tasks: QuerySet[LabelTask]) -> Iterator[list[LabelTask]]:
    """Tasks with their documents, extractions and pages, the best documents first."""
    ranked = tasks.order_by(F("document__priority").desc(nulls_last=True), "pk")
    ids = list(ranked.values_list("pk", flat=True))
    whole = LabelTask.objects.select_related("extraction", "document__extraction").prefetch_related(
        "document__pages"
    )
    for start in range(0, len(ids), BATCH):
        some = whole.in_bulk(ids[start : start + BATCH])
        yield [some[pk] for pk in ids[start : start + BATCH] if pk in some]


def _look_up(document_type: DocumentType, project_id: int) -> None:
    """Find what an earlier push left without saying whether it arrived; what did not is pushed with the rest."""
    left = list(_tasks(document_type, TaskState.PUSHING))
    if not left:
        return
    found: dict[int, list[int]] = {}
    for start in range(0, len(left), BATCH):  # they are asked for in an address, which proxies keep to 8 kB
        some = [task.document_id for task in left[start : start + BATCH]]
        found |= label_studio.tasks_by_document(project_id, some)
    doubles = {task_id for task_ids in found.values() for task_id in task_ids[1:]}
    label_studio.delete_untouched(project_id, doubles)
    with transaction.atomic():
        jobs.assert_held()
        for task in left:
            if task.document_id in found:
                _arrived(task, project_id, found[task.document_id][0])


def _withdraw(document_type: DocumentType, project_id: int) -> None:
    """Take tasks out whose documents lost their rank: only such as nobody has answered, drafted or been given.

    The audit slice stays: what was picked at random must not go because a model finds it easy.
    """
    length = depth(document_type)
    unanswered = document_type.documents.filter(state__in=[*lifecycle.POOL, State.QUEUED])
    best = unanswered.order_by(*BEST_FIRST)[: KEEPS_RANK * length]
    lost = (
        _tasks(document_type, TaskState.OPEN)
        .filter(project_id=project_id, document__state=State.QUEUED, document__audit_probability__isnull=True)
        .exclude(document__in=list(best.values_list("pk", flat=True)))
        .order_by(F("document__priority").asc(nulls_first=True), "-pk")
    )
    candidates = {task.task_id for task in lost[: max(1, int(CHURN * length))] if task.task_id}
    if not candidates:
        return
    gone = label_studio.delete_untouched(project_id, candidates)
    if gone is None:
        log.info("Label Studio does not tell which tasks are given to people: none is withdrawn")
        return
    with transaction.atomic():
        jobs.assert_held()
        withdrawn = LabelTask.objects.filter(task_id__in=gone, state=TaskState.OPEN)
        ids = list(withdrawn.values_list("document", flat=True))
        withdrawn.update(state=TaskState.WITHDRAWN)
        documents = Document.objects.filter(pk__in=ids, state=State.QUEUED)
        for home, extracted in ((State.EXTRACTED, True), (State.READ, False)):
            some = documents.filter(extraction__isnull=not extracted)
            lifecycle.move_many(some, home, reason="withdrawn: others are worth a person's time more")


def _choose(document_type: DocumentType, project_id: int) -> None:
    """Put the best of the pool in the queue, for us; Label Studio hears of it next."""
    live = LabelTask.objects.filter(document=OuterRef("pk")).exclude(state=TaskState.WITHDRAWN)
    with transaction.atomic():
        jobs.assert_held()
        room = depth(document_type) - _tasks(document_type, TaskState.PUSHING, TaskState.OPEN).count()
        pool = document_type.documents.filter(~Exists(live), state__in=lifecycle.POOL)
        # what somebody else is just changing is passed over
        chosen = pool.order_by(*BEST_FIRST).select_for_update(skip_locked=True)[: max(0, room)]
        tasks = [
            LabelTask(document=document, project_id=project_id, extraction_id=document.extraction_id)
            for document in chosen
        ]
        LabelTask.objects.bulk_create(tasks)
        documents = Document.objects.filter(pk__in=[task.document_id for task in tasks])
        lifecycle.move_many(documents, State.QUEUED, reason="chosen for labelling")


def _push(document_type: DocumentType, project_id: int) -> None:
    """Send every task that Label Studio has not got."""
    for tasks in _batches(_tasks(document_type, TaskState.PUSHING)):
        with transaction.atomic():
            jobs.assert_held()  # whoever took this job over has looked Label Studio through before we send
        ids = label_studio.push_tasks(
            project_id,
            [
                (_data(document_type, task), _prediction(document_type, task.document, task.extraction))
                for task in tasks
            ],
        )
        with transaction.atomic():
            jobs.assert_held()
            for task, task_id in zip(tasks, ids, strict=True):
                _arrived(task, project_id, task_id)


def _arrived(task: LabelTask, project_id: int, task_id: int) -> None:
    """Write down where a pushed task is, unless `annotation.inbox` has heard of it before."""
    pushing = LabelTask.objects.filter(pk=task.pk, state=TaskState.PUSHING)
    if pushing.exists():
        # an earlier row of the task, from before Label Studio began to count anew
        LabelTask.objects.filter(task_id=task_id).exclude(pk=task.pk).update(task_id=None)
    pushing.update(project_id=project_id, task_id=task_id, state=TaskState.OPEN)


def _show_newest(document_type: DocumentType, project_id: int) -> None:
    """Have Label Studio show the model version that most open tasks have a prediction of.

    It shows those of one version only. While a new champion works through the pool that is still the old one's.
    """
    said = _tasks(document_type, TaskState.OPEN).filter(extraction__isnull=False)
    counted = Counter(said.values_list("extraction__model_version", flat=True))
    if not counted:
        return
    version = max(counted, key=lambda each: (counted[each], each == document_type.champion))
    present = label_studio.project(project_id)
    if present and present.model_version != version:
        label_studio.set_model_version(project_id, version)


def _data(document_type: DocumentType, task: LabelTask) -> dict[str, Any]:  # Label Studio's JSON
    # Label Studio serves the store's pages behind its own sign-in
    urls = [f"/data/local-files/?d={page.image}" for page in task.document.pages.all()]
    reason = task.document.reason or ("" if document_type.champion else NEW_TYPE)
    return labelling.task_data(task.document_id, urls, reason=reason, title=document_type.title)


def _prediction(
    document_type: DocumentType, document: Document, extraction: Extraction | None
) -> dict[str, Any] | None:
    """What an extraction says, for Label Studio; None without one."""
    if extraction is None:
        return None
    return labelling.prediction(
        extraction.found,
        document.word_pages,
        document_type.schema,
        document_type=document_type.name,
        model_version=extraction.model_version,
        score=extraction.score,
    )
