"""A type's targets and its audited answers in; thresholds that keep them, and who switched auto-accept on or off, out.

Thresholds are promised for one version of the model and one set of targets. Who accepts by them: `acceptance`; who
watches whether the promise is kept: `automation_watch`; the statistics: `automation_curve` and `automation_bounds`;
why so: docs/decisions/0026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from annotation import audit_trail, document_types, doorbell, jobs
from annotation.errors import Refused
from annotation.models import DocumentType
from learner import automation_answers, automation_curve, cost
from learner.automation_bounds import RISK
from learner.automation_curve import Answers, Point, Targets
from learner.models import AcceptanceRule, Automation

MONTH = timedelta(days=30)
LOOK_AGAIN = 1.5  # times as many answers: thresholds are looked for again where none could be promised


def in_force(document_type: DocumentType) -> AcceptanceRule | None:
    """The thresholds by which documents are accepted now; None if none are, for whatever reason."""
    if not document_type.champion or document_type.audit_share <= 0:  # nothing would watch them
        return None
    if not Automation.objects.filter(document_type=document_type, on=True).exists():
        return None
    newest = rules(document_type).last()
    return newest if newest and newest.thresholds and newest.broken_at is None else None


def rules(document_type: DocumentType) -> QuerySet[AcceptanceRule]:
    """What was worked out for the champion and the present targets, the oldest first."""
    if document_type.target_error is None:
        return AcceptanceRule.objects.none()
    return AcceptanceRule.objects.filter(
        document_type=document_type,
        version=document_type.champion,
        target_error=document_type.target_error,
        field_targets=document_type.field_targets,
    ).order_by("pk")


def targets(document_type: DocumentType) -> Targets | None:
    """What people have set; None if nothing."""
    if document_type.target_error is None:
        return None
    return Targets(document_type.target_error, document_type.field_targets)


def subject(document_type: DocumentType) -> str:
    """What the trail calls a type's auto-accept."""
    return f"auto-accept of {document_type.name}"


@transaction.atomic
def set_targets(
    document_type: DocumentType, most: float | None, fields: Mapping[str, float], *, by: str
) -> None:
    """Set what may be wrong among accepted documents (shares, 0…1). Raises `Refused`."""
    if most is None and Automation.objects.filter(document_type=document_type, on=True).exists():
        raise Refused("Auto-accept is on and needs a target error: switch it off first.")
    document_types.change(document_type, {"target_error": most, "field_targets": dict(fields)})
    own = "".join(f"; {name} {share:.2%}" for name, share in fields.items())
    why = "no target error" if most is None else f"target error {most:.2%} of all fields{own}"
    audit_trail.record(by=by, action="set targets", subject=subject(document_type), why=why)


@transaction.atomic
def switch_on(document_type: DocumentType, *, by: str) -> None:
    """Accept documents unseen from now on, as soon as a threshold can be promised. Raises `Refused`."""
    if document_type.target_error is None:
        raise Refused(
            "Set a target error first: how many fields may be wrong among documents that nobody sees."
        )
    if document_type.audit_share <= 0:
        raise Refused(
            "Set an audit share above 0 first: without audited documents nobody would notice errors."
        )
    switched = {"on": True, "by": by, "why": "", "by_watch": False, "keeps": None, "kept_version": ""}
    _switch(document_type, switched, why=f"target error {document_type.target_error:.2%} of all fields")
    doorbell.ring("targets changed", document_type.pk)


@transaction.atomic
def switch_off(
    document_type: DocumentType,
    *,
    by: str,
    why: str,
    keeps: datetime | None = None,
    by_watch: bool = False,
) -> None:
    """Accept nothing unseen from now on; what was accepted up to `keeps` stays accepted, None: nothing does."""
    last = rules(document_type).last()
    version = last.version if last else document_type.champion
    switched = {"on": False, "by": by, "why": why[:500], "by_watch": by_watch}
    _switch(document_type, switched | {"keeps": keeps, "kept_version": version}, why=why)
    doorbell.ring("pool changed", document_type.pk)


def switch_off_by_hand(document_type: DocumentType, *, by: str, keep: bool) -> None:
    """The same because somebody wants it; what was accepted so far stays (`keep`), or goes back to the pool."""
    why = "what was accepted stays" if keep else "what was accepted goes back to the pool"
    switch_off(document_type, by=by, why=why, keeps=timezone.now() if keep else None)


def work_out(type_id: int) -> None:
    """Draw the champion's curve anew, and look for thresholds where the present targets have none yet."""
    document_type = DocumentType.objects.get(pk=type_id)
    state, _new = Automation.objects.get_or_create(document_type=document_type)
    if state.on and document_type.target_error is None:
        switch_off(document_type, by=audit_trail.DOCLOOP, why="its target error was taken away")
    if document_type.champion:
        _work_out(document_type, by=audit_trail.DOCLOOP, anew=False)
    doorbell.ring("pool changed", type_id)


def work_out_anew(document_type: DocumentType, *, by: str) -> AcceptanceRule:
    """Look for thresholds again with all answers by now, because somebody asks. Raises `Refused`."""
    if document_type.target_error is None or not document_type.champion:
        raise Refused("Thresholds need a target error and a champion.")
    with transaction.atomic():
        found = _work_out(document_type, by=by, anew=True)
        if found is None:
            raise Refused(
                "Too few audited documents were answered since the thresholds were worked out: there is nothing new to tell."
            )
        doorbell.ring("pool changed", document_type.pk)
        audit_trail.record(
            by=by, action="worked out thresholds", subject=f"document type {document_type.name}"
        )
    return found


def count_waiting(document_type: DocumentType, confidence: NDArray[np.float32]) -> None:
    """Note how many of the documents that wait, (N, F), each place of the threshold would accept."""
    state = Automation.objects.filter(document_type=document_type, version=document_type.champion).first()
    if state is None or not state.figures.get("points"):
        return
    weights = np.array([state.figures["weights"].get(name, 1.0) for name in document_type.schema.names])
    doubts = np.sort(automation_curve.doubts(confidence.astype(np.float64), weights))
    places = np.array([point["doubt"] for point in state.figures["points"]])
    waiting = [*np.searchsorted(doubts, places, side="right").tolist(), len(doubts)]
    if waiting != state.waiting:
        Automation.objects.filter(pk=state.pk).update(waiting=waiting)


def _switch(document_type: DocumentType, switched: dict[str, Any], *, why: str) -> None:  # columns
    Automation.objects.update_or_create(
        document_type=document_type, defaults=switched | {"changed_at": timezone.now(), "watched": {}}
    )
    action = "switched on" if switched["on"] else "switched off"
    audit_trail.record(by=switched["by"], action=action, subject=subject(document_type), why=why)


def _work_out(document_type: DocumentType, *, by: str, anew: bool) -> AcceptanceRule | None:
    """The new rule, None if the old one stays or answers are too few; the figures for people are new either way."""
    version = document_type.champion
    broken = AcceptanceRule.objects.filter(
        document_type=document_type, version=version, broken_since__isnull=False
    )
    # what was said before a promise broke is true no longer
    since = broken.order_by("broken_since").values_list("broken_since", flat=True).last()
    answers = automation_answers.of(document_type, version, after=since).answers
    wanted = targets(document_type)
    weights = wanted.weights(answers.fields) if wanted else np.ones(len(answers.fields))
    figures = {
        "points": [point.to_json() for point in automation_curve.curve(answers, weights)],
        "weights": dict(zip(answers.fields, weights.tolist(), strict=True)),
        "found": automation_answers.count(document_type, version),
        "monthly": document_type.documents.filter(received_at__gte=timezone.now() - MONTH).count(),
        "seconds": _seconds(document_type),
    }
    rule = _rule(document_type, answers, wanted, since, by=by, anew=anew) if wanted else None
    with transaction.atomic():
        jobs.assert_held()
        Automation.objects.filter(document_type=document_type).update(
            version=version,
            answered=len(answers),
            figures=figures,
            waiting=[],
            worked_out_at=timezone.now(),
        )
        if rule:
            rule.save()
            Automation.objects.filter(document_type=document_type).update(watched={})
    return rule


def _rule(
    document_type: DocumentType,
    answers: Answers,
    wanted: Targets,
    since: datetime | None,
    *,
    by: str,
    anew: bool,
) -> AcceptanceRule | None:
    """What can be promised now, not yet saved; None if it isn't the time to look."""
    looks = rules(document_type).filter(broken_at__isnull=True)
    if since:
        looks = looks.filter(at__gt=since)
    last = looks.last()
    if last and (len(answers) <= last.answered if anew else not _worth_a_look(last, len(answers))):
        return None
    # each look may be wrong half as often as the one before, so that all of them together keep the promise
    risk = RISK / 2 ** (looks.count() + 1)
    if len(answers) < automation_curve.needed(wanted, risk):
        return None
    chosen = automation_curve.choose(answers, wanted, risk)
    weights = wanted.weights(answers.fields)
    return AcceptanceRule(
        document_type=document_type,
        version=document_type.champion,
        target_error=wanted.most,
        field_targets=dict(wanted.fields),
        thresholds=automation_curve.thresholds(chosen.doubt, answers.fields, weights) if chosen else {},
        answered=len(answers),
        above=chosen.documents if chosen else 0,
        error=chosen.error if chosen else None,
        high=chosen.high if chosen else None,
        risk=risk,
        by=by,
        why=_why(chosen, len(answers), risk),
    )


def _worth_a_look(last: AcceptanceRule, answered: int) -> bool:
    """Thresholds stay until somebody asks for others; where there are none, half as many answers more may bring some."""
    return not last.thresholds and answered >= LOOK_AGAIN * last.answered


def _why(chosen: Point | None, answered: int, risk: float) -> str:
    if chosen is None:
        return f"of {answered} audited documents even the surest are not surely enough within the targets"
    return (
        f"{chosen.documents} of {answered} audited documents are above; {chosen.error:.2%} of their fields were "
        f"wrong, so of all such documents at most {chosen.high:.2%} ({1 - risk:.1%} sure)"
    )


def _seconds(document_type: DocumentType) -> float:
    """Of a person's time for a document in which nothing is wrong."""
    found = cost.rows(document_type)
    model = cost.fit(found, fields=len(document_type.schema.fields))
    pages = float(np.mean([row.pages for row in found])) if found else 1.0
    return float(model.seconds(np.zeros(1), np.array([pages]))[0])
