"""A type's watch, windows and alarms in; what its page and the API say of them, out. Few look-ups, however much there is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from annotation.models import DocumentType
from learner import drift_alarms
from learner.models import DriftAlarm, DriftWatch, DriftWindow
from models import drift
from models.bets import HORIZON
from models.schema import Schema

WINDOWS = 40  # newest by count, and as many days
ALARMS = 30  # newest ones
HOURS = 72

Kind = DriftAlarm.Kind

# what drifts, in the words of a page, with the kinds of alarm that tell of it
SORTS = {
    "input": (Kind.NEW_LAYOUT, Kind.INPUT),
    "concept": (Kind.CONCEPT,),
    "operations": (Kind.OPERATIONS,),
}
TITLES = {
    "text.pages": "pages",
    "text.words": "words",
    "text.page_shape": "height of a page to its width",
    "text.density": "share of the page under words",
    "text.height": "height of a word, share of the page",
    "text.left": "left edge of the text",
    "text.right": "right edge of the text",
    "reading.image": "quality of the image",
    "reading.confidence": "reading confidence",
    "reading.poor": "share of poorly read words",
    "language.not_latin": "share of letters that are not Latin",
    "language.accents": "share of accented letters",
    "confidence.least": "confidence of the least sure field",
    "accuracy.wrong": "share of wrong fields in the audit",
    "operations.waited": "seconds until extracted",
    "operations.queue_hours": "hours that the oldest task waits",
    "operations.failed": "failed jobs in an hour",
    "operations.stood_still": "hours without a document, although some waited",
}
ENDINGS = {
    "there": "share with {}",
    "size": "{}, typical size",
    "age": "age of {}, days",
    "length": "letters of {}",
}
# signals that are logarithms, for people
BACK = {
    "size": lambda value: 10**value - 1,
    "age": math.expm1,
    "length": math.expm1,
    "words": math.expm1,
    "page_shape": math.exp,
}


@dataclass(frozen=True, slots=True)
class Moved:
    """A signal that moved, and its mean before and after."""

    signal: str
    title: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class AlarmReport:
    """An alarm: what changed, how sure that is, since when, and what became of it."""

    id: int
    document_type: str
    kind: str  # new layout, input, concept or operations
    title: str  # such as "new layout since 12 May"
    open: bool
    chance: float  # 0…1: of an alarm like this where nothing changed, at most
    since: datetime
    opened_at: datetime
    documents: int  # from then until it was noticed
    version: str
    moved: tuple[Moved, ...]
    before: tuple[int, ...]  # ids of documents
    after: tuple[int, ...]
    labels: int  # documents of the part that people have confirmed
    judged: int  # of these: as the present champion reads them
    accuracy: float | None  # 0…1 of their fields
    accuracy_before: float | None
    closed_at: datetime | None
    closed_by: str
    why_closed: str
    days: float | None  # from noticed to closed


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the stream: its documents, and {signal: (mean, 10th, 50th, 90th percentile)}."""

    id: int
    kind: str
    begins: datetime
    ends: datetime
    documents: int
    figures: Mapping[str, Sequence[float]]
    report: bool  # whether there is a page of Evidently's on it


@dataclass(frozen=True, slots=True)
class Hour:
    """How Docloop did in an hour."""

    ends: datetime
    documents: int
    waited: float  # seconds until extracted, the median
    queue_hours: float  # that the oldest task has waited
    failed: float  # jobs


@dataclass(frozen=True, slots=True)
class DriftState:
    """All that is known of a type's stream."""

    watching: bool
    version: str
    since: datetime | None  # when it began with this reference
    reference: int  # documents
    looked_at: int  # documents since
    missing: int  # documents until there is a reference
    false_alarm: float  # the chance of any, 0…1, in `horizon` documents
    horizon: int
    alarms: tuple[AlarmReport, ...]  # the newest first
    windows: tuple[Window, ...]  # by count, the oldest first
    days: tuple[Window, ...]
    reference_window: Window | None
    hours: tuple[Hour, ...]  # the oldest first

    def open(self, sort: str) -> list[AlarmReport]:
        return [alarm for alarm in self.alarms if alarm.open and alarm.kind in SORTS[sort]]


def of(document_type: DocumentType) -> DriftState:
    """What the page shows; six look-ups."""
    watch = DriftWatch.objects.filter(document_type=document_type, source="").first() or DriftWatch()
    watching = bool(watch.first)
    kinds = DriftWindow.Kind
    reference = _windows(document_type, kinds.REFERENCE, 1)
    hours = DriftWindow.objects.filter(document_type=document_type, kind=kinds.HOUR).order_by("-pk")[:HOURS]
    return DriftState(
        watching=watching,
        version=watch.version,
        since=watch.began_at if watching else None,
        reference=watch.state.get("reference", 0),
        looked_at=watch.documents,
        missing=0 if watching else drift.FEWEST,
        false_alarm=drift.FALSE_ALARM,
        horizon=HORIZON,
        alarms=alarms(document_type),
        windows=_windows(document_type, kinds.COUNT, WINDOWS),
        days=_windows(document_type, kinds.TIME, WINDOWS),
        reference_window=reference[0] if reference else None,
        hours=tuple(_hour(window) for window in reversed(hours)),
    )


def alarms(document_type: DocumentType, most: int = ALARMS) -> tuple[AlarmReport, ...]:
    """The newest alarms of a type, the newest first."""
    rows = DriftAlarm.objects.filter(document_type=document_type).order_by("-pk")[:most]
    return tuple(alarm_report(row, document_type) for row in rows)


def alarm_report(alarm: DriftAlarm, document_type: DocumentType) -> AlarmReport:
    schema = document_type.schema
    return AlarmReport(
        id=alarm.pk,
        document_type=document_type.name,
        kind=alarm.kind,
        title=drift_alarms.reason(alarm),
        open=alarm.closed_at is None,
        chance=alarm.chance,
        since=alarm.since,
        opened_at=alarm.opened_at,
        documents=alarm.documents,
        version=alarm.version,
        moved=tuple(
            Moved(signal, title(signal, schema), plain(signal, before), plain(signal, after))
            for signal, before, after in alarm.moved
        ),
        before=tuple(alarm.before),
        after=tuple(alarm.after),
        labels=alarm.labels,
        judged=alarm.judged,
        accuracy=alarm.accuracy,
        accuracy_before=alarm.accuracy_before,
        closed_at=alarm.closed_at,
        closed_by=alarm.closed_by,
        why_closed=alarm.why_closed,
        days=(alarm.closed_at - alarm.opened_at).total_seconds() / 86400 if alarm.closed_at else None,
    )


def title(signal: str, schema: Schema) -> str:
    """A signal's name for people."""
    if signal in TITLES:
        return TITLES[signal]
    group, _, rest = signal.partition(".")
    name, _, ending = rest.partition(".")
    field = schema[name].title if name in schema else name
    if group == "confidence":
        return f"confidence of {field}"
    if group == "language":
        return f"small words of {name.capitalize()}"
    return ENDINGS.get(ending, "{}").format(field)


def plain(signal: str, value: float) -> float:
    """A signal's figure in a unit that people know."""
    back = BACK.get(signal.rpartition(".")[2])
    if back is None:
        return value
    return math.copysign(back(abs(value)), value) if signal.endswith((".size", ".age")) else back(value)


def _windows(document_type: DocumentType, kind: DriftWindow.Kind, most: int) -> tuple[Window, ...]:
    rows = DriftWindow.objects.filter(document_type=document_type, kind=kind).order_by("-pk")[:most]
    return tuple(
        Window(row.pk, row.kind, row.begins, row.ends, row.documents, row.figures, bool(row.report))
        for row in reversed(rows)
    )


def _hour(window: DriftWindow) -> Hour:
    told = {name: values[0] for name, values in window.figures.items()}
    return Hour(
        window.ends,
        window.documents,
        told.get("waited", 0.0),
        told.get("queue_hours", 0.0),
        told.get("failed", 0.0),
    )
