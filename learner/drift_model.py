"""The tables of what comes in changing; `learner.models` takes them in, `learner.drift` and its neighbours write them.

They hold figures and ids, and no text of a document.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

NO_SOURCE = ""


class Signals(models.Model):
    """What is watched of one document, written once as it passes extraction: compact numbers, see `models.signals`.

    Its id is its place in the stream of its type.
    """

    document = models.OneToOneField("annotation.Document", models.CASCADE, related_name="signals")
    document_type = models.ForeignKey(
        "annotation.DocumentType", models.CASCADE, related_name="+", db_index=False
    )
    source = models.CharField(
        max_length=80, blank=True, db_default=NO_SOURCE, help_text="Where it came from, if that has a name"
    )
    rule = models.CharField(max_length=8, help_text="models.signals.RULE that made it")
    numbers = models.JSONField(help_text="{signal: number}")
    layout = models.BinaryField(help_text="32-bit floats, little-endian, see models.layout_print")
    alarm = models.ForeignKey(
        "learner.DriftAlarm",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="part",
        db_index=False,
        help_text="The alarm whose drifted part it belongs to",
    )
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When its alarm put the document at the head of the queue"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["document_type", "id"], name="signals_of_type"),
            models.Index(fields=["document_type", "at"], name="signals_of_time"),
            models.Index(fields=["alarm", "id"], condition=Q(alarm__isnull=False), name="signals_of_alarm"),
        ]


class DriftWatch(models.Model):
    """The watch over one type's stream: what it is held against, and how far it is."""

    document_type = models.ForeignKey("annotation.DocumentType", models.CASCADE, related_name="watches")
    source = models.CharField(max_length=80, blank=True, db_default=NO_SOURCE, help_text="Empty: all of them")
    version = models.CharField(max_length=60, blank=True, help_text="The champion since whom it watches")
    first = models.BigIntegerField(default=0, help_text="Of the reference's signals; 0: there is none yet")
    last = models.BigIntegerField(default=0, help_text="Of the reference's signals")
    seen = models.BigIntegerField(default=0, help_text="The last signals that were looked at")
    documents = models.PositiveIntegerField(default=0, help_text="Looked at since the reference")
    state = models.JSONField(default=dict, help_text="models.drift.Watch.to_json()")
    began_at = models.DateTimeField(db_default=Now())
    looked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document_type", "source"], name="one_watch_a_type_and_source")
        ]


class DriftWindow(models.Model):
    """A stretch of a type's stream with its figures; written once."""

    class Kind(models.TextChoices):
        REFERENCE = "reference"  # what the champion began with
        COUNT = "count"  # so many documents
        TIME = "time"  # a day (UTC)
        HOUR = "hour"  # how Docloop did in it, see learner.drift_operations

    document_type = models.ForeignKey(
        "annotation.DocumentType", models.CASCADE, related_name="+", db_index=False
    )
    source = models.CharField(max_length=80, blank=True, db_default=NO_SOURCE)
    kind = models.CharField(max_length=9, choices=Kind)
    first = models.BigIntegerField(help_text="id of its first signals; of an hour: its end, since 1970")
    last = models.BigIntegerField(help_text="id of its last signals")
    documents = models.PositiveIntegerField()
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    figures = models.JSONField(
        help_text="{signal: [mean, 10th, 50th, 90th percentile]}; of an hour: {figure: [value]}"
    )
    report = models.CharField(
        max_length=200, blank=True, help_text="Evidently's snapshot in the store, such as drift/7/12.json"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document_type", "source", "kind", "first"], name="a_window_is_written_once"
            )
        ]
        indexes = [models.Index(fields=["document_type", "kind", "-id"], name="window_newest")]


class DriftAlarm(models.Model):
    """Something changed: what, how sure, since when, and what became of it."""

    class Kind(models.TextChoices):
        NEW_LAYOUT = "new layout"  # a cluster without neighbours: comes before the others
        INPUT = "input"  # what comes in is other than it was
        CONCEPT = "concept"  # what comes in may be the same, the answers are wrong more often
        OPERATIONS = "operations"  # Docloop itself is slower, or fails more often

    document_type = models.ForeignKey("annotation.DocumentType", models.CASCADE, related_name="alarms")
    source = models.CharField(max_length=80, blank=True, db_default=NO_SOURCE)
    kind = models.CharField(max_length=10, choices=Kind)
    group = models.CharField(max_length=40, help_text="What moved: layout, reading, confidence, values, …")
    version = models.CharField(max_length=60, blank=True, help_text="The champion of the day")
    chance = models.FloatField(help_text="0…1: at most so likely is an alarm like this where nothing changed")
    moved = models.JSONField(default=list, help_text="[[signal, before, after], …], what moved most first")
    before = models.JSONField(default=list, help_text="[document id, …], examples")
    after = models.JSONField(default=list, help_text="[document id, …], examples")
    membership = models.JSONField(
        default=dict, help_text="models.drift.Part.to_json(): how its documents are told from others"
    )
    accuracy_before = models.FloatField(
        null=True, blank=True, help_text="0…1 of fields, that is to come back"
    )
    accuracy = models.FloatField(null=True, blank=True, help_text="0…1 of fields, of its documents now")
    judged = models.PositiveIntegerField(default=0, help_text="Documents that `accuracy` is of")
    labels = models.PositiveIntegerField(default=0, help_text="Its documents that people have confirmed")
    trained_labels = models.PositiveIntegerField(
        default=0, help_text="Of these: when the last training began"
    )
    run = models.ForeignKey(
        "learner.Run", models.SET_NULL, null=True, blank=True, related_name="+", help_text="It asked for last"
    )
    since = models.DateTimeField(help_text="When it seems to have begun")
    documents = models.PositiveIntegerField(default=0, help_text="From then until it was noticed")
    opened_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)
    why_closed = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["document_type", "source", "kind", "group"],
                condition=Q(closed_at__isnull=True),
                name="one_open_alarm_a_kind",
            )
        ]
        indexes = [
            models.Index(fields=["document_type", "-id"], name="alarm_newest"),
            models.Index(fields=["document_type"], condition=Q(closed_at__isnull=True), name="alarm_open"),
        ]

    def __str__(self) -> str:
        return f"alarm {self.pk}"
