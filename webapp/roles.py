"""Annotator, lead, operator: who may do what. Every view carries one of these decorators.

Each role includes the ones before it: an operator may do what a lead may, a lead what an annotator may.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponseBase
from django_htmx.http import HttpResponseClientRefresh


class Role(IntEnum):
    """In growing order of what they may do. A role's name, in small letters, is its group's."""

    NONE = 0
    ANNOTATOR = 1
    LEAD = 2
    OPERATOR = 3


View = Callable[..., HttpResponseBase]


def role_of(user: AbstractUser | AnonymousUser) -> Role:
    """The highest role among the user's groups; a superuser is an operator."""
    if not user.is_authenticated:
        return Role.NONE
    if user.is_superuser:
        return Role.OPERATOR
    groups = {group.name.upper() for group in user.groups.all()}  # without a query where they were prefetched
    return max((role for role in Role if role.name in groups), default=Role.NONE)


def requires(role: Role) -> Callable[[View], View]:
    """Let a view answer only users of at least `role`: strangers go to the sign-in, others get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                if request.headers.get(
                    "HX-Request"
                ):  # a live part: its page goes to the sign-in, not the part
                    return HttpResponseClientRefresh()
                return redirect_to_login(request.get_full_path())
            prefetch_related_objects([request.user], "groups")  # one query, however often its role is asked
            if role_of(request.user) < role:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.role = role  # type: ignore[attr-defined]
        return guarded

    return decorate
