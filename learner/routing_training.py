"""A run of the router in; a registered version that was judged out, as of any model (`learner.training`).

What it is judged on is the same F1 as an extractor's: the type is its one field, and unknown is no value. So the gate's
rule is the same too; besides, a router that gives too many documents to a wrong type is refused, whatever there was before.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction

from annotation import jobs, routing
from annotation.models import Document, DocumentType
from annotation.routing_model import UNKNOWN
from learner import aliases, decision, evaluation, gate, lessons, progress, provenance, registering
from learner.gate import Verdict
from learner.models import Decision, Lesson, ModelVersion, Run
from models.errors import RegistryError
from models.metrics import Scores
from models.registry import MODEL, Registry
from models.routing import SCHEMA
from models.routing import UNKNOWN as NO_TYPE
from models.routing.files import KIND, open_router, save
from models.routing.learning import learn
from models.routing.router import Routed, Router

MOST_WRONG = 0.05  # share of documents that may be given to a wrong type


def train(run: Run, registry: Registry, workplace: Path) -> None:
    """Do the run, from lessons to decision. Raises what `learner.training` tells."""
    progress.write(run, "taking what people said", 0.0)
    taken = _lessons(run)
    taught = [each for each in taken if not each.gold]
    gold = [each for each in taken if each.gold]
    key = f"{UNKNOWN}-run-{run.pk}-{run.created_at:%Y%m%d%H%M%S}"
    mlflow_run = registry.start_run(
        key,
        experiment=f"docloop {UNKNOWN}",
        params={"extractor": KIND, "train_documents": len(taught), "gold_documents": len(gold)},
        tags={"docloop.trigger": run.trigger},
    )
    Run.objects.filter(pk=run.pk).update(mlflow_run_id=mlflow_run)
    run.mlflow_run_id = mlflow_run
    made = next((each for each in registry.versions(UNKNOWN) if each.run == mlflow_run), None)
    progress.write(run, "learning", 0.1)
    folder = (
        registry.fetch(made, made.sha256, decision.cache()) if made else _fitted(taught, workplace / MODEL)
    )
    progress.write(run, "evaluating", 0.7)
    scores = score(open_router(folder), gold)
    figures = evaluation.figures(scores, _chances(run))
    progress.write(run, "registering", 0.9)
    registry.log_figures(mlflow_run, evaluation.flat(figures))
    made = made or registering.upload(registry, UNKNOWN, mlflow_run, key, folder, {})
    told = {"figures": figures, "made_with": _made_with(len(taught), len(gold))}
    version = registering.version_of(run, made, SCHEMA, told)
    decide(version, gold, scores, registry)


def score(router: Router, gold: Sequence[Lesson]) -> Scores:
    """What it says of documents whose types people said; unknown is a missing value, not a wrong one."""
    pages = routing.pages_of(Document.objects.filter(pk__in=[each.document_id for each in gold]))
    names = dict(DocumentType.objects.values_list("pk", "name"))
    there = [each for each in gold if each.document_id in pages]  # not erased since
    said = router.route([pages[each.document_id] for each in there])
    return scores_of([names[each.document_type_id] for each in there], said)


def scores_of(types: Sequence[str], said: Sequence[Routed]) -> Scores:
    """One column, the type: (N, 1) each."""
    given = [each.document_type != NO_TYPE for each in said]
    right = [each.document_type == name for name, each in zip(types, said, strict=True)]
    tables = (np.array(each, dtype=np.int64).reshape(-1, 1) for each in (right, given, [1] * len(said)))
    return Scores(SCHEMA.names, *tables)


def judge(scores: Scores, before: Scores | None, rng: np.random.Generator) -> Verdict:
    """Whether a router may take over from one that scored `before` on the same documents (None: there is none); pure."""
    verdict = gate.judge(SCHEMA, scores, before, rng)
    wrong = int((scores.predicted - scores.right).sum())
    if not verdict.promote or wrong <= MOST_WRONG * len(scores):
        return verdict
    too_many = (
        f"It would give {wrong} of {len(scores)} documents to a wrong type, more than {MOST_WRONG:.0%}: "
        "say the types of more documents and train again."
    )
    return replace(verdict, promote=False, reasons=("Refused.", too_many))


def decide(version: ModelVersion, gold: Sequence[Lesson], scores: Scores, registry: Registry) -> None:
    """Judge a version and do as the gate says; anew if the router in use changed meanwhile. Raises `RegistryError`."""
    while not Decision.objects.filter(version=version).exists():
        champion = (
            ModelVersion.objects.filter(
                document_type=version.document_type, state=ModelVersion.State.CHAMPION
            )
            .select_related("run", "document_type")
            .first()
        )
        verdict = _verdict(version, champion, gold, scores, registry)
        with transaction.atomic():
            jobs.assert_held()
            now = DocumentType.every.select_for_update().get(pk=version.document_type_id)
            if now.champion == (champion.name if champion else ""):
                decision.settle(version, champion, verdict)


def _verdict(
    version: ModelVersion,
    champion: ModelVersion | None,
    gold: Sequence[Lesson],
    scores: Scores,
    registry: Registry,
) -> Verdict:
    rng = _chances(version.run)
    if champion is None:
        return judge(scores, None, rng)
    known = set(champion.run.lessons.filter(gold=False).values_list("document", flat=True))
    fresh = [each for each in gold if each.document_id not in known]
    folder = registry.fetch(aliases.registered(champion), champion.sha256, decision.cache())
    before = score(open_router(folder), fresh)
    after = scores.of(np.array([each.document_id not in known for each in gold], dtype=bool))
    return judge(after, before, rng)


def _lessons(run: Run) -> list[Lesson]:
    """The run's: a retry has the same."""
    if not run.lessons.exists():
        planned = lessons.plan()
        for each in planned:
            each.run = run
        with transaction.atomic():
            jobs.assert_held()
            Lesson.objects.bulk_create(planned, batch_size=2000)
    return list(run.lessons.order_by("document"))


def _fitted(taught: Sequence[Lesson], folder: Path) -> Path:
    """The folder of the trained router, by this worker or by one before it on this machine."""
    try:
        open_router(folder)
    except RegistryError:  # not there, or not whole
        shutil.rmtree(folder, ignore_errors=True)
    else:
        return folder
    pages = routing.pages_of(Document.objects.filter(pk__in=[each.document_id for each in taught]))
    names = dict(DocumentType.objects.values_list("pk", "name"))
    there = [each for each in taught if each.document_id in pages]
    router = learn(
        [pages[each.document_id] for each in there],
        [names[each.document_type_id] for each in there],
        [each.group for each in there],
        seed=1,
    )
    save(router, folder)
    return folder


def _made_with(taught: int, gold: int) -> dict[str, Any]:  # mixed, JSON; see learner.provenance
    return {
        "extractor": KIND,
        "recipe": {},
        "documents": {"train": taught, "validation": 0, "gold": gold},
        "code": provenance.code(),
        "thresholds": {},
        "calibration": {},
    }


def _chances(run: Run) -> np.random.Generator:
    """The same for everything that is judged in one run."""
    return np.random.default_rng(run.pk)
