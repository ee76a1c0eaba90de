"""The tables of accepting documents unseen; `learner.models` takes them in."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Automation(models.Model):
    """Whether a type's documents may skip people, since when and why; and its newest figures, for people.

    Written by `learner.automation` only.
    """

    document_type = models.OneToOneField(
        "annotation.DocumentType", models.CASCADE, primary_key=True, related_name="automation"
    )
    on = models.BooleanField(default=False)
    by = models.CharField(max_length=150, blank=True, help_text="Who switched it on or off")
    why = models.CharField(max_length=500, blank=True)
    by_watch = models.BooleanField(default=False, help_text="Whether it switched itself off")
    changed_at = models.DateTimeField(db_default=Now())
    keeps = models.DateTimeField(
        null=True,
        blank=True,
        help_text="While off: what was accepted until then stays accepted; null: nothing",
    )
    kept_version = models.CharField(
        max_length=60, blank=True, help_text="While off: whose extractions stay accepted"
    )

    held_against = models.CharField(
        max_length=200,
        blank=True,
        help_text="The circumstances that all accepted documents were last held against, see learner.acceptance",
    )

    # the newest figures, see learner.automation.Figures
    version = models.CharField(max_length=60, blank=True, help_text="Of which the curve is")
    answered = models.PositiveIntegerField(default=0, help_text="Documents that the curve is made of")
    figures = models.JSONField(default=dict)
    waiting = models.JSONField(
        default=list,
        help_text="[documents that wait now and are above each point of the curve, …, all that wait]",
    )
    watched = models.JSONField(
        default=dict, help_text="What the audit says of documents above the thresholds"
    )
    worked_out_at = models.DateTimeField(null=True, blank=True)


class AcceptanceRule(models.Model):
    """Thresholds of one version for one set of targets, or the finding that none can be promised; never changed.

    The newest of the champion for the type's present targets is in force, so that a version that is rolled back to
    has its thresholds again.
    """

    document_type = models.ForeignKey(
        "annotation.DocumentType", models.CASCADE, related_name="acceptance_rules"
    )
    version = models.CharField(max_length=60)
    target_error = models.FloatField(help_text="Share of fields, 0…1")
    field_targets = models.JSONField(help_text="{field: share of its values, 0…1}")
    thresholds = models.JSONField(
        help_text="{field: confidence from which on it is sure}; empty: nothing is accepted"
    )
    answered = models.PositiveIntegerField(help_text="Audited documents that it was worked out with")
    above = models.PositiveIntegerField(default=0, help_text="Of those: above the thresholds")
    error = models.FloatField(null=True, blank=True, help_text="Of those: share of wrong fields, 0…1")
    high = models.FloatField(null=True, blank=True, help_text="At most so many, with `risk` of being wrong")
    risk = models.FloatField(help_text="0…1, that what it promises is not so")
    by = models.CharField(max_length=150)
    why = models.CharField(max_length=500)
    at = models.DateTimeField(db_default=Now())
    broken_at = models.DateTimeField(
        null=True, blank=True, help_text="When the audit showed that its promise isn't kept"
    )
    broken_since = models.DateTimeField(
        null=True, blank=True, help_text="Until when it seems to have been kept"
    )

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["document_type", "version"], name="rule_of_version")]
