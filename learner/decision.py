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
from learner import aliases, evaluation, gate, promotion
from learner.gate import Verdict
from learner.models import Decision, ModelVersion, Snapshot
from models import extractors
from models.extractors.base import Example
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


def decide(
    version: ModelVersion, scores: Scores, gold: Sequence[Example], schema: Schema, registry: Registry
) -> None:
    """Ask the gate, and do as it says; anew if the champion or the fields changed while the two were compared.

    `scores` are the challenger's on `gold`, by `schema`: so its opponent is scored too. A version that was decided on
    already stays as it is. Raises `RegistryError` if the opponent's files can't be had.
    """
    while not Decision.objects.filter(version=version).exists():
        document_type = DocumentType.objects.get(pk=version.document_type_id)
        champion = (
            ModelVersion.objects.filter(document_type=document_type, state=ModelVersion.State.CHAMPION)
            .select_related("run", "document_type")
            .first()
        )
        if version.schema_hash != document_type.schema.hash:
            verdict = Verdict(
                False,
                (f"Refused: the fields of {document_type.title} changed while it was trained.",),
                {"documents": len(scores)},
            )
        else:
            verdict = _verdict(
                scores,
                _champion(champion, gold, schema, registry)
                if champion
                else _untaught(document_type, gold, schema),
                schema,
                chances(version.run.snapshot),
            )
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


def _verdict(scores: Scores, opponent: Opponent | None, schema: Schema, rng: np.random.Generator) -> Verdict:
    """The gate's, with the opponent's version among its figures."""
    if opponent is None:
        return gate.judge(schema, scores, None, rng)
    found = gate.judge(schema, scores, opponent.scores, rng, title=opponent.title)
    return replace(found, figures=found.figures | {"against": opponent.version})


def _champion(
    champion: ModelVersion, gold: Sequence[Example], schema: Schema, registry: Registry
) -> Opponent:
    """Scored by the very files that were registered."""
    folder = registry.fetch(aliases.registered(champion), champion.sha256, cache())
    scores = evaluation.measure(extractors.load(folder), gold, schema)
    return Opponent(champion.name, gate.CHAMPION, scores)


def _untaught(document_type: DocumentType, gold: Sequence[Example], schema: Schema) -> Opponent | None:
    """What reads a type that never had a champion; None if nothing does."""
    found = extraction.untaught_of(document_type)
    if found is None:
        return None
    scores = evaluation.measure(extraction.opened(found), gold, schema)
    return Opponent(found.version, found.title, scores)


def cache() -> Path:
    """Where fetched models are kept, by their hash."""
    return Path(settings.CONFIG.data) / "cache" / "models"


def chances(snapshot: Snapshot | None) -> np.random.Generator:
    """The same chances for everything that is judged on one snapshot."""
    return np.random.default_rng(int(snapshot.hash[:16], 16) if snapshot else 0)
