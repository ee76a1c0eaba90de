"""Annotator, viewer, lead, operator, admin: who may do what. Every view carries one of these decorators.

Annotators correct, viewers read; a lead may do both and more, an operator what a lead may, an admin everything.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponseBase
from django_htmx.http import HttpResponseClientRefresh


class Role(Enum):
    """What somebody is. The name, in small letters, is that of its group; tokens are stored with the number."""

    NONE = 0
    ANNOTATOR = 1
    VIEWER = 4
    LEAD = 2
    OPERATOR = 3
    ADMIN = 5

    def __bool__(self) -> bool:
        return self is not Role.NONE

    def may(self, *least: Role) -> bool:
        """Whether it is, or includes, one of these."""
        return self in least or any(each.may(*least) for each in INCLUDED[self])

    def at_most(self, other: Role) -> Role:
        """The lower one of the two; nothing where neither includes the other."""
        if self.may(other):
            return other
        return self if other.may(self) else Role.NONE


INCLUDED: dict[Role, tuple[Role, ...]] = {
    Role.NONE: (),
    Role.ANNOTATOR: (),
    Role.VIEWER: (),
    Role.LEAD: (Role.ANNOTATOR, Role.VIEWER),
    Role.OPERATOR: (Role.LEAD,),
    Role.ADMIN: (Role.OPERATOR,),
}
ANY = (Role.ANNOTATOR, Role.VIEWER)  # whoever has a role at all

View = Callable[..., HttpResponseBase]


def role_of(user: AbstractUser | AnonymousUser) -> Role:
    """The last of `Role` among the user's groups; a superuser is an admin."""
    if not user.is_authenticated:
        return Role.NONE
    if user.is_superuser:
        return Role.ADMIN
    groups = {group.name.upper() for group in user.groups.all()}  # without a query where they were prefetched
    return [Role.NONE, *(role for role in Role if role.name in groups)][-1]


def requires(*least: Role) -> Callable[[View], View]:
    """Let a view answer only users of one of the roles, or of one that includes it: strangers go to the sign-in, others get 403."""

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
            if not role_of(request.user).may(*least):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.roles = least  # type: ignore[attr-defined]
        return guarded

    return decorate
