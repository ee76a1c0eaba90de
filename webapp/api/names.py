"""How document types are named in requests, and found."""

from __future__ import annotations

from typing import Annotated

from django.http import Http404
from pydantic import StringConstraints

from annotation import routing
from annotation.models import DocumentType
from annotation.routing_model import UNKNOWN

# what can be no name is answered 422, before it reaches the database
TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]*$", max_length=40)]


def type_or_router(name: str) -> DocumentType:
    """The same, where the unknown type is meant too, whose versions are the router's."""
    return routing.unknown_type() if name == UNKNOWN else type_named(name)


def type_named(name: str) -> DocumentType:
    """Raises `Http404` with the names that there are."""
    found = DocumentType.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(DocumentType.objects.values_list("name", flat=True)[:50]) or "none yet"
        raise Http404(f"there is no document type {name!r}; there are: {known}")
    return found
