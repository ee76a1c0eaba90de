"""An answered document of the audit in; auto-accept goes on, or switches itself off, out.

Audited documents above the thresholds would have been accepted unseen, had the lot not drawn them: their share of
wrong fields is that of all that are accepted. It is held against the targets after each of them. A promise that surely
isn't kept is broken, and what was accepted since it seems to have been kept last goes back to people.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db import transaction
from django.utils import timezone

from annotation import audit_trail, doorbell, jobs
from annotation.models import Document, DocumentType
from learner import automation, automation_answers
from learner.automation_bounds import BLOCK, RISK, Broken, Watched
from learner.automation_curve import Flags
from learner.models import AcceptanceRule, Automation

GROWN = 1.1  # times as many answers: the curve is drawn anew


def watch(document_id: int) -> None:
    """After each answer to an audited document: is what was promised of accepted ones still so?"""
    document = Document.objects.select_related("document_type").filter(pk=document_id).first()
    if document is None or document.audit_probability is None or not document.document_type.champion:
        return
    document_type = document.document_type
    state, _new = Automation.objects.get_or_create(document_type=document_type)
    if rule := automation.in_force(document_type):
        _watch(document_type, rule)
    found = automation_answers.count(document_type, document_type.champion)
    if state.version != document_type.champion or found >= GROWN * max(1, state.figures.get("found", 0)):
        doorbell.ring("audit grew", document_type.pk)


def _watch(document_type: DocumentType, rule: AcceptanceRule) -> None:
    """Hold the audited documents above the thresholds, answered since they are in force, against their promise."""
    stream = automation_answers.of(document_type, rule.version, after=rule.at)
    bounds = np.array([rule.thresholds.get(name, 2.0) for name in stream.answers.fields])
    above = np.asarray((stream.answers.confidence >= bounds).all(axis=1))
    wrong = stream.answers.wrong[above]
    times = [at for at, counted in zip(stream.at, above.tolist(), strict=True) if counted]
    all_fields = Watched(wrong.mean(axis=1) if len(wrong) else np.zeros(0))
    watched = {
        "documents": len(wrong),
        "fields": int(wrong.size),
        "wrong": int(wrong.sum()),
        "high": all_fields.at_most(),
    }
    found = _broken(rule, stream.answers.fields, wrong, all_fields)
    with transaction.atomic():
        jobs.assert_held()
        state = Automation.objects.select_for_update().get(document_type=document_type)
        if not state.on:  # another worker saw it first
            return
        if found is None:
            Automation.objects.filter(pk=state.pk).update(watched=watched)
            return
        broken, why = found
        # a block earlier than it seems: when it began is an estimate
        last_good = max(0, broken.since - BLOCK)
        until = times[last_good - 1] if last_good else rule.at
        AcceptanceRule.objects.filter(pk=rule.pk).update(broken_at=timezone.now(), broken_since=until)
        automation.switch_off(document_type, by=audit_trail.DOCLOOP, why=why, keeps=until, by_watch=True)
        doorbell.ring("accuracy fell", document_type.pk)


def _broken(
    rule: AcceptanceRule, names: Sequence[str], wrong: Flags, all_fields: Watched
) -> tuple[Broken, str] | None:
    """The first target that documents speak surely against, and why; all together are wrong in `RISK` of cases."""
    risk = RISK / (1 + len(rule.field_targets))
    found = [(all_fields.broken(rule.target_error, risk), rule.target_error, wrong, "of the fields")]
    for name, most in rule.field_targets.items():
        if name in names:
            own = wrong[:, list(names).index(name)]
            found.append(
                (Watched(own.astype(float)).broken(most, risk), most, own, f"of the values of {name}")
            )
    told = [
        (broken, _why(errors[broken.since : broken.after], most, what))
        for broken, most, errors, what in found
        if broken
    ]
    return min(told, key=lambda each: each[0].after, default=None)


def _why(errors: Flags, most: float, what: str) -> str:
    """For people, of the documents since it went wrong."""
    return (
        f"in {len(errors)} audited documents above the thresholds {errors.mean():.2%} {what} were wrong, surely more "
        f"than the target of {most:.2%}"
    )
