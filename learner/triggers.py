"""Is it time to train? A correction in; out a Run row and a ring for the training worker, or nothing.

Distinct current corrections since the last snapshot are counted, never deliveries, so that it doesn't matter how
often or in what order a correction was announced.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from annotation import audit_trail, doorbell, ledger, log_context, routing
from annotation.errors import Refused
from annotation.models import DocumentType, Job
from learner import lessons, snapshots
from learner.models import Run, Snapshot

log = logging.getLogger(__name__)

LIVE = (Run.State.WAITING, Run.State.RUNNING)
TRAIN = "learner.train"
GROWTH = 0.2  # of what the router's last training had, from which another is worth it


def learn_from_correction(document_id: int) -> None:
    """After each correction: have the pool ranked anew, and ask for a training if there are enough new ones."""
    document_type = DocumentType.objects.filter(documents=document_id).first()
    if document_type is None:  # deleted since
        return
    doorbell.ring("pool changed", document_type.pk)
    doorbell.ring("figures outdated", document_type.pk)
    # a new challenger would end the trial of the one before it, time and again
    if document_type.challenger or _live(document_type):
        return
    new = new_corrections(document_type)
    if new < document_type.retrain_after:
        return
    try:
        ask(document_type, trigger=f"{new} new corrections")
    except Refused as reason:  # another worker was faster, or the documents can't be split yet
        log.info("no training of %s yet: %s", document_type.name, reason)


def train_router() -> None:
    """Ask for a training of the router if people have said the types of enough documents since the last, or of a new type's."""
    unknown = routing.unknown_type()
    if _live(unknown):
        return
    last = Run.objects.filter(document_type=unknown).order_by("-pk").first()
    taken = last.lessons.values_list("document", "document_type") if last else []
    before, types = {document for document, _ in taken}, {kind for _, kind in taken}
    found = lessons.known()
    new = [each for each in found if each.document not in before]
    if {each.document_type for each in found} <= types and len(new) < max(
        unknown.retrain_after, GROWTH * len(before)
    ):
        return
    try:
        ask(unknown, trigger=f"people have said the types of {len(new)} more documents")
    except Refused as reason:
        log.info("no training of the router yet: %s", reason)


def new_corrections(document_type: DocumentType) -> int:
    """Documents whose current correction isn't in the type's last snapshot."""
    last = Snapshot.objects.filter(document_type=document_type).order_by("-pk").first()
    return ledger.count_since(document_type, [correction for correction, _ in last.items] if last else [])


def ask(document_type: DocumentType, *, trigger: str, by: str = audit_trail.DOCLOOP) -> Run:
    """A new run, waiting for the training worker. `trigger` says why, for people; `by` who wants it, for the trail.

    Raises `Refused` if one is live already, or if there are too few corrections for a snapshot.
    """
    settle(document_type)
    # raises Refused: better now than in the training worker
    if document_type.unknown:
        lessons.plan()
    else:
        snapshots.plan(document_type)
    with transaction.atomic():
        DocumentType.every.select_for_update().get(pk=document_type.pk)
        if live := _live(document_type):
            raise Refused(f"{document_type.name} is being trained already (run {live.pk}, {live.state})")
        run = Run.objects.create(document_type=document_type, trigger=trigger[:200])
        audit_trail.record(
            by=by, action="asked for a training", subject=f"run {run.pk} of {document_type.name}", why=trigger
        )
        doorbell.ring("training asked", run.pk)
    with log_context.about(run=run.pk, document_type=document_type.pk):
        log.info("a training was asked for")
    return run


@transaction.atomic
def stop(run: Run, *, by: str = audit_trail.DOCLOOP) -> None:
    """Ask a live run to stop; one that hasn't begun stops at once. Raises `Refused` if it has ended."""
    now = timezone.now()
    waiting = Run.objects.filter(pk=run.pk, state=Run.State.WAITING)
    running = Run.objects.filter(pk=run.pk, state=Run.State.RUNNING)
    if not (
        waiting.update(state=Run.State.STOPPED, stop_asked=True, finished_at=now)
        or running.update(stop_asked=True)
    ):
        raise Refused(f"run {run.pk} has ended, there is nothing to stop")
    audit_trail.record(
        by=by, action="stopped a training", subject=f"run {run.pk} of {run.document_type.name}"
    )


def settle(document_type: DocumentType | None = None) -> int:
    """Fail the live runs that no job will ever finish (it gave up after its attempts); answers how many.

    Without it one broken training would keep its type from ever being trained again.
    """
    jobs = Job.objects.filter(task=TRAIN, subject=OuterRef("pk"))
    alive = jobs.filter(state__in=[Job.State.WAITING, Job.State.RUNNING])
    abandoned = Run.objects.filter(~Exists(alive), state__in=LIVE)
    if document_type:
        abandoned = abandoned.filter(document_type=document_type)
    settled = 0
    for run in abandoned:
        last = Job.objects.filter(task=TRAIN, subject=run.pk).order_by("-pk").first()
        problem = last.problem if last and last.problem else "its job is gone"
        settled += Run.objects.filter(pk=run.pk, state__in=LIVE).update(
            state=Run.State.FAILED, problem=f"Given up: {problem}"[:1000], finished_at=timezone.now()
        )
    return settled


def _live(document_type: DocumentType) -> Run | None:
    return Run.objects.filter(document_type=document_type, state__in=LIVE).first()
