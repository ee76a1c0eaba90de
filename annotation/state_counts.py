"""How many documents there are in every state in; how many there were, day by day, out.

The present counts (`annotation.tallies`) are written down now and then, and the last of a day stay: a chart of months
reads some hundred small rows, whatever the number of documents, and what was deleted or moved in bulk is right in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from annotation import tallies
from annotation.models import Document, DocumentType, Move, StateCount

KEPT_BACK = timedelta(days=90)  # what is worked out of the moves when a type is counted for the first time


@dataclass(frozen=True, slots=True)
class Day:
    """A day (UTC) and how many documents there were in each state at its end; states without any are left out."""

    day: date
    counts: Mapping[str, int]


def count_states() -> None:
    """Write down today's counts of every type; of one that was never counted, those of the days before as well."""
    today = timezone.now().date()
    present = tallies.counts()
    counted = set(StateCount.objects.values_list("document_type", flat=True).distinct())
    rows = []
    for document_type in DocumentType.objects.all():
        counts = _present(present[document_type.pk])
        days = [] if document_type.pk in counted else _before(document_type, counts, today)
        rows += [
            StateCount(document_type=document_type, day=each.day, counts=dict(each.counts))
            for each in [*days, Day(today, counts)]
        ]
    StateCount.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["document_type", "day"], update_fields=["counts"]
    )


def history(document_type: DocumentType, *, days: int) -> list[Day]:
    """The last `days` days, the oldest first, the last one today with the counts of this moment.

    A day on which nothing was counted, because Docloop didn't run, has the counts of the day before: nothing moved.
    Days before the first count are left out.
    """
    today = timezone.now().date()
    first = today - timedelta(days=days - 1)
    stored = dict(
        StateCount.objects.filter(document_type=document_type, day__gte=first).values_list("day", "counts")
    )
    stored[today] = _present(tallies.counts()[document_type.pk])
    found: list[Day] = []
    for n in range(days):
        day = first + timedelta(days=n)
        if day in stored:
            found.append(Day(day, stored[day]))
        elif found:
            found.append(Day(day, found[-1].counts))
    return found


def _present(counts: Mapping[str, int]) -> dict[str, int]:
    return {state: n for state, n in counts.items() if n}


def _before(document_type: DocumentType, counts: Mapping[str, int], today: date) -> list[Day]:
    """The days before today, back from today's counts by the moves and arrivals since."""
    first = today - KEPT_BACK
    changes: defaultdict[date, Counter[str]] = defaultdict(Counter)
    moves = Move.objects.filter(document__document_type=document_type, at__date__gte=first)
    by_day = moves.order_by().annotate(day=TruncDate("at")).values_list("day", "before", "after")
    for day, before, after, n in by_day.annotate(n=Count("pk")):
        changes[day][before] -= n
        changes[day][after] += n
    arrived = Document.objects.filter(document_type=document_type, received_at__date__gte=first)
    for day, n in arrived.annotate(day=TruncDate("received_at")).values_list("day").annotate(n=Count("pk")):
        changes[day][Document.State.RECEIVED] += n
    found: list[Day] = []
    at = Counter(counts)
    day = today
    while day > first and any(change > 0 for change in at.values()):
        at.subtract(changes[day])
        day -= timedelta(days=1)
        found.append(Day(day, {state: n for state, n in at.items() if n > 0}))
    # the day before the first document has none: a chart begins at nought
    return found[::-1]
