"""All documents, page by page, and one document with its pages, values and history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation import doorbell, lifecycle
from annotation.errors import IllegalMove
from annotation.models import Document, DocumentType, LabelTask, Page
from models.extractors.base import Answer, Value
from models.schema import Field
from webapp.roles import Role, requires

MOST = 50
SURE = 0.9  # confidences below are drawn as unsure


@dataclass(frozen=True, slots=True)
class Filter:
    """What the reader asked the list for; `before` is the id that the page ends at."""

    type: str = ""
    state: str = ""
    search: str = ""
    before: int | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> Filter:
        # PostgreSQL's text holds no NUL
        given = {name: value.replace("\0", "").strip() for name, value in request.GET.dict().items()}
        before = given.get("before", "")
        return cls(
            given.get("type", ""),
            given.get("state", ""),
            given.get("search", ""),
            int(before) if before.isdecimal() and before.isascii() and len(before) < 19 else None,
        )

    def query(self, *, before: int | None = None) -> str:
        """The part of an address after the question mark."""
        asked = {"type": self.type, "state": self.state, "search": self.search, "before": before}
        return urlencode({name: value for name, value in asked.items() if value})

    def documents(self) -> QuerySet[Document]:
        """The newest first. Paged by id and without counting, so that page 1,000 costs what page 1 does."""
        found = Document.objects.select_related("document_type", "extraction").order_by("-pk")
        if self.type:
            found = found.filter(document_type__name=self.type)
        if self.state:
            found = found.filter(state=self.state)
        if self.search:
            found = found.filter(filename__icontains=self.search)
        if self.before:
            found = found.filter(pk__lt=self.before)
        return found


@requires(Role.LEAD)
@require_safe
def documents(request: HttpRequest) -> HttpResponse:
    asked = Filter.of(request)
    found = list(asked.documents()[: MOST + 1])
    shown = found[:MOST]
    return render(
        request,
        "documents.html",
        {
            "asked": asked,
            "documents": shown,
            "older": asked.query(before=shown[-1].pk) if len(found) > MOST else "",
            "newest": asked.query() if asked.before else None,
            "types": DocumentType.objects.all(),
            "states": Document.State.values,
        },
    )


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One value: what the machine or a person says a field holds, and on which page."""

    text: str
    normalised: str | None
    confidence: float | None
    unsure: bool
    page: int | None  # 1-based, as people count


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field with what the machine found, what a person said, and how that differs."""

    name: str
    title: str
    found: list[Occurrence]
    absent: float | None  # the machine's confidence that the field isn't there
    said: list[Occurrence]
    outcome: str
    placed: bool  # whether a box of it is drawn


@dataclass(frozen=True, slots=True)
class Mark:
    """A box on a page, in shares of it; `kind` is said (by a person), sure or unsure (by the machine)."""

    field: str
    title: str
    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page's image and the boxes on it."""

    number: int  # 0-based
    width: int
    height: int
    words: int
    read_by: str
    marks: list[Mark]


@requires(Role.LEAD)
@require_safe
def document(request: HttpRequest, document_id: int) -> HttpResponse:
    return render(request, "document.html", figures(document_id))


@requires(Role.LEAD)
@require_safe
def live(request: HttpRequest, document_id: int) -> HttpResponse:
    """The page's content again, while the document is being read and extracted."""
    return render(request, "document/live.html", figures(document_id))


def figures(document_id: int) -> dict[str, Any]:
    """All that the page shows."""
    related = ("document_type", "extraction", "truth")
    found = get_object_or_404(Document.objects.select_related(*related), pk=document_id)
    values = found.extraction.found if found.extraction else ()
    answers = found.truth.said if found.truth else ()
    tasks = found.tasks.filter(task_id__isnull=False).exclude(state=LabelTask.State.WITHDRAWN)
    return {
        "document": found,
        "rows": [_row(found, field, values, answers) for field in found.document_type.schema],
        "sheets": [_sheet(found, page, values, answers) for page in found.pages.all()],
        "moves": found.moves.all(),
        "task_url": reverse("label-document", args=[found.pk]) if tasks.exists() else "",
    }


def _row(
    document: Document, field: Field, values: tuple[Value, ...], answers: tuple[Answer, ...]
) -> FieldRow:
    return FieldRow(
        field.name,
        field.title,
        [
            Occurrence(
                value.text,
                value.normalised,
                value.confidence,
                value.confidence < SURE,
                value.place.page + 1 if value.place else None,
            )
            for value in values
            if value.field == field.name
        ],
        document.extraction.absent.get(field.name) if document.extraction else None,
        [
            Occurrence(
                answer.text,
                field.normalise(answer.text),
                None,
                False,
                answer.place.page + 1 if answer.place else None,
            )
            for answer in answers
            if answer.field == field.name
        ],
        document.truth.outcomes.get(field.name, "") if document.truth else "",
        any(each.field == field.name and each.place for each in (answers if document.truth else values)),
    )


def _sheet(document: Document, page: Page, values: tuple[Value, ...], answers: tuple[Answer, ...]) -> Sheet:
    """Once a person has said what is right, their boxes are drawn; until then the machine's."""
    schema = document.document_type.schema
    drawn: list[tuple[Value | Answer, str]] = [(answer, "said") for answer in answers]
    if document.truth is None:
        drawn = [(value, "unsure" if value.confidence < SURE else "sure") for value in values]
    marks = []
    for value, kind in drawn:
        if value.place is None or value.place.page != page.number:
            continue
        box = value.place.box
        title = schema[value.field].title if value.field in schema else value.field
        marks.append(Mark(value.field, title, kind, box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0))
    return Sheet(page.number, page.width, page.height, len(page.words), page.read_by, marks)


@requires(Role.LEAD)
@require_safe
def page_image(request: HttpRequest, document_id: int, number: int) -> HttpResponseBase:
    """A page's image, for people who are signed in and for their browser alone."""
    page = get_object_or_404(Page, document=document_id, number=number)
    try:
        content = default_storage.open(page.image)
    except FileNotFoundError:
        raise Http404(
            f"the image of page {number + 1} of document {document_id} is not in the store"
        ) from None
    answer = FileResponse(content, content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@requires(Role.LEAD)
@require_POST
def read_again(request: HttpRequest, document_id: int) -> HttpResponse:
    """Another try for an unreadable document."""
    get_object_or_404(Document, pk=document_id)
    try:
        with transaction.atomic():
            lifecycle.move(
                document_id,
                Document.State.RECEIVED,
                reason=f"{request.user.get_username()} asked for another try",
            )
            doorbell.ring("document received", document_id)
    except IllegalMove:
        messages.error(request, "Only a document that could not be read can be read again.")
    else:
        messages.success(request, "The document will be read again.")
    return redirect("document", document_id)
