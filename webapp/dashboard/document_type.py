"""One document type as it stands now: champion, queue, training; and what a lead may set going from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation import exports
from annotation.errors import IllegalMove, Refused
from annotation.models import Document, DocumentType, LabelTask
from annotation.routing_model import UNKNOWN
from learner import glances, promotion, reports, triggers
from webapp.dashboard import attention, drawing
from webapp.roles import Role, requires

MOST_QUEUED = 8


@dataclass(frozen=True, slots=True)
class Queued:
    """A document in Label Studio, waiting for a person, and why it was chosen."""

    id: int
    filename: str
    reason: str
    audit: bool
    sure: float | None  # lowest confidence of any field
    since: datetime
    url: str


@dataclass(frozen=True, slots=True)
class FieldScore:
    """A field of the champion with its place on the line from 0 to 1."""

    title: str
    score: reports.Score
    drawn: drawing.Interval


@requires(Role.VIEWER)
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    if name == UNKNOWN:
        return redirect("unknown")
    return render(request, "type.html", figures(_type(name)) | {"forms": exports.FORMS.values()})


@requires(Role.VIEWER)
@require_safe
def live(request: HttpRequest, name: str) -> HttpResponse:
    """The part of the page that changes by itself."""
    return render(request, "type/live.html", figures(_type(name)))


@requires(Role.LEAD)
@require_POST
def retrain(request: HttpRequest, name: str) -> HttpResponse:
    document_type = _trained(name)
    try:
        user = request.user.get_username()
        triggers.ask(document_type, trigger=f"asked for by {user}", by=user)
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(
            request, "A training was asked for. It starts as soon as the training worker is free."
        )
    return _back(request, name)


@requires(Role.LEAD)
@require_POST
def roll_back(request: HttpRequest, name: str) -> HttpResponse:
    """Only from the champion that the reader saw: it may have changed while they made up their mind."""
    document_type = _trained(name)
    if request.POST.get("champion") != document_type.champion:
        messages.error(
            request, "The champion has changed in the meantime. Nothing was rolled back; look again."
        )
        return _back(request, name)
    try:
        back = promotion.roll_back(document_type, by=request.user.get_username())
    except (Refused, IllegalMove) as reason:
        messages.error(request, str(reason))
    else:
        messages.success(
            request,
            f"{back.name} is the champion again. What it said before stands again in seconds; what it has not seen yet is "
            "being extracted.",
        )
    return _back(request, name)


@requires(Role.LEAD)
@require_POST
def stop(request: HttpRequest, name: str) -> HttpResponse:
    document_type = _trained(name)
    run = document_type.runs.filter(state__in=triggers.LIVE).first()
    try:
        if run is None:
            raise Refused(f"{document_type.title} is not being trained; there is nothing to stop.")
        triggers.stop(run, by=request.user.get_username())
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, "The training was asked to stop; the champion stays as it is.")
    return _back(request, name)


def _back(request: HttpRequest, name: str) -> HttpResponse:
    """To the page whose button was pressed: both show what comes of it."""
    return redirect("versions" if request.POST.get("page") == "versions" else "type", name)


def figures(document_type: DocumentType) -> dict[str, Any]:
    """All that the page shows."""
    (report,) = glances.glances([document_type])
    return {
        "type": document_type,
        "report": report,
        "parts": drawing.parts(report.counts),
        "scores": _scores(document_type, report.champion),
        "queue": queue(document_type),
        "notices": attention.of_automation(report, report.automation_stopped)
        + attention.of_type(report, report.last_run)
        + attention.of_answers(report.name, report.title, report.unsettled)
        + attention.of_misfiled(report.name, report.title, report.misfiled),
    }


def queue(document_type: DocumentType, *, most: int = MOST_QUEUED) -> list[Queued]:
    """The next documents in the order in which people get them."""
    waiting = LabelTask.objects.filter(document=OuterRef("pk"), state=LabelTask.State.OPEN)
    documents: QuerySet[Document] = Document.objects.filter(
        document_type=document_type, state=Document.State.QUEUED
    )
    rows = (
        documents.select_related("extraction")
        .annotate(
            task=Subquery(waiting.values("task_id")[:1]),
            since=Subquery(waiting.values("created_at")[:1]),
        )
        .filter(task__isnull=False)
        .order_by("-priority")[:most]
    )
    return [
        Queued(
            row.pk,
            row.filename,
            row.reason,
            row.audit_probability is not None,
            row.extraction.score if row.extraction else None,
            row.since,
            reverse("label-document", args=[row.pk]),
        )
        for row in rows
    ]


def _scores(document_type: DocumentType, champion: reports.VersionReport | None) -> list[FieldScore]:
    if champion is None:
        return []
    scores = {score.field: score for score in champion.fields}
    return [
        FieldScore(field.title, scores[field.name], drawing.interval(*_bounds(scores[field.name])))
        for field in document_type.schema
        if field.name in scores
    ]


def _bounds(score: reports.Score) -> tuple[float, float, float]:
    return score.low, score.f1, score.high


def _type(name: str) -> DocumentType:
    return get_object_or_404(glances.types(), name=name)


def _trained(name: str) -> DocumentType:
    """Also the unknown type: what is trained for it is the router."""
    return get_object_or_404(DocumentType.every, name=name)
