"""What is owed to those who send documents of a type, and what people's time costs; `annotation.models` takes it in."""

from __future__ import annotations

from django.db import models


class Priority(models.IntegerChoices):
    """Which types people are sent to first."""

    HIGH = 1, "high"
    NORMAL = 2, "normal"
    LOW = 3, "low"


class Served(models.Model):
    """Columns of a document type: its priority, its service goal, its cost."""

    priority = models.PositiveSmallIntegerField(
        choices=Priority, default=Priority.NORMAL, db_default=Priority.NORMAL
    )
    within_hours = models.FloatField(
        null=True, blank=True, help_text="Hours from receiving a document to its answer; empty: no goal"
    )
    hour_costs = models.FloatField(
        null=True, blank=True, help_text="What an hour of an annotator costs; empty: not told"
    )
    currency = models.CharField(max_length=3, default="EUR", db_default="EUR", help_text="ISO 4217")

    class Meta:
        abstract = True
