"""Who may call which part of the API: a session (with its CSRF token) or a bearer token, and a role for each call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import APIKeyCookie, HttpBearer
from ninja.security.base import AuthBase

from webapp.models import ApiToken
from webapp.roles import Role, role_of


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls (`request.auth`), and what they may do: a token may be allowed less than its user."""

    name: str
    role: Role


class Token(HttpBearer):
    """`Authorization: Bearer …` with a token of the page /tokens/ or of `manage.py api_token`."""

    def __init__(self, least: Sequence[Role]) -> None:
        super().__init__()
        self.least = least

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        found = ApiToken.find(token)
        if found is None:
            return None
        request.user = found.user
        return _caller(found.user, found.role, self.least)


class Session(APIKeyCookie):
    """The sign-in of the pages, as the API's own documentation page uses it."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self, least: Sequence[Role]) -> None:
        super().__init__()
        self.least = least

    def __call__(self, request: HttpRequest) -> Any:  # ninja's own: whatever `authenticate` answers
        if not request.user.is_authenticated:
            return None  # "sign in first" and not "CSRF check failed" for whoever has no session at all
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        return _caller(request.user, role_of(request.user), self.least)


def needs(*least: Role) -> list[AuthBase]:
    """For `auth=` of an operation: without sign-in 401, with another role 403."""
    return [Token(least), Session(least)]


def leads(request: HttpRequest) -> bool:
    """Whether the caller may see what people do one by one."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    return caller.role.may(Role.LEAD)


def _caller(user: AbstractUser | AnonymousUser, has: Role, least: Sequence[Role]) -> Caller:
    if not has.may(*least):
        needed = " or ".join(role.name.lower() for role in least)
        raise HttpError(403, f"This needs the role {needed}, or one that includes it.")
    return Caller(user.get_username(), has)
