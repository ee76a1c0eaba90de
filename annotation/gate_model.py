"""What a document type asks of a model before it may read; `annotation.models` takes it in, `learner.gate` asks."""

from __future__ import annotations

from django.db import models


class Gated(models.Model):
    """Columns of a document type: its limits for promotions."""

    least_new = models.PositiveIntegerField(
        default=5,
        db_default=5,
        help_text="Corrections that a new champion has learned from and the old one had not, unless it was trained otherwise",
    )
    most_of_one = models.FloatField(
        default=0.9,
        db_default=0.9,
        help_text="Share of these (0…1) that one person may give, where several label the type",
    )
    field_budgets = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="{field: F1 (0…1) that a promotion may cost it}, where that isn't as usual",
    )

    class Meta:
        abstract = True
