"""The tables of documents and of what people said of them (Django models; the machine-learning package is `models/`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper

from annotation.canary_model import Blinded, Canaried
from annotation.derived_models import Filename as Filename
from annotation.derived_models import Tally as Tally
from annotation.doubt_model import Doubtful
from annotation.erasure_model import Erasure as Erasure
from annotation.figure_models import Outcome as Outcome
from annotation.figure_models import StateCount as StateCount
from annotation.gate_model import Gated
from annotation.import_model import GivenLabels as GivenLabels
from annotation.import_model import LabelImport as LabelImport
from annotation.job_models import Job as Job
from annotation.job_models import Schedule as Schedule
from annotation.labelling import ASSUMED, CHOSEN_TYPE
from annotation.page_key_model import Keyed
from annotation.recheck_model import Recheck as Recheck
from annotation.refiling_model import Refiling as Refiling
from annotation.routing_model import Named
from annotation.routing_model import RouterAnswer as RouterAnswer
from annotation.service_model import Served
from annotation.source_models import Arrival as Arrival
from annotation.source_models import Source as Source
from annotation.trail_model import TrailEntry as TrailEntry
from models.extractors.base import Answer, Value
from models.pages import Page as WordPage
from models.schema import Schema


class DocumentType(Named, Gated, Canaried, Served):
    """A kind of document: its fields, its Label Studio project, its champion, thresholds and retraining rule."""

    fields = models.JSONField(help_text="models.schema.Schema.to_json()")
    target_error = models.FloatField(
        null=True,
        blank=True,
        help_text="Share of fields (0…1) that may be wrong in documents that nobody sees; empty: every document is seen",
    )
    field_targets = models.JSONField(
        default=dict,
        blank=True,
        help_text="{field: the same for its values alone}, where it has one of its own",
    )
    goal = models.FloatField(default=0.95, help_text="F1 from which the type is good enough, 0…1")
    retrain_after = models.PositiveIntegerField(default=25, help_text="New corrections that start a training")
    strategy = models.CharField(max_length=40, default="mixed")
    strategy_parameters = models.JSONField(
        default=dict, blank=True, help_text="Those of the strategy's parameters that are not as usual"
    )
    audit_share = models.FloatField(default=0.1, help_text="Share of picks made at random, 0…1")
    assume_above = models.FloatField(
        null=True,
        blank=True,
        help_text="People aren't asked for fields that are surer than this, 0.5…1; empty: for every field",
    )
    whole_share = models.FloatField(
        default=0.2, help_text="Share of documents of which every field is asked for all the same, 0…1"
    )
    queue_depth = models.PositiveIntegerField(default=5, help_text="Tasks kept ready for each annotator")
    annotators = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="only_types",
        help_text="Annotators who label chosen types only, and this among them; see annotation.people",
    )
    extractor = models.CharField(max_length=40, default="combined")
    recipe = models.JSONField(
        default=dict, blank=True, help_text="Overrides of the extractor's training recipe"
    )

    # label quality: who is asked again, see annotation.rechecks
    overlap_share = models.FloatField(default=0.0, help_text="Of documents that several people answer, 0…1")
    overlap_annotators = models.PositiveIntegerField(default=2, help_text="How many people answer those")
    second_opinions = models.FloatField(
        default=0.05,
        help_text="Doubtful documents asked again, at most this share (0…1) of the confirmed ones",
    )
    probes = models.FloatField(default=0.0, help_text="Probes for each correction, 0…1")

    # Label Studio
    project_id = models.PositiveIntegerField(null=True, blank=True)
    label_config_hash = models.CharField(max_length=64, blank=True)

    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title

    @property
    def schema(self) -> Schema:
        return Schema.from_json(self.fields)


class Document(models.Model):
    """One file. Its state is written by `annotation.lifecycle` only."""

    class State(models.TextChoices):
        RECEIVED = "received"
        READ = "read"
        UNREADABLE = "unreadable"
        EXTRACTED = "extracted"
        QUEUED = "queued"
        SKIPPED = "skipped"
        ACCEPTED = "accepted"
        CONFIRMED = "confirmed"

    # indexes below begin with it
    document_type = models.ForeignKey(DocumentType, models.PROTECT, related_name="documents", db_index=False)
    sha256 = models.CharField(max_length=64, unique=True)
    filename = models.CharField(max_length=255)
    media_type = models.CharField(max_length=40)
    size = models.PositiveBigIntegerField(help_text="bytes")
    file = models.FileField(upload_to="files/", max_length=200)
    state = models.CharField(max_length=12, choices=State, default=State.RECEIVED)
    problem = models.CharField(max_length=500, blank=True, help_text="Why it is unreadable, for people")
    fingerprint = models.CharField(max_length=16, blank=True, help_text="models.similarity, 64 bits in hex")
    uploaded_by = models.CharField(max_length=150, blank=True)
    received_at = models.DateTimeField(db_default=Now())

    # what the champion says of it, and its place in the ranking
    extraction = models.ForeignKey("Extraction", models.SET_NULL, null=True, blank=True, related_name="+")
    priority = models.FloatField(
        null=True, blank=True, help_text="Higher is labelled sooner; from learner.selection"
    )
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was chosen, for people")
    audit_probability = models.FloatField(
        null=True,
        blank=True,
        help_text="Set if it was picked at random for the audit slice: with what probability",
    )
    asked_by = models.CharField(
        max_length=150, blank=True, db_default="", help_text="Who put it at the head of the queue by hand"
    )

    # the newest current correction, written by annotation.ledger only
    truth = models.ForeignKey("Correction", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [
            # the list of documents, page by page from any place
            models.Index(fields=["document_type", "id"], name="document_of_type"),
            models.Index(fields=["state", "id"], name="document_in_state"),
            models.Index(fields=["document_type", "state", "id"], name="document_of_type_in_state"),
            # who counts or reads what people have answered
            models.Index(
                fields=["document_type", "truth"], condition=Q(truth__isnull=False), name="document_answered"
            ),
            # what one person brought, for the quota
            models.Index(fields=["uploaded_by"], include=["size"], name="document_by_uploader"),
            # the best of the pool, without sorting it
            models.Index(
                "document_type",
                F("priority").desc(nulls_last=True),
                "id",
                condition=Q(state__in=["read", "extracted"]),
                name="document_pool",
            ),
            models.Index(
                fields=["document_type"],
                condition=Q(audit_probability__isnull=False, truth__isnull=False),
                name="document_audited",
            ),
        ]

    def __str__(self) -> str:
        return f"document {self.pk}"

    @property
    def word_pages(self) -> tuple[WordPage, ...]:
        """Its pages with their words, in order."""
        return tuple(page.word_page for page in self.pages.all())


class Page(models.Model):
    """One rendered page and its words."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="pages")
    number = models.PositiveIntegerField(help_text="0-based")
    image = models.CharField(max_length=200, help_text="Path within the store, such as pages/12/1.jpg")
    image_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the image: the same picture is read once by an engine"
    )
    width = models.PositiveIntegerField(help_text="pixels of the image")
    height = models.PositiveIntegerField(help_text="pixels of the image")
    words = models.JSONField(
        default=list, help_text="[[text, [x0, y0, x1, y1], confidence], …], see models.pages"
    )
    read_by = models.CharField(
        max_length=80, help_text="text-layer, given, or the OCR engine with its version"
    )
    quality = models.FloatField(null=True, blank=True, help_text="0…1 of the image")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="page_number_once")]
        indexes = [models.Index(fields=["image_sha256", "read_by"], name="page_reading")]

    @property
    def word_page(self) -> WordPage:
        return WordPage.from_json({"width": self.width, "height": self.height, "words": self.words})


class Extraction(models.Model):
    """What one model version says about one document."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="extractions")
    model_version = models.CharField(max_length=60)
    values = models.JSONField(help_text="[Value.to_json(), …]")
    absent = models.JSONField(default=dict, help_text="{field: confidence that it is absent}")
    score = models.FloatField(
        help_text="Lowest confidence of any field, 0…1: how sure the model is of the document"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "model_version"], name="one_extraction_a_version")
        ]

    @property
    def found(self) -> tuple[Value, ...]:
        return tuple(Value.from_json(stored) for stored in self.values)


class LabelTask(Keyed, Blinded):
    """A document's task in Label Studio. Removed from the queue, it keeps its row."""

    class State(models.TextChoices):
        PUSHING = "pushing"  # about to be imported: the push may or may not have arrived
        OPEN = "open"  # in Label Studio, waiting for a person
        DONE = "done"  # has an annotation
        WITHDRAWN = "withdrawn"  # taken out of Label Studio, or gone there

    document = models.ForeignKey(Document, models.CASCADE, related_name="tasks")
    project_id = models.PositiveIntegerField()
    task_id = models.PositiveIntegerField(
        null=True, blank=True, unique=True, help_text="Label Studio's; null while pushing"
    )
    state = models.CharField(max_length=10, choices=State, default=State.PUSHING)
    extraction = models.ForeignKey(
        Extraction,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="What the annotator is shown",
    )
    reason = models.CharField(
        max_length=200, blank=True, help_text="Why the document was chosen, as the annotator is shown it"
    )
    unasked = models.JSONField(
        default=list, blank=True, help_text="[field, …] that the annotator needn't look at: the model is sure"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document"], condition=~Q(state="withdrawn"), name="one_live_task_a_document"
            )
        ]
        indexes = [
            models.Index(fields=["state"], condition=Q(state__in=["pushing", "open"]), name="task_waiting")
        ]


class DirtyTask(models.Model):
    """The inbox: a Label Studio task that changed and must be fetched. `seq` grows with every notice."""

    task_id = models.PositiveIntegerField(unique=True)
    seq = models.PositiveBigIntegerField(default=1)
    noticed_by = models.CharField(max_length=10, help_text="webhook or sweep")
    noticed_at = models.DateTimeField(db_default=Now())


class Correction(Doubtful):
    """The ledger: a row per annotation and content, never changed, never deleted (a trigger holds this)."""

    class Source(models.TextChoices):
        LABEL_STUDIO = "label studio"
        IMPORTED = "imported"  # labels that people made elsewhere

    document = models.ForeignKey(Document, models.PROTECT, related_name="corrections")
    source = models.CharField(max_length=12, choices=Source)
    annotation_id = models.PositiveBigIntegerField(
        help_text="Label Studio's; for imported labels the document's id"
    )
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the canonical content")
    skipped = models.BooleanField(default=False)
    answers = models.JSONField(help_text="[Answer.to_json(), …]; complete: a field without one is absent")
    outcomes = models.JSONField(
        default=dict,
        help_text="{field: accepted | edited | moved | added | removed, or assumed: nobody was asked or touched it}",
    )
    extraction = models.ForeignKey(
        Extraction, models.PROTECT, null=True, blank=True, related_name="+", help_text="What the person saw"
    )
    annotator = models.CharField(max_length=150, blank=True, help_text="e-mail, or who imported it")
    noticed_by = models.CharField(
        max_length=10, blank=True, help_text="webhook, or sweep if no webhook told of it; empty if imported"
    )
    lead_time = models.FloatField(null=True, blank=True, help_text="seconds the person took")
    recheck = models.ForeignKey(
        "Recheck",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        help_text="If asked again",
    )
    submitted_at = models.DateTimeField(help_text="by Label Studio's clock")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "annotation_id", "content_hash"], name="a_content_is_recorded_once"
            )
        ]
        indexes = [
            models.Index(fields=["recorded_at"], name="correction_recorded"),
            models.Index(Upper("annotator"), "submitted_at", name="correction_of_person"),
            models.Index(fields=["document"], condition=Q(unsettled=True), name="correction_unsettled"),
            models.Index(fields=["document"], condition=~Q(set_aside=""), name="correction_set_aside"),
            models.Index(
                fields=["document"], condition=Q(outcomes__has_key=CHOSEN_TYPE), name="correction_misfiled"
            ),
        ]

    @property
    def said(self) -> tuple[Answer, ...]:
        return tuple(Answer.from_json(stored) for stored in self.answers)

    @property
    def misfiled(self) -> str:
        """The document type (name) that the person says it is; empty if it is of its own."""
        return str(self.outcomes.get(CHOSEN_TYPE, ""))

    @property
    def unconfirmed(self) -> frozenset[str]:
        """The fields of which nobody knows whether its answers are right: they weren't asked for, nor touched."""
        return frozenset(
            name for name, outcome in self.outcomes.items() if outcome == ASSUMED and name != CHOSEN_TYPE
        )


class CurrentAnnotation(models.Model):
    """Points from an annotation to its current row of the ledger; null once the annotation was deleted.

    An annotation that is edited to what it was before points to its old row: `submitted_at` says since when.
    """

    source = models.CharField(max_length=12, choices=Correction.Source)
    annotation_id = models.PositiveBigIntegerField()
    document = models.ForeignKey(Document, models.CASCADE, related_name="current_annotations")
    correction = models.ForeignKey(Correction, models.PROTECT, null=True, blank=True, related_name="+")
    task_id = models.PositiveIntegerField(
        null=True, blank=True, db_index=True, help_text="Label Studio's task that holds it; null if imported"
    )
    submitted_at = models.DateTimeField(
        db_default=Now(), help_text="When it got its present content, by Label Studio's clock"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "annotation_id"], name="one_pointer_an_annotation")
        ]


class Move(models.Model):
    """One change of a document's state, and why."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="moves")
    before = models.CharField(max_length=12, choices=Document.State)
    after = models.CharField(max_length=12, choices=Document.State)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]


def json_of(values: tuple[Answer, ...] | tuple[Value, ...]) -> list[dict[str, Any]]:
    """The form in which answers and values are stored."""
    return [value.to_json() for value in values]
