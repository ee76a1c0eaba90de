"""Every document type at a glance in one screen: how good, how far, who, what is running, and what needs attention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from annotation import routing
from annotation.models import Arrival
from learner import glances, ongoing
from learner.glances import Glance
from learner.ongoing import Ongoing
from webapp.dashboard import attention, drawing, failures
from webapp.dashboard.attention import Notice
from webapp.roles import ANY, Role, requires, role_of

SHOWN = 5  # notices; the others are one click away


@dataclass(frozen=True, slots=True)
class Row:
    """One document type on the overview."""

    glance: Glance
    parts: list[drawing.Part]
    pool: int
    quality: drawing.Interval | None
    goal: float  # where its mark begins on the line that the quality is drawn on
    met: bool
    notices: int
    label_url: str


@dataclass(frozen=True, slots=True)
class Whole:
    """All types together."""

    documents: int
    finished: int
    automated: float | None  # share (0…1) of the finished ones
    queued: int
    hours: float  # that people took
    saved: float  # hours that they would have taken longer by hand; below 0: they took longer
    errors: (
        int | None
    )  # fields, at most, that are wrong in documents accepted unseen; None: not known of some type
    people: list[str]
    running: int  # trainings
    received: int  # documents that are being read
    reading: Ongoing | None  # one of the types' that are

    @property
    def more(self) -> float:
        """Hours that people took longer than by hand."""
        return -self.saved


@requires(*ANY)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Where everybody arrives; annotators go on to their own page."""
    if role_of(request.user) == Role.ANNOTATOR:
        return redirect("today")
    return render(request, "overview.html", figures())


@requires(Role.VIEWER)
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The part of the overview that changes by itself."""
    return render(request, "overview/live.html", figures())


def figures() -> dict[str, Any]:
    """As many queries whatever there is."""
    found = glances.glances()
    left = _left()
    notices = attention.of_jobs(left["jobs"]) + attention.of_unknown(left["documents"])
    notices += attention.of_sources(left["letters"])
    by_type = [attention.of_glance(glance) for glance in found]
    for some in by_type:
        notices += some
    return {
        "whole": _whole(found),
        "rows": [_row(glance, len(some)) for glance, some in zip(found, by_type, strict=True)],
        "notices": notices[:SHOWN],
        "more_notices": _together(notices[SHOWN:]),
        "states": drawing.ORDER,
    }


def _left() -> Counter[str]:
    """Failed jobs, documents that wait for somebody to say their type, and dead letters of sources, in one query."""
    jobs = failures.failed().order_by().annotate(what=Value("jobs")).values_list("what")
    documents = routing.waiting().order_by().annotate(what=Value("documents")).values_list("what")
    failed = Arrival.objects.filter(state=Arrival.State.FAILED)
    letters = failed.order_by().annotate(what=Value("letters")).values_list("what")
    counted = [each.annotate(n=Count("pk")) for each in (jobs, documents, letters)]
    return Counter(dict(counted[0].union(*counted[1:], all=True)))


def _whole(found: Sequence[Glance]) -> Whole:
    counts: Counter[str] = Counter()
    for glance in found:
        counts.update(glance.counts)
    finished = counts["accepted"] + counts["confirmed"]
    return Whole(
        documents=sum(counts.values()),
        finished=finished,
        automated=counts["accepted"] / finished if finished else None,
        queued=sum(glance.open_tasks for glance in found),
        hours=sum(glance.hours for glance in found),
        saved=sum(glance.saved for glance in found),
        errors=_errors(found),
        people=sorted({person for glance in found for person in glance.people}),
        running=sum(glance.live_run is not None for glance in found),
        received=counts["received"],
        reading=next(
            (each for glance in found for each in glance.work if each.title == ongoing.READING), None
        ),
    )


def _errors(found: Sequence[Glance]) -> int | None:
    known = [glance.errors for glance in found if glance.errors is not None or glance.counts["accepted"]]
    return None if None in known else sum(filter(None, known))


def _row(glance: Glance, notices: int) -> Row:
    score = glance.champion.overall if glance.champion else None
    return Row(
        glance,
        drawing.parts(glance.counts),
        glance.counts["read"] + glance.counts["extracted"],
        drawing.interval(score.low, score.f1, score.high) if score else None,
        drawing.mark(glance.goal),
        bool(score and score.f1 >= glance.goal),
        notices,
        reverse("label-type", args=[glance.name]) if glance.project_id else "",
    )


def _together(notices: Sequence[Notice]) -> list[Notice]:
    """Those of one type side by side."""
    return sorted(notices, key=lambda notice: notice.title)
