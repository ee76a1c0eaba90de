"""A source in, a row out for every file that it has and had not before; nothing is fetched yet.

The row's key is unique, so that two who look at once, or one who was cut off and begins again, find each file once.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from annotation import doorbell, jobs
from annotation.errors import Refused, Unreachable
from annotation.models import Arrival, Source
from annotation.sources import kinds, pressure
from annotation.sources.base import Found, Json

State = Arrival.State
STILL = timedelta(seconds=3)  # for so long a file is the same before it is taken


def look_at_all(_nothing: int) -> None:
    """Ring for every source that is on."""
    if due := list(Source.objects.filter(enabled=True).values_list("pk", flat=True)):
        doorbell.ring("source due", *due)


def look_at(source_id: int) -> None:
    """Look one source through, unless too much waits already. Raises `Refused`, `Unreachable`; its row says why too."""
    source = Source.objects.filter(pk=source_id, enabled=True).first()
    if source is None:
        return
    if why := pressure.reason():
        note(source, held_back=why)
        return
    try:
        began = _look(source)
    except (Refused, Unreachable) as problem:
        note(source, problem=str(problem))
        raise
    note(source, looked_at=began, problem="", held_back="")
    if source.arrivals.filter(state=State.WAITING).exists() or unsettled_exist(source):
        doorbell.ring("files found", source.pk)


def unsettled_exist(source: Source) -> bool:
    """Whether the source is still to be told of something that was taken."""
    return source.arrivals.filter(state__in=[State.TAKEN, State.PASSED], settled=False).exists()


def note(source: Source, **columns: str | datetime) -> None:
    """Write down how a source is, under this worker's job."""
    told = {name: value[:500] if name == "problem" else value for name, value in columns.items()}  # type: ignore[index]
    with transaction.atomic():
        jobs.assert_held()
        Source.objects.filter(pk=source.pk).update(**told)


def _look(source: Source) -> datetime:
    """Write down all that is found, some at a time; answers when it began, by the database's clock."""
    began: datetime = Source.objects.filter(pk=source.pk).values_list(Now(), flat=True)[0]
    with kinds.opened(source) as place:
        for found, cursor in place.look(source.cursor):
            if not _keep(source, found, cursor, twice=place.twice, leaves=place.leaves, began=began):
                return began
    # what was seen once and is not there any more, or is another file by now
    source.arrivals.filter(state=State.SIGHTED, found_at__lte=began - STILL).delete()
    return began


@transaction.atomic
def _keep(
    source: Source, found: list[Found], cursor: Json, *, twice: bool, leaves: bool, began: datetime
) -> bool:
    """Write down what is new of it, and up to where we are; False if the source was changed or switched off meanwhile."""
    jobs.assert_held()
    ours = Source.objects.select_for_update(no_key=True).filter(pk=source.pk, enabled=True)
    if ours.values_list("settings", flat=True).first() != source.settings:
        return False
    by_key = {key_of(each): each for each in found}
    known = dict(source.arrivals.filter(key__in=by_key).values_list("key", "state"))
    Arrival.objects.bulk_create(
        [
            _row(source, key, each, twice=twice, leaves=leaves)
            for key, each in by_key.items()
            if key not in known
        ],
        ignore_conflicts=True,
    )
    again = [key for key, state in known.items() if state == State.SIGHTED]
    still = source.arrivals.filter(key__in=again, state=State.SIGHTED, found_at__lte=began - STILL)
    still.update(state=State.WAITING)
    if cursor != source.cursor:
        ours.update(cursor=cursor)
    return True


def _row(source: Source, key: str, found: Found, *, twice: bool, leaves: bool) -> Arrival:
    state = State.PASSED if found.passed else State.SIGHTED if twice else State.WAITING
    return Arrival(
        source=source,
        key=key,
        name=found.name[-255:],
        place=found.place,
        group=found.group,
        state=state,
        settled=leaves,
        problem=found.passed,
        ended_at=Now() if found.passed else None,
    )


def key_of(found: Found) -> str:
    """The same for the same file of a source, whatever it is long."""
    return hashlib.sha256(json.dumps(found.identity).encode()).hexdigest()
