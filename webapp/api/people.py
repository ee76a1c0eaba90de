"""Who works here: list them, make accounts, change what they may do, and let them set a password."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.contrib.auth.models import AbstractUser, User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from annotation.errors import Refused
from annotation.models import DocumentType
from annotation.people import chosen_for
from webapp import people as accounts
from webapp.api.access import Caller, needs
from webapp.api.errors import answers
from webapp.api.names import TypeName, type_named
from webapp.roles import Role, role_of

router = Router()
RoleName = Literal["annotator", "viewer", "lead", "operator", "admin"]


class PersonLine(Schema):
    """A person in the list."""

    id: int
    email: str
    name: str
    role: str = Field(description="annotator, viewer, lead, operator, admin, or none")
    active: bool = Field(description="Whether they may sign in")
    types: list[str] = Field(description="Titles of the types they label; empty: all")
    last_active: datetime | None
    today: int = Field(description="Documents answered since midnight (UTC)")
    week: int = Field(description="The same since Monday")


class PersonOut(Schema):
    """What one person is."""

    id: int
    email: str
    name: str
    role: str
    active: bool
    types: list[str] = Field(description="Names of the types they label; empty: all")


class PersonMade(PersonOut):
    """A person with a fresh link by which they set a password."""

    password_link: str = Field(description="Good once, for three days; give it to nobody else")


class PersonChanged(Schema):
    """What a person shall be."""

    role: RoleName
    active: bool = Field(True, description="Whether they may sign in")
    types: list[TypeName] = Field([], description="Names of the types they label; empty: all")


class PersonAsked(Schema):
    """A new person; the address never changes, for it says whose answers are whose."""

    email: str = Field(max_length=150)
    name: str = Field("", max_length=100, pattern=r"^[^\x00]*$")
    role: RoleName = "annotator"
    types: list[TypeName] = Field([], description="Names of the types they label; empty: all")


@router.get("", auth=needs(Role.LEAD), response=answers(ok=list[PersonLine]))
def people(request: HttpRequest) -> list[dict[str, Any]]:
    """Everybody, those who may sign in first, with what they answered lately."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        {
            "id": row.user.pk,
            "email": row.user.email,
            "name": row.user.first_name,
            "role": row.role.name.lower(),
            "active": row.user.is_active,
            "types": row.types,
            "last_active": row.last_active,
            "today": row.today,
            "week": row.week,
        }
        for row in accounts.everybody(midnight)
    ]


@router.post("", auth=needs(Role.LEAD), response=answers(404, made=PersonMade))
def add_person(request: HttpRequest, asked: PersonAsked) -> Status[dict[str, Any]]:
    """A new person, and the link by which they set a password. Leads make annotators, admins everybody."""
    role = _within(request, Role[asked.role.upper()])
    try:
        validate_email(asked.email.strip())
    except ValidationError:
        raise Refused("this is no e-mail address") from None
    types = [type_named(name) for name in asked.types]
    made = accounts.add(asked.email, asked.name, role, types, by=_user(request))
    return Status(201, _made(request, made, accounts.password_link(made)))


@router.get("/{int:user_id}", auth=needs(Role.LEAD), response=answers(404, ok=PersonOut))
def person(request: HttpRequest, user_id: int) -> dict[str, Any]:
    """One person."""
    return _out(get_object_or_404(User, pk=user_id))


@router.put("/{int:user_id}", auth=needs(Role.LEAD), response=answers(404, ok=PersonOut))
def change_person(request: HttpRequest, user_id: int, asked: PersonChanged) -> dict[str, Any]:
    """Give a person another role or other types, or shut them out: then they are signed out at once."""
    found = get_object_or_404(User, pk=user_id)
    _within(request, role_of(found))
    wanted = accounts.Change(
        _within(request, Role[asked.role.upper()]), asked.active, [type_named(name) for name in asked.types]
    )
    accounts.change(found, wanted, by=_user(request))
    return _out(get_object_or_404(User, pk=user_id))


@router.post("/{int:user_id}/password-link", auth=needs(Role.LEAD), response=answers(404, ok=PersonMade))
def new_password_link(request: HttpRequest, user_id: int) -> dict[str, Any]:
    """A link by which somebody sets a new password, for whoever forgot theirs."""
    found = get_object_or_404(User, pk=user_id)
    _within(request, role_of(found))
    return _made(request, found, accounts.new_link(found, by=_user(request)))


def _within(request: HttpRequest, role: Role) -> Role:
    """The role again, if the caller may look after people who have it.

    `webapp.people` asks what the user may do; an admin's token that was made for less may not make admins.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    if role not in accounts.LOOKED_AFTER and not caller.role.may(Role.ADMIN):
        raise HttpError(403, "This token looks after annotators only; others need the role admin.")
    return role


def _out(found: User) -> dict[str, Any]:
    types: list[DocumentType] = list(chosen_for(found))
    return {
        "id": found.pk,
        "email": found.email,
        "name": found.first_name,
        "role": role_of(found).name.lower(),
        "active": found.is_active,
        "types": [each.name for each in types],
    }


def _made(request: HttpRequest, found: User, link: str) -> dict[str, Any]:
    return _out(found) | {"password_link": request.build_absolute_uri(link)}


def _user(request: HttpRequest) -> AbstractUser:
    assert isinstance(request.user, AbstractUser)  # the role was checked
    return request.user
