"""The table of what routers learned from; `learner.models` takes it in."""

from __future__ import annotations

from django.db import models


class Lesson(models.Model):
    """A document of which a person said the type, as one training of the router saw it; stage: `learner.lessons`."""

    run = models.ForeignKey("learner.Run", models.CASCADE, related_name="lessons")
    # erased with its document: nothing learns from it again
    document = models.ForeignKey("annotation.Document", models.CASCADE, related_name="+")
    document_type = models.ForeignKey("annotation.DocumentType", models.CASCADE, related_name="+")
    group = models.PositiveIntegerField(help_text="Near copies have the same")
    gold = models.BooleanField(help_text="Whether it judges the router, which hasn't learned from it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "document"], name="one_lesson_a_document")]
