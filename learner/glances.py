"""Every document type at a glance, for the overview, the API and `manage.py status`: as many queries for thirty types as
for one, and none that grows with documents, corrections or versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from annotation import extraction, ledger, tallies
from annotation.models import DocumentType, LabelTask, Outcome
from annotation.service_model import Priority
from learner import ongoing, reports, service
from learner.models import Automation, Decision, Headline, ModelVersion, Run, Suspect
from learner.ongoing import Ongoing
from learner.reports import DecisionReport, RunReport, VersionReport

ACTIVE = timedelta(hours=24)  # somebody who answered a document within it is active


@dataclass(frozen=True, slots=True)
class Measured:
    """A share (0…1) with its 95 % interval, and the documents it was measured on."""

    share: float
    low: float
    high: float
    documents: int


@dataclass(frozen=True, slots=True)
class Glance:
    """One document type in one line."""

    id: int
    name: str
    title: str
    project_id: int | None
    counts: Mapping[str, int]  # every state, also those with none
    documents: int
    open_tasks: int  # in Label Studio, waiting for a person
    corrections: int  # documents that people have confirmed
    people: tuple[str, ...]  # who answered a document within the last 24 hours, by e-mail
    automated: (
        float | None
    )  # share (0…1) of the finished documents that no person looked at; None: none is finished
    automation_stopped: str  # why auto-accept switched itself off; "" if it didn't
    drift: str  # what changed in what comes in, such as "new layout since 12 May"; "" if nothing did
    goal: float  # F1 from which the type is good enough
    to_goal: int | None  # corrections that it is away, by the forecast; None: not in sight, or not known
    champion: VersionReport | None
    untaught: str  # what reads its documents while there is no champion, for people; "" if nothing does
    audit: Measured | None  # of the champion of the day, on documents picked at random
    median_seconds: float | None  # a person's time for one document, over the last 30 days
    new_corrections: int  # since the last snapshot
    retrain_after: int
    until_training: int
    live_run: RunReport | None
    last_run: RunReport | None  # the live one, if there is one
    last_decision: DecisionReport | None
    doubts: int  # answers that something speaks against, and nobody has looked at
    unsettled: int  # answers that look wrong and are asked about again
    misfiled: int  # documents that people say are of another type
    work: tuple[Ongoing, ...]  # what else is going on
    challenger: str  # the version that is on trial; "" if none is
    priority: str  # high, normal, low
    waiting_since: datetime | None  # when the oldest document without an answer was received
    within_hours: float | None  # the service goal, from receiving a document to its answer
    late: bool  # whether the oldest one has waited for longer
    in_time: float | None  # share (0…1) of the newest answers within the goal
    hours: float  # that people took
    saved: float  # hours that they would have taken longer by hand
    cost: float | None  # of these hours; None: nobody said what an hour costs
    currency: str  # ISO 4217
    errors: int | None  # fields, at most, that are wrong in documents accepted unseen; None: not known


def types() -> QuerySet[DocumentType]:
    """Document types with what a glance reads of them, by name."""
    return DocumentType.objects.select_related("headline", "automation")


def glances(of: Iterable[DocumentType] | None = None) -> list[Glance]:
    """One for each document type, by name; only of some, if these are given (as `types` reads them)."""
    counts, champions, runs, decisions = tallies.counts(), _champions(), _runs(), _decisions()
    tasks, people, doubts, held_back = _open_tasks(), _people(), _doubts(), ledger.held_back()
    work = ongoing.by_type({key: each["received"] for key, each in counts.items()}, timezone.now())
    return [
        _glance(
            each,
            counts[each.pk],
            champion=champions.get(each.pk),
            run=runs.get(each.pk),
            decision=decisions.get(each.pk),
            tasks=tasks.get(each.pk, 0),
            people=people.get(each.pk, ()),
            doubts=doubts.get(each.pk, 0),
            held_back=held_back.get(each.pk, (0, 0)),
            work=work.get(each.pk, ()),
        )
        for each in (types() if of is None else of)
    ]


def _glance(
    document_type: DocumentType,
    counts: tallies.Counts,
    *,
    champion: VersionReport | None,
    run: RunReport | None,
    decision: DecisionReport | None,
    tasks: int,
    people: tuple[str, ...],
    doubts: int,
    held_back: tuple[int, int],
    work: tuple[Ongoing, ...],
) -> Glance:
    headline: Headline = getattr(document_type, "headline", None) or Headline()
    automation: Automation | None = getattr(document_type, "automation", None)
    untaught = None if document_type.champion else extraction.untaught_of(document_type)
    confirmed, accepted = counts["confirmed"], counts["accepted"]
    return Glance(
        id=document_type.pk,
        name=document_type.name,
        title=document_type.title,
        project_id=document_type.project_id,
        counts=counts,
        documents=sum(counts.values()),
        open_tasks=tasks,
        corrections=confirmed,
        people=people,
        automated=accepted / (accepted + confirmed) if accepted + confirmed else None,
        automation_stopped=automation.why if automation and automation.by_watch and not automation.on else "",
        drift=headline.drift,
        goal=document_type.goal,
        to_goal=headline.to_goal,
        champion=champion,
        untaught=untaught.title if untaught else "",
        audit=_audit(headline),
        median_seconds=headline.median_seconds,
        new_corrections=headline.new_corrections,
        retrain_after=document_type.retrain_after,
        until_training=max(document_type.retrain_after - headline.new_corrections, 0),
        live_run=run if run and run.live else None,
        last_run=run,
        last_decision=decision,
        doubts=doubts,
        unsettled=held_back[0],
        misfiled=held_back[1],
        work=work,
        challenger=document_type.challenger,
        priority=Priority(document_type.priority).label,
        waiting_since=headline.waiting_since,
        within_hours=document_type.within_hours,
        late=service.late(headline.waiting_since, document_type.within_hours),
        in_time=headline.in_time,
        hours=headline.hours,
        saved=headline.saved,
        cost=None if document_type.hour_costs is None else headline.hours * document_type.hour_costs,
        currency=document_type.currency,
        errors=headline.errors,
    )


def _audit(headline: Headline) -> Measured | None:
    if headline.accuracy is None or headline.low is None or headline.high is None:
        return None
    return Measured(headline.accuracy, headline.low, headline.high, headline.audited)


def _champions() -> dict[int, VersionReport]:
    related = ("run__snapshot", "decision__champion", "decision__version")
    found = ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION).select_related(*related)
    return {each.document_type_id: reports.version_report(each) for each in found.defer(*reports.NOT_SHOWN)}


def _runs() -> dict[int, RunReport]:
    """The newest of every type: a live one is always the newest."""
    newest = Run.objects.order_by("document_type_id", "-pk").distinct("document_type_id")
    related = newest.select_related("document_type", "version")
    return {run.document_type_id: reports.run_report(run) for run in related}


def _decisions() -> dict[int, DecisionReport]:
    """The newest of every type."""
    newest = Decision.objects.order_by("version__document_type_id", "-pk").distinct(
        "version__document_type_id"
    )
    related = newest.select_related("version", "champion")
    return {each.version.document_type_id: reports.decision_report(each) for each in related}


def _open_tasks() -> dict[int, int]:
    waiting = LabelTask.objects.filter(state=LabelTask.State.OPEN)
    return _by_type(waiting.values_list("document__document_type"))


def _doubts() -> dict[int, int]:
    unseen = Suspect.objects.filter(state=Suspect.State.OPEN)
    return _by_type(unseen.values_list("document__document_type"))


def _by_type(rows: QuerySet[LabelTask, tuple[int]] | QuerySet[Suspect, tuple[int]]) -> dict[int, int]:
    return dict(rows.annotate(Count("pk")))


def _people() -> dict[int, tuple[str, ...]]:
    recent = Outcome.objects.filter(at__gte=timezone.now() - ACTIVE).exclude(annotator="")
    return _grouped(recent.order_by("annotator").values_list("document_type", "annotator").distinct())


def _grouped(pairs: Iterable[tuple[int, str]]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for key, text in pairs:
        found[key] = (*found.get(key, ()), text)
    return found
