"""A challenger and what it scored in; the gate's decision and what follows from it out, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import transaction

from annotation import extraction, jobs
from annotation.models import DocumentType
from learner import aliases, evaluation, gate, harm, harm_evidence, promotion
from learner.gate import Verdict
from learner.models import Decision, ModelVersion, Snapshot
from models import extractors
from models.extractors.base import Example, Extracted
from models.metrics import Scores
from models.registry import Registry
from models.schema import Schema

GATE = "the gate"


@dataclass(frozen=True, slots=True)
class Opponent:
    """What reads the type now: its champion, or its untaught extractor; and what it scored."""

    version: str
    title: str  # for people
    scores: Scores


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a challenger learned from, and how it did on `gold`; `schema` is what both sides are scored by."""

    schema: Schema
    learned: Sequence[Example]
    gold: Sequence[Example]
    said: Sequence[Extracted]  # of gold
    scores: Scores


def decide(version: ModelVersion, challenge: Challenge, registry: Registry) -> None:
    """Ask the gate, and do as it says; anew if the champion or the fields changed while the two were compared.

    A version that was decided on already stays as it is. Raises `RegistryError` if the opponent's files can't be had.
    """
    while not Decision.objects.filter(version=version).exists():
        document_type = DocumentType.objects.get(pk=version.document_type_id)
        champion = (
            ModelVersion.objects.filter(document_type=document_type, state=ModelVersion.State.CHAMPION)
            .select_related("run__snapshot", "document_type")
            .first()
        )
        if version.schema_hash != document_type.schema.hash:
            verdict = Verdict(
                False,
                (f"Refused: the fields of {document_type.title} changed while it was trained.",),
                {"documents": len(challenge.scores)},
            )
        else:
            opponent = (
                _champion(champion, challenge, registry) if champion else _untaught(document_type, challenge)
            )
            evidence = harm_evidence.gather(
                version, champion, challenge.learned, challenge.gold, challenge.said
            )
            verdict = _verdict(version, challenge, opponent, evidence)
        with transaction.atomic():
            jobs.assert_held()
            now = DocumentType.objects.select_for_update().get(pk=document_type.pk)
            if (now.champion, now.schema.hash) == (document_type.champion, document_type.schema.hash):
                _settle(version, champion, verdict)


def _settle(version: ModelVersion, champion: ModelVersion | None, verdict: Verdict) -> None:
    """Write the decision and what follows from it; in the caller's transaction, with the type locked."""
    Decision.objects.create(
        version=version,
        champion=champion,
        promote=verdict.promote,
        reasons=list(verdict.reasons),
        figures=verdict.figures,
    )
    if verdict.promote:
        promotion.promote(version, by=GATE, reason=" ".join(verdict.reasons))
    else:
        promotion.refuse(version, by=GATE, reason=" ".join(verdict.reasons))


def _verdict(
    version: ModelVersion, challenge: Challenge, opponent: Opponent | None, evidence: harm.Evidence
) -> Verdict:
    """The gate's, with the opponent's version among its figures."""
    found = gate.judge(
        challenge.schema,
        challenge.scores,
        opponent.scores if opponent else None,
        chances(version.run.snapshot),
        title=opponent.title if opponent else "",
        budgets=version.document_type.field_budgets,
        evidence=evidence,
    )
    return replace(found, figures=found.figures | {"against": opponent.version}) if opponent else found


def _champion(champion: ModelVersion, challenge: Challenge, registry: Registry) -> Opponent:
    """Scored by the very files that were registered."""
    folder = registry.fetch(aliases.registered(champion), champion.sha256, cache())
    scores = evaluation.measure(extractors.load(folder), challenge.gold, challenge.schema)
    return Opponent(champion.name, gate.CHAMPION, scores)


def _untaught(document_type: DocumentType, challenge: Challenge) -> Opponent | None:
    """What reads a type that never had a champion; None if nothing does."""
    found = extraction.untaught_of(document_type)
    if found is None:
        return None
    scores = evaluation.measure(extraction.opened(found), challenge.gold, challenge.schema)
    return Opponent(found.version, found.title, scores)


def cache() -> Path:
    """Where fetched models are kept, by their hash."""
    return Path(settings.CONFIG.data) / "cache" / "models"


def chances(snapshot: Snapshot | None) -> np.random.Generator:
    """The same chances for everything that is judged on one snapshot."""
    return np.random.default_rng(int(snapshot.hash[:16], 16) if snapshot else 0)
