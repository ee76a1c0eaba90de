"""Auto-accept of one document type: what it would spare people at what error, its targets, and the switch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation import tallies
from annotation.errors import Refused
from annotation.models import Document, DocumentType, TrailEntry
from learner import automation, automation_curve
from learner.automation_bounds import RISK
from learner.automation_curve import Point
from learner.models import AcceptanceRule, Automation
from webapp.dashboard import automation_drawing
from webapp.dashboard.automation_form import TargetsForm
from webapp.roles import Role, requires

MOST_PAST = 20  # entries of the history


@dataclass(frozen=True, slots=True)
class Place:
    """What it would mean if the threshold stood here."""

    share: float  # of all documents (0…1): that would skip people
    error: float  # share of their fields that is wrong
    low: float
    high: float
    skipping: float  # of 100 documents; those of the audit go to people all the same
    waiting: int | None  # of those that wait now; None: not counted yet
    wrong: float  # fields of 1,000 documents that skip people
    most_wrong: float
    hours: float  # of people's time a month
    thresholds: list[tuple[str, float]]  # (field's title, least confidence)


@dataclass(frozen=True, slots=True)
class Past:
    """An entry of the history."""

    at: datetime
    by: str
    what: str
    why: str


@requires(Role.VIEWER)
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    document_type = _type(name)
    form = TargetsForm.of(document_type)
    return render(request, "automation.html", state(document_type) | outlook(document_type) | {"form": form})


@requires(Role.VIEWER)
@require_safe
def live(request: HttpRequest, name: str) -> HttpResponse:
    """The part of the page that changes by itself."""
    return render(request, "automation/state.html", state(_type(name)))


@requires(Role.VIEWER)
@require_safe
def outlook_now(request: HttpRequest, name: str) -> HttpResponse:
    """The curve as it is now; the page keeps where the reader has put the threshold."""
    document_type = _type(name)
    return render(request, "automation/outlook.html", state(document_type) | outlook(document_type))


@requires(Role.LEAD)
@require_POST
def set_targets(request: HttpRequest, name: str) -> HttpResponse:
    document_type = _type(name)
    form = TargetsForm.of(document_type, request.POST)
    if not form.is_valid():
        shown = state(document_type) | outlook(document_type) | {"form": form}
        return render(request, "automation.html", shown, status=422)
    try:
        automation.set_targets(document_type, form.most, form.own, by=request.user.get_username())
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, "The targets were saved; thresholds for them are being worked out.")
    return redirect("automation", name)


@requires(Role.LEAD)
@require_POST
def switch_on(request: HttpRequest, name: str) -> HttpResponse:
    try:
        automation.switch_on(_type(name), by=request.user.get_username())
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(
            request, "Auto-accept is on. Documents skip people as soon as a threshold can be promised."
        )
    return redirect("automation", name)


@requires(Role.LEAD)
@require_POST
def switch_off(request: HttpRequest, name: str) -> HttpResponse:
    keep = bool(request.POST.get("keep"))
    automation.switch_off_by_hand(_type(name), by=request.user.get_username(), keep=keep)
    kept = "What was accepted stays accepted." if keep else "What was accepted goes back to the pool."
    messages.success(request, f"Auto-accept is off: every new document goes to people. {kept}")
    return redirect("automation", name)


@requires(Role.LEAD)
@require_POST
def again(request: HttpRequest, name: str) -> HttpResponse:
    """Work the thresholds out with all answers by now."""
    try:
        rule = automation.work_out_anew(_type(name), by=request.user.get_username())
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, f"Worked out again: {rule.why}.")
    return redirect("automation", name)


def state(document_type: DocumentType) -> dict[str, Any]:
    """What holds now, and what was done before."""
    found = Automation.objects.filter(document_type=document_type).first()
    rule = automation.rules(document_type).last() if document_type.champion else None
    wanted = automation.targets(document_type)
    # a promise is worked out with half the risk at first, see learner.automation
    needed = automation_curve.needed(wanted, RISK / 2) if wanted else None
    watched = found.watched if found else {}
    return {
        "type": document_type,
        "automation": found,
        "rule": rule,
        "in_force": automation.in_force(document_type),
        "pending": bool(found and found.on and found.version != document_type.champion),
        "needed": needed,
        "missing": max(needed - found.answered, 0) if needed and found else needed,
        "watched": watched,
        "watched_error": watched["wrong"] / watched["fields"] if watched.get("fields") else None,
        "accepted": tallies.counts()[document_type.pk][Document.State.ACCEPTED],
        "past": past(document_type),
    }


def outlook(document_type: DocumentType) -> dict[str, Any]:
    """The curve, and what each place of the threshold would mean."""
    found = Automation.objects.filter(document_type=document_type).first()
    if found is None or not found.figures.get("points") or found.version != document_type.champion:
        return {"stops": [], "curve": None, "start": 0}
    places = _places(document_type, found)
    rule = automation.in_force(document_type)
    reached = [number for number, each in enumerate(places) if each.high <= (document_type.target_error or 0)]
    start = _nearest(places, rule) if rule else (reached[-1] if reached else len(places) // 2)
    curve = automation_drawing.curve(places, document_type.target_error)
    shown = [asdict(each) | {"x": x} for each, x in zip(places, curve.xs, strict=True)]
    waits = found.waiting[-1] if found.waiting else None
    return {
        "stops": places,
        "curve": curve,
        "start": start,
        "at": places[start],
        "shown": shown,
        "waits": waits,
    }


def past(document_type: DocumentType) -> list[Past]:
    """Who did what with it, and which thresholds were worked out, the newest first."""
    entries = TrailEntry.objects.filter(subject=automation.subject(document_type)).order_by("-pk")[:MOST_PAST]
    rules = AcceptanceRule.objects.filter(document_type=document_type).order_by("-pk")[:MOST_PAST]
    found = [Past(each.at, each.by, each.action, each.why) for each in entries]
    for rule in rules:
        what = "worked out thresholds" if rule.thresholds else "found no threshold"
        found.append(Past(rule.at, rule.by, f"{what} of {rule.version}", rule.why))
    return sorted(found, key=lambda each: each.at, reverse=True)[:MOST_PAST]


def _places(document_type: DocumentType, found: Automation) -> list[Place]:
    schema = document_type.schema
    weights = np.array([found.figures["weights"].get(name, 1.0) for name in schema.names])
    monthly, seconds = found.figures["monthly"], found.figures["seconds"]
    fields = len(schema.names)
    waiting = found.waiting or [None] * (len(found.figures["points"]) + 1)
    places = []
    for stored, waits in zip(found.figures["points"], waiting, strict=False):
        point = Point.from_json(stored)
        unseen = point.share * (1 - document_type.audit_share)
        bounds = automation_curve.thresholds(point.doubt, schema.names, weights)
        places.append(
            Place(
                share=point.share,
                error=point.error,
                low=point.low,
                high=point.high,
                skipping=100 * unseen,
                waiting=waits,
                wrong=1000 * fields * point.error,
                most_wrong=1000 * fields * point.high,
                hours=unseen * monthly * seconds / 3600,
                thresholds=[(field.title, bounds[field.name]) for field in schema],
            )
        )
    return places


def _nearest(places: list[Place], rule: AcceptanceRule) -> int:
    share = rule.above / rule.answered
    return min(range(len(places)), key=lambda number: abs(places[number].share - share))


def _type(name: str) -> DocumentType:
    return get_object_or_404(DocumentType, name=name)
