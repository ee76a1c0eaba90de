"""The table of further tasks for documents that somebody has answered; `annotation.models` takes it in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotation.page_key_model import Keyed
from models.extractors.base import Value


class Recheck(Keyed):
    """A further task for a document that somebody has answered. Stages: `annotation.rechecks`.

    In Label Studio its `doc_id` is no document's, so that neither queue, inbox nor sweep takes it for the document's
    own task: what is said to a probe can't reach the ledger by any way.
    """

    class Purpose(models.TextChoices):
        SECOND_OPINION = "second opinion"  # something speaks against what was recorded
        OVERLAP = "overlap"  # picked at random: do people agree?
        DOUBT = "doubt"  # the answer itself looks wrong (annotation.validation): is it meant?
        PROBE = "probe"  # known, and shown with one wrong value: does the person look?

    class State(models.TextChoices):
        PUSHING = "pushing"  # about to be imported: the push may or may not have arrived
        OPEN = "open"  # in Label Studio, waiting for a person
        DONE = "done"  # answered by a person who may answer it
        WITHDRAWN = "withdrawn"  # taken out, or gone there

    document = models.ForeignKey("annotation.Document", models.CASCADE, related_name="rechecks")
    purpose = models.CharField(max_length=14, choices=Purpose)
    state = models.CharField(max_length=10, choices=State, default=State.PUSHING)
    first = models.ForeignKey(
        "annotation.Correction", models.PROTECT, related_name="+", help_text="The answer that is checked"
    )
    because = models.CharField(
        max_length=100, help_text="What called for it; the same call makes one task only"
    )
    fields = models.JSONField(
        default=list, help_text="Names: those in doubt, or the one that a probe shows wrongly"
    )
    shown = models.JSONField(help_text="[Value.to_json(), …]: what the person begins with")
    reason = models.CharField(max_length=200, blank=True, help_text="As the person is shown it")
    not_by = models.JSONField(default=list, help_text="E-mails of those who have answered the document")

    project_id = models.PositiveIntegerField()
    task_id = models.PositiveIntegerField(
        null=True, blank=True, unique=True, help_text="Label Studio's; null while pushing and when cleaned up"
    )
    model_version = models.CharField(
        max_length=60, blank=True, help_text="Under whose name it is shown: Label Studio shows one version"
    )

    annotator = models.CharField(max_length=150, blank=True, help_text="E-mail of who answered it")
    lead_time = models.FloatField(null=True, blank=True, help_text="seconds the person took")
    outcomes = models.JSONField(default=dict, help_text="{field: how it ended, against what was `shown`}")
    untouched = models.BooleanField(null=True, blank=True, help_text="Whether nothing shown was changed")
    created_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True, blank=True, help_text="by Label Studio's clock")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "purpose", "because"], name="one_recheck_a_call"),
            models.UniqueConstraint(
                fields=["document"],
                condition=Q(state__in=["pushing", "open"]),
                name="one_live_recheck_a_document",
            ),
        ]
        indexes = [models.Index(fields=["document", "purpose"], name="recheck_purpose")]

    @property
    def shows(self) -> tuple[Value, ...]:
        return tuple(Value.from_json(stored) for stored in self.shown)

    @property
    def unasked(self) -> list[str]:
        """The fields that nobody has been asked for yet: they aren't now either."""
        return sorted(self.first.unconfirmed)

    @property
    def key(self) -> str:
        """The `doc_id` of its task."""
        return f"recheck-{self.pk}"
