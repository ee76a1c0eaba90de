"""How people's corrections ended in; who answered how many documents on which day, and how long they took, out.

Days are the reader's (the active time zone). An index holds all that is asked here, so that the ledger isn't read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.db.models import Aggregate, Count, FloatField, Max, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from annotation.models import DocumentType, Outcome

WEEK = 7  # days that a trend is taken over


class Median(Aggregate):
    """PostgreSQL's median of a column, nulls left out."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True, slots=True)
class Day:
    """One day's work; a document that somebody answered twice on a day counts once."""

    day: date
    documents: int
    by_person: dict[str, int]  # {e-mail: documents}
    median_seconds: float | None  # of one document; None without any known time
    trend_seconds: float | None  # of this day and the six before, by documents


@dataclass(frozen=True, slots=True)
class Person:
    """One person's work in the whole time."""

    annotator: str  # e-mail; empty: unknown
    documents: int
    share: float  # 0…1 of everybody's
    median_seconds: float | None
    last: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """What people did with one type's documents in the last days."""

    days: tuple[Day, ...]  # every day, the oldest first, the last one today
    people: tuple[Person, ...]  # who did most first
    documents: int
    median_seconds: float | None


def of(document_type: DocumentType, *, days: int) -> Work:
    """Of the last `days` days, in four queries."""
    rows = _since(document_type, days)
    by_day = rows.annotate(day=TruncDate("at")).order_by()
    counted = by_day.values_list("day", "annotator").annotate(n=Count("document", distinct=True))
    medians = {
        day: (median, n)
        for day, median, n in by_day.values_list("day").annotate(m=Median("seconds"), n=Count("seconds"))
    }
    whole = rows.aggregate(m=Median("seconds"), n=Count("document", distinct=True))
    return Work(
        days=_days(list(counted), medians, days),
        people=_people(rows),
        documents=whole["n"],
        median_seconds=whole["m"],
    )


def without_people(work: Work) -> Work:
    """The same for whoever may not see what each person did."""
    return replace(work, people=(), days=tuple(replace(day, by_person={}) for day in work.days))


def per_day(document_type: DocumentType, *, days: int) -> list[tuple[date, int]]:
    """How many documents people answered on each of the last `days` days, the oldest first; one query."""
    rows = _since(document_type, days).annotate(day=TruncDate("at")).order_by()
    found = dict(rows.values_list("day").annotate(n=Count("document", distinct=True)))
    return [(day, found.get(day, 0)) for day in _dates(days)]


def median_seconds(document_type: DocumentType, *, days: int) -> float | None:
    """What one document took people over the last `days` days; None if no time is known. One query."""
    found: float | None = _since(document_type, days).aggregate(m=Median("seconds"))["m"]
    return found


def _dates(days: int) -> list[date]:
    today = timezone.localdate()
    return [today - timedelta(days=back) for back in reversed(range(days))]


def _since(document_type: DocumentType, days: int) -> QuerySet[Outcome]:
    midnight = timezone.make_aware(datetime.combine(_dates(days)[0], time()))
    return Outcome.objects.filter(document_type=document_type, at__gte=midnight)


def _days(
    counted: Sequence[tuple[date, str, int]],
    medians: dict[date, tuple[float | None, int]],
    days: int,
) -> tuple[Day, ...]:
    by_person: dict[date, Counter[str]] = {day: Counter() for day in _dates(days)}
    for day, annotator, n in counted:
        if day in by_person:  # Label Studio's clock may be ahead of ours
            by_person[day][annotator] += n
    found = []
    for day, people in by_person.items():
        week = [medians.get(day - timedelta(days=back), (None, 0)) for back in range(WEEK)]
        known = [(median, n) for median, n in week if median is not None]
        timed = sum(n for _, n in known)
        trend = sum(median * n for median, n in known) / timed if timed else None
        found.append(Day(day, sum(people.values()), dict(people), medians.get(day, (None, 0))[0], trend))
    return tuple(found)


def _people(rows: QuerySet[Outcome]) -> tuple[Person, ...]:
    found = list(
        rows.order_by()
        .values_list("annotator")
        .annotate(n=Count("document", distinct=True), m=Median("seconds"), last=Max("at"))
    )
    total = sum(n for _, n, _, _ in found)
    people = [Person(annotator, n, n / total, median, last) for annotator, n, median, last in found]
    return tuple(sorted(people, key=lambda person: (-person.documents, person.annotator)))
