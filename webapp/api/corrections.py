"""The ledger, to read along: rows never change and their ids only grow."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from annotation.models import Correction
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.names import TypeName, type_named
from webapp.api.paging import MOST, After, Limit, Piece, oldest_first
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
        description="field, text, place {page, box, words}; complete: a field without an answer is not in the document"
    )
    outcomes: dict[str, str] = Field(
        description="For each field: accepted, edited, moved, added or removed; assumed if nobody was asked for it "
        "or touched it"
    )
    unconfirmed: list[str] = Field(
        description="Fields whose answers nobody confirmed: those that are assumed"
    )
    annotator: str
    lead_time: float | None = Field(description="Seconds the person took")
    submitted_at: datetime
    recorded_at: datetime

    @staticmethod
    def resolve_document_type(correction: Correction) -> str:
        return correction.document.document_type.name

    @staticmethod
    def resolve_current(correction: Correction) -> bool:
        return correction.document.truth_id == correction.pk


@router.get("", auth=needs(Role.VIEWER), response=answers(404, ok=Piece[CorrectionOut]))
def corrections(
    request: HttpRequest,
    document_type: TypeName = "",
    document: Annotated[int, Query(ge=0, le=MOST, description="Only of this document (its id)")] = 0,
    after: After = 0,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Corrections, the oldest first: ask again with the last id to get what is new."""
    found = Correction.objects.select_related("document__document_type")
    if document_type:
        found = found.filter(document__document_type=type_named(document_type))
    if document:
        found = found.filter(document=document)
    return oldest_first(found, after, limit)


@router.get("/{int:correction_id}", auth=needs(Role.VIEWER), response=answers(404, ok=CorrectionOut))
def correction(request: HttpRequest, correction_id: int) -> Correction:
    """One row of the ledger."""
    return get_object_or_404(Correction.objects.select_related("document__document_type"), pk=correction_id)
