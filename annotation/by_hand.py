"""A document that somebody wants looked at now, in; the head of the queue, or another person for it, out.

The queue is chosen by rank everywhere else (`annotation.queueing`). What is put in here by hand has a rank above all
that is ranked, keeps it when the pool is ranked anew (`Document.asked_by`), and is what Label Studio gives out next.
"""

from __future__ import annotations

from django.db import transaction

from annotation import asking, audit_trail, doorbell, lifecycle, rechecks
from annotation.errors import Refused
from annotation.models import Document, LabelTask, Recheck

State = Document.State

HEAD = 3.0  # ranked documents have priorities below it, see learner.ranking
MAY = (State.READ, State.EXTRACTED, State.ACCEPTED, State.QUEUED)


def send_or_ask_another(document_id: int, *, by: str) -> None:
    """Have somebody look at a document next: another person, if one has confirmed it already. Raises `Refused`."""
    if Document.objects.filter(pk=document_id, truth__isnull=False).exists():
        ask_another(document_id, by=by)
    else:
        send_to_queue(document_id, by=by)


@transaction.atomic
def send_to_queue(document_id: int, *, by: str, reason: str = "") -> None:
    """Put a document that nobody has answered at the head of the queue; its length doesn't matter. Raises `Refused`.

    `reason` is what annotators read; empty: who asked for it.
    """
    locked = Document.objects.select_for_update(of=("self",)).select_related("document_type", "extraction")
    document = locked.get(pk=document_id)
    document_type = document.document_type
    if document.state not in MAY:
        raise Refused(f"This document is {document.state}: it can't be put into the queue.")
    if document_type.unknown:
        raise Refused("Nobody knows yet what type of document this is: say so first, and it goes there.")
    if document_type.project_id is None:
        raise Refused(f"{document_type.title} has no project in Label Studio yet. Try again in a minute.")
    reason = reason or f"asked for by {by}"
    Document.objects.filter(pk=document_id).update(priority=HEAD, reason=reason[:200], asked_by=by[:150])
    if document.state != State.QUEUED:
        LabelTask.objects.create(
            document=document,
            project_id=document_type.project_id,
            extraction=document.extraction,
            reason=reason[:200],
            unasked=asking.unasked(document_type, document, document.extraction),
        )
        lifecycle.move(document_id, State.QUEUED, reason=reason)
    audit_trail.record(by=by, action="sent to the queue", subject=f"document {document_id}", why=reason)
    doorbell.ring("ranking changed", document_type.pk)


@transaction.atomic
def ask_another(document_id: int, *, by: str) -> None:
    """Ask somebody else about a document that one person has confirmed. Raises `Refused` if nobody can be asked."""
    document = Document.objects.select_related("truth__extraction").get(pk=document_id)
    if document.truth is None:
        raise Refused("Nobody has confirmed this document yet. Send it to the queue instead.")
    seen = document.truth.extraction
    asked = rechecks.ask(
        document,
        Recheck.Purpose.SECOND_OPINION,
        because=f"by hand: correction {document.truth_id}",
        shown=seen.found if seen else (),
        reason=f"Second opinion, asked for by {by}"[:200],
    )
    if asked is None:
        raise Refused(
            "Nobody can be asked just now: somebody is asked about it already, or was after its last correction, or "
            "nobody else has labelled documents of this type yet."
        )
    audit_trail.record(by=by, action="asked for a second opinion", subject=f"document {document_id}")
