"""Which documents a challenger fills in while it is tried out: a lot that a document keeps, in Python and in the database."""

from __future__ import annotations

import hashlib

from django.db.models import F, Q, Value
from django.db.models.functions import MD5, Concat, Left

from annotation.models import DocumentType

DIGITS = 8  # of the hash, in hex: shares to a billionth


def fills_in(document_type: DocumentType, sha256: str) -> bool:
    """Whether the challenger fills in the document with this content, rather than the champion."""
    if not document_type.challenger_share:
        return False
    drawn = hashlib.md5(f"{document_type.challenger} {sha256}".encode(), usedforsecurity=False).hexdigest()
    return drawn[:DIGITS] < _bound(document_type)


def filled_in(document_type: DocumentType) -> Q:
    """The same as a condition on documents of the type with the `lot` that `lot` gives."""
    return Q(lot__lt=_bound(document_type))


def lot(document_type: DocumentType) -> Left:
    """A document's lot while the present challenger is tried out, as text; another for each challenger."""
    return Left(MD5(Concat(Value(f"{document_type.challenger} "), F("sha256"))), DIGITS)


def blind_name(document_type: DocumentType) -> str:
    """By what name Label Studio shows what either of the two said, so that nobody sees which; empty: by their own."""
    if not document_type.challenger_share:
        return ""
    return f"{document_type.champion}-or-v{document_type.challenger.rpartition('-v')[2]}"


def _bound(document_type: DocumentType) -> str:
    return f"{round(document_type.challenger_share * 16**DIGITS):0{DIGITS}x}"
