"""A log record in, a line of JSON out, with what the work was about; and without words of documents, secrets or addresses.

A message's template is ours or a library's; what is put into it may be anything. Exceptions quote what they choked on (a
database its row, a validator its input), so of each only its kind and the places it passed are written, never its message.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from annotation import log_context
from webapp.config import CHECKOUT

HEADER = "X-Request-ID"
MOST_PLACES = 30  # of one exception: the innermost
PARTS = ("annotation", "learner", "models", "webapp")
# their lines hold addresses, headers, statements with their values or what was typed
TALKATIVE = (
    "axes",
    "boto3",
    "botocore",
    "celery.worker.strategy",
    "django.db.backends",
    "httpcore",
    "httpx",
    "imapclient",
    "rapidocr",
    "urllib3",
)

INVALID = "Invalid request"  # how gunicorn begins what it says of one that is none
View = Callable[[HttpRequest], HttpResponseBase]


def traced(answer: View) -> View:
    """A middleware: each request is a trace, whose name its answer tells, so that people can tell it an operator."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        trace = log_context.new_trace()
        request.trace = trace  # type: ignore[attr-defined]  # Django logs what was wrong when we are done here
        with log_context.about(trace=trace):
            response = answer(request)
        response[HEADER] = trace
        return response

    return answered


def settings(level: str) -> dict[str, Any]:
    """Django's LOGGING. Libraries tell no more than INFO: what they say at DEBUG is of use to their makers alone."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": Line}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["console"], "level": "INFO" if level == "DEBUG" else level},
        "loggers": {
            # Django brings handlers of its own, which write messages as they are
            "django": {"handlers": [], "level": "NOTSET", "propagate": True},
            "django.server": {"handlers": [], "level": "NOTSET", "propagate": True},
            **{name: {"level": level} for name in PARTS},
            **{name: {"level": "ERROR" if name == "axes" else "WARNING"} for name in TALKATIVE},
        },
    }


class Line(logging.Formatter):
    """One line of JSON for each record."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _said(record),
            **log_context.facts(),
            **_asked(record),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = _chain(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _said(record: logging.LogRecord) -> str:
    if _request(record):  # Django puts the path in, which may be a key to something
        status = getattr(record, "status_code", None)
        return HTTPStatus(status).phrase if status else type(record).__name__
    if record.name == "gunicorn.error" and str(record.msg).startswith(INVALID):
        return INVALID  # what follows is what was sent
    if isinstance(record.msg, BaseException):
        return type(record.msg).__name__
    if record.exc_info and not record.name.startswith(PARTS):
        return str(record.msg)  # what libraries put in is the exception
    arguments = record.args
    if isinstance(arguments, tuple):
        arguments = tuple(
            type(each).__name__ if isinstance(each, BaseException) else each for each in arguments
        )
    try:
        return str(record.msg) % arguments if arguments else str(record.msg)
    except (TypeError, ValueError):  # a library's mistake must not cost the line
        return str(record.msg)


def _request(record: logging.LogRecord) -> HttpRequest | None:
    request = getattr(record, "request", None)
    return request if isinstance(request, HttpRequest) else None


def _asked(record: logging.LogRecord) -> dict[str, object]:
    """Of a request its method, the pattern that its path fits, and the answer's status."""
    request = _request(record)
    if request is None:
        return {}
    route = request.resolver_match.route if request.resolver_match else ""
    trace = {"trace": request.trace} if hasattr(request, "trace") else {}
    return trace | {"method": request.method, "route": route, "status": getattr(record, "status_code", None)}


def _chain(error: BaseException | None) -> list[dict[str, object]]:
    """An exception and those it came from, the last first: kind and places each."""
    found: list[dict[str, object]] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        places = traceback.extract_tb(error.__traceback__)[-MOST_PLACES:]
        found.append(
            {
                "kind": f"{type(error).__module__}.{type(error).__qualname__}",
                "places": [f"{_short(each.filename)}:{each.lineno} {each.name}" for each in places],
            }
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _short(filename: str) -> str:
    """Below the checkout or the installed packages: the rest tells of the machine."""
    path = Path(filename)
    if "site-packages" in path.parts:
        return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else path.name
