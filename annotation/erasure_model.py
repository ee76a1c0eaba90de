"""The table of documents that were erased; `annotation.models` takes it in, `annotation.erasure` writes it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Erasure(models.Model):
    """What is left of an erased document: that there was one, who erased it when and why, and nothing of its content."""

    class State(models.TextChoices):
        ERASING = "erasing"  # gone from the database; files and Label Studio follow
        DONE = "done"

    document = models.BigIntegerField(unique=True, help_text="Its former id")
    document_type = models.ForeignKey(
        "annotation.DocumentType", models.PROTECT, related_name="erasures", help_text="It was of"
    )
    sha256 = models.CharField(
        max_length=64, db_index=True, help_text="Of its bytes: they are not taken in again unnoticed"
    )
    refuse_again = models.BooleanField(
        default=True, help_text="Whether the same bytes are refused when they come again"
    )
    by = models.CharField(max_length=150)
    why = models.CharField(max_length=500, blank=True)
    learned_by = models.JSONField(
        default=list, help_text="Names of the model versions that learned from it, as far as known then"
    )
    file = models.CharField(max_length=200, help_text="In the store; empty once it is gone")
    keys = models.JSONField(help_text="The doc_ids of its tasks in Label Studio")
    projects = models.JSONField(help_text="Label Studio's projects that may hold them")
    tasks = models.JSONField(help_text="[[project id, task id], …] as far as known")
    state = models.CharField(max_length=7, choices=State, default=State.ERASING)
    at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
