"""Who works here: making accounts, changing what people may do and which types they label, and shutting them out.

Nobody is ever deleted: what they answered stays theirs. Each change is one transaction, and one entry on the trail.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractUser, Group, User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.db.models import Count, DateTimeField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest, Upper
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from annotation import audit_trail, doorbell, label_studio_people, people
from annotation.errors import Refused
from annotation.models import Correction, DocumentType
from webapp.embedded.labelling_service import SERVICE_ACCOUNT
from webapp.roles import Role, role_of

ROLES = tuple(role for role in Role if role)
LOOKED_AFTER = (Role.NONE, Role.ANNOTATOR)  # by leads


@dataclass(frozen=True, slots=True)
class Change:
    """What a person shall be: their role, whether they may sign in, and the types they label (none: all)."""

    role: Role
    active: bool = True
    types: Collection[DocumentType] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Row:
    """A person, in a list."""

    user: User
    role: Role
    types: list[str]  # titles; empty: all
    last_active: datetime | None
    today: int  # documents answered
    week: int


def roles_that_may_be_given(by: AbstractUser) -> tuple[Role, ...]:
    """Admins give every role, others that of annotators."""
    return ROLES if role_of(by).may(Role.ADMIN) else (Role.ANNOTATOR,)


def may_change(by: AbstractUser, person: AbstractUser) -> bool:
    """Leads look after annotators, admins after everybody."""
    return role_of(by).may(Role.ADMIN) or role_of(person) in LOOKED_AFTER


@transaction.atomic
def add(email: str, name: str, role: Role, types: Collection[DocumentType], *, by: AbstractUser) -> User:
    """A new person, who can't sign in before they have set a password (`password_link`); raises `Refused`."""
    email = email.strip().lower()
    Group.objects.get_or_create(name=role.name.lower())
    Group.objects.select_for_update().get(name=role.name.lower())  # two at once would both find nobody
    if User.objects.filter(Q(username__iexact=email) | Q(email__iexact=email)).exists():
        raise Refused("Somebody with this e-mail address has an account already.")
    if email == SERVICE_ACCOUNT:
        raise Refused("This is the address of Docloop's own account in Label Studio.")
    if role not in roles_that_may_be_given(by):
        raise Refused("Only an admin can give this role.")
    person = User.objects.create_user(email, email, first_name=name.strip())
    _give(person, Change(role, types=types))
    audit_trail.record(
        by=by.get_username(), action="made account", subject=f"user {person.pk}", why=role.name.lower()
    )
    return person


@transaction.atomic
def change(person: User, wanted: Change, *, by: AbstractUser) -> None:
    """Give a person another role, other types, or shut them out; raises `Refused`.

    Somebody who is shut out is signed out at once, here and in Label Studio; their tokens for the API stop working.
    """
    # every such change waits here for the one before: else two admins could demote each other
    list(Group.objects.select_for_update().filter(name=Role.ADMIN.name.lower()))
    person = User.objects.select_for_update().get(pk=person.pk)
    before = role_of(person)
    demoted = not wanted.active or not wanted.role.may(before)
    if not may_change(by, person):
        raise Refused("Only an admin can change somebody with this role.")
    if wanted.role != before and wanted.role not in roles_that_may_be_given(by):
        raise Refused("Only an admin can give this role.")
    if demoted and before is Role.ADMIN and person.is_active and admins().count() <= 1:
        raise Refused("This is the last admin: make somebody else an admin first.")
    if demoted and by.pk == person.pk:
        raise Refused("Somebody else has to take your rights away.")
    _give(person, wanted)
    became = f"{wanted.role.name.lower()}, {'may' if wanted.active else 'may not'} sign in"
    audit_trail.record(
        by=by.get_username(), action="changed account", subject=f"user {person.pk}", why=became
    )


def admins() -> QuerySet[User]:
    """The active admins."""
    group = Q(groups__name=Role.ADMIN.name.lower())
    return User.objects.filter(group | Q(is_superuser=True), is_active=True).distinct()


def _give(person: User, wanted: Change) -> None:
    """Write it down, and have the queues and Label Studio follow."""
    for role in ROLES:
        Group.objects.get_or_create(name=role.name.lower())
    person.is_active = wanted.active
    person.is_superuser = person.is_superuser and wanted.role is Role.ADMIN
    person.save(update_fields=["is_active", "is_superuser"])
    person.groups.remove(*Group.objects.filter(name__in=[role.name.lower() for role in ROLES]))
    if wanted.role:
        person.groups.add(Group.objects.get(name=wanted.role.name.lower()))
    people.choose(person, wanted.types)
    people.count_anew()
    doorbell.ring("account changed", person.pk)


def follow_account(user_id: int) -> None:
    """Shut a person who may no longer label out of Label Studio too; the next link lets them in again."""
    person = User.objects.filter(pk=user_id).exclude(email="").first()
    if person and not (person.is_active and role_of(person).may(Role.ANNOTATOR)):
        label_studio_people.shut_out(person.email)


def new_link(person: User, *, by: AbstractUser) -> str:
    """A `password_link` for somebody who forgot theirs, written down; raises `Refused`."""
    if not may_change(by, person) or not person.is_active:
        raise Refused("no link is made for this person: they may not sign in, or only an admin may make it")
    audit_trail.record(by=by.get_username(), action="made a password link", subject=f"user {person.pk}")
    return password_link(person)


def password_link(person: User) -> str:
    """The path of a page where the person sets a password: good once, for three days (PASSWORD_RESET_TIMEOUT)."""
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse("set-password", args=[uid, default_token_generator.make_token(person)])


def everybody(midnight: datetime) -> list[Row]:
    """All people, those who may sign in first, by name, with what they answered since this midnight and this week's.

    Four queries, whatever the number of people and of corrections.
    """
    theirs = Correction.objects.alias(who=Upper("annotator")).filter(who=Upper(OuterRef("email")))
    newest = theirs.order_by("-submitted_at").values("submitted_at")[:1]
    users = (
        User.objects.annotate(
            last_active=Greatest("last_login", Subquery(newest, output_field=DateTimeField()))
        )
        .prefetch_related("groups")
        .order_by("-is_active", "email", "pk")
    )
    monday = midnight - timedelta(days=midnight.weekday())
    said = Correction.objects.filter(
        # recorded_at has an index, and nothing is recorded before it was submitted
        recorded_at__gte=monday,
        submitted_at__gte=monday,
        source=Correction.Source.LABEL_STUDIO,
        skipped=False,
    )
    counted = said.values(who=Upper("annotator")).annotate(
        week=Count("document", distinct=True),
        today=Count("document", distinct=True, filter=Q(submitted_at__gte=midnight)),
    )
    answers = {row["who"]: row for row in counted}
    nothing, titles = {"today": 0, "week": 0}, people.chosen_titles()
    rows = []
    for user in users:
        row = answers.get(user.email.upper() or None, nothing)
        types = titles.get(user.pk, [])
        rows.append(Row(user, role_of(user), types, user.last_active, row["today"], row["week"]))
    return rows
