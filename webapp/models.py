"""The web app's one table: tokens for programs that use the API."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone


class ApiToken(models.Model):
    """A key to the API. It may do what its user may; only its hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token")
    note = models.CharField(max_length=100, blank=True, help_text="What it is for")
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"API token {self.pk}"

    @classmethod
    def issue(cls, user: models.Model, note: str = "") -> str:
        """A new token for `user`: 256 random bits, told once."""
        token = secrets.token_urlsafe(32)
        cls.objects.create(user=user, hash=_hash(token), note=note)
        return token

    @classmethod
    def find(cls, token: str) -> ApiToken | None:
        """The row of a token, if it is one and its user may still sign in; marks it as used."""
        found = cls.objects.select_related("user").filter(hash=_hash(token), user__is_active=True).first()
        if found:
            cls.objects.filter(pk=found.pk).update(last_used_at=timezone.now())
        return found


def _hash(token: str) -> str:
    # a plain hash is enough: a token is random, so there is nothing to guess from a dictionary
    return hashlib.sha256(token.encode()).hexdigest()
