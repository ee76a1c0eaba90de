"""Label Studio's accounts of the people whom Docloop knows."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from organizations.models import Organization, OrganizationMember
from users.models import User


class NotForLinks(Exception):
    """An account that nobody may come into by a link."""


@transaction.atomic
def account(email: str) -> User:
    """The account of this address, active and in the organisation: made, or let in again, where that is needed.

    A new one has no password. Raises `NotForLinks` for accounts that administer Label Studio: Docloop's service account is
    one, and whoever is signed in to it can read its token.
    """
    person = _of(email).first() or User.objects.create_user(
        email.lower(), username=email.partition("@")[0][:256]
    )
    if person.is_staff or person.is_superuser:
        raise NotForLinks
    organization = Organization.objects.order_by("pk").first()
    organization.add_user(person)
    OrganizationMember.objects.filter(user=person, organization=organization).update(deleted_at=None)
    User.objects.filter(pk=person.pk).update(is_active=True, active_organization=organization)
    person.refresh_from_db()
    return person


@transaction.atomic
def shut_out(email: str) -> None:
    """End the sessions of this person, refuse their password and token, and let go of the tasks that they have open.

    They stay in the organisation: of those who were removed from it Label Studio shows "Deleted" for their address, in what
    they answered too, and takes them in again at their next request.
    """
    for person in _of(email).filter(is_staff=False, is_superuser=False):
        User.objects.filter(pk=person.pk).update(is_active=False)
        person.task_locks.all().delete()


def _of(email: str) -> QuerySet[User]:
    return User.objects.filter(email__iexact=email)
