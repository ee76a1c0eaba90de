"""Extracted documents in; accepted unseen, those of which the champion is sure enough in every field, if auto-accept is on.

How sure that is, say the thresholds that are in force (`learner.automation`). The audit slice is never accepted
unseen: by its errors are those of all that are accepted known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation import doorbell, jobs, lifecycle
from annotation.models import Document, DocumentType, Move
from learner import automation, ranking
from learner.models import AcceptanceRule, Automation
from models.schema import Schema

State = Document.State
BATCH = 5000  # documents a transaction


def accept(document_type: DocumentType) -> int:
    """Accept what waits in the pool and is above every field's threshold; answers how many."""
    rule = automation.in_force(document_type)
    if rule is None:
        return 0
    sure = Document.objects.filter(
        document_type=document_type,
        state=State.EXTRACTED,
        audit_probability__isnull=True,
        extraction__model_version=rule.version,
        extraction__score__gte=min(rule.thresholds.values()),
    )
    above = [pk for pk, passes in _held_against(rule, document_type.schema, sure) if passes]
    return _move(above, State.ACCEPTED, reason=reason(rule, document_type.schema))


def take_back(document_type: DocumentType) -> int:
    """Put accepted documents back into the pool; answers how many.

    Those whose lot is drawn for the audit; while auto-accept is on, those that the present thresholds would not
    accept; once it is off, those that nothing vouches for any more. Nothing is looked at twice under the same
    circumstances: there may be a million of them, and this is asked for after every correction.
    """
    accepted = Document.objects.filter(document_type=document_type, state=State.ACCEPTED)
    state, _new = Automation.objects.get_or_create(document_type=document_type)
    rule = automation.in_force(document_type)
    now = _circumstances(document_type, state, rule)
    if state.held_against == now or not accepted.exists():
        return 0
    drawn = [
        pk
        for pk, sha in accepted.values_list("pk", "sha256")
        if ranking.draw(sha) < document_type.audit_share
    ]
    moved = _move(drawn, State.EXTRACTED, reason="picked at random for the audit")
    if state.on and state.version != document_type.champion:  # what it may accept isn't known yet
        return moved
    if not state.on:
        gone, why = list(_unkept(accepted, state).values_list("pk", flat=True)), "auto-accept is off"
    elif rule is None:
        gone, why = (
            list(accepted.values_list("pk", flat=True)),
            "for this version no threshold is sure enough",
        )
    else:
        doubtful = accepted.filter(extraction__score__lt=max(rule.thresholds.values()))
        # what an earlier champion extracted is held against them when the present one has extracted it
        read = doubtful.filter(extraction__model_version=rule.version)
        held = _held_against(rule, document_type.schema, read)
        gone, why = [pk for pk, sure in held if not sure], "no longer sure enough to be accepted unseen"
    moved += _move(gone, State.EXTRACTED, reason=why)
    if not accepted.exclude(extraction__model_version=document_type.champion).exists():
        Automation.objects.filter(pk=state.pk).update(held_against=now)
    return moved


def _circumstances(document_type: DocumentType, state: Automation, rule: AcceptanceRule | None) -> str:
    """All that decides whether an accepted document may stay accepted, but for its extraction."""
    switched = f"{'on' if state.on else 'off'} since {state.changed_at.isoformat()}"
    by = f"rule {rule.pk}" if rule else "no rule"
    return f"{switched}; {document_type.champion} {state.version}; {by}; audit {document_type.audit_share}"


def reason(rule: AcceptanceRule, schema: Schema) -> str:
    """Why a document is accepted, for people: the version, its thresholds and what was promised of them."""
    bounds = ", ".join(
        f"{schema[name].title if name in schema else name} ≥ {bound:.4f}"
        for name, bound in rule.thresholds.items()
    )
    return f"accepted unseen: {rule.version} is sure of every field ({bounds}); rule {rule.pk}"


def passes(thresholds: Mapping[str, float], names: Sequence[str], confidence: Sequence[float]) -> bool:
    """Whether a document's every field is at or above its threshold; one without a threshold never is."""
    return all(
        name in thresholds and sure >= thresholds[name] for name, sure in zip(names, confidence, strict=True)
    )


def _held_against(
    rule: AcceptanceRule, schema: Schema, documents: QuerySet[Document]
) -> Iterator[tuple[int, bool]]:
    """Every document's id, and whether the rule accepts it; one without an extraction by its version never."""
    columns = ("pk", "extraction__model_version", "extraction__values", "extraction__absent")
    for pk, version, values, absent in documents.values_list(*columns).iterator(chunk_size=BATCH):
        sure = version == rule.version and passes(
            rule.thresholds, schema.names, ranking.confidences(schema, values, absent)
        )
        yield pk, sure


def _unkept(accepted: QuerySet[Document], state: Automation) -> QuerySet[Document]:
    """What auto-accept, being off, doesn't vouch for: accepted too late, or extracted anew by another version."""
    if state.keeps is None:
        return accepted
    late = Move.objects.filter(document=OuterRef("pk"), after=State.ACCEPTED, at__gt=state.keeps)
    return accepted.filter(Exists(late) | ~Q(extraction__model_version=state.kept_version))


def _move(ids: Sequence[int], to: Document.State, *, reason: str) -> int:
    """By `BATCH`, a transaction each: a million documents never hold up whoever works on one of them."""
    moved = 0
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            jobs.assert_held()
            some = ids[start : start + BATCH]
            moved += lifecycle.move_many(Document.objects.filter(pk__in=some), to, reason=reason)
            if to is State.ACCEPTED:
                doorbell.ring("document accepted", *some)
    return moved
