"""How commands find the document type that somebody named."""

from __future__ import annotations

from django.core.management.base import CommandError

from annotation.models import DocumentType


def named(name: str) -> DocumentType:
    """The document type; an unknown name is answered with those there are."""
    try:
        return DocumentType.objects.get(name=name)
    except DocumentType.DoesNotExist:
        there = ", ".join(DocumentType.objects.values_list("name", flat=True)) or "none yet"
        raise CommandError(f"no document type {name!r}; there are: {there}") from None
