"""The tables of labels on their way in; `annotation.models` takes them in, `annotation.imports` writes them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class LabelImport(models.Model):
    """An export of another Label Studio project that somebody uploaded, and how far it has been taken in."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    document_type = models.ForeignKey("annotation.DocumentType", models.CASCADE, related_name="imports")
    labels = models.FileField(upload_to="imports/", max_length=200, help_text="The export; empty afterwards")
    pictures = models.FileField(upload_to="imports/", max_length=200, help_text="A zip; empty afterwards")
    filename = models.CharField(max_length=255)
    by = models.CharField(max_length=150)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    tasks = models.PositiveIntegerField(default=0, help_text="In the export")
    received = models.PositiveIntegerField(default=0, help_text="Tasks whose file was new")
    known = models.PositiveIntegerField(default=0, help_text="Tasks whose file was a document already")
    refused = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, help_text="[[task, what is wrong], …], the first ones")
    problem = models.CharField(max_length=1000, blank=True, help_text="Why nothing could be taken in")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    @property
    def tried(self) -> int:
        return self.received + self.known + self.refused

    @property
    def live(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class GivenLabels(models.Model):
    """Labels that came with a document: they wait until it is read, and are in the ledger then."""

    document = models.OneToOneField(
        "annotation.Document", models.CASCADE, primary_key=True, related_name="given_labels"
    )
    items = models.JSONField(help_text="Regions, in the form of annotation.labelling")
    values = models.JSONField(help_text="[[field, text], …] without a place")
    by = models.CharField(max_length=150)
