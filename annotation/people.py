"""Who labels what: annotators label every type, or those that were chosen for them."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import AbstractUser, AnonymousUser, User
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from annotation import doorbell
from annotation.models import DocumentType

ANNOTATOR = "annotator"  # the group; webapp.roles has the others


def annotators() -> QuerySet[User]:
    """The active annotators."""
    return User.objects.filter(is_active=True, groups__name=ANNOTATOR)


def gone() -> set[str]:
    """The e-mails, in small letters, of people who were shut out."""
    return set(User.objects.filter(is_active=False).values_list(Lower("email"), flat=True))


def labellers(document_type: DocumentType) -> QuerySet[User]:
    """The active annotators for whom the type's queue holds tasks."""
    return annotators().filter(Q(only_types=None) | Q(only_types=document_type)).distinct()


def types_of(person: AbstractUser | AnonymousUser) -> QuerySet[DocumentType]:
    """The types that a person labels, if they are an annotator: the chosen ones, or all."""
    return chosen_for(person) if chosen_for(person).exists() else DocumentType.objects.all()


def chosen_for(person: AbstractUser | AnonymousUser) -> QuerySet[DocumentType]:
    """The types that were chosen for a person; none means that they label all."""
    return DocumentType.objects.filter(annotators=person.pk)


def choose(person: User, types: Collection[DocumentType]) -> None:
    """From now on the person labels these types, or all if none is given; `count_anew` is for the caller."""
    person.only_types.set(types)  # type: ignore[attr-defined, unused-ignore]  # what DocumentType.annotators is from here


def chosen_titles() -> dict[int, list[str]]:
    """Titles of the chosen types for the id of each person for whom some were chosen."""
    titles: dict[int, list[str]] = {}
    rows = DocumentType.objects.filter(annotators__isnull=False).order_by("title")
    for person, title in rows.values_list("annotators", "title"):
        titles.setdefault(person, []).append(title)
    return titles


def count_anew() -> None:
    """Have every queue made as deep as its people need by now."""
    queues = DocumentType.objects.filter(project_id__isnull=False)
    doorbell.ring("ranking changed", *queues.values_list("pk", flat=True))
