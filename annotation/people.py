"""Who labels what: annotators label every type, or those that were chosen for them."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, User
from django.db.models import Q, QuerySet

from annotation import doorbell
from annotation.models import DocumentType

ANNOTATOR = "annotator"  # the group; webapp.roles has the others


def annotators() -> QuerySet[User]:
    """The active annotators."""
    return User.objects.filter(is_active=True, groups__name=ANNOTATOR)


def labellers(document_type: DocumentType) -> QuerySet[User]:
    """The active annotators for whom the type's queue holds tasks."""
    return annotators().filter(Q(only_types=None) | Q(only_types=document_type)).distinct()


def types_of(person: AbstractUser) -> QuerySet[DocumentType]:
    """The types that a person labels, if they are an annotator: the chosen ones, or all."""
    chosen = DocumentType.objects.filter(annotators=person.pk)
    return chosen if chosen.exists() else DocumentType.objects.all()


def count_anew() -> None:
    """Have every queue made as deep as its people need by now."""
    queues = DocumentType.objects.filter(project_id__isnull=False)
    doorbell.ring("ranking changed", *queues.values_list("pk", flat=True))
