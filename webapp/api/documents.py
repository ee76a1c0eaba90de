"""Documents: send one, list them, and all about one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from annotation import intake
from annotation.models import Correction, Document, DocumentType, Extraction
from webapp import uploads
from webapp.api.access import needs
from webapp.api.errors import Problem
from webapp.api.names import TypeName
from webapp.roles import Role

router = Router()


class DocumentLine(Schema):
    """A document in a list."""

    id: int
    document_type: str
    filename: str
    state: str
    problem: str = Field(description="Why it is unreadable; else empty")
    media_type: str
    size: int = Field(description="bytes")
    received_at: datetime
    uploaded_by: str

    @staticmethod
    def resolve_document_type(document: Document) -> str:
        return document.document_type.name


class DocumentPage(Schema):
    """Some documents, the newest first, and where the next ones begin."""

    items: list[DocumentLine]
    next: int | None = Field(description="Send it as `before` for the next ones; null at the end")


class ExtractionOut(Schema):
    """What a model version says. Boxes are shares of the page's width and height, origin top left."""

    model_version: str
    score: float = Field(description="Lowest confidence of any field, 0…1")
    values: list[dict[str, Any]] = Field(
        description="field, text, normalised, confidence, place {page, box, words}"
    )
    absent: dict[str, float] = Field(description="Fields that were not found, and how sure that is")
    created_at: datetime


class TruthOut(Schema):
    """What a person says: the document's current correction."""

    id: int
    answers: list[dict[str, Any]] = Field(description="field, text, place {page, box, words}")
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


class DocumentOut(DocumentLine):
    """All about one document."""

    pages: int
    extraction: ExtractionOut | None
    truth: TruthOut | None

    @staticmethod
    def resolve_pages(document: Document) -> int:
        return document.pages.count()

    @staticmethod
    def resolve_extraction(document: Document) -> Extraction | None:
        return document.extraction

    @staticmethod
    def resolve_truth(document: Document) -> Correction | None:
        return document.truth


class DocumentReceived(Schema):
    """The document of a file that was sent."""

    document: DocumentLine
    new: bool = Field(description="False if the same bytes were received before; then this is that document")


@router.post(
    "",
    auth=needs(Role.LEAD),
    response={200: DocumentReceived, 201: DocumentReceived, 404: Problem, 422: Problem},
)
def send(
    request: HttpRequest, document_type: Annotated[TypeName, Form()], file: File[UploadedFile]
) -> Status[intake.Received]:
    """Send a file (PDF, PNG, JPEG or TIFF): 201 for a new document, 200 if the same bytes are known."""
    kind = get_object_or_404(DocumentType, name=document_type)
    received = uploads.take(file, document_type=kind, by=request.user.get_username())
    return Status(201 if received.new else 200, received)


@router.get("", auth=needs(Role.LEAD), response=DocumentPage)
def documents(
    request: HttpRequest,
    document_type: TypeName = "",
    state: Document.State | None = None,
    before: Annotated[int | None, Query(description="Only ids below this one")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> dict[str, Any]:
    """Documents, the newest first."""
    found = Document.objects.select_related("document_type").order_by("-pk")
    if document_type:
        found = found.filter(document_type=get_object_or_404(DocumentType, name=document_type))
    if state:
        found = found.filter(state=state)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: limit + 1])
    return {"items": rows[:limit], "next": rows[limit - 1].pk if len(rows) > limit else None}


@router.get("/{int:document_id}", auth=needs(Role.LEAD), response={200: DocumentOut, 404: Problem})
def document(request: HttpRequest, document_id: int) -> Document:
    """One document with its extraction and its truth."""
    related = ("document_type", "extraction", "truth")
    return get_object_or_404(Document.objects.select_related(*related), pk=document_id)
