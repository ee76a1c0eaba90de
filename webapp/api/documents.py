"""Documents: send one, list them, all about one, and what can be done with it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from annotation import by_hand, extraction, intake, reading, refiling, routing
from annotation.errors import Refused
from annotation.models import Correction, Document, Erasure, Extraction, Page, Refiling
from annotation.routing_model import UNKNOWN
from learner import erasing
from webapp import uploads
from webapp.api.access import needs
from webapp.api.corrections import CorrectionOut
from webapp.api.errors import answers
from webapp.api.names import TypeName, type_named, type_or_router
from webapp.api.paging import MOST, After, Before, Limit, Piece, newest_first, oldest_first
from webapp.page_files import original, page_file
from webapp.roles import Role

router = Router()

HISTORY = 200  # moves and corrections of one document that are told; more are at /api/corrections


class DocumentLine(Schema):
    """A document in a list."""

    id: int
    filename: str
    state: str
    problem: str = Field(description="Why it is unreadable; else empty")
    media_type: str
    size: int = Field(description="bytes")
    sha256: str
    received_at: datetime
    uploaded_by: str
    document_type: str = Field(description=f"{UNKNOWN}: nobody knows its type yet")

    @staticmethod
    def resolve_document_type(document: Document) -> str:
        return document.document_type.name


class ExtractionOut(Schema):
    """What a model version says. Boxes are shares of the page's width and height, origin top left."""

    model_version: str
    score: float = Field(description="Lowest confidence of any field, 0…1")
    values: list[dict[str, Any]] = Field(
        description="field, text, normalised, confidence, place {page, box, words}"
    )
    absent: dict[str, float] = Field(description="Fields that were not found, and how sure that is")
    created_at: datetime


class MoveOut(Schema):
    """One change of a document's state."""

    before: str
    after: str
    reason: str
    at: datetime


class RouterAnswerOut(Schema):
    """What a version of the router said of a document's type."""

    version: str
    answer: str = Field(description="Title of a type; empty: unknown")
    likeliest: str = Field(description="Title of the likeliest type")
    confidence: float = Field(
        description="0…1: that it is the likeliest, among the types that the router knows"
    )
    wrong: bool = Field(description="Whether a person says otherwise")
    at: datetime


class DocumentOut(DocumentLine):
    """All about one document; the newest of what happened to it, at most 200 of each kind."""

    pages: int
    extraction: ExtractionOut | None = Field(description="What the version in use says")
    truth: CorrectionOut | None = Field(description="What a person says: its current correction")
    corrections: list[CorrectionOut] = Field(description="Every correction, the oldest first")
    history: list[MoveOut] = Field(description="Every change of its state, the oldest first")
    said_by: str = Field(description="Who said its type: a person, or a version of the router; else empty")
    routed: list[RouterAnswerOut] = Field(description="What routers said of its type, the oldest first")

    @staticmethod
    def resolve_pages(document: Document) -> int:
        return document.pages.count()

    @staticmethod
    def resolve_extraction(document: Document) -> Extraction | None:
        return document.extraction

    @staticmethod
    def resolve_truth(document: Document) -> Correction | None:
        return document.truth

    @staticmethod
    def resolve_corrections(document: Document) -> list[Correction]:
        newest = document.corrections.select_related("document__document_type").order_by("-pk")
        return list(reversed(newest[:HISTORY]))

    @staticmethod
    def resolve_history(document: Document) -> list[Any]:  # moves
        return list(reversed(document.moves.order_by("-pk")[:HISTORY]))

    @staticmethod
    def resolve_said_by(document: Document) -> str:
        return routing.said_by(document)

    @staticmethod
    def resolve_routed(document: Document) -> list[routing.Said]:
        return routing.answers_about(document)


class PageOut(Schema):
    """One page with what was read on it."""

    number: int = Field(description="From 0")
    width: int = Field(description="Pixels of the image")
    height: int
    read_by: str = Field(description="text-layer, given, or the OCR engine with its version")
    words: list[Any] = Field(description="[text, [x0, y0, x1, y1], confidence] each; shares of the page")


class ErasureOut(Schema):
    """What is left of an erased document."""

    document: int = Field(description="Its former id")
    document_type: str
    state: str = Field(description="erasing: its files and Label Studio's copy follow; done")
    by: str
    why: str
    learned_by: list[str] = Field(description="Versions that learned from it, as far as known then")
    still_in_use: list[str] = Field(description="Of those: what reads documents now, or is about to")
    at: datetime
    done_at: datetime | None

    @staticmethod
    def resolve_document_type(erasure: Erasure) -> str:
        return erasure.document_type.name

    @staticmethod
    def resolve_still_in_use(erasure: Erasure) -> list[str]:
        return erasing.still_in_use(erasure)


class Erase(Schema):
    """Which document it is, said a second time, and why."""

    filename: str = Field(description="The document's file name: it can't be undone")
    why: str = Field("", max_length=500, pattern=r"^[^\x00]*$", description="Kept with what is left")


class Move(Schema):
    """The type that a document is of, and why it is moved there."""

    document_type: TypeName
    why: str = Field("", max_length=500, pattern=r"^[^\x00]*$", description="For the audit trail")


class DocumentReceived(Schema):
    """The document of a file that was sent."""

    document: DocumentLine
    new: bool = Field(description="False if the same bytes were received before; then this is that document")


@router.post("", auth=needs(Role.LEAD), response=answers(404, ok=DocumentReceived, made=DocumentReceived))
def send(
    request: HttpRequest, document_type: Annotated[TypeName, Form("")], file: File[UploadedFile]
) -> Status[intake.Received]:
    """Send a file (PDF, PNG, JPEG or TIFF): 201 for a new document, 200 if the same bytes are known.

    Without a type the router finds it out; what it doesn't know waits for a person to say.
    """
    kind = type_named(document_type) if document_type else routing.unknown_type()
    received = uploads.take(file, document_type=kind, by=request.user.get_username())
    return Status(201 if received.new else 200, received)


@router.get("", auth=needs(Role.VIEWER), response=answers(404, ok=Piece[DocumentLine]))
def documents(
    request: HttpRequest,
    document_type: TypeName = "",
    state: Document.State | None = None,
    search: Annotated[
        str, Query(pattern=r"^[^\x00]*$", max_length=100, description="Part of the file name")
    ] = "",
    sha256: Annotated[
        str, Query(pattern=r"^([0-9a-f]{64})?$", description="Of the file, to see whether it is known")
    ] = "",
    order: Literal["newest", "oldest"] = "newest",
    before: Before = MOST,
    after: After = 0,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Documents, the newest first: go on with `before`; or the oldest first: go on with `after`."""
    found = Document.objects.select_related("document_type")
    if document_type:
        found = found.filter(document_type=type_or_router(document_type))
    if state:
        found = found.filter(state=state)
    if search:
        found = found.filter(lower_filename__name__contains=search.lower())
    if sha256:
        found = found.filter(sha256=sha256)
    if order == "oldest":
        return oldest_first(found, after, limit)
    return newest_first(found, before, limit)


@router.get("/{int:document_id}", auth=needs(Role.VIEWER), response=answers(404, ok=DocumentOut))
def document(request: HttpRequest, document_id: int) -> Document:
    """One document with its extraction, its truth, its corrections and its history."""
    related = ("document_type", "extraction", "truth__document__document_type")
    moved = Prefetch("refilings", Refiling.objects.select_related("before"))
    found = Document.objects.select_related(*related).prefetch_related(moved)
    return get_object_or_404(found, pk=document_id)


@router.get("/{int:document_id}/pages", auth=needs(Role.VIEWER), response=answers(404, ok=list[PageOut]))
def pages(request: HttpRequest, document_id: int) -> Any:  # a queryset, which ninja reads
    """The words of its pages, in order; none before it was read."""
    return _document(document_id).pages.all()


@router.get(
    "/{int:document_id}/pages/{int:number}/image",
    auth=needs(Role.VIEWER),
    response=answers(404),
    openapi_extra={"responses": {200: {"description": "OK", "content": {"image/jpeg": {}}}}},
)
def page_image(request: HttpRequest, document_id: int, number: int) -> HttpResponseBase:
    """The image of a page, numbered from 0."""
    return page_file(get_object_or_404(Page, document=document_id, number=number))


@router.get(
    "/{int:document_id}/file",
    auth=needs(Role.VIEWER),
    response=answers(404),
    openapi_extra={"responses": {200: {"description": "OK", "content": {"application/octet-stream": {}}}}},
)
def file(request: HttpRequest, document_id: int) -> HttpResponseBase:
    """The file that was sent, byte for byte, as an attachment: it may be hostile, so nothing should open it unasked."""
    return original(_document(document_id))


@router.post(
    "/{int:document_id}/read-again", auth=needs(Role.LEAD), response=answers(404, 409, asked=DocumentLine)
)
def read_again(request: HttpRequest, document_id: int) -> Status[Document]:
    """Another try for a document that could not be read; 409 for others."""
    _document(document_id)
    reading.read_again(document_id, by=request.user.get_username())
    return Status(202, _document(document_id))


@router.get(
    "/{int:document_id}/extractions", auth=needs(Role.VIEWER), response=answers(404, ok=list[ExtractionOut])
)
def extractions(request: HttpRequest, document_id: int) -> Any:  # a queryset, which ninja reads
    """What every version said of it that ever read it, the newest first; at most 200."""
    return _document(document_id).extractions.order_by("-created_at", "-pk")[:HISTORY]


@router.post(
    "/{int:document_id}/extract-again", auth=needs(Role.LEAD), response=answers(404, asked=DocumentLine)
)
def extract_again(request: HttpRequest, document_id: int) -> Status[Document]:
    """Have it extracted once more by what reads its type now; 422 before it was read."""
    found = _document(document_id)
    extraction.ask_again(found, by=request.user.get_username())
    return Status(202, found)


@router.post(
    "/{int:document_id}/send-to-queue", auth=needs(Role.LEAD), response=answers(404, 409, asked=DocumentLine)
)
def send_to_queue(request: HttpRequest, document_id: int) -> Status[Document]:
    """To the head of the queue; a confirmed one goes to another person, for a second opinion."""
    by_hand.send_or_ask_another(_document(document_id).pk, by=request.user.get_username())
    return Status(202, _document(document_id))


@router.post("/{int:document_id}/move", auth=needs(Role.LEAD), response=answers(404, asked=DocumentLine))
def move(request: HttpRequest, document_id: int, asked: Move) -> Status[Document]:
    """Move it to another type: it is extracted and asked about as such; what was said of it stays on record only.

    To the type that it is of already is no move. 422 while labels that came with it wait to be recorded.
    """
    to = type_named(asked.document_type)
    refiling.move(_document(document_id).pk, to, by=request.user.get_username(), why=asked.why.strip())
    return Status(202, _document(document_id))


@router.post("/{int:document_id}/erase", auth=needs(Role.OPERATOR), response=answers(404, asked=ErasureOut))
def erase(request: HttpRequest, document_id: int, asked: Erase) -> Status[Erasure]:
    """Erase it for good, with all that was said of it; asked again, go on with what is left.

    422 if the file name is another, or while a worker or a training has the document.
    """
    found = Document.objects.filter(pk=document_id).first()
    if found is None:
        get_object_or_404(Erasure, document=document_id)
    elif asked.filename.strip() != found.filename.strip():
        raise Refused("that is not the name of its file: nothing was erased")
    return Status(202, erasing.erase(document_id, by=request.user.get_username(), why=asked.why.strip()))


def _document(document_id: int) -> Document:
    return get_object_or_404(Document.objects.select_related("document_type"), pk=document_id)
