"""Long work besides trainings: what is going on for which document type, how far it is, and how many minutes are left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Q, Subquery

from annotation.models import Document, Job

# what people call it
TITLES = {
    "annotation.extract_pool": "documents are being extracted anew",
    "learner.find_suspects": "answers in doubt are being looked for",
}
READING = "documents are being read"
BEHIND = timedelta(hours=1)  # what was read before is no part of the present batch
PACE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Ongoing:
    """One piece of work."""

    title: str
    share: float  # 0…1 that is done; 0 too while it is not known
    minutes_left: float | None  # None: not known yet


def by_type(received: Mapping[int, int], now: datetime) -> dict[int, tuple[Ongoing, ...]]:
    """What goes on, by document type; `received` says how many documents of each wait to be read. At most two queries."""
    found: defaultdict[int, tuple[Ongoing, ...]] = defaultdict(tuple)
    if sum(received.values()):
        found |= {key: (each,) for key, each in _reading(received, now).items()}
    running = Job.objects.filter(state=Job.State.RUNNING, task__in=TITLES).order_by("pk")
    for job in running:
        found[job.subject] += (Ongoing(TITLES[job.task], job.share, minutes_left(job, now)),)
    return dict(found)


def minutes_left(job: Job | None, now: datetime) -> float | None:
    """At the job's pace so far; None if it isn't running, or has hardly begun."""
    if job is None or job.state != Job.State.RUNNING or job.claimed_at is None or not job.share:
        return None
    return (now - job.claimed_at).total_seconds() / 60 / job.share * (1 - job.share)


def _reading(received: Mapping[int, int], now: datetime) -> dict[int, Ongoing]:
    """At the pace of the last ten minutes. The workers take the documents of all types in turns, so it is one pace."""
    kind = Document.objects.filter(pk=OuterRef("subject")).values("document_type")[:1]
    done = Job.objects.filter(
        task="annotation.read_document", state=Job.State.DONE, finished_at__gte=now - BEHIND
    )
    counted = (
        done.annotate(kind=Subquery(kind))
        .values("kind")
        .annotate(n=Count("pk"), lately=Count("pk", filter=Q(finished_at__gte=now - PACE)))
    )
    rows = {row["kind"]: (row["n"], row["lately"]) for row in counted}
    lately = sum(each for _, each in rows.values())
    minutes = sum(received.values()) / lately * PACE.total_seconds() / 60 if lately else None
    found = {}
    for key, waiting in received.items():
        if waiting:
            read = rows.get(key, (0, 0))[0]
            found[key] = Ongoing(READING, read / (read + waiting), minutes)
    return found
