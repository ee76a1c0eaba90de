"""An annotator's own page: where to label, and what they did today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from annotation.label_studio import labelling_url, task_url
from annotation.labelling import ASSUMED
from annotation.models import Correction, DocumentType, LabelTask
from webapp.roles import Role, requires

SHOWN = 30


@dataclass(frozen=True, slots=True)
class Queue:
    """Documents of one type that are ready in Label Studio."""

    title: str
    open: int
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """One document that somebody corrected."""

    filename: str
    type: str
    changed: str
    seconds: float | None
    at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Day:
    """What one person did since midnight by their own clock; a document counts once."""

    documents: int
    untouched: int
    median_seconds: float | None
    corrections: list[Line]


@requires(Role.ANNOTATOR)
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    return render(request, "today.html", {"queues": queues(), "day": day_of(request.user)})


def queues() -> list[Queue]:
    """A queue for every type that has its Label Studio project."""
    waiting = Count("documents__tasks", filter=Q(documents__tasks__state=LabelTask.State.OPEN))
    types = DocumentType.objects.filter(project_id__isnull=False).annotate(waiting=waiting).order_by("title")
    return [Queue(each.title, each.waiting, labelling_url(each.project_id or 0)) for each in types]


def day_of(user: AbstractUser | AnonymousUser) -> Day:
    """Label Studio knows people by their e-mail address: an account without one has done nothing."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Correction.objects.filter(annotator__iexact=getattr(user, "email", "") or "-", skipped=False)
    rows = mine.filter(submitted_at__gte=midnight).select_related("document__document_type")
    newest: dict[int, Correction] = {}
    for row in rows.order_by("submitted_at"):
        newest[row.document_id] = row
    done = sorted(newest.values(), key=lambda row: row.submitted_at, reverse=True)
    times = [row.lead_time for row in done if row.lead_time is not None]
    shown = done[:SHOWN]
    tasks = LabelTask.objects.filter(document__in=[row.document_id for row in shown], task_id__isnull=False)
    places = {
        document: task_url(project, task)
        for document, project, task in tasks.exclude(state=LabelTask.State.WITHDRAWN).values_list(
            "document", "project_id", "task_id"
        )
        if task is not None
    }
    return Day(
        documents=len(done),
        untouched=sum(not _changes(row) for row in done),
        median_seconds=median(times) if times else None,
        corrections=[
            Line(
                row.document.filename,
                row.document.document_type.title,
                ", ".join(_changes(row)) or "nothing: it was right",
                row.lead_time,
                row.submitted_at,
                places.get(row.document_id, ""),
            )
            for row in shown
        ],
    )


def _changes(correction: Correction) -> list[str]:
    """The fields that the person changed, by the names people see."""
    schema = correction.document.document_type.schema
    untouched = ("accepted", ASSUMED)
    changed = [name for name, outcome in correction.outcomes.items() if outcome not in untouched]
    return [schema[name].title if name in schema else name for name in changed]
