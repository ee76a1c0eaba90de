"""The table of the trail: who did what, when and why, each row sealed by the hash of the one before.

`annotation.models` takes it in; it is written by `annotation.audit_trail` only. The audit of the models' quality is
something else: `learner.audit`.
"""

from __future__ import annotations

from django.db import models


class TrailEntry(models.Model):
    """One thing that somebody did. Triggers refuse to change or delete it, and an entry that doesn't follow the last."""

    at = models.DateTimeField()
    by = models.CharField(max_length=150, help_text="Who: a user, the shell, or Docloop itself")
    action = models.CharField(max_length=60, help_text="In the past tense, such as erased")
    subject = models.CharField(max_length=120, help_text="Of what, such as document 12; never document text")
    why = models.CharField(max_length=500, blank=True)
    previous = models.CharField(
        max_length=64, unique=True, help_text="Hash of the entry before; empty for the first"
    )
    hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of all this, see audit_trail.seal")

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["subject"], name="trail_subject")]
