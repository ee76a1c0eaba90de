"""The table of each type's headline figures; `learner.models` takes it in."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Headline(models.Model):
    """What is too dear to work out whenever somebody looks; `learner.headlines` keeps it up to date."""

    document_type = models.OneToOneField(
        "annotation.DocumentType", models.CASCADE, primary_key=True, related_name="headline"
    )
    new_corrections = models.PositiveIntegerField(default=0, help_text="since the last snapshot")
    audited = models.PositiveIntegerField(default=0, help_text="documents that `accuracy` is of")
    accuracy = models.FloatField(null=True, help_text="0…1, of the fields of audited documents")
    low = models.FloatField(null=True, help_text="of its 95 % interval")
    high = models.FloatField(null=True)
    median_seconds = models.FloatField(null=True, help_text="of a person, for one document")
    to_goal = models.PositiveIntegerField(
        null=True, help_text="Corrections that the type's goal is away, by the forecast; null: not in sight"
    )
    drift = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="What changed and isn't closed yet, for people",
    )
    # by `learner.service`
    waiting_since = models.DateTimeField(
        null=True, help_text="when the oldest document without an answer was received"
    )
    in_time = models.FloatField(
        null=True, help_text="0…1, of the newest answers: within the type's service goal; null: it has none"
    )
    hours = models.FloatField(default=0, db_default=0, help_text="that people took")
    saved = models.FloatField(
        default=0, db_default=0, help_text="hours that they would have taken longer by hand"
    )
    errors = models.PositiveIntegerField(
        null=True, help_text="fields, at most, that are wrong in documents accepted unseen; null: not known"
    )
    at = models.DateTimeField(db_default=Now())
