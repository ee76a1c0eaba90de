"""What went wrong, as a program reads it: one form for every error, with what to do about it.

The members `title`, `status` and `detail` are those of RFC 9457; `remedy` says what to do, and `errors` names each part
of a request that was wrong.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.views.defaults import page_not_found
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from pydantic import Field

from annotation.errors import IllegalMove, Refused, Unreachable
from models.errors import BadSchema, DocloopError, ReadingFailed

log = logging.getLogger("django.request")


class Fault(Schema):
    """One part of a request that was wrong."""

    where: str = Field(description="Such as query.limit or body.document_type")
    what: str


class Problem(Schema):
    """Why a request was not done, and what to do about it."""

    title: str
    status: int
    detail: str = Field(description="What is wrong")
    remedy: str = Field(description="What to do")
    errors: list[Fault] = Field(
        [], description="Each part of the request that was wrong, where that is known"
    )


# the first that fits; a state that is in the way is 409, a request that can't be taken 422
STATUSES: tuple[tuple[type[DocloopError], int], ...] = (
    (IllegalMove, 409),
    (Refused, 422),
    (ReadingFailed, 422),
    (BadSchema, 422),
    (Unreachable, 503),
    (DocloopError, 500),
)

REMEDIES = {
    400: "Send what /api/docs describes.",
    401: "Send the header Authorization: Bearer TOKEN; tokens are made at /tokens/.",
    403: "Use the token of somebody who may, or ask an operator for the role.",
    404: "Look the name or id up in the list it comes from.",
    409: "Ask for the present state, and decide anew.",
    413: "Send less at once.",
    422: "Mend what is named, and send it again.",
    429: "Wait as many seconds as the header Retry-After says.",
    503: "Try again later; /health/ tells what doesn't answer.",
}
GOOD = {"ok": 200, "made": 201, "asked": 202, "none": 204}
AT_A_LOSS = "Try again; if it stays so, give an operator the time and this answer."


def answers(*others: int, **by_status: Any) -> dict[int, Any]:  # a schema each
    """For `response=` of an operation: what is good (see `GOOD`), the errors every operation has, and `others`."""
    good = {GOOD[name]: schema for name, schema in by_status.items()}
    return good | dict.fromkeys((*others, 400, 401, 403, 413, 422, 429), Problem)


def answer_errors(api: NinjaAPI) -> None:
    """Have `api` answer every error as a `Problem`; Docloop's own messages are written for people."""
    for error, status in STATUSES:
        api.add_exception_handler(error, _answer(api, status))

    @api.exception_handler(HttpError)
    def told(request: HttpRequest, error: HttpError) -> HttpResponse:
        return api.create_response(
            request, problem(error.status_code, error.message), status=error.status_code
        )

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return api.create_response(request, problem(404, str(error)), status=404)

    @api.exception_handler(ValidationError)
    def wrong(request: HttpRequest, error: ValidationError) -> HttpResponse:
        faults = [_fault(each) for each in error.errors]
        detail = "; ".join(f"{fault.where}: {fault.what}" for fault in faults)
        return api.create_response(request, problem(422, detail, faults), status=422)

    @api.exception_handler(SuspiciousOperation)
    def suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
        status = 413 if isinstance(error, RequestDataTooBig) else 400
        return api.create_response(request, problem(status, str(error)), status=status)

    @api.exception_handler(MultiPartParserError)
    def garbled(request: HttpRequest, error: MultiPartParserError) -> HttpResponse:
        return api.create_response(request, problem(400, str(error)), status=400)

    @api.exception_handler(Exception)
    def unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("Internal Server Error", exc_info=error, extra={"request": request, "status_code": 500})
        detail = f"something unexpected happened ({type(error).__name__})"
        answer = api.create_response(request, problem(500, detail), status=500)
        answer._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark
        return answer


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler404`: below /api/ a program asks, elsewhere a person."""
    if not request.path.startswith("/api/"):
        return page_not_found(request, exception)
    return JsonResponse(problem(404, "there is nothing at this address"), status=404)


def problem(status: int, detail: str, faults: list[Fault] | None = None) -> dict[str, Any]:  # a `Problem`
    """The form of an error."""
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        remedy=REMEDIES.get(status, AT_A_LOSS),
        errors=faults or [],
    ).dict()


def _fault(error: dict[str, Any]) -> Fault:  # pydantic's own; what was sent is not quoted
    return Fault(where=".".join(map(str, error["loc"])), what=error["msg"])


def _answer(api: NinjaAPI, status: int):  # type: ignore[no-untyped-def]  # ninja's own callback type
    def answer(request: HttpRequest, error: Exception) -> HttpResponse:
        return api.create_response(request, problem(status, str(error)), status=status)

    return answer
