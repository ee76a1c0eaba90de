"""Docloop's settings with a middleware around everything, which says in a header what a page asked of the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from webapp.settings import *  # noqa: F403
from webapp.settings import CONFIG, MIDDLEWARE

MIDDLEWARE = ["benchmarks.pages_settings.counted", *MIDDLEWARE]
STATIC_ROOT = CONFIG.data / "staticfiles"
QUERIES = "X-Queries"


def counted(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Django's middleware: `X-Queries` with the number of statements."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        count = 0

        def one_more(execute: Callable[..., Any], *arguments: Any) -> Any:  # Django's own
            nonlocal count
            count += 1
            return execute(*arguments)

        with connection.execute_wrapper(one_more):
            answered = answer(request)
        answered.headers[QUERIES] = str(count)
        return answered

    return middleware
