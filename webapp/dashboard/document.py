"""One document: its pages with boxes, its values and all that was ever said of them; and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation import by_hand, extraction, reading, refiling, routing
from annotation.errors import IllegalMove, Refused
from annotation.models import Document, DocumentType, Erasure, LabelTask, Page, Refiling
from learner import erasing, provenance
from models.errors import DocloopError
from models.extractors.base import Answer, Value
from models.schema import Field
from webapp.dashboard import document_history
from webapp.roles import Role, requires

SURE = 0.9  # confidences below are drawn as unsure
SHEETS = 6  # pages shown at a time: more come as the reader gets there
MOST_MOVES = 100


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


@requires(Role.VIEWER)
@require_safe
def page(request: HttpRequest, document_id: int) -> HttpResponse:
    """Of an erased document, that it was erased."""
    if erased := _erased(document_id):
        told = {"erasure": erased, "in_use": erasing.still_in_use(erased)}
        return render(request, "document_erased.html", told, status=410)
    shown: dict[str, Any] = figures(document_id, first=_first(request))
    others = DocumentType.objects.exclude(pk=shown["document"].document_type_id)
    return render(request, "document.html", shown | _history(request, shown["document"]) | {"others": others})


@requires(Role.VIEWER)
@require_safe
def sheets(request: HttpRequest, document_id: int) -> HttpResponse:
    """The next pages of a long document, as a part."""
    return render(request, "document/sheets.html", _sheets(_document(document_id), _first(request)))


def _first(request: HttpRequest) -> int:
    """The page (0-based) from which on the reader wants to see them."""
    given = request.GET.get("from", "")
    return int(given) if given.isdecimal() and given.isascii() and len(given) < 7 else 0


def figures(document_id: int, *, first: int = 0) -> dict[str, Any]:
    """All that the page shows, but for its history."""
    found = _document(document_id)
    values = found.extraction.found if found.extraction else ()
    answers = found.truth.said if found.truth else ()
    has_task = getattr(found, "has_task", False)  # annotated
    return {
        "document": found,
        "rows": [_row(found, field, values, answers) for field in found.document_type.schema],
        "moves": found.moves.order_by("-pk")[:MOST_MOVES],
        "task_url": reverse("label-document", args=[found.pk]) if has_task else "",
        "may_queue": found.state in by_hand.MAY and not found.document_type.unknown,
        "refilings": found.refilings.all(),
        "may_extract": found.state in (*extraction.OPEN, Document.State.CONFIRMED)
        and not found.document_type.unknown,
        "said_by": routing.said_by(found),
        "router_said": routing.answers_about(found),
    } | _sheets(found, first)


def _history(request: HttpRequest, document: Document) -> dict[str, Any]:
    found = document_history.of(document, all_versions=request.GET.get("history") == "all")
    return {"history": found, "use": provenance.use_of(found.corrections)}


def _document(document_id: int) -> Document:
    related = ("document_type", "extraction", "truth")
    tasks = LabelTask.objects.filter(document=OuterRef("pk"), task_id__isnull=False)
    live = tasks.exclude(state=LabelTask.State.WITHDRAWN)
    documents = Document.objects.select_related(*related).annotate(has_task=Exists(live))
    moved = Prefetch("refilings", Refiling.objects.select_related("before", "after"))
    return get_object_or_404(documents.prefetch_related(moved), pk=document_id)


def _erased(document_id: int) -> Erasure | None:
    if Document.objects.filter(pk=document_id).exists():
        return None
    return Erasure.objects.filter(document=document_id).select_related("document_type").first()


def _sheets(found: Document, first: int) -> dict[str, Any]:
    """`SHEETS` pages from the one with the number `first`, 0-based; how many there are, and where the next ones begin."""
    values = found.extraction.found if found.extraction else ()
    answers = found.truth.said if found.truth else ()
    # counted in the database: the words of a hundred pages are some MB
    counted = Func(F("words"), function="jsonb_array_length", output_field=IntegerField())
    pages = found.pages.annotate(count=counted).defer("words")
    total = found.pages.count()
    following = first + SHEETS
    return {
        "document": found,
        "sheets": [_sheet(found, each, values, answers) for each in pages[first:following]],
        "pages": total,
        "more_from": following if following < total else None,
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
    count = getattr(page, "count", 0)  # annotated
    return Sheet(page.number, page.width, page.height, count, page.read_by, marks)


@requires(Role.LEAD)
@require_POST
def extract_again(request: HttpRequest, document_id: int) -> HttpResponse:
    found = get_object_or_404(Document.objects.select_related("document_type"), pk=document_id)
    try:
        extraction.ask_again(found, by=request.user.get_username())
    except DocloopError as reason:
        messages.error(request, str(reason))
    else:
        messages.success(
            request, "The document is extracted again as soon as a worker is free. Look again in a moment."
        )
    return redirect("document", document_id)


@requires(Role.LEAD)
@require_POST
def send_to_queue(request: HttpRequest, document_id: int) -> HttpResponse:
    """To the head of the queue; if somebody has confirmed it already, to another person."""
    get_object_or_404(Document, pk=document_id)
    try:
        by_hand.send_or_ask_another(document_id, by=request.user.get_username())
    except (Refused, IllegalMove) as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, "It is what Label Studio gives out next, within seconds.")
    return redirect("document", document_id)


@requires(Role.LEAD)
@require_POST
def move(request: HttpRequest, document_id: int) -> HttpResponse:
    """To another type."""
    get_object_or_404(Document, pk=document_id)
    to = get_object_or_404(DocumentType, name=request.POST.get("document_type", "").replace("\0", ""))
    why = request.POST.get("why", "").replace("\0", "").strip()
    try:
        refiling.move(document_id, to, by=request.user.get_username(), why=why)
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(
            request, f"The document is one of {to.title} now. It is extracted as such in a moment."
        )
    if "next" in request.POST:  # from the page of unknown ones, to the next of them
        return redirect("unknown")
    return redirect("document", document_id)


@requires(Role.OPERATOR)
@require_POST
def erase(request: HttpRequest, document_id: int) -> HttpResponse:
    """Only if the file name was typed: it can't be undone. Asked of an erased document, go on with what is left."""
    found = Document.objects.filter(pk=document_id).first()
    if found and request.POST.get("filename", "").strip() != found.filename.strip():
        messages.error(request, "That is not the name of the file. Nothing was erased.")
        return redirect("document", document_id)
    try:
        erasing.erase(
            document_id,
            by=request.user.get_username(),
            why=request.POST.get("why", "").replace("\0", "").strip(),
        )
    except Refused as reason:
        if found is None:
            raise Http404(str(reason)) from None
        messages.error(request, str(reason))
    return redirect("document", document_id)


@requires(Role.LEAD)
@require_POST
def read_again(request: HttpRequest, document_id: int) -> HttpResponse:
    """Another try for an unreadable document."""
    get_object_or_404(Document, pk=document_id)
    try:
        reading.read_again(document_id, by=request.user.get_username())
    except IllegalMove:
        messages.error(request, "Only a document that could not be read can be read again.")
    else:
        messages.success(request, "The document will be read again.")
    return redirect("document", document_id)
