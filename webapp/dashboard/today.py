"""An annotator's own page: where to label, and what they did today."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db.models import Count
from django.db.models.functions import Upper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from annotation import people
from annotation.labelling import ASSUMED
from annotation.models import Correction, DocumentType, LabelTask
from annotation.service_model import Priority
from models.schema import Schema
from webapp.roles import Role, requires, role_of

SHOWN = 30
UNTOUCHED = ("accepted", ASSUMED)


@dataclass(frozen=True, slots=True)
class Queue:
    """Documents of one type that are ready in Label Studio."""

    name: str
    title: str
    open: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One document that somebody corrected."""

    document: int
    filename: str
    type: str
    changed: list[str]
    seconds: float | None
    at: datetime
    in_label_studio: bool


@dataclass(frozen=True, slots=True)
class Share:
    """What a person did in one day, of one type or of all; a document counts once, as it was submitted last."""

    documents: int
    fields: int  # corrected
    untouched: int  # documents that were right as they were
    median_seconds: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """What one person did since midnight by their own clock."""

    total: Share
    types: list[tuple[str, Share]]
    newest: list[Line]


@requires(Role.ANNOTATOR)
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    return render(request, "today.html", figures(request.user))


@requires(Role.ANNOTATOR)
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The part of the page that follows what the person does in Label Studio."""
    return render(request, "today/live.html", figures(request.user))


def figures(user: AbstractUser | AnonymousUser) -> dict[str, Any]:
    """All that the page shows."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return {"queues": queues(user), "day": day_of(user, midnight)}


def queues(user: AbstractUser | AnonymousUser) -> list[Queue]:
    """The queues that the person labels, which have their Label Studio project, of high priority first; leads and
    operators see all.
    """
    types = people.types_of(user) if role_of(user) == Role.ANNOTATOR else DocumentType.objects.all()
    waiting = dict(
        LabelTask.objects.filter(state=LabelTask.State.OPEN)
        .values("document__document_type")
        .annotate(tasks=Count("pk"))
        .values_list("document__document_type", "tasks")
    )
    there = types.filter(project_id__isnull=False).order_by("priority", "title")
    return [
        Queue(each.name, each.title, waiting.get(each.pk, 0), each.priority == Priority.HIGH)
        for each in there.only("name", "title", "priority")
    ]


def day_of(user: AbstractUser | AnonymousUser, midnight: datetime) -> Day:
    """Label Studio knows people by their e-mail address: an account without one has done nothing."""
    email = getattr(user, "email", "") or "-"
    rows = (
        Correction.objects.alias(who=Upper("annotator"))
        .filter(who=email.upper(), skipped=False, submitted_at__gte=midnight)
        .select_related("document")
        .only("lead_time", "submitted_at", "outcomes", "document__filename", "document__document_type")
        .order_by("submitted_at", "pk")
    )
    last = {row.document_id: row for row in rows}
    done = sorted(last.values(), key=lambda row: row.submitted_at, reverse=True)
    types = DocumentType.objects.in_bulk({row.document.document_type_id for row in done})
    of_type = {
        each.title: share([row for row in done if row.document.document_type_id == each.pk])
        for each in sorted(types.values(), key=lambda each: each.title)
    }
    live = LabelTask.objects.filter(document__in=[row.document_id for row in done[:SHOWN]])
    there = set(
        live.exclude(state=LabelTask.State.WITHDRAWN)
        .filter(task_id__isnull=False)
        .values_list("document", flat=True)
    )
    schemas = {pk: each.schema for pk, each in types.items()}
    newest = [
        Line(
            row.document_id,
            row.document.filename,
            types[row.document.document_type_id].title,
            titles(changes(row), schemas[row.document.document_type_id]),
            row.lead_time,
            row.submitted_at,
            row.document_id in there,
        )
        for row in done[:SHOWN]
    ]
    return Day(share(done), list(of_type.items()), newest)


def share(rows: Iterable[Correction]) -> Share:
    """What these corrections come to."""
    rows = list(rows)
    times = [row.lead_time for row in rows if row.lead_time is not None]
    return Share(
        documents=len(rows),
        fields=sum(len(changes(row)) for row in rows),
        untouched=sum(not changes(row) for row in rows),
        median_seconds=median(times) if times else None,
    )


def changes(correction: Correction) -> list[str]:
    """The names of the fields that the person changed."""
    return [name for name, outcome in correction.outcomes.items() if outcome not in UNTOUCHED]


def titles(names: Collection[str], schema: Schema) -> list[str]:
    """The fields' names as people see them, in the schema's order; those that are no longer in it at the end."""
    return [field.title for field in schema if field.name in names] + [
        name for name in sorted(names) if name not in schema
    ]
