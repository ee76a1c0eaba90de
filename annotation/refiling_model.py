"""The table of documents that were moved to another type; `annotation.models` takes it in."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Refiling(models.Model):
    """A document's change of type, who made it and why; stage: `annotation.refiling`."""

    document = models.ForeignKey("annotation.Document", models.CASCADE, related_name="refilings")
    before = models.ForeignKey("annotation.DocumentType", models.PROTECT, related_name="+")
    after = models.ForeignKey("annotation.DocumentType", models.PROTECT, related_name="+")
    by = models.CharField(max_length=150)
    by_router = models.BooleanField(
        default=False, db_default=False, help_text="Whether `by` is a version of the router, and no person"
    )
    why = models.CharField(max_length=500, blank=True)
    projects = models.JSONField(
        default=list, help_text="Label Studio's, that may hold tasks of it under the old type"
    )
    at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(
        null=True, blank=True, help_text="When its untouched tasks were taken out of Label Studio"
    )

    class Meta:
        ordering = ["pk"]
