"""Guessing passwords is stopped (by django-axes): after ten wrong ones for a name from one address, that pair waits.

A name alone is never locked: anybody could keep a person out of work that way.
"""

from __future__ import annotations

from typing import Any

from axes.utils import reset
from django.conf import settings
from django.contrib.auth.models import AbstractUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotation import audit_trail


def address_of(request: HttpRequest) -> str:
    """The caller's address. Behind the TLS proxy it is what the proxy added last: the rest of the header is the caller's."""
    if settings.CONFIG.https:
        forwarded: str = request.headers.get("X-Forwarded-For", "")
        if last := forwarded.rpartition(",")[2].strip():
            return last
    return str(request.META.get("REMOTE_ADDR", ""))


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """The sign-in page again, with how long to wait. It says the same of names that nobody has."""
    return render(request, "sign_in.html", {"locked_minutes": minutes()}, status=429)


def write_down(sender: object, request: HttpRequest, username: str | None = None, **kwargs: Any) -> None:
    """A lock is an entry on the trail, once; of a name that nobody has, the name isn't told: it may be a password."""
    if getattr(request, "axes_failures_since_start", None) != settings.AXES_FAILURE_LIMIT:
        return  # whoever goes on trying meanwhile
    person = User.objects.filter(username=username or "").first()
    subject = f"user {person.pk}" if person else "nobody's name"
    why = f"{settings.AXES_FAILURE_LIMIT} wrong passwords from one address, which waits {minutes()} minutes"
    audit_trail.record(by=audit_trail.DOCLOOP, action="locked sign-in", subject=subject, why=why)


def minutes() -> int:
    """How long who is locked out waits."""
    return int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)


def unlock(person: AbstractUser) -> None:
    """Whoever sets a new password may sign in with it at once."""
    reset(username=person.get_username())
