"""What has failed, and which services answer."""

from __future__ import annotations

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotation.errors import Refused
from webapp import services
from webapp.dashboard import failures
from webapp.roles import Role, requires

SHOWN = 100


@requires(Role.LEAD)
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The services are asked by a request of their own: the page doesn't wait for a dead one."""
    failed = failures.failed()
    return render(request, "health.html", {"failed": failed[:SHOWN], "count": failed.count()})


@requires(Role.LEAD)
@require_safe
def services_now(request: HttpRequest) -> HttpResponse:
    return render(request, "health/services.html", {"services": services.check()})


@requires(Role.OPERATOR)
@require_POST
def try_again(request: HttpRequest, job_id: int) -> HttpResponse:
    try:
        failures.try_again(job_id)
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, "The job was put into the queue again.")
    return redirect("health")


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """For process managers and load balancers: 200 when this process and its database answer. Open to all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"alive": True})
