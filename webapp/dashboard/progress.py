"""How one document type comes along: documents by state, who answered how many, how long it took, what more would bring."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation import state_counts
from annotation.models import DocumentType
from learner import savings, work
from webapp.dashboard import charts
from webapp.roles import Role, requires, role_of

PERIODS = (30, 90)  # days


@requires(Role.VIEWER)
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "type/progress.html", figures(request, name))


@requires(Role.VIEWER)
@require_safe
def live(request: HttpRequest, name: str) -> HttpResponse:
    """The part of the page that changes by itself."""
    return render(request, "type/work.html", figures(request, name))


@requires(Role.VIEWER)
@require_safe
def worth(request: HttpRequest, name: str) -> HttpResponse:
    """Whether more labelling is worth it; a part of the page that is worked out after the rest."""
    document_type = get_object_or_404(DocumentType, name=name)
    found = savings.of(document_type)
    schema = document_type.schema
    shown = {
        "savings": found,
        "chart": charts.learning(found) if found.points else None,
        "goal": document_type.goal,
        "audited": [(schema[each.name].title, each) for each in found.audit.by_field],
    }
    return render(request, "type/worth.html", shown)


def figures(request: HttpRequest, name: str) -> dict[str, Any]:
    """All that the page shows; `?days=` chooses one of `PERIODS`."""
    document_type = get_object_or_404(DocumentType, name=name)
    asked = request.GET.get("days", "")
    days = next((each for each in PERIODS if str(each) == asked), PERIODS[0])
    done = work.of(document_type, days=days)
    if not role_of(request.user).may(Role.LEAD):
        done = work.without_people(done)
    return {
        "type": document_type,
        "days": days,
        "periods": PERIODS,
        "work": done,
        "states": charts.states(state_counts.history(document_type, days=days)),
        "corrections": charts.corrections(done),
        "pace": charts.pace(done),
    }
