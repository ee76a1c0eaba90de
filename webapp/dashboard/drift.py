"""What comes in of one document type, and whether it changes: state, charts, alarms with examples, reports."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation.errors import Refused
from annotation.models import Document, DocumentType
from learner import drift_alarms, drift_reports, drift_state
from learner.drift_state import AlarmReport, DriftState
from learner.models import DriftAlarm, DriftWindow
from webapp.dashboard import drift_charts
from webapp.headers import POLICY
from webapp.roles import Role, requires

# Evidently's page brings its scripts with it and needs nothing else. It may run them, in an origin of its own: it can
# reach neither our pages nor our cookies, nor any other address.
REPORT_POLICY = "; ".join(
    [
        "sandbox allow-scripts",
        "default-src 'none'",
        "script-src 'unsafe-inline' 'unsafe-eval'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "font-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


@dataclass(frozen=True, slots=True)
class Sort:
    """One of the three that are told apart, and its open alarms."""

    title: str
    asks: str
    alarms: list[AlarmReport]


SORTS = {
    "input": ("Input drift", "Do documents look, read and say as they did?"),
    "concept": ("Concept drift", "Is the champion as right as it was, by the audit?"),
    "operations": ("Operations drift", "Does Docloop keep up as it did?"),
}


@requires(Role.VIEWER)
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "drift.html", figures(_type(name)))


@requires(Role.VIEWER)
@require_safe
def live(request: HttpRequest, name: str) -> HttpResponse:
    """The part of the page that changes by itself."""
    return render(request, "drift/live.html", figures(_type(name)))


@requires(Role.LEAD)
@require_POST
def close(request: HttpRequest, name: str, alarm_id: int) -> HttpResponse:
    """End an alarm by hand, with the reason in words."""
    alarm = get_object_or_404(DriftAlarm, pk=alarm_id, document_type=_type(name))
    user = request.user.get_username()
    try:
        drift_alarms.close(alarm, by=user, why=request.POST.get("why", "").strip() or f"closed by {user}")
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(
            request, "The alarm is closed. What comes in now is what later documents are held against."
        )
    return redirect("drift", name)


@requires(Role.VIEWER)
@require_safe
def report(request: HttpRequest, name: str, window_id: int) -> HttpResponse:
    """Evidently's page on a window, as it was made."""
    window = get_object_or_404(DriftWindow, pk=window_id, document_type=_type(name))
    page = drift_reports.page_of(window)
    if page is None:
        raise Http404(f"there is no report on window {window_id}: only the newest are kept")
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(
        page if packed else gzip.decompress(page), content_type="text/html; charset=utf-8"
    )
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers[POLICY] = REPORT_POLICY
    response.headers["Cache-Control"] = "private, no-store"
    return response


def figures(document_type: DocumentType) -> dict[str, Any]:
    """All that the page shows."""
    state = drift_state.of(document_type)
    open_now = [alarm for alarm in state.alarms if alarm.open]
    return {
        "type": document_type,
        "drift": state,
        "sorts": [Sort(title, asks, state.open(key)) for key, (title, asks) in SORTS.items()],
        "open": open_now,
        "past": [alarm for alarm in state.alarms if not alarm.open],
        "names": _names(state),
        "charts": drift_charts.of(state, document_type.schema),
        "hours": drift_charts.hours(state),
        "reports": list(reversed(state.windows))[:10],
    }


def _names(state: DriftState) -> dict[int, str]:
    """The file names of the open alarms' examples; of what was erased since there is none."""
    ids = {pk for alarm in state.alarms if alarm.open for pk in (*alarm.before, *alarm.after)}
    return dict(Document.objects.filter(pk__in=ids).values_list("pk", "filename"))


def _type(name: str) -> DocumentType:
    return get_object_or_404(DocumentType, name=name)
