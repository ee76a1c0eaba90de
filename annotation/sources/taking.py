"""Waiting arrivals of a source in, documents out, one after the other; then the source is told of what was taken.

Intake takes the same bytes once, and an arrival is marked as taken after its document is there: whoever is cut off in
between finds that document, and not another, when it begins again. What can't be taken becomes a dead letter with the
reason, and never holds up the others.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from annotation import doorbell, intake, jobs, routing
from annotation.errors import NoRoom, Refused, Unreachable
from annotation.models import Arrival, Document, Source
from annotation.sources import kinds, looking, pressure
from annotation.sources.base import Gone, Place
from models.errors import ReadingFailed

State = Arrival.State
AT_ONCE = 100  # arrivals of one source, then others have their turn
SHARE = 30.0  # seconds, likewise
MOST_ATTEMPTS = 5  # in which a worker died or something unexpected happened


def take_arrivals(source_id: int) -> None:
    """Take in some of what waits, and ring for the rest. Raises `Refused`, `Unreachable` if the source can't be reached."""
    source = Source.objects.select_related("document_type").filter(pk=source_id, enabled=True).first()
    if source is None:
        return
    try:
        with kinds.opened(source) as place:
            held = _take_some(source, place)
            _settle_some(source, place)
    except (Refused, Unreachable) as problem:
        looking.note(source, problem=str(problem))
        raise
    looking.note(source, held_back=held)
    if not held and source.arrivals.filter(state=State.WAITING).exists():
        doorbell.ring("files found", source.pk)


def _take_some(source: Source, place: Place) -> str:
    """Answers why it stopped before the end, if it did: what waits may wait."""
    until = time.monotonic() + SHARE
    waiting = list(source.arrivals.filter(state=State.WAITING).order_by("pk")[:AT_ONCE])
    for number, arrival in enumerate(waiting):
        if held := pressure.reason():
            return held
        if time.monotonic() > until or not Source.objects.filter(pk=source.pk, enabled=True).exists():
            break
        if held := _take(source, arrival, place):
            return held
        jobs.tell((number + 1) / len(waiting))
    return ""


def _take(source: Source, arrival: Arrival, place: Place) -> str:
    """One file; answers why nothing can be taken now, if that is so. Whatever is wrong with the file stays with it."""
    if not _begin(arrival):
        return ""
    try:
        document = receive(source, arrival, place)
    except Gone:
        _give_back(arrival)
        _end(arrival, State.SIGHTED)  # the next look finds it, or forgets it
    except NoRoom as full:
        _give_back(arrival)
        return str(full)
    except (Unreachable, OSError):  # or no room for the copy here
        _give_back(arrival)
        raise
    except Refused as problem:
        _end(arrival, State.FAILED, problem=str(problem))
    except ReadingFailed as problem:
        if problem.permanent or arrival.attempts >= MOST_ATTEMPTS:
            _end(arrival, State.FAILED, problem=str(problem))
    else:
        _end(arrival, State.TAKEN, document=document)
    return ""


def receive(source: Source, arrival: Arrival, place: Place) -> Document:
    """Fetch one file and give it to intake; raises what those raise."""
    most = intake.upload_limits().file_bytes
    with tempfile.TemporaryDirectory(prefix="docloop-source-") as folder:
        file = Path(folder) / "file"
        place.fetch(arrival.place, file, most)
        kind = source.document_type or routing.unknown_type()
        return intake.receive(file, filename=arrival.name, document_type=kind, by=str(source)).document


def _begin(arrival: Arrival) -> bool:
    """Count the attempt before it is made, so that a file that kills its worker doesn't do so for ever."""
    with transaction.atomic():
        jobs.assert_held()
        ours = Arrival.objects.filter(pk=arrival.pk, state=State.WAITING)
        if arrival.attempts >= MOST_ATTEMPTS:
            problem = f"it was tried {MOST_ATTEMPTS} times, and something unexpected happened each time"
            ours.update(state=State.FAILED, problem=problem, ended_at=Now())
            return False
        arrival.attempts += 1
        return bool(ours.update(attempts=F("attempts") + 1))


def _give_back(arrival: Arrival) -> None:
    """It waits on, as if it had not been tried: it is not to blame."""
    with transaction.atomic():
        jobs.assert_held()
        Arrival.objects.filter(pk=arrival.pk).update(attempts=F("attempts") - 1)


def _end(
    arrival: Arrival,
    state: Arrival.State,
    *,
    document: Document | None = None,
    problem: str = "",
) -> None:
    with transaction.atomic():
        jobs.assert_held()
        Arrival.objects.filter(pk=arrival.pk, state=State.WAITING).update(
            state=state,
            document=document,
            problem=problem[:500],
            ended_at=None if state == State.SIGHTED else Now(),
        )


def _settle_some(source: Source, place: Place) -> None:
    """Tell the source of what was taken; done again where somebody was cut off, it does no harm."""
    for arrival in to_settle(source).order_by("pk")[:AT_ONCE]:
        if not place.leaves:
            place.settle(arrival.place)
        with transaction.atomic():
            jobs.assert_held()
            same = Q(group=arrival.group) if arrival.group else Q(pk=arrival.pk)
            source.arrivals.filter(same).update(settled=True)


def to_settle(source: Source) -> QuerySet[Arrival]:
    """What was taken and is not marked yet; of those that came as one, once none is left."""
    left = Arrival.objects.filter(
        source=source, group=OuterRef("group"), state__in=[State.WAITING, State.FAILED, State.SIGHTED]
    )
    done = source.arrivals.filter(state__in=[State.TAKEN, State.PASSED], settled=False)
    return done.filter(Q(group="") | ~Exists(left))
