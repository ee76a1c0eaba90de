"""A run that waits in; out a registered version that the gate has judged, or a run that says why there is none.

Everything may happen twice (a worker dies, another begins anew) and still gives one version: the run in MLflow and
the version there are found again by the run's key, the rows here are unique, and nothing is written by a worker
that lost its job. Whatever goes wrong, the champion stays.
"""

from __future__ import annotations

import itertools
import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce, Now

from annotation import doorbell, jobs, log_context
from annotation.errors import LostClaim
from annotation.models import DocumentType
from learner import (
    crossing,
    decision,
    evaluation,
    gate,
    harm,
    progress,
    provenance,
    registering,
    snapshots,
    suspects,
    triggers,
)
from learner.models import ModelVersion, Run, Snapshot
from learner.snapshots import Split
from models import extractors
from models.alignment import learn_day_first
from models.errors import DocloopError, RegistryError, TrainingStopped
from models.extractors.base import Example, Extracted, Extractor, Progress
from models.registry import MODEL, Ending, Registry
from models.schema import Schema

log = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"  # the folder in a run's workplace
TRAINED = 0.85  # of a run's share, when the model is trained
COMPARING = "comparing with what reads now"

Examples = dict[Split, list[Example]]


def train(run_id: int) -> None:
    """Do the run, from snapshot to decision; a run that has ended is left alone.

    Raises `RegistryError` if MLflow doesn't answer, and what can't be foreseen: the job is tried again then, and
    `triggers.settle` fails the run if the job gives up.
    """
    run = _begin(run_id)
    if run is None:
        return
    registry = Registry(settings.CONFIG.mlflow_url)
    try:
        if run.document_type.unknown:
            from learner import routing_training  # here and not above: it brings scikit-learn along

            routing_training.train(run, registry, workplace(run))
        else:
            _train(run, registry)
    except (LostClaim, RegistryError):
        raise
    except TrainingStopped:
        _end(run, Run.State.STOPPED)
        _end_in_mlflow(registry, run, Ending.STOPPED)
    except DocloopError as problem:
        _end(run, Run.State.FAILED, problem=str(problem))
        _end_in_mlflow(registry, run, Ending.FAILED)
    else:
        _end(run, Run.State.FINISHED)
        _end_in_mlflow(registry, run, Ending.FINISHED)


def _train(run: Run, registry: Registry) -> None:
    document_type = run.document_type
    progress.write(run, "taking a snapshot", 0.0)
    snapshot = _snapshot(run)
    log_context.note(document_type=document_type.pk, snapshot=snapshot.pk)
    log.info("learns from %d answers", len(snapshot.items))
    schema = Schema.from_json(snapshot.fields)
    examples = snapshots.examples(snapshot, _in_doubt(run, snapshot, registry))
    # how dates are printed is learned as all else is: not from gold, and for this model, not for its type
    taught = [*examples[Split.TRAIN], *examples[Split.VALIDATION]]
    learned = learn_day_first(schema, taught)
    gold = examples[Split.GOLD]
    # where gold is little the gate has more models trained (`crossing`), which takes twice as long as the training itself
    trained = TRAINED if len(gold) >= gate.ENOUGH else TRAINED / 3
    key = run_key(run, snapshot)
    recipe = settled(document_type)

    progress.write(run, "starting", 0.02)
    mlflow_run = registry.start_run(
        key,
        experiment=f"docloop {document_type.name}",
        params=_params(run, recipe, examples),
        tags={
            "docloop.snapshot": snapshot.hash,
            "docloop.schema": schema.hash,
            "docloop.trigger": run.trigger,
        },
    )
    Run.objects.filter(pk=run.pk).update(mlflow_run_id=mlflow_run)
    run.mlflow_run_id = mlflow_run

    made = next((each for each in registry.versions(document_type.name) if each.run == mlflow_run), None)
    curves = progress.Curves(registry, mlflow_run)
    if made:  # a worker before this one came so far
        folder = registry.fetch(made, made.sha256, decision.cache())
    else:
        folder = _fitted(run, learned, examples, recipe, progress.Reporter(run, curves, last=trained))
    model = extractors.load(folder)

    progress.write(run, "evaluating", trained)
    said = evaluation.answers(model, gold, learned)
    harm.check_numbers(said)
    scores = evaluation.compare(gold, said, learned)
    figures = evaluation.figures(scores, decision.chances(snapshot))
    progress.write(
        run, "registering", trained + 0.05
    )  # who stops it from here on has a version that is refused
    curves.send()
    registry.log_figures(mlflow_run, evaluation.flat(figures))
    if run.note:
        registry.describe(mlflow_run, run.note)
    if made is None:
        tags = {"docloop.snapshot": snapshot.hash}
        made = registering.upload(registry, document_type.name, mlflow_run, key, folder, tags)
    made_with = provenance.made_with(
        document_type,
        snapshot,
        recipe,
        {split: len(found) for split, found in examples.items()},
        provenance.calibration(learned, gold, said),
    )
    version = registering.version_of(run, made, schema, {"figures": figures, "made_with": made_with})
    _keep(version, gold, said)
    Run.objects.filter(pk=run.pk).update(stage=COMPARING, share=trained + 0.1)
    challenge = decision.Challenge(
        learned,
        examples[Split.TRAIN],
        examples[Split.VALIDATION],
        gold,
        said,
        scores,
        _like(run, learned, recipe, progress.Reporter(run, curves, first=trained + 0.1, last=0.99)),
    )
    decision.decide(version, challenge, registry)


def run_key(run: Run, snapshot: Snapshot) -> str:
    """What MLflow finds this run and its version by; the snapshot's hash tells it from a run of another installation."""
    return f"{run.document_type.name}-run-{run.pk}-{snapshot.hash[:8]}"


def settled(document_type: DocumentType) -> dict[str, Any]:  # an extractor's own settings
    """The type's whole recipe: its own, then what is set for this machine, then the extractor's defaults.

    Raises `TrainingFailed` for what makes no sense.
    """
    kind = extractors.named(extractors.for_base(document_type.extractor, base_of(document_type.recipe)))
    return kind.settled(of_machine(kind) | document_type.recipe)


def base_of(recipe: Mapping[str, Any]) -> str:  # an extractor's own settings
    """What a recipe says of the base; empty where it says nothing."""
    return str(recipe.get("base", ""))


def of_machine(kind: type[Extractor]) -> dict[str, Any]:  # an extractor's own settings
    """What is set for this machine, threads and minutes, as far as the extractor's recipe has it."""
    of_all = {"threads": threads(), "max_minutes": float(settings.CONFIG.training_minutes)}
    known = kind.settled({})
    return {name: value for name, value in of_all.items() if name in known}


def threads() -> int:
    """CPU threads that a training may use: as configured, else all cores but one."""
    return int(settings.CONFIG.training_threads) or max(1, (os.cpu_count() or 2) - 1)


def workplace(run: Run) -> Path:
    """Where a run keeps its checkpoints, and then its model, until it has ended: a retry goes on from there."""
    return Path(settings.CONFIG.data) / "training" / f"run-{run.pk}"


def _begin(run_id: int) -> Run | None:
    with transaction.atomic():
        jobs.assert_held()
        begun = Run.objects.filter(pk=run_id, state__in=triggers.LIVE)
        if not begun.update(state=Run.State.RUNNING, started_at=Coalesce("started_at", Now())):
            return None
    return Run.objects.select_related("document_type", "snapshot").get(pk=run_id)


def _snapshot(run: Run) -> Snapshot:
    """The run's snapshot: a retry trains on the same one."""
    if run.snapshot is None:
        with transaction.atomic():
            jobs.assert_held()
            run.snapshot = snapshots.take(run.document_type)
            run.save(update_fields=["snapshot"])
    return run.snapshot


def _in_doubt(run: Run, snapshot: Snapshot, registry: Registry) -> list[snapshots.InDoubt]:
    """What the run doesn't learn from (`suspects.before_training`).

    A retry leaves out the same: its checkpoints are of these examples, whatever people have said meanwhile.
    """
    if run.in_doubt is None:
        report = progress.Reporter(run, progress.Curves(registry, ""), first=0.0, last=0.02)
        found = suspects.before_training(
            snapshot, lambda said: report(Progress("looking for answers in doubt", said.share))
        )
        with transaction.atomic():
            jobs.assert_held()
            Run.objects.filter(pk=run.pk).update(in_doubt=found)
        run.in_doubt = found
    return suspects.with_what_is_said([(correction, field) for correction, field in run.in_doubt])


def _fitted(
    run: Run,
    schema: Schema,
    examples: Examples,
    recipe: dict[str, Any],  # an extractor's own settings
    reporter: progress.Reporter,
) -> Path:
    """The folder of the trained model, by this worker or by one before it on this machine."""
    folder = workplace(run) / MODEL
    try:
        extractors.load(folder)
    except RegistryError:  # not there, or not whole
        shutil.rmtree(folder, ignore_errors=True)
    else:
        return folder
    name = extractors.for_base(run.document_type.extractor, base_of(recipe))
    model = extractors.named(name).fit(
        schema,
        examples[Split.TRAIN],
        examples[Split.VALIDATION],
        recipe=recipe,
        on_progress=reporter,
        checkpoints=workplace(run) / CHECKPOINTS,
    )
    model.save(folder)
    return folder


def _like(
    run: Run,
    schema: Schema,
    recipe: dict[str, Any],  # an extractor's own settings
    reporter: progress.Reporter,
) -> Callable[[Sequence[Example], Sequence[Example]], Extractor]:
    """What trains models as the run's was, for the gate; all of them together get the time that one has.

    It raises what `reporter` does: a run can be stopped here too.
    """
    kind = extractors.named(extractors.for_base(run.document_type.extractor, base_of(recipe)))
    shorter = {"max_minutes": recipe["max_minutes"] / crossing.FOLDS} if recipe.get("max_minutes") else {}

    begun = itertools.count()

    def taught(train: Sequence[Example], validation: Sequence[Example]) -> Extractor:
        number = next(begun)

        def on_progress(said: Progress) -> None:
            reporter(Progress(COMPARING, min(1.0, (number + said.share) / crossing.FOLDS)))

        return kind.fit(schema, train, validation, recipe=recipe | shorter, on_progress=on_progress)

    return taught


def _keep(version: ModelVersion, gold: Sequence[Example], said: Sequence[Extracted]) -> None:
    with transaction.atomic():
        jobs.assert_held()
        evaluation.keep(version.name, gold, said)


def _end(run: Run, state: Run.State, *, problem: str = "") -> None:
    with transaction.atomic():
        jobs.assert_held()
        Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(
            state=state,
            problem=problem[:1000],
            finished_at=Now(),
            **({"stage": "done", "share": 1.0} if state == Run.State.FINISHED else {}),
        )
        if state == Run.State.FINISHED and not run.document_type.unknown:
            doorbell.ring("training finished", run.document_type_id)
    shutil.rmtree(workplace(run), ignore_errors=True)


def _end_in_mlflow(registry: Registry, run: Run, ending: Ending) -> None:
    if not run.mlflow_run_id:
        return
    try:
        registry.end_run(run.mlflow_run_id, ending)
    except RegistryError as problem:  # our row says how it ended; MLflow's is a copy
        log.warning("run %s: %s", run.pk, problem)


def _params(
    run: Run, recipe: dict[str, Any], examples: Examples
) -> dict[str, Any]:  # mixed: text and numbers, as MLflow takes them
    counts = {f"{split}_documents": len(found) for split, found in examples.items()}
    return {
        "extractor": extractors.for_base(run.document_type.extractor, base_of(recipe)),
        "split_rule": snapshots.RULE,
        **counts,
        "answers_in_doubt": len(run.in_doubt or ()),
        **recipe,
    }
