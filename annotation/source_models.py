"""The tables of where documents come from by themselves; `annotation.models` takes them in, `annotation.sources` writes them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Source(models.Model):
    """A folder, a mailbox or a bucket that is looked at again and again for files that are new."""

    class Kind(models.TextChoices):
        FOLDER = "folder"
        MAILBOX = "mailbox"
        BUCKET = "bucket"

    name = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=7, choices=Kind)
    document_type = models.ForeignKey(
        "annotation.DocumentType",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sources",
        help_text="Of all that comes from it; empty: the router says of each",
    )
    settings = models.JSONField(help_text="As its kind has them, see annotation.sources; no passwords")
    enabled = models.BooleanField(default=True)
    cursor = models.JSONField(
        default=dict, blank=True, help_text="Up to where it has been looked through, where its kind knows"
    )
    looked_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was looked through last, to its end"
    )
    problem = models.CharField(
        max_length=500, blank=True, help_text="Why that went wrong last; empty: it didn't"
    )
    held_back = models.CharField(max_length=300, blank=True, help_text="Why nothing is taken from it now")
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"source {self.name}"


class Arrival(models.Model):
    """One file that a source has, and what became of it. Its key is what it is there, so that it is taken once."""

    class State(models.TextChoices):
        SIGHTED = "sighted"  # the next look says whether it is still there, and the same
        WAITING = "waiting"
        TAKEN = "taken"
        PASSED = "passed over"  # nothing to take, as a person or its source has it
        FAILED = "failed"  # the dead letters: somebody mends it and tries again

    source = models.ForeignKey(Source, models.CASCADE, related_name="arrivals", db_index=False)
    key = models.CharField(max_length=64, help_text="SHA-256 of what it is called in its source")
    name = models.CharField(max_length=255, help_text="The file's, as people know it")
    place = models.JSONField(help_text="Where it is in its source, as the source's kind has it")
    group = models.CharField(
        max_length=64, blank=True, help_text="Those that came as one, such as in one mail; else empty"
    )
    state = models.CharField(max_length=11, choices=State, default=State.WAITING)
    settled = models.BooleanField(
        default=False, help_text="Whether its source was told that it is taken, where that is wanted"
    )
    document = models.ForeignKey(
        "annotation.Document", models.SET_NULL, null=True, blank=True, related_name="arrivals"
    )
    problem = models.CharField(max_length=500, blank=True, help_text="Why it is not taken, for people")
    attempts = models.PositiveIntegerField(default=0)
    found_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="an_arrival_once")]
        indexes = [
            models.Index(fields=["source", "state", "id"], name="arrival_in_state"),
            models.Index(
                fields=["source", "id"],
                condition=Q(settled=False, state__in=["taken", "passed over"]),
                name="arrival_unsettled",
            ),
            # dead letters of all sources together
            models.Index(fields=["id"], condition=Q(state="failed"), name="arrival_failed"),
            models.Index(fields=["source", "group"], condition=~Q(group=""), name="arrival_of_group"),
        ]

    def __str__(self) -> str:
        return f"arrival {self.pk}"
