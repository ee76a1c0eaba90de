"""The web app's own tables: tokens for programs that use the API, and whom they are told of what happens (webhooks)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac

from webapp.roles import Role, role_of

PREFIX = "docloop_"  # so that a token that lies about is known for what it is
NOTED = timedelta(minutes=1)  # a token's last use is written down once in this time, not with every request


class ApiToken(models.Model):
    """A key to the API. It may do what its user may, or less; only its hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token")
    start = models.CharField(max_length=12, blank=True, help_text="Its first letters, to know it by")
    note = models.CharField(max_length=100, blank=True, help_text="What it is for")
    most = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        choices=[(role.value, role.name.lower()) for role in Role if role],
        help_text="The highest role it may act in; empty: whatever its user's is",
    )
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"API token {self.pk}"

    @classmethod
    def issue(cls, user: models.Model, note: str = "", most: Role | None = None) -> str:
        """A new token for `user`: 256 random bits, told once."""
        token = PREFIX + secrets.token_urlsafe(32)
        cls.objects.create(
            user=user,
            hash=_hash(token),
            start=token[: len(PREFIX) + 4],
            note=note,
            most=most.value if most else None,
        )
        return token

    @classmethod
    def find(cls, token: str) -> ApiToken | None:
        """The row of a token, if it is one and its user may still sign in; marks it as used."""
        found = cls.objects.select_related("user").filter(hash=_hash(token), user__is_active=True).first()
        if found and (found.last_used_at is None or found.last_used_at < timezone.now() - NOTED):
            cls.objects.filter(pk=found.pk).update(last_used_at=timezone.now())
        return found

    @property
    def role(self) -> Role:
        """What it may do now: its user's role, or the lower one it was made for."""
        role = role_of(self.user)
        return role if self.most is None else role.at_most(Role(self.most))


class WebhookEndpoint(models.Model):
    """An address of somebody else's program that is told of events, as Standard Webhooks has it."""

    url = models.URLField(max_length=500)
    events = models.JSONField(help_text="[name, …], see webapp.notifications.EVENTS")
    with_fields = models.BooleanField(
        default=False, db_default=False, help_text="Whether it is sent the values of documents' fields"
    )
    salt = models.CharField(max_length=43, help_text="What its secret is derived from, with our secret key")
    active = models.BooleanField(default=True)
    notice = models.CharField(max_length=300, blank=True, help_text="Why it was switched off, for people")
    failing_since = models.DateTimeField(null=True, blank=True, help_text="First failure since a success")
    failures = models.PositiveIntegerField(default=0, help_text="Failures in a row")
    quiet_until = models.DateTimeField(
        null=True, blank=True, help_text="Nothing is sent to it before: it failed just now"
    )
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"webhook endpoint {self.pk}"

    @staticmethod
    def fresh_salt() -> str:
        return secrets.token_urlsafe(32)

    @property
    def secret(self) -> str:
        """What its deliveries are signed with; a copy of the database alone doesn't tell it."""
        key = salted_hmac("webhook endpoint", self.salt, algorithm="sha256").digest()
        return f"whsec_{base64.b64encode(key).decode()}"


class Delivery(models.Model):
    """One event for one endpoint: written with what happened, sent by a job until it is answered."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"  # given up

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    message = models.UUIDField(default=uuid.uuid4, help_text="The same with every try: webhook-id")
    event = models.CharField(max_length=40)
    about = models.CharField(max_length=60, help_text="What happened: an endpoint is told of it once")
    payload = models.JSONField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the last answer")
    said = models.CharField(max_length=300, blank=True, help_text="The last answer, or why there was none")
    created_at = models.DateTimeField(db_default=Now())
    tried_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event", "about"], name="an_event_is_told_once")
        ]
        indexes = [
            models.Index(fields=["endpoint"], condition=Q(state="waiting"), name="delivery_waiting"),
            models.Index(fields=["created_at"], name="delivery_created"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class Examination(models.Model):
    """What the doctor found when somebody asked on the page (see `webapp.doctor`); `manage.py doctor` keeps nothing."""

    at = models.DateTimeField(db_default=Now(), help_text="When it was over")
    findings = models.JSONField(help_text="[{check, grade, said, remedy}, …], in the order of the looks")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"examination {self.pk}"


def _hash(token: str) -> str:
    # a plain hash is enough: a token is random, so there is nothing to guess from a dictionary
    return hashlib.sha256(token.encode()).hexdigest()
