"""How right the machine is, field by field; what people had to change and why; what its confidences are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation.causes import Cause
from annotation.models import Document, DocumentType
from learner import quality
from learner.quality import FieldQuality, Which
from webapp.dashboard import charts, drawing
from webapp.roles import Role, requires

# how a field may end, from the best to the worst
ENDED = ("accepted", "assumed", "moved", "edited", "added", "removed")


@dataclass(frozen=True, slots=True)
class Row:
    """A field with its drawings, and a cell for every cause."""

    title: str
    figures: FieldQuality
    interval: drawing.Interval | None
    ended: list[drawing.Part]
    causes: list[tuple[Cause, int]]


@requires(Role.VIEWER)
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "type/quality.html", figures(request, name))


@requires(Role.VIEWER)
@require_safe
def live(request: HttpRequest, name: str) -> HttpResponse:
    """The part of the page that changes by itself."""
    return render(request, "type/fields.html", figures(request, name))


@requires(Role.VIEWER)
@require_safe
def examples(request: HttpRequest, name: str) -> HttpResponse:
    """Documents in which `?field=` had to be changed because of `?cause=`."""
    document_type = get_object_or_404(DocumentType, name=name)
    field, cause = request.GET.get("field", ""), request.GET.get("cause", "")
    found: list[int] = []
    if field in document_type.schema and cause in list(Cause):
        found = quality.examples(document_type, field, Cause(cause), _which(request))
    names = dict(Document.objects.filter(pk__in=found).values_list("pk", "filename"))
    shown = {
        "type": document_type,
        "title": document_type.schema[field].title if field in document_type.schema else field,
        "cause": cause,
        "documents": [(pk, names[pk]) for pk in found if pk in names],
        "which": _which(request),
    }
    return render(request, "type/examples.html", shown)


def figures(request: HttpRequest, name: str) -> dict[str, Any]:
    """All that the page shows; `?of=` chooses which documents are looked at."""
    document_type = get_object_or_404(DocumentType, name=name)
    which = _which(request)
    found = quality.of(document_type, which)
    causes = [cause for cause in Cause if any(field.causes.get(cause) for field in found.fields)]
    return {
        "type": document_type,
        "which": which,
        "quality": found,
        "judged": sum(field.judged for field in found.fields),
        "rows": [_row(document_type, field, causes) for field in found.fields],
        "causes": [(cause, sum(field.causes.get(cause, 0) for field in found.fields)) for cause in causes],
        "ended": [each for each in ENDED if any(field.ended.get(each) for field in found.fields)],
        "calibration": charts.calibration(found.bins) if found.bins else None,
        "newest": quality.NEWEST,
    }


def _row(document_type: DocumentType, field: FieldQuality, causes: list[Cause]) -> Row:
    bounds = (field.low, field.right, field.high)
    return Row(
        title=document_type.schema[field.name].title,
        figures=field,
        interval=None if None in bounds else drawing.interval(*bounds),  # type: ignore[arg-type]
        ended=drawing.parts(field.ended, ENDED),
        causes=[(cause, field.causes.get(cause, 0)) for cause in causes],
    )


def _which(request: HttpRequest) -> Which:
    asked = request.GET.get("of", "")
    return Which(asked) if asked in list(Which) else Which.ALL
