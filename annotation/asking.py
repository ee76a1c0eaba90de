"""A document of the queue and what the model says of it in; the fields that its annotator isn't asked for out.

Only where the type wants that, and never of documents by which something is measured: whoever looks at the doubtful
fields alone sees more errors than there are, and none of those that the model is sure of.
"""

from __future__ import annotations

import hashlib

from annotation import audit_trail, extraction, labelling
from annotation.models import Document, DocumentType, Extraction, LabelTask


def unasked(document_type: DocumentType, document: Document, said: Extraction | None) -> list[str]:
    """Names of fields that needn't be looked at, in the schema's order; at least one field is always asked for."""
    bound = document_type.assume_above
    if bound is None or said is None or not _calibrated(document_type, said):
        return []
    if document.asked_by == audit_trail.DOCLOOP:  # it is unlike the others: confidences may be worth nothing
        return []
    if asked_in_whole(document_type.whole_share, document.sha256, document.audit_probability):
        return []
    return list(labelling.unasked(said.found, said.absent, document_type.schema, assume_above=bound))


def asked_in_whole(whole_share: float, sha256: str, audit_probability: float | None) -> bool:
    """Whether every field of a document is asked for, however sure the model is: it is audited, or drawn by lot.

    `whole_share` (0…1) is the type's.
    """
    return audit_probability is not None or _lot(sha256) < whole_share


def asks_too_little(document_type: DocumentType, task: LabelTask) -> bool:
    """Whether a task takes for granted what is doubtful by now, or was made before its document had to be whole."""
    wanted = unasked(document_type, task.document, task.document.extraction)
    return not set(task.unasked) <= set(wanted)


def _calibrated(document_type: DocumentType, said: Extraction) -> bool:
    """Whether the confidences were held against what people say: not before there is a champion."""
    untaught = extraction.untaught_of(document_type)
    return bool(document_type.champion) and (untaught is None or said.model_version != untaught.version)


def _lot(sha256: str) -> float:
    """A document's lot, 0…1: always the same, and independent of its lot in the audit."""
    return int.from_bytes(hashlib.sha256(f"whole {sha256}".encode()).digest()[:8]) / 2**64
