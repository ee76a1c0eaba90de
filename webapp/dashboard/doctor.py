"""Is Docloop well? What the doctor found last, and having it come again."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from webapp.doctor import asked
from webapp.doctor.findings import Grade
from webapp.models import Examination
from webapp.roles import Role, requires

WORST_FIRST = (Grade.FAILED, Grade.WARNING, Grade.SKIPPED, Grade.WELL)


@requires(Role.OPERATOR)
@require_safe
def doctor(request: HttpRequest) -> HttpResponse:
    """The last result, when it was, and the button."""
    return render(request, "doctor.html", _last())


@requires(Role.OPERATOR)
@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The result alone, for the page to renew while one is awaited."""
    return render(request, "health/examination.html", _last())


@requires(Role.OPERATOR)
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Have the doctor come."""
    asked.ask(by=request.user.get_username())
    return redirect("doctor")


def _last() -> dict[str, Any]:
    last = Examination.objects.first()
    findings = last.findings if last else []
    return {
        "last": last,
        "findings": sorted(findings, key=lambda each: WORST_FIRST.index(each["grade"])),
        "counted": Counter(each["grade"] for each in findings),
        "awaited": asked.is_awaited(),
    }
