"""The tables that figures are made from, so that no page reads the whole ledger; `annotation.models` takes them in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Outcome(models.Model):
    """How one correction that a person made in Label Studio ended, field by field, and why; stage: `annotation.outcomes`.

    Everything in it can be worked out again from the ledger. It holds no text of a document.
    """

    correction = models.OneToOneField("annotation.Correction", models.CASCADE, primary_key=True)
    document = models.ForeignKey("annotation.Document", models.CASCADE, related_name="+")
    document_type = models.ForeignKey(
        "annotation.DocumentType", models.CASCADE, related_name="+", db_index=False
    )
    annotator = models.CharField(max_length=150, blank=True, help_text="E-mail, as in the correction")
    seconds = models.FloatField(
        null=True,
        blank=True,
        help_text="The person took; null if unknown, or if they were asked about an answered document",
    )
    model_version = models.CharField(
        max_length=60, blank=True, help_text="Whose extraction the person saw; empty: nothing was shown"
    )
    audited = models.BooleanField(help_text="Whether the document was picked at random")
    fields = models.JSONField(
        help_text="{field: [outcome or '', cause or '', confidence 0…1 that what was shown is right]}; "
        "empty if the document is said to be of another type"
    )
    at = models.DateTimeField(help_text="When it was submitted, by Label Studio's clock")

    class Meta:
        indexes = [
            models.Index(
                fields=["document_type", "-at"],
                include=["annotator", "seconds", "document"],
                name="outcome_newest",
            ),
            models.Index(fields=["document_type", "model_version", "-at"], name="outcome_of_version"),
            models.Index(fields=["document_type", "-at"], condition=Q(audited=True), name="outcome_of_audit"),
        ]


class StateCount(models.Model):
    """How many documents of a type were in each state when they were last counted on a day (UTC)."""

    document_type = models.ForeignKey(
        "annotation.DocumentType", models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField()
    counts = models.JSONField(help_text="{state: documents}, without states that have none")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document_type", "day"], name="one_count_a_day_and_type")
        ]
