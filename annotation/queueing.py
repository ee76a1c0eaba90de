"""The ranked pool in; out a shallow queue in Label Studio: topped up, shown what the champion says, rid of lost ranks.

A task exists for us from before it is pushed (state PUSHING): whatever a cut push left behind is looked up in Label
Studio by its document before anything is sent again, so that there are neither duplicates nor holes.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce, Now, NullIf

from annotation import (
    asking,
    canary,
    jobs,
    label_studio,
    ledger,
    lifecycle,
    log_context,
    people,
    rechecks,
    showing,
)
from annotation.extraction import untaught_of
from annotation.models import CurrentAnnotation, Document, DocumentType, Extraction, LabelTask
from annotation.page_key_model import new_key
from annotation.turns import Ranked, in_turn

log = logging.getLogger(__name__)

State = Document.State
TaskState = LabelTask.State

BATCH = 100  # tasks a request: sent within a second or two, and cheap to look up again
BEST_FIRST: Sequence[OrderBy | str] = (F("priority").desc(nulls_last=True), "pk")
BEST_DOCUMENT_FIRST: Sequence[OrderBy | str] = (F("document__priority").desc(nulls_last=True), "pk")
# A task goes when its document is no longer among this many times the queue's length of the best. To come in takes
# being among the best once the length, so that what stands near the edge does not go to and fro.
KEEPS_RANK = 2
CHURN = 0.5  # of the queue's length may be withdrawn, or pushed anew, at a time
LOOK_AHEAD = 5000  # best documents among which near copies are passed over
SKIPPED_FOR = timedelta(days=1)  # until then only others are offered what somebody skipped
MOST_SKIPS = 3  # of a document: then it stays skipped until a lead looks at it
NEW_TYPE = "There is no model yet: please fill in every field"
READ_UNTAUGHT = "New type, read by {}"


def fill_queue(type_id: int) -> None:
    """Bring the type's queue up to date: as deep as it should be, with the documents that are worth a person's time
    most, each with what the champion says now.

    One job does it all, so that nothing is withdrawn while it is given a prediction.
    """
    document_type = DocumentType.objects.get(pk=type_id)
    if document_type.project_id is None:  # `annotation.projects` rings again when there is one
        return
    _look_up(document_type, document_type.project_id)
    _bring_back(document_type, document_type.project_id)
    _withdraw(document_type, document_type.project_id)
    _renew_reasons(document_type, document_type.project_id)
    _renew(document_type, document_type.project_id)
    _choose(document_type, document_type.project_id)
    _push(document_type, document_type.project_id)
    _show_newest(document_type, document_type.project_id)
    rechecks.fill(document_type, document_type.project_id, most=max(1, depth(document_type) // 2))


def _renew(document_type: DocumentType, project_id: int) -> None:
    """Give open tasks what the champion says now.

    The predictions that people may have begun with stay beside the new ones: Label Studio tells which of them a
    person submitted from.
    """
    name = canary.blind_name(document_type)
    outdated = ~Q(shown_as=name)
    if (
        not name
    ):  # else what a person is shown stays: of two predictions by one name Label Studio shows either
        outdated |= Q(extraction__isnull=True) | ~Q(extraction=F("document__extraction"))
    open_ones = _tasks(document_type, TaskState.OPEN).filter(
        outdated, document__extraction__isnull=False, project_id=project_id
    )
    for tasks in _batches(open_ones):
        for task in tasks:
            task.shown_as = name
        predictions = {
            task.task_id: showing.prediction(document_type, task, task.document.extraction) for task in tasks
        }
        label_studio.add_predictions(
            project_id, {task_id: each for task_id, each in predictions.items() if task_id and each}
        )
        with transaction.atomic():
            jobs.assert_held()
            for task in tasks:
                LabelTask.objects.filter(pk=task.pk).update(
                    extraction=task.document.extraction_id, shown_as=name
                )


def depth(document_type: DocumentType) -> int:
    """How many tasks the type's queue holds: its depth for each active annotator who labels the type."""
    return document_type.queue_depth * max(1, people.labellers(document_type).count())


def _tasks(document_type: DocumentType, *states: str) -> QuerySet[LabelTask]:
    return LabelTask.objects.filter(document__document_type=document_type, state__in=states)


def _batches(tasks: QuerySet[LabelTask]) -> Iterator[list[LabelTask]]:
    """Tasks with their documents, extractions and pages, the best documents first."""
    ids = list(tasks.order_by(*BEST_DOCUMENT_FIRST).values_list("pk", flat=True))
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
    """Take tasks out whose documents lost their rank, or are confirmed by other means (labels were imported): only such
    as nobody has answered, drafted or been given.

    The audit slice stays: what was picked at random must not go because a model finds it easy.
    """
    length = depth(document_type)
    lost = (
        _tasks(document_type, TaskState.OPEN)
        .filter(project_id=project_id, document__state=State.QUEUED, document__audit_probability__isnull=True)
        .exclude(document__in=_best(document_type, KEEPS_RANK * length))
        .order_by(F("document__priority").asc(nulls_first=True), "-pk")
    )
    answered = _tasks(document_type, TaskState.OPEN).filter(
        project_id=project_id, document__state=State.CONFIRMED
    )
    worst = lost.exclude(task_id__in=_handed_out_next(document_type, project_id))
    candidates = {task.task_id for task in (*worst[: max(1, int(CHURN * length))], *answered) if task.task_id}
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


def _handed_out_next(document_type: DocumentType, project_id: int) -> list[int]:
    """The open tasks that people have or may be given at this very moment: the least sure ones, which stay.

    Label Studio looks which tasks are free and deletes them a moment later. Whoever asks for the next task meanwhile
    is told that it is gone, or of an error. One task each may be held, and one each be asked for; of a shallow queue
    half may move all the same.
    """
    length = depth(document_type)
    shares = length // max(1, document_type.queue_depth)
    there = _tasks(document_type, TaskState.OPEN).filter(project_id=project_id, task_id__isnull=False)
    least_sure = there.order_by(F("extraction__score").asc(nulls_last=True), "task_id")
    ids = least_sure.values_list("task_id", flat=True)[: min(2 * shares, length // 2)]
    return [task_id for task_id in ids if task_id]


def _renew_reasons(document_type: DocumentType, project_id: int) -> None:
    """Push tasks anew whose documents are in the queue for another reason than the one that is shown, which ask for too
    little by now, or whose pages have no key: some at a time, so that the queue never stands empty, and only such as nobody has answered,
    drafted or been given.

    Label Studio can change a task too, but writes its whole row then: an annotation that is submitted meanwhile would
    be forgotten by the task's counters, and a task that seems to have none is offered again, or deleted.
    """
    shown = _tasks(document_type, TaskState.OPEN).filter(project_id=project_id, task_id__isnull=False)
    shown = shown.exclude(task_id__in=_handed_out_next(document_type, project_id))
    stale = {
        task.task_id or 0: task.document
        for task in shown.select_related("document__extraction").order_by(*BEST_DOCUMENT_FIRST)
        if task.reason != _reason(document_type, task.document)
        or asking.asks_too_little(document_type, task)
        or not task.page_key
    }
    size = max(1, int(CHURN * depth(document_type)))
    for start in range(0, len(stale), size):
        gone = label_studio.delete_untouched(project_id, list(stale)[start : start + size])
        with transaction.atomic():
            jobs.assert_held()
            for task_id in gone or ():
                LabelTask.objects.filter(task_id=task_id, state=TaskState.OPEN).update(
                    task_id=None,
                    state=TaskState.PUSHING,
                    seen="",
                    extraction=stale[task_id].extraction_id,
                    reason=_reason(document_type, stale[task_id]),
                    page_key=new_key(),
                    shown_as=canary.blind_name(document_type),
                    unasked=asking.unasked(document_type, stale[task_id], stale[task_id].extraction),
                )
        _push(document_type, project_id)


def skipped_long_ago(document_type: DocumentType) -> QuerySet[Document]:
    """Documents that were skipped without a reason, and may be asked of the same people again.

    Of one that was set aside with a reason a lead decides.

    Meanwhile Label Studio itself offers them to everybody who hasn't skipped them.
    """
    skipped = Q(corrections__skipped=True)
    reasoned = CurrentAnnotation.objects.filter(document=OuterRef("pk"), correction__skipped=True).exclude(
        correction__set_aside=""
    )
    return (
        document_type.documents.filter(~Exists(reasoned), state=State.SKIPPED, tasks__state=TaskState.DONE)
        .alias(
            skips=Count("corrections", filter=skipped, distinct=True),
            last=Max("corrections__recorded_at", filter=skipped),
        )
        .filter(skips__lt=MOST_SKIPS, last__lt=Now() - SKIPPED_FOR)
    )


def _bring_back(document_type: DocumentType, project_id: int) -> None:
    """Return documents that were skipped long ago to the pool, without their old tasks: Label Studio never offers a
    task again to who skipped it. The ledger keeps that it was skipped, and by whom.
    """
    tasks = LabelTask.objects.filter(
        document__in=skipped_long_ago(document_type), state=TaskState.DONE, project_id=project_id
    )
    asked = {task_id for task_id in tasks.order_by("pk").values_list("task_id", flat=True)[:BATCH] if task_id}
    gone = (label_studio.delete_untouched(project_id, asked, skipped_too=True) if asked else None) or ()
    with transaction.atomic():
        jobs.assert_held()
        LabelTask.objects.filter(task_id__in=gone, state=TaskState.DONE).update(state=TaskState.WITHDRAWN)
        ledger.settle(ledger.retract(dict.fromkeys(gone, ())))


def _choose(document_type: DocumentType, project_id: int) -> None:
    """Put the best of the pool in the queue, for us; Label Studio hears of it next."""
    live = LabelTask.objects.filter(document=OuterRef("pk")).exclude(state=TaskState.WITHDRAWN)
    with transaction.atomic():
        jobs.assert_held()
        length = depth(document_type)
        room = max(0, length - _tasks(document_type, TaskState.PUSHING, TaskState.OPEN).count())
        # twice as many as there is room for: what somebody else is just changing is passed over
        turn = _best(document_type, length + room) if room else []
        free = document_type.documents.filter(~Exists(live), pk__in=turn, state__in=lifecycle.POOL)
        locking = free.select_related("extraction").select_for_update(skip_locked=True, of=("self",))
        locked = {document.pk: document for document in locking}
        tasks = [
            LabelTask(
                document=locked[pk],
                project_id=project_id,
                extraction_id=locked[pk].extraction_id,
                reason=_reason(document_type, locked[pk]),
                shown_as=canary.blind_name(document_type),
                unasked=asking.unasked(document_type, locked[pk], locked[pk].extraction),
            )
            for pk in [pk for pk in turn if pk in locked][:room]
        ]
        LabelTask.objects.bulk_create(tasks)
        documents = Document.objects.filter(pk__in=[task.document_id for task in tasks])
        lifecycle.move_many(documents, State.QUEUED, reason="chosen for labelling")


def _best(document_type: DocumentType, wanted: int) -> list[int]:
    """The documents of the pool and the queue whose turn it is first."""
    columns = ("priority", "pk", "fingerprint", "state")
    queued = document_type.documents.filter(state=State.QUEUED).values_list(*columns)
    pool = document_type.documents.filter(state__in=lifecycle.POOL).order_by(*BEST_FIRST)
    rows = [*queued, *pool.values_list(*columns)[:LOOK_AHEAD]]
    rows.sort(key=lambda row: (row[0] is None, -(row[0] or 0), row[1]))
    return in_turn(
        [
            Ranked(pk, int(fingerprint or "0", 16), queued=state == State.QUEUED)
            for _, pk, fingerprint, state in rows
        ],
        wanted,
    )


def _push(document_type: DocumentType, project_id: int) -> None:
    """Send every task that Label Studio has not got."""
    for tasks in _batches(_tasks(document_type, TaskState.PUSHING)):
        with transaction.atomic():
            jobs.assert_held()  # whoever took this job over has looked Label Studio through before we send
        ids = label_studio.push_tasks(
            project_id,
            [
                (showing.data(document_type, task), showing.prediction(document_type, task, task.extraction))
                for task in tasks
            ],
        )
        with transaction.atomic():
            jobs.assert_held()
            for task, task_id in zip(tasks, ids, strict=True):
                _arrived(task, project_id, task_id)
        known = LabelTask.objects.filter(task_id__in=ids).values_list("task_id", flat=True)
        # withdrawn here while it was on its way: left there, two people could be asked about its document
        label_studio.delete_untouched(project_id, set(ids).difference(known))


def _arrived(task: LabelTask, project_id: int, task_id: int) -> None:
    """Write down where a pushed task is, unless `annotation.inbox` has heard of it before."""
    pushing = LabelTask.objects.filter(pk=task.pk, state=TaskState.PUSHING)
    if pushing.exists():
        # an earlier row of the task, from before Label Studio began to count anew
        LabelTask.objects.filter(task_id=task_id).exclude(pk=task.pk).update(task_id=None)
    pushing.update(project_id=project_id, task_id=task_id, state=TaskState.OPEN)
    with log_context.about(document=task.document_id, label_studio_task=task_id):
        log.info("waits in Label Studio")


def _show_newest(document_type: DocumentType, project_id: int) -> None:
    """Have Label Studio show the newest predictions, and see that no task opens empty meanwhile.

    It shows those of one model version only. While a new champion works through the queue that is still the old one: a
    task that only the new one has looked at gets a prediction by the old one's name.
    """
    name = Coalesce(NullIf("shown_as", Value("")), "extraction__model_version")
    said = _tasks(document_type, TaskState.OPEN).filter(extraction__isnull=False).alias(called=name)
    counted = Counter(said.values_list(name, flat=True))
    if not counted:
        return
    present = label_studio.project(project_id)
    shown = present.model_version if present else ""
    version = shown if shown in counted else max(counted, key=counted.__getitem__)
    for tasks in _batches(said.exclude(called=version).filter(project_id=project_id)):
        label_studio.add_predictions(project_id, _stand_ins(document_type, tasks, version))
    if present and shown != version:
        label_studio.set_model_version(project_id, version)


def _stand_ins(
    document_type: DocumentType, tasks: Sequence[LabelTask], version: str
) -> dict[int, dict[str, Any]]:
    """What tasks show as a version's prediction: what it said of their documents, else what the task's version says.

    The ledger looks up what a person saw in the same order (`annotation.ledger`).
    """
    own = Extraction.objects.filter(document__in=[task.document_id for task in tasks], model_version=version)
    by_document = {extraction.document_id: extraction for extraction in own}
    found = {}
    for task in tasks:
        prediction = showing.prediction(
            document_type, task, by_document.get(task.document_id, task.extraction)
        )
        if task.task_id and prediction:
            found[task.task_id] = prediction | {"model_version": version}
    return found


def _reason(document_type: DocumentType, document: Document) -> str:
    """Why a person is asked for this document, for them to read."""
    if document_type.champion:
        return document.reason
    found = untaught_of(document_type)
    if found and document.extraction and document.extraction.model_version == found.version:
        return "; ".join(filter(None, [READ_UNTAUGHT.format(found.title), document.reason]))
    return document.reason or NEW_TYPE
