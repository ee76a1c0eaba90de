"""How good a type's labels are: what is in doubt, how far people agree and how each of them works; and a lead's say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from annotation import ledger
from annotation.errors import Refused
from annotation.models import Correction
from learner import agreement, people, suspects
from learner.agreement import Agreement
from learner.models import Suspect
from learner.people import Person
from webapp.api.access import leads, needs
from webapp.api.errors import answers
from webapp.api.names import type_named
from webapp.api.paging import MOST, Before, Limit, Piece, newest_first
from webapp.dashboard import doubts as doubts_page
from webapp.roles import Role

router = Router()


class LabelQualityOut(Schema):
    """How far people agree, and how each of them works."""

    suspects: int = Field(description="Recorded answers that something speaks against, not settled yet")
    doubts: int = Field(description="Answers that look wrong in themselves, and that nobody has confirmed")
    overlapping: int = Field(description="Documents drawn by lot that several people have answered")
    agreement: dict[str, Agreement] = Field(description="By field")
    people: list[Person] = Field(description="Who did most first")


class SuspectOut(Schema):
    """A recorded answer that a model or another person speaks against. Empty texts stand for an absent field."""

    id: int
    document_id: int
    filename: str
    field: str
    recorded: str
    annotator: str
    says: str = Field(description="What speaks against it says instead")
    sure: float = Field(description="0…1: how surely it speaks against it")
    source: str = Field(description="model or people")
    state: str = Field(description="open, asked, confirmed, changed or dismissed")
    found_at: datetime
    closed_by: str

    @staticmethod
    def resolve_filename(suspect: Suspect) -> str:
        return suspect.document.filename

    @staticmethod
    def resolve_recorded(suspect: Suspect) -> str:
        return "; ".join(answer.text for answer in suspect.correction.said if answer.field == suspect.field)

    @staticmethod
    def resolve_annotator(suspect: Suspect) -> str:
        return suspect.correction.annotator

    @staticmethod
    def resolve_sure(suspect: Suspect) -> float:
        return 1 - suspect.likelihood


class DoubtOut(Schema):
    """An answer that looks wrong, such as parts that do not sum."""

    document_id: int
    correction_id: int
    filename: str
    findings: list[str] = Field(description="What looks wrong, in sentences")
    annotator: str
    at: datetime
    waits: bool = Field(description="In Label Studio, for somebody to look again")


class SetAsideOut(Schema):
    """A document that somebody says can't be answered."""

    document_id: int
    correction_id: int
    filename: str
    why: str
    annotator: str
    at: datetime


class MisfiledOut(Schema):
    """A document that somebody says is of another type."""

    document_id: int
    correction_id: int
    filename: str
    said: str = Field(description="The name of that type")
    annotator: str
    at: datetime


@router.get("/{slug:name}/label-quality", auth=needs(Role.VIEWER), response=answers(404, ok=LabelQualityOut))
def label_quality(request: HttpRequest, name: str) -> dict[str, Any]:
    """Agreement by field (95 % intervals), and each annotator's pace, probes and agreement with others.

    Viewers are told of fields only: `people` is empty for them.
    """
    document_type = type_named(name)
    overlaps = agreement.answered(document_type)
    return {
        "suspects": suspects.waiting(document_type).count(),
        "doubts": ledger.doubtful(document_type).count(),
        "overlapping": len(overlaps),
        "agreement": agreement.by_field(overlaps, document_type.schema.names),
        "people": people.of(document_type) if leads(request) else [],
    }


@router.get("/{slug:name}/suspects", auth=needs(Role.VIEWER), response=answers(404, ok=Piece[SuspectOut]))
def listed_suspects(
    request: HttpRequest,
    name: str,
    state: Suspect.State | None = None,
    before: Before = MOST,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Recorded answers that something speaks against, the newest first."""
    found = Suspect.objects.filter(document__document_type=type_named(name))
    found = found.filter(state=state) if state else found
    return newest_first(found.select_related("document", "correction"), before, limit)


@router.post(
    "/{slug:name}/suspects/{int:suspect_id}/dismiss",
    auth=needs(Role.LEAD),
    response=answers(404, ok=SuspectOut),
)
def dismiss_suspect(request: HttpRequest, name: str, suspect_id: int) -> Suspect:
    """The recorded answer is right, and is not doubted again; 422 if it was settled in the meantime."""
    suspects.dismiss(_suspect(name, suspect_id), by=request.user.get_username())
    return _suspect(name, suspect_id)


@router.post(
    "/{slug:name}/suspects/{int:suspect_id}/ask", auth=needs(Role.LEAD), response=answers(404, ok=SuspectOut)
)
def ask_about_suspect(request: HttpRequest, name: str, suspect_id: int) -> Suspect:
    """Have another person answer it now; 422 if nobody can be asked."""
    if suspects.ask(_suspect(name, suspect_id).document_id, by=request.user.get_username()) is None:
        raise Refused(
            "nobody can be asked just now: somebody is asked about this document already, or nobody else has labelled "
            "documents of this type yet"
        )
    return _suspect(name, suspect_id)


@router.get("/{slug:name}/doubts", auth=needs(Role.VIEWER), response=answers(404, ok=Piece[DoubtOut]))
def doubts(
    request: HttpRequest,
    name: str,
    before: Before = MOST,
    limit: Annotated[
        int, Query(ge=1, le=doubts_page.MOST, description="How many at most")
    ] = doubts_page.MOST,
) -> dict[str, Any]:
    """Answers that look wrong in themselves and that nobody has confirmed, the newest first."""
    piece = newest_first(ledger.doubtful(type_named(name)), before, limit)
    ids = [row.pk for row in piece["items"]]
    told = doubts_page.doubts(Correction.objects.filter(pk__in=ids))
    items = [
        DoubtOut(
            document_id=each.document,
            correction_id=pk,
            filename=each.filename,
            findings=each.findings,
            annotator=each.annotator,
            at=each.at,
            waits=each.waits,
        )
        for pk, each in zip(ids, told, strict=True)
    ]
    return piece | {"items": items}


@router.get("/{slug:name}/set-aside", auth=needs(Role.VIEWER), response=answers(404, ok=Piece[SetAsideOut]))
def set_aside(request: HttpRequest, name: str, before: Before = MOST, limit: Limit = 50) -> dict[str, Any]:
    """Documents that people set aside, and why, the newest first."""
    found = doubts_page.set_aside(type_named(name)).select_related("document")
    piece = newest_first(found, before, limit)
    items = [
        SetAsideOut(
            document_id=row.document_id,
            correction_id=row.pk,
            filename=row.document.filename,
            why=doubts_page.TITLES.get(row.set_aside, row.set_aside),
            annotator=row.annotator,
            at=row.submitted_at,
        )
        for row in piece["items"]
    ]
    return piece | {"items": items}


@router.get("/{slug:name}/misfiled", auth=needs(Role.VIEWER), response=answers(404, ok=Piece[MisfiledOut]))
def misfiled(request: HttpRequest, name: str, before: Before = MOST, limit: Limit = 50) -> dict[str, Any]:
    """Documents that people say are of another type, the newest first; `documents/ID/move` takes one there."""
    found = ledger.misfiled(type_named(name)).select_related("document")
    piece = newest_first(found, before, limit)
    items = [
        MisfiledOut(
            document_id=row.document_id,
            correction_id=row.pk,
            filename=row.document.filename,
            said=row.misfiled,
            annotator=row.annotator,
            at=row.submitted_at,
        )
        for row in piece["items"]
    ]
    return piece | {"items": items}


def _suspect(name: str, suspect_id: int) -> Suspect:
    ours = Suspect.objects.filter(document__document_type=type_named(name))
    return get_object_or_404(ours.select_related("document", "correction"), pk=suspect_id)
