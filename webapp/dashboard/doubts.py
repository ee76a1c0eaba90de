"""Answers that need another look, documents of another type, and those that people set aside: of one type for leads, of
themselves for annotators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation import ledger
from annotation.label_config import PROBLEMS
from annotation.models import Correction, Document, DocumentType, Recheck
from annotation.validation import Finding
from webapp.roles import Role, requires

MOST = 50
TITLES = {name: title for name, title, _ in PROBLEMS}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One answer that looks wrong and that nobody has confirmed."""

    document: int
    filename: str
    type: str
    findings: list[str]
    annotator: str
    at: datetime
    waits: bool  # in Label Studio, for somebody to look again


@dataclass(frozen=True, slots=True)
class SetAside:
    """A document that somebody says can't be answered."""

    document: int
    filename: str
    why: str
    annotator: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Misfiled:
    """A document that somebody says is of another type."""

    document: int
    filename: str
    said: str  # that type's title; its name if there is none of it any more
    annotator: str
    at: datetime


@requires(Role.VIEWER)
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    document_type = get_object_or_404(DocumentType, name=name)
    aside = set_aside(document_type)
    counts = aside.values("set_aside").annotate(n=Count("document", distinct=True)).order_by("-n")
    rows = aside.select_related("document").order_by("-pk")[:MOST]
    return render(
        request,
        "doubts.html",
        {
            "type": document_type,
            "doubts": doubts(ledger.doubtful(document_type)),
            "misfiled": misfiled(ledger.misfiled(document_type)),
            "counts": [(TITLES.get(each["set_aside"], each["set_aside"]), each["n"]) for each in counts],
            "aside": [
                SetAside(
                    row.document_id,
                    row.document.filename,
                    TITLES.get(row.set_aside, row.set_aside),
                    row.annotator,
                    row.submitted_at,
                )
                for row in rows
            ],
            "most": MOST,
        },
    )


@requires(Role.ANNOTATOR)
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The part of an annotator's page that says which answers of theirs look wrong."""
    email = getattr(request.user, "email", "")
    own = Correction.objects.filter(unsettled=True, pk=F("document__truth"), annotator__iexact=email or "-")
    return render(request, "today/doubts.html", {"doubts": doubts(own)})


def doubts(corrections: QuerySet[Correction]) -> list[Doubt]:
    """The newest of these corrections, with where they are asked about."""
    rows = list(corrections.select_related("document__document_type").order_by("-pk")[:MOST])
    asked = Recheck.objects.filter(
        purpose=Recheck.Purpose.DOUBT, first__in=rows, state=Recheck.State.OPEN, task_id__isnull=False
    )
    waiting = set(asked.values_list("first", flat=True))
    return [
        Doubt(
            row.document_id,
            row.document.filename,
            row.document.document_type.title,
            [Finding.from_json(stored).sentence for stored in row.findings],
            row.annotator,
            row.submitted_at,
            row.pk in waiting,
        )
        for row in rows
    ]


def misfiled(corrections: QuerySet[Correction]) -> list[Misfiled]:
    """The newest of these corrections, with the title of the type that each of them names."""
    titles = dict(DocumentType.objects.values_list("name", "title"))
    rows = corrections.select_related("document").order_by("-pk")[:MOST]
    return [
        Misfiled(
            row.document_id,
            row.document.filename,
            titles.get(row.misfiled, row.misfiled),
            row.annotator,
            row.submitted_at,
        )
        for row in rows
    ]


def set_aside(document_type: DocumentType) -> QuerySet[Correction]:
    """What people said of the type's documents that are set aside now."""
    said = Correction.objects.filter(document__document_type=document_type).exclude(set_aside="")
    return said.filter(document__state=Document.State.SKIPPED)
