"""Sources made, changed, switched and taken away, and dead letters tried again, by people; each act is on the trail."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Count

from annotation import audit_trail, doorbell
from annotation.errors import Refused
from annotation.models import Arrival, DocumentType, Source
from annotation.sources import kinds

State = Arrival.State


def make(name: str, wanted: kinds.AnySettings, document_type: DocumentType | None, *, by: str) -> Source:
    """A new source, looked at from now on; raises `Refused` for settings that can't be, and a name that is taken."""
    wanted.check()
    try:
        with transaction.atomic():
            source = Source.objects.create(
                name=name,
                kind=wanted.kind,
                settings=wanted.model_dump(exclude={"kind"}),
                document_type=document_type,
                created_by=by[:150],
            )
            _write_down(source, "made", by)
            doorbell.ring("source due", source.pk)
    except IntegrityError:
        raise Refused(f"there is a source {name!r} already: give this one another name") from None
    source.refresh_from_db()  # the database says when it was made
    return source


@transaction.atomic
def change(
    source: Source, wanted: kinds.AnySettings, document_type: DocumentType | None, *, by: str
) -> Source:
    """Other settings, or another type, for what comes from now on. Raises `Refused`.

    What was found and not taken is found again where the settings say now; so is a mailbox, from its first mail.
    """
    if wanted.kind != source.kind:
        raise Refused(f"this source is a {source.kind}, and stays one: make another one for a {wanted.kind}")
    wanted.check()
    source = Source.objects.select_for_update().get(pk=source.pk)
    if wanted != kinds.settings_of(source):
        source.arrivals.filter(state__in=[State.SIGHTED, State.WAITING]).delete()
        source.settings, source.cursor = wanted.model_dump(exclude={"kind"}), {}
    source.document_type = document_type
    source.problem = ""
    source.save()
    _write_down(source, "changed", by)
    if source.enabled:
        doorbell.ring("source due", source.pk)
    return source


@transaction.atomic
def switch(source: Source, *, on: bool, by: str) -> None:
    """On, and look at it at once; or off: then nothing is taken from it, what waits goes on waiting."""
    Source.objects.filter(pk=source.pk).update(enabled=on, problem="", held_back="")
    source.refresh_from_db()
    _write_down(source, "switched on" if on else "switched off", by)
    if on:
        doorbell.ring("source due", source.pk)


@transaction.atomic
def look_now(source: Source, *, by: str) -> None:
    """Don't wait for the next time; raises `Refused` for one that is off."""
    if not source.enabled:
        raise Refused("this source is switched off: switch it on first")
    _write_down(source, "had Docloop look at", by)
    doorbell.ring("source due", source.pk)


@transaction.atomic
def delete(source: Source, *, by: str) -> None:
    """Take a source away, with what is known of what came from it; the documents stay."""
    _write_down(source, "deleted", by)
    source.delete()


@transaction.atomic
def try_again(source: Source, arrival_id: int | None = None, *, by: str) -> int:
    """Have one dead letter tried again, or all of them; answers how many. Raises `Refused` if there is none such."""
    failed = source.arrivals.filter(state=State.FAILED)
    if arrival_id is not None:
        failed = failed.filter(pk=arrival_id)
    count = failed.update(state=State.WAITING, attempts=0, problem="", ended_at=None)
    if not count:
        raise Refused("there is nothing to try again: it waits, or was taken meanwhile")
    _write_down(source, "tried dead letters again of", by)
    doorbell.ring("files found", source.pk)
    return count


@transaction.atomic
def set_aside(source: Source, arrival_id: int, *, by: str) -> None:
    """A dead letter that nobody wants: it is passed over. Raises `Refused` if it is none."""
    failed = source.arrivals.filter(pk=arrival_id, state=State.FAILED)
    if not failed.update(state=State.PASSED, problem=f"set aside by {by}"[:500]):
        raise Refused("there is nothing to set aside: it waits, or was taken meanwhile")
    _write_down(source, "set a dead letter aside of", by)
    doorbell.ring("files found", source.pk)


def counts(sources: Iterable[Source]) -> dict[int, dict[str, int]]:
    """How many files each source had: found in all, waiting, taken, passed_over and failed."""
    states = {source.pk: dict.fromkeys(State, 0) for source in sources}
    rows = Arrival.objects.filter(source__in=list(states)).order_by().values_list("source", "state")
    for source, state, count in rows.annotate(count=Count("pk")):
        states[source][State(state)] = count
    return {
        source: {
            "found": sum(of.values()),
            "waiting": of[State.SIGHTED] + of[State.WAITING],
            "taken": of[State.TAKEN],
            "passed_over": of[State.PASSED],
            "failed": of[State.FAILED],
        }
        for source, of in states.items()
    }


def _write_down(source: Source, action: str, by: str) -> None:
    audit_trail.record(
        by=by, action=f"{action} a source", subject=str(source), why=kinds.settings_of(source).told
    )
