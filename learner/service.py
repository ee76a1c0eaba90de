"""One document type in; how long documents wait for their answer, what people's time went into, and what got through, out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from annotation import tallies
from annotation.models import Document, DocumentType, Outcome
from learner import automation, cost, savings
from learner.models import Automation

State = Document.State
UNFINISHED = (State.RECEIVED, State.READ, State.EXTRACTED, State.QUEUED, State.SKIPPED)
NEWEST = 500  # answers by which the service goal is judged


@dataclass(frozen=True, slots=True)
class Service:
    """What the overview tells of it."""

    waiting_since: datetime | None  # when the oldest document without an answer was received
    in_time: (
        float | None
    )  # share (0…1) of the newest answered ones within the goal; None: no goal, or none is answered
    hours: float  # that people took
    saved: float  # that they would have taken longer by hand
    errors: int | None  # fields that are wrong, at most, in documents accepted unseen; None: nobody can tell


def of(document_type: DocumentType) -> Service:
    """In a few queries, whatever the numbers of documents."""
    states = tallies.counts()[document_type.pk]
    rows = cost.rows(document_type)
    model = cost.fit(rows, fields=len(document_type.schema.fields))
    time = savings.time(document_type, model, rows, states[State.ACCEPTED])
    return Service(
        waiting_since=_oldest(document_type),
        in_time=_in_time(document_type),
        hours=time.spent,
        saved=time.saved,
        errors=_got_through(document_type, states[State.ACCEPTED]),
    )


def _oldest(document_type: DocumentType) -> datetime | None:
    """Ids follow the order in which documents came, so that an index knows the first of each state."""
    firsts = [
        Document.objects.filter(document_type=document_type, state=state)
        .order_by("pk")
        .values_list("received_at", flat=True)
        .first()
        for state in UNFINISHED
    ]
    return min((first for first in firsts if first), default=None)


def _in_time(document_type: DocumentType) -> float | None:
    """Of the newest answers; an answer that was changed counts by its first."""
    if document_type.within_hours is None:
        return None
    newest = Outcome.objects.filter(document_type=document_type).order_by("-at", "-pk")
    took = newest.annotate(took=F("at") - F("document__received_at")).values_list("document", "took")[:NEWEST]
    first: dict[int, timedelta] = {}
    for document, each in took:
        first[document] = min(each, first.get(document, each))
    goal = timedelta(hours=document_type.within_hours)
    return sum(each <= goal for each in first.values()) / len(first) if first else None


def _got_through(document_type: DocumentType, accepted: int) -> int | None:
    """By the bound that the audit has watched since, else the one that the thresholds promise."""
    if not accepted:
        return 0
    state = Automation.objects.filter(document_type=document_type).first()
    rule = automation.in_force(document_type)
    most = (state.watched.get("high") if state else None) or (rule.high if rule else None)
    return None if most is None else round(most * accepted * len(document_type.schema.fields))


def late(waiting_since: datetime | None, within_hours: float | None) -> bool:
    """Whether the oldest document has waited for longer than the goal."""
    if waiting_since is None or within_hours is None:
        return False
    return timezone.now() - waiting_since > timedelta(hours=within_hours)
