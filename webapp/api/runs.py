"""Trainings: look on, start, stop."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status

from learner import reports, triggers
from learner.models import Run
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.names import TypeName, type_or_router
from webapp.api.paging import MOST, Before, Limit, Piece, newest_first
from webapp.roles import Role

router = Router()


class RunAsked(Schema):
    """Which document type to train."""

    document_type: TypeName


@router.get("", auth=needs(Role.VIEWER), response=answers(404, ok=Piece[reports.RunReport]))
def runs(
    request: HttpRequest, document_type: TypeName = "", before: Before = MOST, limit: Limit = 50
) -> dict[str, Any]:
    """The newest trainings first."""
    found = Run.objects.select_related("document_type", "version")
    if document_type:
        found = found.filter(document_type=type_or_router(document_type))
    piece = newest_first(found, before, limit)
    return piece | {"items": [reports.run_report(run) for run in piece["items"]]}


@router.get("/{int:run_id}", auth=needs(Role.VIEWER), response=answers(404, ok=reports.RunReport))
def run(request: HttpRequest, run_id: int) -> reports.RunReport:
    """One training, live while it runs: `share` is how much of it is done, `minutes_left` how long it may still take."""
    return reports.run_report(_run(run_id))


@router.post("", auth=needs(Role.LEAD), response=answers(404, made=reports.RunReport))
def start(request: HttpRequest, asked: RunAsked) -> Status[reports.RunReport]:
    """Ask for a training; 422 if one is live already or there is too little to learn from."""
    document_type = type_or_router(asked.document_type)
    user = request.user.get_username()
    started = triggers.ask(document_type, trigger=f"asked for by {user}, by API", by=user)
    return Status(201, reports.run_report(started))


@router.post("/{int:run_id}/stop", auth=needs(Role.LEAD), response=answers(404, ok=reports.RunReport))
def stop(request: HttpRequest, run_id: int) -> reports.RunReport:
    """Ask a live training to stop; 422 if it has ended."""
    triggers.stop(_run(run_id), by=request.user.get_username())
    return reports.run_report(_run(run_id))


def _run(run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("document_type", "version"), pk=run_id)
