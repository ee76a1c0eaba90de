"""The tables of challengers that are tried out; `learner.models` takes them in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotation.models import Correction, Document, DocumentType


class Canary(models.Model):
    """One challenger on trial, that the gate let through: against which champion, on what share, and how it ended."""

    class Outcome(models.TextChoices):
        PROMOTED = "promoted"
        STOPPED = "stopped"

    document_type = models.ForeignKey(DocumentType, models.PROTECT, related_name="canaries")
    version = models.OneToOneField("learner.ModelVersion", models.CASCADE, related_name="canary")
    champion = models.CharField(max_length=60, help_text="The version that it is compared with")
    share = models.FloatField(
        help_text="Of the documents, which it fills in, 0…1; 0: none, it is in the shadow"
    )
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    why = models.CharField(
        max_length=500, blank=True, help_text="how it ended, in words; so far, while it runs"
    )
    better = models.FloatField(
        default=0, help_text="0…1: how sure it is that it is better, of what is needed"
    )
    worse = models.FloatField(default=0, help_text="the same for worse")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["document_type"], condition=Q(ended_at=None), name="one_canary_a_type"
            )
        ]

    @property
    def shadow(self) -> bool:
        return self.share == 0


class CanaryDocument(models.Model):
    """A corrected document that champion and challenger have both read."""

    canary = models.ForeignKey(Canary, models.CASCADE, related_name="documents")
    document = models.ForeignKey(Document, models.CASCADE, related_name="+")
    correction = models.ForeignKey(Correction, models.CASCADE, related_name="+")
    filled = models.BooleanField(help_text="Whether the person was shown what the challenger said")
    fields = models.PositiveIntegerField(help_text="that people judged")
    wrong_before = models.PositiveIntegerField(help_text="of the champion's")
    wrong = models.PositiveIntegerField(help_text="of the challenger's")
    edited = models.PositiveIntegerField(help_text="fields that the person changed")
    seconds = models.FloatField(null=True, blank=True, help_text="that the person took")
    took_before = models.FloatField(help_text="seconds that the champion took to read it")
    took = models.FloatField(help_text="seconds that the challenger took")
    by_lot = models.BooleanField(help_text="Picked at random, for the audit")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["canary", "document"], name="a_document_counts_once_in_a_canary")
        ]
