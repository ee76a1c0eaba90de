"""What has failed, which services answer, and whether Label Studio tells of what people do."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotation import notices
from annotation.errors import Refused
from webapp import services
from webapp.dashboard import failures
from webapp.roles import Role, requires

SHOWN = 100
PERIODS = {"the last hour": timedelta(hours=1), "the last 7 days": timedelta(days=7)}


@requires(Role.VIEWER)
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The services are asked by a request of their own: the page doesn't wait for a dead one."""
    failed = failures.failed()
    heard = [(title, notices.within(time)) for title, time in PERIODS.items()]
    return render(request, "health.html", {"failed": failed[:SHOWN], "count": failed.count(), "heard": heard})


@requires(Role.VIEWER)
@require_safe
def services_now(request: HttpRequest) -> HttpResponse:
    return render(request, "health/services.html", {"services": services.check()})


@requires(Role.OPERATOR)
@require_POST
def try_again(request: HttpRequest, job_id: int) -> HttpResponse:
    try:
        failures.try_again(job_id, by=request.user.get_username())
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, "The job was put into the queue again.")
    return redirect("health")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """For process managers: 200 as long as this process answers at all; whoever restarts it mends nothing else."""
    return JsonResponse({"alive": True})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """For load balancers: 200 when requests can be answered, else 503 and what is wrong. Open to all, so it tells little.

    The broker isn't asked: without it everything goes on, more slowly.
    """
    problem = services.database_problem()
    return JsonResponse({"ready": not problem, "problem": problem}, status=503 if problem else 200)
