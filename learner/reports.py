"""The rows of the loop in, typed figures for people out: what the dashboard, the API and `manage.py status` show.

Every result is a frozen dataclass; `dataclasses.asdict` makes JSON of it (times are `datetime`: use
`DjangoJSONEncoder`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from annotation.models import DocumentType
from learner import triggers
from learner.models import Decision, ModelVersion, Run

NOT_SHOWN = ("run__snapshot__items", "run__snapshot__fields")  # megabytes for each version
ENOUGH_TO_ESTIMATE = 0.02  # share of a run after which its pace says something about its end


@dataclass(frozen=True, slots=True)
class Score:
    """F1 (0…1) with its 95 % interval, on the gold documents of the version's own training."""

    field: str  # "" for all fields together
    f1: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus what read the type before in F1, with its 95 % interval, on the documents that judged both."""

    field: str  # "" for all fields together
    before: float
    after: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DecisionReport:
    """What the gate said of a version, in sentences, and the figures behind it."""

    version: str
    champion: str  # "" if there was none
    against: str  # the version it was compared with: the champion, or what read the type untaught; "" if nothing did
    promote: bool
    reasons: tuple[str, ...]
    documents: int  # gold, and what was new to both (`learner.gate`)
    differences: tuple[Difference, ...]  # all fields together first; empty if it was compared with nothing
    at: datetime


@dataclass(frozen=True, slots=True)
class VersionReport:
    """A model version with its figures on gold."""

    id: int
    name: str
    number: int
    state: str
    documents: int  # gold documents it was measured on
    overall: Score | None
    fields: tuple[Score, ...]
    run: int
    snapshot: str  # hash
    created_at: datetime
    decision: DecisionReport | None


@dataclass(frozen=True, slots=True)
class RunReport:
    """One training; while it runs, how far it is and how long it may still take."""

    id: int
    document_type: str
    state: str
    live: bool
    trigger: str
    stage: str
    share: float  # 0…1
    epoch: int
    epochs: int
    minutes_left: float | None
    stop_asked: bool
    problem: str
    note: str  # what to know of a finished one
    version: str  # "" while there is none
    mlflow_run_id: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def runs(document_type: DocumentType | None = None, *, most: int = 50) -> list[RunReport]:
    """The newest runs first; of all types without `document_type`."""
    rows = Run.objects.select_related("document_type", "version")
    if document_type:
        rows = rows.filter(document_type=document_type)
    return [run_report(run) for run in rows[:most]]


def versions(document_type: DocumentType, *, most: int | None = None) -> list[VersionReport]:
    """The versions of a type, the newest first; `most` of them, or all."""
    return [version_report(version) for version in _versions(document_type)[:most]]


def decision(version: ModelVersion) -> DecisionReport | None:
    """What the gate said of `version`; None if it has not been asked yet."""
    found = Decision.objects.filter(version=version).select_related("version", "champion").first()
    return decision_report(found) if found else None


def run_report(run: Run) -> RunReport:
    version = getattr(run, "version", None)
    return RunReport(
        id=run.pk,
        document_type=run.document_type.name,
        state=run.state,
        live=run.state in triggers.LIVE,
        trigger=run.trigger,
        stage=run.stage,
        share=run.share,
        epoch=run.epoch,
        epochs=run.epochs,
        minutes_left=_minutes_left(run, timezone.now()),
        stop_asked=run.stop_asked,
        problem=run.problem,
        note=run.note,
        version=version.name if version else "",
        mlflow_run_id=run.mlflow_run_id,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def version_report(version: ModelVersion) -> VersionReport:
    figures = version.figures
    overall = figures.get("overall")
    found = getattr(version, "decision", None)
    return VersionReport(
        id=version.pk,
        name=version.name,
        number=version.number,
        state=version.state,
        documents=figures.get("documents", 0),
        overall=_score("", overall) if overall else None,
        fields=tuple(_score(field, score) for field, score in figures.get("fields", {}).items()),
        run=version.run_id,
        snapshot=version.run.snapshot.hash if version.run.snapshot else "",
        created_at=version.created_at,
        decision=decision_report(found) if found else None,
    )


def _versions(document_type: DocumentType) -> QuerySet[ModelVersion]:
    related = ("run__snapshot", "decision__champion", "decision__version")
    found = ModelVersion.objects.filter(document_type=document_type).select_related(*related)
    return found.defer(*NOT_SHOWN)


def _minutes_left(run: Run, now: datetime) -> float | None:
    """At the pace so far; None if it isn't running, or has hardly begun."""
    if run.state != Run.State.RUNNING or run.started_at is None or run.share < ENOUGH_TO_ESTIMATE:
        return None
    minutes = (now - run.started_at).total_seconds() / 60
    return minutes / run.share * (1 - run.share)


def _score(field: str, stored: Mapping[str, float]) -> Score:
    return Score(field, stored["f1"], stored["low"], stored["high"])


def _difference(field: str, stored: Mapping[str, float]) -> Difference:
    names = ("before", "after", "difference", "low", "high")
    return Difference(field, *(stored[name] for name in names))


def decision_report(found: Decision) -> DecisionReport:
    figures: dict[str, Any] = found.figures  # mixed: a count, and differences by field
    champion = found.champion.name if found.champion else ""
    overall = [_difference("", figures["overall"])] if "overall" in figures else []
    by_field = [_difference(field, stored) for field, stored in figures.get("fields", {}).items()]
    return DecisionReport(
        version=found.version.name,
        champion=champion,
        against=figures.get("against", champion),
        promote=found.promote,
        reasons=tuple(found.reasons),
        documents=figures.get("documents", 0),
        differences=tuple(overall + by_field),
        at=found.at,
    )
