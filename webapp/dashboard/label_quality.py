"""How good a type's labels are: answers in doubt, how far people agree, and for leads how each of them works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation.errors import Refused
from annotation.models import DocumentType, Recheck
from learner import agreement, people, probes, suspects
from learner.models import Suspect
from webapp.dashboard import drawing
from webapp.roles import Role, requires, role_of

MOST_SHOWN = 50
MOST_SETTLED = 10
Purpose = Recheck.Purpose


@dataclass(frozen=True, slots=True)
class Doubted:
    """A recorded answer in doubt, as a lead reads it. Empty texts stand for an absent field."""

    id: int
    document: int
    filename: str
    field: str
    recorded: str
    by: str
    says: str
    sure: float  # 0…1, of what speaks against it
    from_people: bool
    state: str
    closed_by: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """A field's agreement, with its place on the line from 0 to 1."""

    title: str
    agreement: agreement.Agreement
    drawn: drawing.Interval


@requires(Role.VIEWER)
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    document_type = _type(name)
    each = people.of(document_type) if role_of(request.user).may(Role.LEAD) else None
    return render(request, "label_quality.html", shown(document_type) | {"people": each})


@requires(Role.LEAD)
@require_POST
def dismiss(request: HttpRequest, name: str, suspect_id: int) -> HttpResponse:
    suspect = _suspect(name, suspect_id)
    try:
        suspects.dismiss(suspect, by=request.user.get_username())
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, "Dismissed: the recorded answer stays, and is not doubted again.")
    return redirect("label-quality", name)


@requires(Role.LEAD)
@require_POST
def ask(request: HttpRequest, name: str, suspect_id: int) -> HttpResponse:
    """Send the document to another person now, whatever share the type allows by itself."""
    if suspects.ask(_suspect(name, suspect_id).document_id, by=request.user.get_username()):
        messages.success(request, "Another person is asked: it comes next in their queue in Label Studio.")
    else:
        messages.error(
            request,
            "Nobody can be asked just now: somebody is being asked about this document already, or nobody else has "
            "labelled documents of this type yet.",
        )
    return redirect("label-quality", name)


def shown(document_type: DocumentType) -> dict[str, Any]:
    """All that the page shows, but for the people."""
    overlaps = agreement.answered(document_type)
    fields = agreement.by_field(overlaps, document_type.schema.names)
    doubted = suspects.waiting(document_type)
    settled = (
        Suspect.objects.filter(document__document_type=document_type)
        .exclude(state__in=suspects.WAITING)
        .select_related("correction", "document")
        .order_by("-closed_at")
    )
    rechecks = Recheck.objects.filter(document__document_type=document_type)
    return {
        "type": document_type,
        "suspects": [_doubted(document_type, each) for each in doubted[:MOST_SHOWN]],
        "suspects_in_all": doubted.count(),
        "settled": [_doubted(document_type, each) for each in settled[:MOST_SETTLED]],
        "agreed": [
            Agreed(
                document_type.schema[name].title,
                each,
                drawing.interval(each.low, each.share, each.high),
            )
            for name, each in fields.items()
        ],
        "overlapping": len(overlaps),
        "waiting": rechecks.filter(state=Recheck.State.OPEN).exclude(purpose=Purpose.PROBE).count(),
        "honest": probes.HONEST,
    }


def _doubted(document_type: DocumentType, suspect: Suspect) -> Doubted:
    recorded = [answer.text for answer in suspect.correction.said if answer.field == suspect.field]
    schema = document_type.schema
    return Doubted(
        suspect.pk,
        suspect.document_id,
        suspect.document.filename,
        schema[suspect.field].title if suspect.field in schema else suspect.field,
        "; ".join(recorded),
        suspect.correction.annotator,
        suspect.says,
        1 - suspect.likelihood,
        suspect.source == Suspect.Source.PEOPLE,
        suspect.state,
        suspect.closed_by,
    )


def _type(name: str) -> DocumentType:
    return get_object_or_404(DocumentType, name=name)


def _suspect(name: str, suspect_id: int) -> Suspect:
    return get_object_or_404(Suspect, pk=suspect_id, document__document_type__name=name)
