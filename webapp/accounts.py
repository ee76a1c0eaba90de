"""The first people: an admin, an operator, a team lead and two annotators, with one sign-in for Docloop and Label Studio."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.models import Group, User
from django.db import transaction

from annotation import audit_trail
from webapp.config import Config
from webapp.embedded import labelling_service
from webapp.embedded.generated import write_privately
from webapp.roles import Role

PEOPLE = {
    "admin@docloop.example": Role.ADMIN,
    "lead@docloop.example": Role.LEAD,
    "operator@docloop.example": Role.OPERATOR,
    "annotator1@docloop.example": Role.ANNOTATOR,
    "annotator2@docloop.example": Role.ANNOTATOR,
}
FILE = "credentials.txt"


def ensure_people(config: Config, say: Callable[[str], None]) -> None:
    """Make the accounts that are missing on either side; accounts that exist are never changed.

    A new password is in the data folder's `credentials.txt` before it is in use, so a cut in between can't lose it.
    Raises httpx's errors when Label Studio can't be reached.
    """
    for role in set(PEOPLE.values()):
        Group.objects.get_or_create(name=role.name.lower())
    token = config.label_studio_token.get_secret_value()
    here = set(User.objects.filter(username__in=PEOPLE).values_list("username", flat=True))
    there = labelling_service.people(config.label_studio_url, token)
    missing = [email for email in PEOPLE if email not in here or email not in there]
    if not missing:
        return
    passwords = read_passwords(config.data / FILE)
    passwords |= {email: new_password() for email in missing if email not in passwords}
    write_passwords(config.data / FILE, passwords)
    for email in missing:
        if email not in here:
            make_user(email, passwords[email], PEOPLE[email])
        if email not in there:
            labelling_service.add_person(config.label_studio_url, token, email, passwords[email])
        say(f"account made: {PEOPLE[email].name.lower()} {email}")


@transaction.atomic
def make_user(email: str, password: str, role: Role) -> User:
    """A user of Docloop, who signs in with the e-mail address."""
    user = User.objects.create_user(email, email, password)
    user.groups.add(Group.objects.get(name=role.name.lower()))
    audit_trail.record(
        by=audit_trail.SHELL, action="made account", subject=f"user {user.pk}", why=role.name.lower()
    )
    return user


def new_password() -> str:
    """96 random bits in letters that can be told apart and typed."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def read_passwords(path: Path) -> dict[str, str]:
    """E-mail address → password, as `write_passwords` wrote them."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {words[1]: words[2] for line in lines if len(words := line.split()) == 3}


def write_passwords(path: Path, passwords: dict[str, str]) -> None:
    """Keep the passwords in a file that only we may read: role, e-mail address and password, one person a line."""
    lines = [
        f"{PEOPLE[email].name.lower():<12}  {email:<28}  {password}\n"
        for email, password in passwords.items()
        if email in PEOPLE
    ]
    write_privately(path, "".join(lines))
