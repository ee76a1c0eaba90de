"""How right a type's models are: field by field, why people had to change something, and what confidences are worth."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from annotation.causes import Cause
from annotation.errors import Refused
from annotation.models import Document
from learner import quality as measured
from learner.quality import Quality, Which
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.names import type_named
from webapp.roles import Role

router = Router()
Of = Annotated[
    Which,
    Query(
        description="all, champion (as it reads them now), or audit (drawn by lot: tells of all documents)"
    ),
]


class FoundOut(Schema):
    """A document, by its id and name."""

    id: int
    filename: str


@router.get("/{slug:name}/quality", auth=needs(Role.VIEWER), response=answers(404, ok=Quality))
def quality(request: HttpRequest, name: str, of: Of = Which.ALL) -> Quality:
    """Per field the share that was right, how fields ended and why they were changed; and the calibration (`bins`).

    Of the newest 2,000 answered documents.
    """
    return measured.of(type_named(name), of)


@router.get(
    "/{slug:name}/quality/examples", auth=needs(Role.VIEWER), response=answers(404, ok=list[FoundOut])
)
def quality_examples(
    request: HttpRequest,
    name: str,
    field: Annotated[str, Query(max_length=40)],
    cause: Cause,
    of: Of = Which.ALL,
) -> list[dict[str, Any]]:
    """The newest documents in which a field had to be changed because of a cause; at most 50."""
    document_type = type_named(name)
    if field not in document_type.schema:
        raise Refused(f"there is no field {field!r}; there are: {', '.join(document_type.schema.names)}")
    found = measured.examples(document_type, field, cause, of)
    names = dict(Document.objects.filter(pk__in=found).values_list("pk", "filename"))
    return [{"id": pk, "filename": names[pk]} for pk in found if pk in names]
