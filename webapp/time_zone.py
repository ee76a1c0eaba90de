"""Times as the reader's clock shows them: `static/docloop.js` puts the browser's zone into a cookie."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

COOKIE = "docloop_zone"


def in_the_readers_time_zone(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: UTC until the browser has said where it is."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        name = request.COOKIES.get(COOKIE, "")
        try:
            zone = ZoneInfo(name) if name else None
        except (KeyError, ValueError, OSError):  # no such zone, a path outside the zones, a folder of them
            zone = None
        with timezone.override(zone):
            return answer(request)

    return middleware
