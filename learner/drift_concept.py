"""An answered document of the audit in; an alarm out where the champion is surely wrong more often than it was.

Concept drift: what comes in may look the same, but the answers are wrong. Only documents that were drawn by lot tell of
it; the first `FIRST` of a champion say how wrong it is at most, and all later ones are held against that, after each.
"""

from __future__ import annotations

import numpy as np

from annotation.models import Document, DocumentType, Outcome
from learner import drift, drift_alarms, stream
from learner.audit import JUDGED, RIGHT
from learner.automation_bounds import Watched
from learner.models import DriftAlarm, Signals

FIRST = 50  # audited documents of a champion that say how wrong it is
MOST = 3000  # newest ones that are held against these
RISK = 0.01  # that the first are worse than what they show, and again that an alarm is false: for ever
EXAMPLES = 4

GROUP = "accuracy"


def follow(document_id: int) -> None:
    """After each answer: do alarms end, or go on, by it; and is the champion as right as it was?"""
    document = Document.objects.select_related("document_type").filter(pk=document_id).first()
    if document is None or document.document_type.unknown:
        return
    document_type = document.document_type
    signals = Signals.objects.filter(document=document).select_related("alarm__document_type").first()
    if signals and signals.alarm and signals.alarm.closed_at is None:
        drift_alarms.follow(signals.alarm, drift.yardstick(document_type))
    if document.audit_probability is not None and document_type.champion:
        hold(document_type)


def hold(document_type: DocumentType) -> DriftAlarm | None:
    """Hold the champion's audited documents against its first ones; the alarm, if one is raised."""
    rows = Outcome.objects.filter(
        document_type=document_type, model_version=document_type.champion, audited=True
    ).order_by("at", "pk")
    told = [
        (document, at, _wrong(fields))
        for document, at, fields in rows.values_list("document", "at", "fields")[: FIRST + MOST]
        if any(each[0] in JUDGED for each in fields.values())
    ]
    if len(told) <= FIRST:
        return None
    losses = np.array([loss for _, _, loss in told])
    most = Watched(losses[:FIRST]).at_most(RISK)
    found = Watched(losses[FIRST:]).broken(most, RISK)
    if found is None:
        return None
    since = told[FIRST + found.since]
    wrong = [document for document, _, loss in told[FIRST + found.since :] if loss]
    newest = stream.of(document_type).filter(
        document__in=[document for document, _, _ in told[FIRST + found.since :]]
    )
    return drift_alarms.open_alarm(
        document_type,
        DriftAlarm.Kind.CONCEPT,
        GROUP,
        chance=2 * RISK,
        since=since[1],
        documents=len(told) - FIRST - found.since,
        moved=[["accuracy.wrong", float(losses[:FIRST].mean()), float(losses[FIRST + found.since :].mean())]],
        before=[document for document, _, _ in told[:EXAMPLES]],
        after=wrong[-EXAMPLES:],
        part=_part(document_type, newest.first()),
        yardstick=drift.yardstick(document_type),
    )


def _part(document_type: DocumentType, first: Signals | None) -> list[int]:
    """The documents that came since then: nobody can tell which of them are read wrongly."""
    if first is None:
        return []
    rows = stream.of(document_type).filter(pk__gte=first.pk).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[: drift_alarms.LOOKED_BACK])


def _wrong(fields: dict[str, list[str]]) -> float:
    judged = [each[0] in RIGHT for each in fields.values() if each[0] in JUDGED]
    return 1 - sum(judged) / len(judged) if judged else 0.0
