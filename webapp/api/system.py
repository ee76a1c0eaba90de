"""Docloop itself: who is calling, which services answer, what has failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import Field

from annotation import notices
from annotation.models import Job
from webapp import metrics, services
from webapp.api.access import Caller, needs
from webapp.api.errors import answers
from webapp.api.paging import MOST, Before, Limit, Piece, newest_first
from webapp.dashboard import failures
from webapp.doctor import asked
from webapp.models import Examination
from webapp.roles import ANY, Role

router = Router()

TEXT = {"responses": {200: {"description": "OK", "content": {"text/plain": {}}}}}


class Me(Schema):
    """Who is calling."""

    user: str
    role: str = Field(description="annotator, viewer, lead, operator or admin; a token may be allowed less")


class Health(Schema):
    """Whether everything that Docloop leans on answers."""

    ok: bool
    services: list[services.Service]
    failed_jobs: int
    unannounced: float | None = Field(
        description="Share (0…1) of the last hour's corrections that the sweep alone found; null without any"
    )


class FindingOut(Schema):
    """What one look of the doctor found."""

    check: str
    grade: str = Field(description="failed, warning, skipped or well")
    said: str
    remedy: str = Field(description="What to do")


class DoctorOut(Schema):
    """What the doctor found last."""

    awaited: bool = Field(description="Whether it was asked for and is not done yet")
    at: datetime | None = Field(description="When the last look was over; null: it was not asked yet")
    findings: list[FindingOut]


class JobOut(Schema):
    """A piece of work that failed."""

    id: int
    task: str
    subject: int = Field(description="The id of what it is about: a document, a document type, …")
    problem: str
    attempt: int
    created_at: datetime
    finished_at: datetime | None


@router.get("/me", auth=needs(*ANY), response=answers(ok=Me))
def me(request: HttpRequest) -> dict[str, str]:
    """Who a token belongs to."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    return {"user": caller.name, "role": caller.role.name.lower()}


@router.get("/health", auth=needs(Role.VIEWER), response=answers(ok=Health))
def health(request: HttpRequest) -> dict[str, Any]:
    """Every service is asked, which takes up to two seconds; /healthz and /readyz are for load balancers."""
    found = services.check()
    failed = failures.failed().count()
    return {
        "ok": all(service.ok for service in found),
        "services": found,
        "failed_jobs": failed,
        "unannounced": notices.within(timedelta(hours=1)).share,
    }


@router.get("/metrics", auth=needs(Role.VIEWER), response=answers(), openapi_extra=TEXT)
def prometheus(request: HttpRequest) -> HttpResponse:
    """The loop's figures in Prometheus' text format: jobs, sweeps, documents, queue, quality."""
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.get("/doctor", auth=needs(Role.OPERATOR), response=answers(ok=DoctorOut))
def doctor(request: HttpRequest) -> dict[str, Any]:
    """What the doctor found when it was asked last, in the order of its looks."""
    last = Examination.objects.first()
    return {
        "awaited": asked.is_awaited(),
        "at": last.at if last else None,
        "findings": last.findings if last else [],
    }


@router.post("/doctor", auth=needs(Role.OPERATOR), response=answers(asked=DoctorOut))
def ask_doctor(request: HttpRequest) -> Status[dict[str, Any]]:
    """Have the doctor come: about a minute, or longer while a model is trained."""
    asked.ask(by=request.user.get_username())
    return Status(202, doctor(request))


@router.get("/jobs/failed", auth=needs(Role.VIEWER), response=answers(ok=Piece[JobOut]))
def failed_jobs(request: HttpRequest, before: Before = MOST, limit: Limit = 50) -> dict[str, Any]:
    """Jobs that failed and that nothing newer has taken the place of, the newest first."""
    return newest_first(failures.failed(), before, limit)


@router.post("/jobs/{int:job_id}/try-again", auth=needs(Role.OPERATOR), response=answers(404, none=None))
def try_again(request: HttpRequest, job_id: int) -> Status[None]:
    """Put a failed job into the queue again; 422 if it has not failed."""
    get_object_or_404(Job, pk=job_id)
    failures.try_again(job_id, by=request.user.get_username())
    return Status(204, None)
