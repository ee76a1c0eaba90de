"""A type's stream in; windows of it out, by count and by day, each with the figures of its signals; written once."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import numpy as np
from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from annotation import doorbell
from annotation.models import DocumentType
from learner import stream
from learner.models import DriftWatch, DriftWindow, Signals
from models.drift import Documents
from models.signals import PARTY

SIZE = 100  # documents of a window by count
FEWEST = 10  # documents of a day that is worth a window
DAYS_BACK = 7  # days that a look makes up for: Docloop may have stood still
PERCENTILES = (10, 50, 90)

Kind = DriftWindow.Kind
Figures = dict[str, list[float]]


def figures(found: Documents) -> Figures:
    """{signal: [mean, 10th, 50th, 90th percentile]} of those that any document has."""
    told = {}
    for column, name in enumerate(found.names):
        own = found.numbers[:, column]
        own = own[~np.isnan(own)]
        if len(own) and not name.endswith(PARTY):
            told[name] = [round(float(each), 4) for each in (own.mean(), *np.percentile(own, PERCENTILES))]
    return told


def write_reference(document_type: DocumentType, rows: QuerySet[Signals]) -> None:
    """The window that others are held against."""
    _write(document_type, Kind.REFERENCE, rows)


def close_windows(document_type: DocumentType, watch: DriftWatch) -> None:
    """Write the windows that are full by now: of `SIZE` documents since the reference, and of days that are over."""
    own = DriftWindow.objects.filter(document_type=document_type, source="")
    last = own.filter(kind=Kind.COUNT, first__gt=watch.last).aggregate(last=Max("last"))["last"] or watch.last
    while True:
        ids = list(
            stream.of(document_type)
            .filter(pk__gt=last, pk__lte=watch.seen)
            .values_list("pk", flat=True)[:SIZE]
        )
        if len(ids) < SIZE:
            break
        _write(document_type, Kind.COUNT, stream.of(document_type).filter(pk__range=(ids[0], ids[-1])))
        last = ids[-1]
    _close_days(document_type, own)


def _close_days(document_type: DocumentType, own: QuerySet[DriftWindow]) -> None:
    today = datetime.combine(timezone.now().astimezone(UTC).date(), time(), UTC)
    newest = own.filter(kind=Kind.TIME).aggregate(ends=Max("ends"))["ends"]
    day = max(newest or today - timedelta(days=DAYS_BACK), today - timedelta(days=DAYS_BACK))
    day = datetime.combine(day.astimezone(UTC).date(), time(), UTC)
    while day < today:
        ends = day + timedelta(days=1)
        rows = stream.of(document_type).filter(at__gte=day, at__lt=ends)
        if rows.count() >= FEWEST:
            _write(document_type, Kind.TIME, rows, begins=day, ends=ends)
        day = ends


def _write(
    document_type: DocumentType,
    kind: Kind,
    rows: QuerySet[Signals],
    *,
    begins: datetime | None = None,
    ends: datetime | None = None,
) -> None:
    found = stream.table(rows)
    at = rows.aggregate(first=Min("at"), last=Max("at"))
    window, new = DriftWindow.objects.get_or_create(
        document_type=document_type,
        source="",
        kind=kind,
        first=int(found.ids[0]),
        defaults={
            "last": int(found.ids[-1]),
            "documents": len(found),
            "begins": begins or at["first"],
            "ends": ends or at["last"],
            "figures": figures(found),
        },
    )
    if new and kind == Kind.COUNT:
        doorbell.ring("drift window closed", window.pk)
