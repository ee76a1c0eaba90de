"""A challenger and what it scored in; the gate's decision and what follows from it out, in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import transaction

from annotation import extraction, jobs
from annotation.models import Correction, DocumentType
from learner import aliases, canary, crossing, evaluation, gate, harm, harm_evidence, promotion
from learner.gate import Verdict
from learner.models import Decision, ModelVersion, Snapshot
from models import extractors
from models.errors import TrainingFailed, TrainingStopped
from models.extractors.base import Example, Extracted, Extractor
from models.metrics import Scores
from models.registry import Registry
from models.schema import Schema

log = logging.getLogger(__name__)

GATE = "the gate"


@dataclass(frozen=True, slots=True)
class Opponent:
    """What reads the type now: its champion, or its untaught extractor; `known` are the documents it learned from."""

    version: str
    title: str  # for people
    model: Extractor
    known: frozenset[str] = frozenset()  # keys


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a challenger learned from, and how it did on `gold`; `schema` is what both sides are scored by.

    `taught` trains another model as the challenger was, on other documents for training and validation.
    """

    schema: Schema
    train: Sequence[Example]
    validation: Sequence[Example]
    gold: Sequence[Example]
    said: Sequence[Extracted]  # of gold
    scores: Scores
    taught: Callable[[Sequence[Example], Sequence[Example]], Extractor]

    @property
    def learned(self) -> list[Example]:
        return [*self.train, *self.validation]


def decide(version: ModelVersion, challenge: Challenge, registry: Registry) -> None:
    """Ask the gate, and do as it says; anew if the champion or the fields changed while the two were compared.

    A version that was decided on already stays as it is. Raises `RegistryError` if the opponent's files can't be had, and
    `TrainingStopped` if somebody stopped what the challenge trains: the version is refused then.
    """
    stopped: TrainingStopped | None = None
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
            opponent = _champion(champion, registry) if champion else _untaught(document_type)
            evidence = harm_evidence.gather(
                version, champion, challenge.learned, challenge.gold, challenge.said
            )
            try:
                verdict = _verdict(version, challenge, opponent, evidence)
            except TrainingStopped as asked:
                stopped = asked
                verdict = Verdict(
                    False,
                    ("Refused: the run was stopped while the model was compared with what reads now.",),
                    {"documents": len(challenge.scores)},
                )
        with transaction.atomic():
            jobs.assert_held()
            now = DocumentType.objects.select_for_update().get(pk=document_type.pk)
            if (now.champion, now.schema.hash) == (document_type.champion, document_type.schema.hash):
                settle(version, champion, verdict)
    if stopped:
        raise stopped


def settle(version: ModelVersion, champion: ModelVersion | None, verdict: Verdict) -> None:
    """Write the decision and what follows from it; in the caller's transaction, with the type locked."""
    document_type = DocumentType.every.get(pk=version.document_type_id)
    tried = verdict.promote and canary.wanted(document_type)
    if tried:
        verdict = replace(verdict, reasons=tuple(_on_trial(verdict.reasons)))
    Decision.objects.create(
        version=version,
        champion=champion,
        promote=verdict.promote,
        reasons=list(verdict.reasons),
        figures=verdict.figures,
    )
    if tried:
        canary.begin(version)
    elif verdict.promote:
        promotion.promote(version, by=GATE, reason=" ".join(verdict.reasons))
    else:
        promotion.refuse(version, by=GATE, reason=" ".join(verdict.reasons))


def _on_trial(reasons: Sequence[str]) -> Iterator[str]:
    first, *others = reasons
    yield first.replace(gate.PROMOTED, "Let through, to be tried out:", 1)
    yield from others


def _verdict(
    version: ModelVersion, challenge: Challenge, opponent: Opponent | None, evidence: harm.Evidence
) -> Verdict:
    """The gate's, with the opponent's version among its figures."""
    judge = partial(
        gate.judge,
        challenge.schema,
        challenge.scores,
        rng=chances(version.run.snapshot),
        budgets=version.document_type.field_budgets,
        evidence=evidence,
    )
    if opponent is None:
        return judge(opponent=None)
    gold = evaluation.measure(opponent.model, challenge.gold, challenge.schema)
    found = judge(opponent=gold, others=_others(challenge, opponent), title=opponent.title)
    return replace(found, figures=found.figures | {"against": opponent.version})


def _others(challenge: Challenge, opponent: Opponent) -> tuple[Scores, Scores] | None:
    """The opponent's and the challenger's scores on what is new to both; None where gold is enough, or nothing can be told."""
    if len(challenge.gold) >= gate.ENOUGH:
        return None
    schema = challenge.schema
    try:
        read, said = crossing.read_by_others(
            crossing.fresh(challenge.learned, opponent.known),
            challenge.train,
            challenge.validation,
            lambda train, rest: _says(challenge.taught(train, rest), schema),
        )
    except TrainingFailed as problem:
        log.info("%s is compared on gold alone: %s", opponent.version, problem)
        return None
    return evaluation.measure(opponent.model, read, schema), evaluation.compare(read, said, schema)


def _says(model: Extractor, schema: Schema) -> crossing.Says:
    return lambda documents: evaluation.answers(model, documents, schema)


def _champion(champion: ModelVersion, registry: Registry) -> Opponent:
    """By the very files that were registered."""
    folder = registry.fetch(aliases.registered(champion), champion.sha256, cache())
    learned = Correction.objects.filter(pk__in=harm_evidence.learned_by(champion))
    known = frozenset(str(pk) for pk in learned.order_by("pk").values_list("document", flat=True))
    return Opponent(champion.name, gate.CHAMPION, extractors.load(folder), known)


def _untaught(document_type: DocumentType) -> Opponent | None:
    """What reads a type that never had a champion; None if nothing does."""
    found = extraction.untaught_of(document_type)
    return Opponent(found.version, found.title, extraction.opened(found)) if found else None


def cache() -> Path:
    """Where fetched models are kept, by their hash."""
    return Path(settings.CONFIG.data) / "cache" / "models"


def chances(snapshot: Snapshot | None) -> np.random.Generator:
    """The same chances for everything that is judged on one snapshot."""
    return np.random.default_rng(int(snapshot.hash[:16], 16) if snapshot else 0)
