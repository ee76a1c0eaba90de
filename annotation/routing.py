"""A document that came without a type in; of its type by the router out, or left for a person who knows.

What the router calls unknown, and all there is before there is a router, waits on a page for leads and is never given
to a model. Every answer is kept with the router's version (`RouterAnswer`), so that it can be counted when it was wrong.
A person's word stands: the router is asked about documents of the unknown type alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation import doorbell, extraction, jobs, refiling
from annotation.labelling import CHOSEN_TYPE
from annotation.models import Document, DocumentType, Refiling, RouterAnswer
from annotation.models import Page as StoredPage
from annotation.routing_model import UNKNOWN
from models.pages import Page
from models.registry import RegisteredVersion
from models.routing import PAGES, SCHEMA

if TYPE_CHECKING:
    from models.routing.router import Routed, Router

State = Document.State

UNREAD = (State.RECEIVED, State.UNREADABLE)
BATCH = 128  # documents: their words are some MB
FAMILIAR = 1e6  # familiarities beyond it, of routers without evidence, are kept as this


def unknown_type() -> DocumentType:
    """The type of documents whose type nobody knows yet; made when it is asked for first."""
    found, _new = DocumentType.every.get_or_create(
        name=UNKNOWN, defaults={"title": "Unknown", "fields": SCHEMA.to_json(), "extractor": "rules"}
    )
    return found


def tell_read(document_id: int) -> None:
    """Ring that a document was read; needs its lock, so that nobody gives it a type in between."""
    unknown = Document.objects.filter(pk=document_id, document_type__name=UNKNOWN).exists()
    doorbell.ring("document without type read" if unknown else "document read", document_id)


def waiting() -> QuerySet[Document]:
    """The documents that were read and of which nobody knows the type."""
    return Document.objects.filter(document_type__name=UNKNOWN).exclude(state__in=UNREAD)


def route_document(document_id: int) -> None:
    """Ask the router about one document; without a router it waits for a person."""
    _route(waiting().filter(pk=document_id), unknown_type())


def route_waiting(type_id: int) -> None:
    """Ask the router in use about every waiting document of which it has said nothing yet."""
    unknown = DocumentType.every.get(pk=type_id)
    asked = RouterAnswer.objects.filter(document=OuterRef("pk"), version=unknown.champion)
    ids = list(waiting().filter(~Exists(asked)).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        _route(waiting().filter(pk__in=ids[start : start + BATCH]), unknown)
        jobs.tell(min(1.0, (start + BATCH) / len(ids)))


def pages_of(documents: QuerySet[Document]) -> dict[int, tuple[Page, ...]]:
    """The documents' pages as a router wants them: words on the first ones only, where it looks for them."""
    found: dict[int, list[Page]] = {pk: [] for pk in documents.values_list("pk", flat=True)}
    pages = StoredPage.objects.filter(document__in=list(found)).order_by("document", "number")
    for each in pages.filter(number__lt=PAGES):
        found[each.document_id].append(each.word_page)
    for document, width, height in pages.filter(number__gte=PAGES).values_list("document", "width", "height"):
        found[document].append(Page(width, height, ()))
    return {document: tuple(some) for document, some in found.items()}


def _route(documents: QuerySet[Document], unknown: DocumentType) -> None:
    if not unknown.champion or not (pages := pages_of(documents)):
        return
    said = _loaded(extraction.registered(unknown)).route(list(pages.values()))
    types = {each.name: each for each in DocumentType.objects.defer("fields")}
    for document_id, answer in zip(pages, said, strict=True):
        _settle(document_id, answer, types, unknown.champion)


@transaction.atomic
def _settle(document_id: int, said: Routed, types: dict[str, DocumentType], version: str) -> None:
    """Keep the answer, and make the document what it says, unless a person was faster."""
    jobs.assert_held()
    locked = Document.objects.select_for_update(of=("self",)).select_related("document_type")
    document = locked.filter(pk=document_id).first()
    if document is None or not document.document_type.unknown:
        return
    to = types.get(said.document_type)  # None also for a type that was taken away since
    RouterAnswer.objects.update_or_create(
        document=document,
        version=version,
        defaults={
            "answer": to,
            "likeliest": types.get(said.likeliest),
            "confidence": said.confidence,
            "familiarity": max(-FAMILIAR, min(FAMILIAR, said.familiarity)),
        },
    )
    if to:
        why = f"{said.confidence:.0%} sure"
        refiling.move(document_id, to, by=version, why=why, by_router=True)


@lru_cache(maxsize=2)
def _loaded(version: RegisteredVersion) -> Router:
    """Opened once per process."""
    # here and not above: it brings scikit-learn along, which the web server has no use for
    from models.routing.files import open_router

    return open_router(extraction.fetched(version))


def confirmed() -> QuerySet[Document]:
    """The documents of which a person said the type: when they sent it, by moving it there, or by answering it as such."""
    last = Refiling.objects.filter(document=OuterRef("pk")).order_by("-pk")
    by_router = Coalesce(Subquery(last.values("by_router")[:1]), False)
    strayed = Q(truth__isnull=False, truth__outcomes__has_key=CHOSEN_TYPE)
    answered = Q(truth__isnull=False, truth__skipped=False)
    found = Document.objects.exclude(document_type__name=UNKNOWN).exclude(state__in=UNREAD)
    return found.alias(by_router=by_router).filter(~strayed).filter(Q(by_router=False) | answered)


@dataclass(frozen=True, slots=True)
class Said:
    """What a version of the router said of a document, in titles of types."""

    version: str
    answer: str  # "": unknown
    likeliest: str
    confidence: float
    at: datetime
    wrong: bool  # a person says otherwise


def answers_about(document: Document) -> list[Said]:
    """What routers said of a document, the oldest first."""
    was_unknown = any(each.before.unknown for each in document.refilings.all())
    if not was_unknown and not document.document_type.unknown:
        return []  # it is asked about those alone
    answers = list(document.router_answers.select_related("answer", "likeliest"))
    sure = bool(answers) and confirmed().filter(pk=document.pk).exists()
    return [
        Said(
            each.version,
            each.answer.title if each.answer else "",
            each.likeliest.title if each.likeliest else "",
            each.confidence,
            each.at,
            wrong=sure and each.answer is not None and each.answer_id != document.document_type_id,
        )
        for each in answers
    ]


@dataclass(frozen=True, slots=True)
class Record:
    """What a version of the router has said so far, and how often people found it wrong."""

    given: int  # documents that it gave a type
    looked_at: int  # of them: those of which a person has said the type since
    wrong: int  # of these: those that it gave another type
    unknown: int  # documents that it called unknown


def record_of(version: str) -> Record:
    """Counted anew each time: three short queries."""
    answers = RouterAnswer.objects.filter(version=version)
    given = answers.filter(answer__isnull=False)
    looked_at = given.filter(document__in=confirmed())
    return Record(
        given=given.count(),
        looked_at=looked_at.count(),
        wrong=looked_at.exclude(answer=F("document__document_type")).count(),
        unknown=answers.filter(answer__isnull=True).count(),
    )


def said_by(document: Document) -> str:
    """Who said of what type a document is: a person, or a version of the router; "" where nobody has."""
    if document.document_type.unknown:
        return ""
    moved = list(document.refilings.all())
    return moved[-1].by if moved else document.uploaded_by
