"""A type's documents that were accepted unseen, as JSON lines: what its model says of them, marked as what it is.

Apart from all that people confirmed: nobody has looked at these, so they are no truths, and nothing is to learn from them.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import OuterRef, Subquery

from annotation.export_rows import Row, line, value_of
from annotation.models import Document, DocumentType, Move
from models.extractors.base import Value

UNSEEN = "accepted unseen"
AT_ONCE = 1000  # documents in memory


def unseen(document_type: DocumentType) -> Iterator[bytes]:
    """A document a line, by its id: its values, how sure the model was of each field, and by what it was accepted."""
    accepted = Move.objects.filter(document=OuterRef("pk"), after=Document.State.ACCEPTED).order_by("-pk")
    found = (
        Document.objects.filter(
            document_type=document_type, state=Document.State.ACCEPTED, extraction__isnull=False
        )
        .annotate(since=Subquery(accepted.values("at")[:1]), because=Subquery(accepted.values("reason")[:1]))
        .order_by("pk")
    )
    columns = (
        "pk",
        "filename",
        "sha256",
        "extraction__model_version",
        "extraction__values",
        "extraction__absent",
        "since",
        "because",
    )
    for pk, name, sha, version, values, absent, since, because in found.values_list(*columns).iterator(
        chunk_size=AT_ONCE
    ):
        said = [Value.from_json(stored) for stored in values]
        fields: Row = {field.name: value_of(field, said) for field in document_type.schema}
        sure = dict(absent)
        for value in said:
            sure[value.field] = min(value.confidence, sure.get(value.field, 1.0))
        yield line(
            {
                "id": pk,
                "filename": name,
                "document_type": document_type.name,
                "sha256": sha,
                "source": UNSEEN,
                "model_version": version,
                "accepted_at": since.isoformat() if since else None,
                "reason": because,
                "fields": fields,
                "confidence": {name: sure.get(name) for name in document_type.schema.names},
            }
        )
