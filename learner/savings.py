"""One document type in; what labelling it has brought and spared people so far, and whether more of it pays, out.

The assumptions stand beside the figures on the type's page (`type/savings.html`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Count, F, Func, IntegerField

from annotation import tallies
from annotation.labelling import ASSUMED
from annotation.models import Document, DocumentType, Outcome, Recheck
from learner import cost, quality, random_curve, ranking
from learner.audit import Audit, audit
from learner.cost import CostModel, FloatArray, Row
from learner.forecast import NEXT, Forecast, Point, forecast
from learner.models import ModelVersion
from learner.random_curve import RandomCurve

State = Document.State
WAITING = (State.EXTRACTED, State.QUEUED, State.READ)  # of which people may be asked, the most telling first
MOST_VERSIONS = 40  # newest ones
LEFT = ("accepted", ASSUMED)  # how fields end that nobody had to fill in, mend or remove
BREAK = 3.0  # spreads above what was expected, on the log scale, from which a time holds a break


@dataclass(frozen=True, slots=True)
class AuditPoint:
    """How right a version was on audited documents: the share of fields (0…1) that needed no change."""

    version: str
    documents: int  # confirmed ones in its snapshot
    audited: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Time:
    """Hours that people took, and would have taken to fill in everything by hand."""

    corrections: int  # documents whose time is known
    spent: float  # all of it, also what went into rechecks
    by_hand: float
    unseen: int  # documents accepted without anybody looking at them
    unseen_by_hand: float
    rechecks: int = 0  # second looks and probes
    rechecking: float = 0.0  # that they took

    @property
    def saved(self) -> float:
        """Hours; below 0 while the machine costs more than it spares."""
        return self.by_hand + self.unseen_by_hand - self.spent


@dataclass(frozen=True, slots=True)
class Answers:
    """How many fields of the documents that are done so far had to be answered, and how many nobody had to fill in."""

    fields: int
    untyped: int  # accepted as the machine had them, or of a document that nobody had to see


@dataclass(frozen=True, slots=True)
class Savings:
    """All that the page tells of it."""

    confirmed: int
    waiting: int  # documents that people may still be asked about
    points: tuple[Point, ...]  # versions, the oldest first
    audit_points: tuple[AuditPoint, ...]
    audit: Audit
    forecast: Forecast | None  # None without versions, or with nothing left to correct
    next_hours: float  # of the corrections that the forecast is about
    time: Time
    answers: Answers
    random: RandomCurve | None  # None before the first version that was held against random order
    model: CostModel


def of(document_type: DocumentType) -> Savings:
    """In ten queries or less, whatever the numbers of documents and versions."""
    states = tallies.counts()[document_type.pk]
    confirmed = states[State.CONFIRMED]
    waiting = sum(states[state] for state in WAITING)
    rows = cost.rows(document_type)
    model = cost.fit(rows, fields=len(document_type.schema.fields))
    learned = points(document_type)
    size = {point.name: point.documents for point in learned}
    found = audit(quality.audited(document_type), document_type.schema.names)
    corrections = min(NEXT, waiting)
    return Savings(
        confirmed=confirmed,
        waiting=waiting,
        points=learned,
        audit_points=tuple(
            AuditPoint(each.name, size[each.name], each.documents, each.accuracy, each.low, each.high)
            for each in found.by_version
            if each.name in size
        ),
        audit=found,
        forecast=forecast(learned, confirmed, corrections=corrections, goal=document_type.goal)
        if corrections
        else None,
        next_hours=_next_seconds(document_type, model) * corrections / 3600,
        time=time(document_type, model, rows, states[State.ACCEPTED]),
        answers=_answers(document_type, states[State.ACCEPTED]),
        random=random_curve.newest(document_type),
        model=model,
    )


def spent(model: CostModel, rows: Sequence[Row]) -> FloatArray:
    """Seconds that went into each of N documents, breaks left out: (N,)."""
    usual = model.seconds(
        np.array([row.expected_errors for row in rows]),
        np.array([float(row.pages) for row in rows]),
        np.array([float(row.fields) for row in rows]),
    )
    return np.minimum([row.seconds for row in rows], usual * np.exp(BREAK * model.spread))


def time(document_type: DocumentType, model: CostModel, rows: Sequence[Row], unseen: int) -> Time:
    """From the newest corrections, for all of them."""
    rechecks, rechecking = _rechecking(document_type, model)
    if not rows:
        one = float(model.by_hand(np.ones(1))[0])
        return Time(0, rechecking, 0.0, unseen, unseen * one / 3600, rechecks, rechecking)
    count = len(rows)
    if 2 * count >= cost.LEARN_FROM:  # there may be more than were read, but for the edits
        count = cost.timed(document_type).aggregate(n=Count("document", distinct=True))["n"]
    by_hand = float(model.by_hand(np.array([float(row.pages) for row in rows])).mean())
    took = float(spent(model, rows).mean())
    return Time(
        count,
        count * took / 3600 + rechecking,
        count * by_hand / 3600,
        unseen,
        unseen * by_hand / 3600,
        rechecks,
        rechecking,
    )


def _rechecking(document_type: DocumentType, model: CostModel) -> tuple[int, float]:
    """How often people were asked again, as probe or about a document that had an answer, and the hours it took.

    A break in it counts for as little as elsewhere: what was expected is that they fill in all they are asked for.
    """
    done = Recheck.objects.filter(document__document_type=document_type, lead_time__gt=0)
    columns = ("lead_time", "fields", "pages")
    newest = done.annotate(pages=cost.page_count("document")).order_by("-pk").values_list(*columns)
    rows = []
    for seconds, fields, pages in newest[: cost.LEARN_FROM]:
        asked = len(fields) or model.fields
        rows.append(Row(seconds, pages or 1, asked, float(asked), ""))
    if not rows:
        return 0, 0.0
    count = len(rows) if len(rows) < cost.LEARN_FROM else done.count()
    return count, count * float(spent(model, rows).mean()) / 3600


def _answers(document_type: DocumentType, unseen: int) -> Answers:
    """From the newest first answers, for all of them, and of the documents that nobody has to see every field."""
    names = document_type.schema.names
    first = Outcome.objects.filter(
        document_type=document_type, correction__recheck__isnull=True, document__truth__isnull=False
    ).exclude(fields={})  # of another type
    newest = list(
        first.order_by("-at", "-pk").values_list("document", "model_version", "fields")[: cost.LEARN_FROM]
    )
    untyped: dict[int, int] = {}
    for document, version, fields in newest:
        ended = [fields.get(name, cost.NOT_KNOWN)[0] for name in names] if version else []
        untyped.setdefault(document, sum(outcome in LEFT for outcome in ended))
    count = len(untyped)
    if len(newest) == cost.LEARN_FROM:  # there may be more than were read
        count = first.aggregate(n=Count("document", distinct=True))["n"]
    share = sum(untyped.values()) / max(1, len(untyped))
    of_unseen = unseen * len(names)
    return Answers(count * len(names) + of_unseen, round(count * share) + of_unseen)


def points(document_type: DocumentType) -> tuple[Point, ...]:
    """The newest versions, the oldest of them first: those for the type's present fields: others measured something else."""
    length = Func(F("run__snapshot__items"), function="jsonb_array_length", output_field=IntegerField())
    versions = ModelVersion.objects.filter(
        document_type=document_type,
        schema_hash=document_type.schema.hash,
        run__snapshot__isnull=False,
        figures__has_key="overall",
    )
    newest = versions.annotate(size=length).order_by("-number").values_list("name", "size", "figures")
    return tuple(_point(*found) for found in reversed(newest[:MOST_VERSIONS]))


def _point(name: str, size: int, figures: Mapping[str, Any]) -> Point:  # mixed: counts and scores
    overall = figures["overall"]
    fields = len(figures.get("fields", {}))
    return Point(
        name, size, overall["f1"], overall["low"], overall["high"], figures.get("documents", 0), fields
    )


def _next_seconds(document_type: DocumentType, model: CostModel) -> float:
    """What one of the documents that come next will cost a person; 0 if none waits."""
    schema = document_type.schema
    for state in WAITING:  # one by one, so that the index of the ranking gives the first ones at once
        waiting = Document.objects.filter(document_type=document_type, state=state)
        columns = ("extraction__values", "extraction__absent", "sha256", "audit_probability")
        first = waiting.order_by("-priority").annotate(n=cost.page_count("pk"))
        found = list(first.values_list(*columns, "n")[:NEXT])
        if found:
            sure = [ranking.confidences(schema, values or [], absent or {}) for values, absent, *_ in found]
            errors = np.array([sum(1 - each for each in row) for row in sure])
            pages = np.array([float(n or 1) for *_, n in found])
            asked = cost.fields_asked(document_type, sure, [(sha, audit) for *_, sha, audit, _ in found])
            return float(model.seconds(errors, pages, asked).mean())
    return 0.0
