"""The ledger, to read along: rows never change and their ids only grow."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from annotation.models import Correction, DocumentType
from webapp.api.access import needs
from webapp.api.names import TypeName
from webapp.roles import Role

router = Router()


class CorrectionOut(Schema):
    """One row of the ledger."""

    id: int
    document_id: int
    document_type: str
    source: str
    current: bool = Field(description="Whether it is its document's truth now")
    skipped: bool
    answers: list[dict[str, Any]] = Field(
        description="Complete: a field without an answer is not in the document"
    )
    outcomes: dict[str, str] = Field(
        description="For each field: accepted, edited, moved, added or removed; assumed if nobody was asked for it "
        "or touched it"
    )
    unconfirmed: list[str] = Field(
        description="Fields whose answers nobody confirmed: those that are assumed"
    )
    annotator: str
    lead_time: float | None
    submitted_at: datetime
    recorded_at: datetime

    @staticmethod
    def resolve_document_type(correction: Correction) -> str:
        return correction.document.document_type.name

    @staticmethod
    def resolve_current(correction: Correction) -> bool:
        return correction.document.truth_id == correction.pk


class CorrectionPage(Schema):
    """Some corrections, the oldest first, and where the next ones begin."""

    items: list[CorrectionOut]
    next: int | None = Field(description="Send it as `after` for the next ones; null at the end")


@router.get("", auth=needs(Role.LEAD), response=CorrectionPage)
def corrections(
    request: HttpRequest,
    document_type: TypeName = "",
    after: Annotated[int, Query(description="Only ids above this one")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Corrections, the oldest first: ask again with the last id to get what is new."""
    found = Correction.objects.select_related("document__document_type").filter(pk__gt=after).order_by("pk")
    if document_type:
        found = found.filter(document__document_type=get_object_or_404(DocumentType, name=document_type))
    rows = list(found[: limit + 1])
    return {"items": rows[:limit], "next": rows[limit - 1].pk if len(rows) > limit else None}
