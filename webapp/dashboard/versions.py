"""The versions of a document type: all of them, one of them, any two side by side; and which of them is at work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation.errors import IllegalMove, Refused
from annotation.models import DocumentType, Erasure
from learner import canary, comparison, promotion, reports
from learner.models import ModelVersion, VersionMove
from models.pages import Box, Place
from models.schema import Schema
from webapp.dashboard import drawing
from webapp.roles import Role, requires
from webapp.templatetags.automation import fine

MOST_RUNS = 20
MARGIN = 0.02  # of the page, around what an example shows of it

State = ModelVersion.State


@dataclass(frozen=True, slots=True)
class Line:
    """A version in the list. `learned` counts documents, also those that told it when to stop; None: not known."""

    report: reports.VersionReport
    learned: int | None
    why: tuple[str, ...]  # what the gate said, and what people did since
    champion_since: VersionMove | None


@dataclass(frozen=True, slots=True)
class FieldScore:
    """A field with its figures and its place on the line from 0 to 1."""

    title: str
    score: reports.Score
    drawn: drawing.Interval


@dataclass(frozen=True, slots=True)
class Crop:
    """A piece of a page: its address's box, and what it is of."""

    page: int  # 0-based
    box: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An example with the piece of its page, if anybody said where it stands."""

    example: comparison.Example
    crop: Crop | None


@requires(Role.VIEWER)
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "versions.html", listed(_type(name)))


@requires(Role.VIEWER)
@require_safe
def live(request: HttpRequest, name: str) -> HttpResponse:
    """The part of the list that changes by itself."""
    return render(request, "version/live.html", listed(_type(name)))


@requires(Role.VIEWER)
@require_safe
def version(request: HttpRequest, name: str, number: int) -> HttpResponse:
    document_type = _type(name)
    return render(request, "version.html", details(_version(document_type, number)))


@requires(Role.VIEWER)
@require_safe
def compare(request: HttpRequest, name: str) -> HttpResponse:
    """Any two versions; without a choice, the champion and the version before it."""
    document_type = _type(name)
    there = list(_versions(document_type).defer(None).defer("run__snapshot__items"))  # with their fields
    by_number = {str(each.number): each for each in there}
    usual = _usual(there)
    first, second = (
        by_number.get(request.GET.get(key, ""), default) for key, default in zip("ab", usual, strict=True)
    )
    field = request.GET.get("field", "")
    shown: dict[str, Any] = {
        "type": document_type,
        "versions": there,
        "first": first,
        "second": second,
        "field": field if field in document_type.schema else "",
        "fields": document_type.schema.fields,
    }
    if first and second and first != second:
        shown |= side_by_side(document_type, first, second, shown["field"])
    return render(request, "version_compare.html", shown)


@requires(Role.LEAD)
@require_POST
def promote(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Put a version to work by hand, against the gate if need be; only from the champion that the reader saw."""
    document_type = _type(name)
    chosen = _version(document_type, number)
    why = request.POST.get("why", "").replace("\0", "").strip()
    user = request.user.get_username()
    try:
        if request.POST.get("champion", "") != document_type.champion:
            raise Refused("The champion has changed in the meantime. Nothing was done; look again.")
        if not why:
            raise Refused("Say why: others will want to know.")
        promotion.promote(chosen, by=user, reason=f"by hand: {why}")
    except (Refused, IllegalMove) as reason:
        messages.error(request, str(reason))
    else:
        messages.success(
            request, f"{chosen.name} is the champion now. Pool and queue are being extracted anew by it."
        )
    return redirect("version", name, number)


@requires(Role.LEAD)
@require_POST
def stop_trial(request: HttpRequest, name: str) -> HttpResponse:
    """Retire the challenger that is on trial."""
    document_type = _type(name)
    why = request.POST.get("why", "").replace("\0", "").strip()
    try:
        if not why:
            raise Refused("Say why: others will want to know.")
        stopped = canary.stop(document_type, by=request.user.get_username(), why=why)
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(
            request, f"{stopped.name} is stopped. Its documents are filled in by the champion again."
        )
    return redirect("versions", name)


def listed(document_type: DocumentType) -> dict[str, Any]:
    """All that the list shows."""
    runs = reports.runs(document_type, most=MOST_RUNS)
    return {
        "type": document_type,
        "lines": _lines(document_type),
        "runs": runs,
        "live_run": next((run for run in runs if run.live), None),
        "back_to": promotion.previous_champion(document_type),
        "trial": _trial(document_type),
        "mlflow_url": _mlflow(),
    }


def details(chosen: ModelVersion) -> dict[str, Any]:
    """All that the page of one version shows."""
    document_type = chosen.document_type
    report = reports.version_report(chosen)
    scores = {score.field: score for score in report.fields}
    snapshot = chosen.run.snapshot
    fields = Schema.from_json(snapshot.fields) if snapshot else document_type.schema
    fits = chosen.schema_hash == document_type.schema.hash
    return {
        "type": document_type,
        "version": chosen,
        "report": report,
        "run": reports.run_report(chosen.run),
        "scores": [
            FieldScore(field.title, scores[field.name], _drawn(scores[field.name]))
            for field in fields
            if field.name in scores
        ],
        "fields": [(field.title, field.kind.value) for field in fields],
        "fits": fits,
        "may_promote": fits and State.CHAMPION in promotion.MAY_FOLLOW[State(chosen.state)],
        "made_with": chosen.made_with,
        "calibrated": _calibrated(
            chosen.made_with.get("calibration", {}), {field.name: field.title for field in fields}
        ),
        "thresholds": _thresholds(chosen.made_with.get("thresholds", {})),
        "erased": Erasure.objects.filter(learned_by__contains=[chosen.name]).count(),
        "moves": list(chosen.moves.all()),
        "gate_said": " ".join(report.decision.reasons) if report.decision else "",
        "mlflow_url": _mlflow(),
    }


def side_by_side(
    document_type: DocumentType, first: ModelVersion, second: ModelVersion, field: str
) -> dict[str, Any]:
    """What the comparison of two versions shows."""
    found = comparison.compare(first, second, field=field)
    titles = {each.name: each.title for each in document_type.schema}
    return {
        "found": found,
        "by_field": [(titles[each.field], each) for each in found.fields],
        "ways": [
            (second, first, [_shown(each) for each in found.second_right]),
            (first, second, [_shown(each) for each in found.first_right]),
        ],
    }


def _trial(document_type: DocumentType) -> canary.Trial | None:
    running = canary.running(document_type) if document_type.challenger else None
    return canary.report(running) if running else None


def _lines(document_type: DocumentType) -> list[Line]:
    moves: dict[int, list[VersionMove]] = defaultdict(list)
    for move in VersionMove.objects.filter(version__document_type=document_type):
        moves[move.version_id].append(move)
    return [_line(each, moves[each.pk]) for each in _versions(document_type)]


def _line(each: ModelVersion, moves: list[VersionMove]) -> Line:
    report = reports.version_report(each)
    counts = each.made_with.get("documents", {})
    became = [move for move in moves if move.after == State.CHAMPION]
    why = [*report.decision.reasons] if report.decision else []
    # the gate's own move only says again what it decided
    why += [f"{move.reason} ({move.by})" for move in became if " ".join(why) != move.reason]
    return Line(
        report,
        counts["train"] + counts["validation"] if counts else None,
        tuple(why),
        became[-1] if became and each.state == State.CHAMPION else None,
    )


def _calibrated(
    stored: Mapping[str, Any],  # models.judging's figures
    titles: Mapping[str, str],
) -> list[dict[str, Any]]:
    """A row for values and one for absences, of all fields and then of each, as far as there are any.

    Versions from before figures were kept by field have the first two.
    """
    every = {"A value of any field": ("values", stored), "That any field is absent": ("absences", stored)}
    for name, own in stored.get("fields", {}).items():
        title = titles.get(name, name)
        every |= {title: ("values", own), f"That {title} is absent": ("absences", own)}
    return [
        own[key] | {"what": what, "of_all": own is stored}
        for what, (key, own) in every.items()
        if own.get(key, {}).get("count")
    ]


def _thresholds(stored: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The type's rules at that time, in words; only those that were set."""
    words = {
        "target_error": "Accepted unseen with at most this share of errors",
        "assume_above": "Not asked for above",
    }
    return [
        (words[key], fine(value)) for key, value in stored.items() if key in words and value is not None
    ] or [("Accepted unseen", "nothing")]


def _usual(there: list[ModelVersion]) -> tuple[ModelVersion | None, ModelVersion | None]:
    """What is compared if nobody said what: the champion with the version before it, else the two newest."""
    if len(there) < 2:
        return None, None
    champion = next((n for n, each in enumerate(there) if each.state == State.CHAMPION), 0)
    return (there[champion + 1], there[champion]) if champion + 1 < len(there) else (there[-1], there[0])


def _shown(example: comparison.Example) -> Shown:
    return Shown(example, _crop(example.place) if example.place else None)


def _crop(place: Place) -> Crop:
    """The place with some of the page around it, wider than high as text is."""
    box = place.box
    around = Box(
        max(0.0, box.x0 - 4 * MARGIN),
        max(0.0, box.y0 - MARGIN),
        min(1.0, box.x1 + 4 * MARGIN),
        min(1.0, box.y1 + MARGIN),
    )
    return Crop(place.page, ",".join(f"{edge:.4f}" for edge in (around.x0, around.y0, around.x1, around.y1)))


def _drawn(score: reports.Score) -> drawing.Interval:
    return drawing.interval(score.low, score.f1, score.high)


def _mlflow() -> str:
    return (settings.CONFIG.mlflow_public_url or settings.CONFIG.mlflow_url).rstrip("/")


def _versions(document_type: DocumentType) -> QuerySet[ModelVersion]:
    """The newest first. Snapshots without what is in them: of 200,000 corrections that is 4 MB each."""
    related = (
        "document_type",
        "run__snapshot",
        "run__document_type",
        "decision__champion",
        "decision__version",
    )
    found = ModelVersion.objects.filter(document_type=document_type).select_related(*related)
    return found.defer("run__snapshot__items", "run__snapshot__fields")


def _version(document_type: DocumentType, number: int) -> ModelVersion:
    found = _versions(document_type).filter(number=number).first()
    if found is None:
        raise Http404(f"{document_type.name} has no version {number}")
    return found


def _type(name: str) -> DocumentType:
    """Also the unknown one, whose versions are the router's."""
    return get_object_or_404(DocumentType.every, name=name)
