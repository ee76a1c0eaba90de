"""How long a sign-in holds: not beyond `session_days`, nor after `session_idle_minutes` in which nobody did anything."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

SIGNED_IN = "signed_in_at"  # in the session: seconds since 1970
ACTIVE = "active_at"
NOTED = 60  # seconds: an activity sooner after the last one is not written down

View = Callable[[HttpRequest], HttpResponseBase]


def begin(sender: object, request: HttpRequest, **_: object) -> None:
    """Somebody signed in; Django has given the session another key by then."""
    request.session[SIGNED_IN] = request.session[ACTIVE] = now()


def ending(answer: View) -> View:
    """A middleware before Django's of sign-ins. Idle sessions end by their cookie's age, which each activity renews."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        session = request.session
        if session.session_key and SESSION_KEY in session:
            if now() - session.get(SIGNED_IN, 0) > 86_400 * settings.CONFIG.session_days:
                session.flush()
            elif is_activity(request) and now() - session.get(ACTIVE, 0) > NOTED:
                session[ACTIVE] = now()
        return answer(request)

    return answered


def is_activity(request: HttpRequest) -> bool:
    """A page's live parts ask by themselves, for as long as it is open: nobody need be there."""
    return not (request.method == "GET" and request.headers.get("HX-Request"))


def forget() -> None:
    """Delete the rows of sessions that are over."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


def now() -> int:
    return int(timezone.now().timestamp())
