"""The documents that wait for their type in; those that look like one new kind out, and a document type made of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from annotation import document_types, refiling, routing
from annotation.models import Document, DocumentType

MOST = 300  # waiting documents that are compared with each other: the newest; a second
LATELY = timedelta(days=7)
# a type has a field at least; which ones it should have is for whoever makes it to say, on the page that follows
FIRST_FIELD = {"name": "date", "kind": "date"}


@dataclass(frozen=True, slots=True)
class Kind:
    """Documents that look alike, those first that are most like the others."""

    documents: tuple[Document, ...]
    lately: int  # of them: those that came within the last days


def found() -> list[Kind]:
    """What the newest of the waiting documents fall into, the largest kind first."""
    from models.routing.kinds import kinds  # here and not above: it brings scikit-learn along

    newest = list(routing.waiting().order_by("-pk").values_list("pk", flat=True)[:MOST])
    pages = routing.pages_of(Document.objects.filter(pk__in=newest))
    ids = list(pages)
    documents = Document.objects.in_bulk(ids)
    since = timezone.now() - LATELY
    return [
        Kind(
            tuple(documents[ids[position]] for position in some),
            sum(documents[ids[position]].received_at >= since for position in some),
        )
        for some in kinds(list(pages.values()))
    ]


@transaction.atomic
def make_type(title: str, documents: Collection[int], *, by: str) -> DocumentType:
    """A type of that title with those of the documents (ids) that still wait; raises `Refused`."""
    name = _name(title)
    made = document_types.create({"name": name, "title": title, "fields": [FIRST_FIELD]}, by=by)
    for document_id in routing.waiting().filter(pk__in=documents).order_by("pk").values_list("pk", flat=True):
        refiling.move(document_id, made, by=by, why="a new kind of document")
    return made


def _name(title: str) -> str:
    """`Delivery notes (DE)` → `delivery-notes-de`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-0123456789")[:40].rstrip("-")
