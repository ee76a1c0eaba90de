"""Trainings: look on, start, stop."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status

from annotation.models import DocumentType
from learner import reports, triggers
from learner.models import Run
from webapp.api.access import needs
from webapp.api.errors import Problem
from webapp.api.names import TypeName
from webapp.roles import Role

router = Router()


class RunAsked(Schema):
    """Which document type to train."""

    document_type: TypeName


@router.get("", auth=needs(Role.LEAD), response={200: list[reports.RunReport], 404: Problem})
def runs(
    request: HttpRequest, document_type: TypeName = "", limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[reports.RunReport]:
    """The newest trainings first."""
    chosen = get_object_or_404(DocumentType, name=document_type) if document_type else None
    return reports.runs(chosen, most=limit)


@router.get("/{int:run_id}", auth=needs(Role.LEAD), response={200: reports.RunReport, 404: Problem})
def run(request: HttpRequest, run_id: int) -> reports.RunReport:
    """One training, live while it runs."""
    return reports.run_report(_run(run_id))


@router.post("", auth=needs(Role.LEAD), response={201: reports.RunReport, 404: Problem, 422: Problem})
def start(request: HttpRequest, asked: RunAsked) -> Status[reports.RunReport]:
    """Ask for a training; 422 if one is live already or there is too little to learn from."""
    document_type = get_object_or_404(DocumentType, name=asked.document_type)
    user = request.user.get_username()
    started = triggers.ask(document_type, trigger=f"asked for by {user}, by API", by=user)
    return Status(201, reports.run_report(started))


@router.post(
    "/{int:run_id}/stop",
    auth=needs(Role.LEAD),
    response={200: reports.RunReport, 404: Problem, 422: Problem},
)
def stop(request: HttpRequest, run_id: int) -> reports.RunReport:
    """Ask a live training to stop; 422 if it has ended."""
    triggers.stop(_run(run_id), by=request.user.get_username())
    return reports.run_report(_run(run_id))


def _run(run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("document_type", "version"), pk=run_id)
