"""Every document type at a glance, and what needs attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from learner import reports
from learner.models import Run
from webapp.dashboard import attention, drawing, failures
from webapp.roles import Role, requires, role_of


@dataclass(frozen=True, slots=True)
class Row:
    """One document type on the overview."""

    report: reports.TypeReport
    parts: list[drawing.Part]
    pool: int
    label_url: str


@requires(Role.ANNOTATOR)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Where everybody arrives; annotators go on to their own page."""
    if role_of(request.user) == Role.ANNOTATOR:
        return redirect("today")
    return render(request, "overview.html", figures())


@requires(Role.LEAD)
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The part of the overview that changes by itself."""
    return render(request, "overview/live.html", figures())


def figures() -> dict[str, Any]:
    found = reports.overview()
    last_runs = _last_runs()
    notices = attention.of_jobs(failures.failed().count())
    for report in found:
        notices += attention.of_type(report, last_runs.get(report.name))
    return {"rows": [_row(report) for report in found], "notices": notices}


def _row(report: reports.TypeReport) -> Row:
    return Row(
        report,
        drawing.parts(report.counts),
        report.counts["read"] + report.counts["extracted"],
        reverse("label-type", args=[report.name]) if report.project_id else "",
    )


def _last_runs() -> dict[str, reports.RunReport]:
    """The newest run of every type."""
    newest = Run.objects.order_by("document_type_id", "-pk").distinct("document_type_id")
    runs = newest.select_related("document_type", "version")
    return {run.document_type.name: reports.run_report(run) for run in runs}
