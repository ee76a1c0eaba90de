"""The type that is unknown, and the table of what routers said; `annotation.models` takes them in.

Unknown is a row of the document types like any other, without project and people: documents without a type are of it.
Its one field is the type; its champion is the router in use, and the router's versions are its versions. It is left out wherever types are
listed (`DocumentType.objects`); who means it too asks `DocumentType.every`.
"""

from __future__ import annotations

from typing import TypeVar

from django.db import models
from django.db.models.functions import Now

UNKNOWN = "docloop-router"  # its name: the router's, in MLflow; no type that people make has it


_Type = TypeVar("_Type", bound=models.Model, covariant=True)


class KnownTypes(models.Manager[_Type]):
    """The types that people made."""

    def get_queryset(self) -> models.QuerySet[_Type]:
        return super().get_queryset().exclude(name=UNKNOWN)


class Named(models.Model):
    """What every document type has, also the unknown one."""

    name = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=80)

    objects = KnownTypes()
    every = models.Manager()

    class Meta:
        abstract = True

    @property
    def unknown(self) -> bool:
        """Whether it is the one of documents whose type nobody knows yet."""
        return self.name == UNKNOWN


class RouterAnswer(models.Model):
    """What one version of the router said of a document; stage: `annotation.routing`."""

    document = models.ForeignKey("annotation.Document", models.CASCADE, related_name="router_answers")
    version = models.CharField(max_length=60)
    answer = models.ForeignKey(
        "annotation.DocumentType", models.CASCADE, null=True, related_name="+", help_text="Empty: unknown"
    )
    likeliest = models.ForeignKey("annotation.DocumentType", models.CASCADE, null=True, related_name="+")
    confidence = models.FloatField(help_text="0…1: how likely the likeliest is among the types it knows")
    familiarity = models.FloatField(help_text="How near it is to documents of that type; 0: as usual")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["document", "version"], name="one_router_answer_a_version")
        ]
        indexes = [models.Index(fields=["version"], name="router_answer_version")]
