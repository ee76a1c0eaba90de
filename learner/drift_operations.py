"""The last hour of each type in; alarms out where Docloop itself is slower than it was, fails, or stands still.

Not what comes in, and not what the models say: how long documents wait until they are extracted, how old the queue is,
how many jobs failed. An hour is held against the hours of two weeks; two in a row make an alarm, two good ones end it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from django.db.models import Min
from django.utils import timezone
from numpy.typing import NDArray

from annotation import audit_trail, tallies
from annotation.models import Document, DocumentType, Job, LabelTask
from learner import drift_alarms, stream
from learner.models import DriftAlarm, DriftWindow, Signals

HOUR = timedelta(hours=1)
LOOKED_BACK = 14 * 24  # hours
FEWEST = 48  # of these must be there
IN_A_ROW = 2
FAR = 6.0  # robust standard deviations (median absolute deviations); no rate of false alarms is promised
CHANCE = 0.05  # told of such an alarm, for want of a better one

# figure: (what it is called in an alarm, the least difference that anybody cares for)
WATCHED = {
    "waited": ("documents wait longer", 60.0),  # seconds, the median
    "queue_hours": ("the queue is older", 4.0),  # hours, the oldest task
    "failed": ("more jobs fail", 3.0),  # jobs of all types
    "stood_still": ("documents are not extracted", 0.5),  # 1: none was, although some waited
}
BY_GROUP = {title: figure for figure, (title, _) in WATCHED.items()}


def watch(now: datetime | None = None) -> None:
    """Write the hour that ended last, of every type, and hold it against those before."""
    ends = (now or timezone.now()).replace(minute=0, second=0, microsecond=0)
    failed = Job.objects.filter(
        state=Job.State.FAILED, finished_at__gte=ends - HOUR, finished_at__lt=ends
    ).count()
    received = tallies.counts()
    for document_type in DocumentType.objects.order_by("pk"):
        if Signals.objects.filter(document_type=document_type).exists():
            waiting = received[document_type.pk][Document.State.RECEIVED]
            figures = _figures(document_type, ends, failed=failed, waiting=waiting)
            _hold(document_type, ends, figures)


def _figures(document_type: DocumentType, ends: datetime, *, failed: int, waiting: int) -> dict[str, float]:
    rows = Signals.objects.filter(document_type=document_type, at__gte=ends - HOUR, at__lt=ends)
    waits = [numbers[stream.WAITED] for numbers in rows.values_list("numbers", flat=True)]
    open_tasks = LabelTask.objects.filter(state=LabelTask.State.OPEN, document__document_type=document_type)
    oldest = open_tasks.aggregate(at=Min("created_at"))["at"]
    return {
        "documents": float(len(waits)),
        "waited": float(np.expm1(np.median(waits))) if waits else 0.0,
        "queue_hours": max(0.0, (ends - oldest) / HOUR) if oldest else 0.0,
        "failed": float(failed),
        "stood_still": float(bool(waiting) and not waits),
    }


def _hold(document_type: DocumentType, ends: datetime, figures: dict[str, float]) -> None:
    _window, new = DriftWindow.objects.get_or_create(
        document_type=document_type,
        source="",
        kind=DriftWindow.Kind.HOUR,
        first=int(ends.timestamp()),
        defaults={
            "last": int(ends.timestamp()),
            "documents": int(figures["documents"]),
            "begins": ends - HOUR,
            "ends": ends,
            "figures": {name: [value] for name, value in figures.items()},
        },
    )
    if not new:
        return
    hours = DriftWindow.objects.filter(document_type=document_type, kind=DriftWindow.Kind.HOUR).order_by(
        "-pk"
    )
    told = list(hours.values_list("figures", flat=True)[:LOOKED_BACK])
    if len(told) < FEWEST:
        return
    for figure, (title, least) in WATCHED.items():
        values = np.array([each.get(figure, [0.0])[0] for each in told])  # the newest first
        bad = values[:IN_A_ROW] > usual(values[IN_A_ROW:], least)
        if bad.all():
            _alarm(document_type, ends, title, values)
        elif not bad.any():
            _end(document_type, title)


def usual(earlier: NDArray[np.float64], least: float) -> float:
    """The highest value that is usual after these, `least` above their median at least."""
    median = float(np.median(earlier))
    spread = 1.4826 * float(np.median(np.abs(earlier - median)))
    return median + max(FAR * spread, least)


def _alarm(document_type: DocumentType, ends: datetime, title: str, values: NDArray[np.float64]) -> None:
    drift_alarms.open_alarm(
        document_type,
        DriftAlarm.Kind.OPERATIONS,
        title,
        chance=CHANCE,
        since=ends - IN_A_ROW * HOUR,
        documents=0,
        moved=[[f"operations.{BY_GROUP[title]}", float(np.median(values[IN_A_ROW:])), float(values[0])]],
        part=(),
        yardstick=None,
    )


def _end(document_type: DocumentType, title: str) -> None:
    alarms = DriftAlarm.objects.filter(document_type=document_type, group=title, closed_at__isnull=True)
    for alarm in alarms.filter(kind=DriftAlarm.Kind.OPERATIONS):
        drift_alarms.close(alarm, by=audit_trail.DOCLOOP, why=f"it was as usual for {IN_A_ROW} hours")
