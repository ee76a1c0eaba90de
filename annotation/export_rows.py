"""What all exports have in common: a type's truths one after the other, and a file that is sent while it is written."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.files.storage import default_storage

from annotation import ledger
from annotation.models import Correction, DocumentType, Page
from models.alignment import OUTSIDE, label_words
from models.extractors.base import Answer, Value
from models.schema import Field, Kind, Schema

Row = dict[str, Any]  # JSON

AT_ONCE = 100  # truths in memory, with the words of their documents


def truths(document_type: DocumentType) -> Iterator[Correction]:
    """The type's present truths with documents and words, by document."""
    found = ledger.truths(document_type).select_related("document__document_type")
    return found.prefetch_related("document__pages").order_by("document_id").iterator(chunk_size=AT_ONCE)


def confirmed(truth: Correction) -> list[Answer]:
    """The answers that somebody looked at."""
    return [answer for answer in truth.said if answer.field not in truth.unconfirmed]


def word_tags(truth: Correction, schema: Schema) -> list[list[str | None]]:
    """For each page, the BIO tag of each of its words.

    None where nobody can learn from a word: the value stands in a second place, or nobody confirmed the field.
    """
    labels = label_words(truth.document.word_pages, confirmed(truth), schema).labels
    # a value that nobody confirmed may stand anywhere: no word is known to be outside
    outside = None if truth.unconfirmed else OUTSIDE
    return [[outside if tag == OUTSIDE else tag for tag in tags] for tags in labels]


def picture(page: Page) -> bytes:
    """A page's image (JPEG); empty if the store has lost it."""
    try:
        with default_storage.open(page.image) as file:
            return bytes(file.read())
    except FileNotFoundError:
        return b""


def values_of(field: Field, said: Iterable[Answer | Value]) -> list[str]:
    """A field's values as they are compared; as they were typed where they are no value of the field's kind."""
    texts = [each.text for each in said if each.field == field.name]
    if field.kind is Kind.TEXT:
        return texts  # upper-case letters and digits serve comparing, not reading
    return [field.normalise(text) or text for text in texts]


def value_of(field: Field, said: Iterable[Answer | Value]) -> str | list[str] | None:
    """The same as one value, where the field doesn't repeat; None if it is absent."""
    values = values_of(field, said)
    return values if field.repeats else next(iter(values), None)


def line(row: Row) -> bytes:
    """A row of JSON lines."""
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


class Sink(io.RawIOBase):
    """What a file is written to that can't go back: it gives away what it has."""

    def __init__(self) -> None:
        self.held = bytearray()
        self.gone = 0

    def writable(self) -> bool:
        return True

    def write(self, some: Any) -> int:  # whatever is bytes-like
        taken = bytes(some)
        self.held += taken
        return len(taken)

    def tell(self) -> int:
        return self.gone + len(self.held)

    def seekable(self) -> bool:
        return False

    def taken(self) -> bytes:
        """All that was written since the last time."""
        some = bytes(self.held)
        self.gone += len(some)
        self.held.clear()
        return some
