"""The tables of what the machine learned (Django models; the machine-learning package is `models/`)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotation.models import Correction, Document, DocumentType, Recheck
from learner.automation_model import AcceptanceRule as AcceptanceRule
from learner.automation_model import Automation as Automation
from learner.canary_model import Canary as Canary
from learner.canary_model import CanaryDocument as CanaryDocument
from learner.drift_model import DriftAlarm as DriftAlarm
from learner.drift_model import DriftWatch as DriftWatch
from learner.drift_model import DriftWindow as DriftWindow
from learner.drift_model import Signals as Signals
from learner.headline_model import Headline as Headline
from learner.routing_model import Lesson as Lesson


class Look(models.Model):
    """What a document looks like to the strategies; computed once, whatever the model (`learner.ranking.look`)."""

    document = models.OneToOneField(Document, models.CASCADE, primary_key=True, related_name="look")
    rule = models.CharField(max_length=8, help_text="learner.ranking.RULE that made it")
    vector = models.BinaryField(help_text="32-bit floats, little-endian")


class Snapshot(models.Model):
    """An immutable, hashed set of corrections with its split."""

    document_type = models.ForeignKey(DocumentType, models.PROTECT, related_name="snapshots")
    hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of type, schema and items")
    items = models.JSONField(help_text="[[correction id, 'train' | 'validation' | 'gold'], …] sorted by id")
    fields = models.JSONField(help_text="the schema at that time")
    created_at = models.DateTimeField(db_default=Now())


class Run(models.Model):
    """One training of one document type."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"
        STOPPED = "stopped"

    document_type = models.ForeignKey(DocumentType, models.PROTECT, related_name="runs")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    trigger = models.CharField(max_length=200, help_text="why it was started, in words")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, null=True, blank=True, related_name="runs")
    stop_asked = models.BooleanField(default=False)
    in_doubt = models.JSONField(
        null=True,
        blank=True,
        help_text="[[correction id, field], …] that it doesn't learn from; null until they were looked for",
    )

    # live progress
    stage = models.CharField(max_length=40, blank=True)
    share = models.FloatField(default=0, help_text="0…1 of the whole")
    epoch = models.PositiveIntegerField(default=0)
    epochs = models.PositiveIntegerField(default=0)

    mlflow_run_id = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=1000, blank=True)
    note = models.CharField(
        max_length=1000,
        blank=True,
        help_text="what people should know of it, such as a time limit that it met",
    )
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["document_type"],
                condition=Q(state__in=["waiting", "running"]),
                name="one_live_run_a_type",
            )
        ]


class ModelVersion(models.Model):
    """A trained, registered model. Its state is written by `learner.promotion` only."""

    class State(models.TextChoices):
        CANDIDATE = "candidate"
        CHALLENGER = "challenger"
        CHAMPION = "champion"
        RETIRED = "retired"  # refused by the gate, or followed by a better one

    document_type = models.ForeignKey(DocumentType, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(help_text="MLflow's version number of the type's registered model")
    name = models.CharField(
        max_length=60, unique=True, help_text="<type>-v<number>; Label Studio's model_version"
    )
    state = models.CharField(max_length=10, choices=State, default=State.CANDIDATE)
    run = models.OneToOneField(Run, models.PROTECT, related_name="version")
    uri = models.CharField(max_length=500, help_text="where MLflow keeps the model folder")
    sha256 = models.CharField(max_length=64, help_text="of the folder's manifest")
    schema_hash = models.CharField(max_length=64)
    figures = models.JSONField(default=dict, help_text="per field and overall F1 with interval, on gold")
    made_with = models.JSONField(
        db_default={}, help_text="learner.provenance: by what and of what it was made; empty for older ones"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["document_type", "number"], name="a_version_number_once"),
            models.UniqueConstraint(
                fields=["document_type"], condition=Q(state="champion"), name="one_champion_a_type"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def forgotten(self) -> bool:
        """Whether its files were deleted, because it learned from a document that was erased."""
        return bool(self.made_with.get("forgotten"))


class VersionMove(models.Model):
    """One change of a model version's state, and why."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="moves")
    before = models.CharField(max_length=10, choices=ModelVersion.State)
    after = models.CharField(max_length=10, choices=ModelVersion.State)
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150, help_text="the gate, or who asked")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]


class Decision(models.Model):
    """What the gate said of a candidate: promote or refuse, with the reasons in words and the figures behind them."""

    version = models.OneToOneField(ModelVersion, models.CASCADE, related_name="decision")
    champion = models.ForeignKey(ModelVersion, models.SET_NULL, null=True, blank=True, related_name="+")
    promote = models.BooleanField()
    reasons = models.JSONField(help_text="sentences")
    figures = models.JSONField(
        help_text="differences with intervals, overall and per field; documents compared"
    )
    at = models.DateTimeField(db_default=Now())


class Suspect(models.Model):
    """A recorded answer of one field that something speaks against: a model that had not seen it, or another person."""

    class State(models.TextChoices):
        OPEN = "open"
        ASKED = "asked"  # somebody else is asked
        CONFIRMED = "confirmed"  # another answer came, and it says the same
        CHANGED = "changed"  # another answer came, and it says something else
        DISMISSED = "dismissed"  # by a lead

    class Source(models.TextChoices):
        MODEL = "model"
        PEOPLE = "people"

    correction = models.ForeignKey(Correction, models.PROTECT, related_name="suspects")
    document = models.ForeignKey(Document, models.CASCADE, related_name="suspects")
    field = models.CharField(max_length=40)
    source = models.CharField(max_length=6, choices=Source, default=Source.MODEL)
    likelihood = models.FloatField(
        help_text="0…1: how likely the recorded answer is, by who speaks against it"
    )
    says = models.TextField(blank=True, help_text="What they say instead; empty: that it is absent")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    recheck = models.ForeignKey(Recheck, models.SET_NULL, null=True, blank=True, related_name="suspects")
    found_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True, help_text="who dismissed it, or answered")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["correction", "field"], name="one_suspect_a_field")]
        indexes = [models.Index(fields=["document", "state"], name="suspect_document")]
