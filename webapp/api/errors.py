"""What went wrong, as a program reads it: `{"detail": "…"}` with the status that fits."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema

from annotation.errors import IllegalMove, LabelStudioUnreachable, Refused
from models.errors import BadSchema, DocloopError, ReadingFailed


class Problem(Schema):
    """Why a request was not done."""

    detail: str


# the first that fits; a state that is in the way is 409, a request that can't be taken 422
STATUSES: tuple[tuple[type[DocloopError], int], ...] = (
    (IllegalMove, 409),
    (Refused, 422),
    (ReadingFailed, 422),
    (BadSchema, 422),
    (LabelStudioUnreachable, 503),
)


def answer_errors(api: NinjaAPI) -> None:
    """Have `api` answer Docloop's own errors with their messages, which are written for people."""
    for error, status in STATUSES:
        api.add_exception_handler(error, _answer(api, status))


def _answer(api: NinjaAPI, status: int):  # type: ignore[no-untyped-def]  # ninja's own callback type
    def answer(request: HttpRequest, problem: Exception) -> HttpResponse:
        return api.create_response(request, {"detail": str(problem)}, status=status)

    return answer
