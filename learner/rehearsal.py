"""A pack of answered documents in; what active learning would have saved on it out: curves, a picture, plain sentences.

Each strategy is replayed on each seed's split of the pack (`rehearsal_replay`), and each of these runs is kept as it ends,
so that an interrupted rehearsal goes on where it was. Nothing of the app is touched: neither database nor registry nor
Label Studio is needed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from annotation.models import DocumentType
from learner import rehearsal_curves as curves
from learner import rehearsal_picture, strategies, trials
from learner.rehearsal_learners import QUICK, Learner, named
from learner.rehearsal_replay import Plan, of_everything, replay
from learner.rehearsal_scene import scene
from learner.strategies.base import Strategy
from learner.trials import Material, Order, Report, Say
from models import grouping, shelf
from models.errors import DocloopError
from models.machine import this_machine
from models.pack_schema import labelled_part
from models.schema import Schema

RUNS, PICTURE, SUMMARY = "runs", "curves.svg", "rehearsal.json"
# held back: enough to tell F1 to one hundredth or two, and never most of a pack
MOST_TEST, TEST_SHARE = 100, 0.25
EVERYTHING = "everything"


class BadRehearsal(DocloopError):
    """A rehearsal that makes no sense; the message says what would."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be rehearsed. `test` documents are held back (None: a quarter, at most 100); seeds are 1 to `seeds`.

    The plan's `share`, `queue` and `whole_share`, its `assume_above` unless given, and its strategy's parameters are the
    document type's where Docloop knows it.
    """

    order: Order
    strategies: tuple[str, ...]
    plan: Plan
    seeds: int = 1
    learner: str = QUICK
    recipe: Mapping[str, Any] = field(default_factory=dict)  # an extractor's own settings
    test: int | None = None
    first_seed: int = 1

    def __post_init__(self) -> None:
        for name, value in (("batch", self.plan.batch), ("budget", self.plan.budget), ("seeds", self.seeds)):
            if value < 1:
                raise BadRehearsal(f"--{name} is a number from 1, not {value}")
        if (bound := self.plan.assume_above) is not None and not 0.5 <= bound <= 1:
            raise BadRehearsal(f"--assume-above is a number from 0.5 to 1, not {bound:g}")
        if not self.strategies:
            raise BadRehearsal("no strategy to rehearse: give one or more, such as --strategy mixed,random")

    @property
    def all_seeds(self) -> range:
        return range(self.first_seed, self.first_seed + self.seeds)


def rehearse(asked: Asked, out: Path | None, say: Say, more: Mapping[str, Strategy] | None = None) -> Report:
    """Replay everything asked for that no earlier run has kept in `out`, and write summary and picture there.

    `out` None is a folder of the type among Docloop's own data. `more` are strategies that have no name in the app.
    Random order is rehearsed in any case: it is what the others are compared with. Raises `DocloopError`.
    """
    chosen = _chosen(asked, more or {})
    folder = out or shelf.shelf_of(Path(settings.CONFIG.data) / "rehearsals", asked.order.name)
    shelf.make_room(folder, empty=False)
    material = trials.gather(asked.order, "train", say)
    schema, notes = labelled_part(material.schema, material.documents, f"the type {asked.order.name!r}")
    asked, held_back = _settled(asked, material, notes)
    learner = named(asked.learner, asked.recipe, Path(settings.CONFIG.data) / "bases")
    own = material.document_type
    if own and own.strategy_parameters and own.strategy in chosen:
        chosen[own.strategy] = strategies.named(own.strategy, **own.strategy_parameters)
    in_whole = replace(asked, plan=replace(asked.plan, assume_above=None))
    kept = Kept(folder, *(_digest(each, held_back, schema, material) for each in (asked, in_whole)))

    say(
        f"{asked.order.name}: {held_back} of {len(material.documents)} documents held back, "
        f"learner {learner.name} ({learner.base})"
    )
    runs, everything, took = _runs(asked, chosen, kept, _Stage(schema, material, held_back, learner), say)
    problems = [each for own in runs.values() for run in own.values() for each in run["problems"]]
    notes += sorted({each["problem"] for each in problems})
    paths = {name: {seed: run["points"] for seed, run in each.items()} for name, each in runs.items()}
    report = _report(asked, material, schema, learner, notes) | {
        "documents": {"pool": len(material.documents) - held_back, "test": held_back},
        "everything": everything,
        "curves": curves.with_by_hand(paths),
        "gate": {name: _refused(own.values()) for name, own in runs.items()},
        "unseen": {name: _unseen(own.values()) for name, own in runs.items()},
        "cpu_seconds": took,  # of all runs, those that were kept too
        "folder": str(folder),
        "runs": {
            name: {seed: kept.name(name, seed) for seed in own} for name, own in runs.items()
        },  # files in `folder`
    }
    report["goals"] = curves.goals(report["curves"], everything)
    freely = {
        name: {seed: curves.ungated(run["points"], run["trainings"]) for seed, run in each.items()}
        for name, each in runs.items()
    }
    report["goals_ungated"] = curves.goals(curves.with_by_hand(freely), everything)
    report["mean_f1"] = curves.summed(report["curves"])
    report["saved"] = [
        line for name in chosen if name != curves.RANDOM for line in curves.saved(report["goals"][0], name)
    ]
    _write(folder / SUMMARY, report)
    title = f"{asked.order.name}: {learner.name}, {asked.seeds} seed{'s' if asked.seeds > 1 else ''}"
    rehearsal_picture.draw(report["curves"], everything, title, folder / PICTURE)
    return report


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where runs take place, whatever their seed and strategy."""

    schema: Schema
    material: Material
    held_back: int
    learner: Learner


def _runs(
    asked: Asked, chosen: Mapping[str, Strategy], kept: Kept, stage: _Stage, say: Say
) -> tuple[dict[str, dict[int, Report]], dict[int, float], float]:
    """(every run by strategy and seed, by seed the F1 of everything labelled, CPU seconds of all of them)."""
    runs: dict[str, dict[int, Report]] = {name: {} for name in (EVERYTHING, *chosen)}
    if asked.plan.assume_above is not None:
        runs[
            curves.BY_HAND
        ] = {}  # by hand every field is answered, so that it is another run than random order's
    for seed in asked.all_seeds:
        budget = min(asked.plan.budget, len(stage.material.documents) - stage.held_back)
        found = {name: kept.run(name, seed, budget) for name in runs}
        if missing := [name for name, run in found.items() if run is None]:
            made = scene(stage.schema, stage.material.groups, stage.held_back, seed)
            for name in missing:
                say(f"{name}, seed {seed}: begins")
                began = time.process_time()
                if name == EVERYTHING:
                    run = {"f1": of_everything(made, stage.learner, asked.plan.share)}
                elif name == curves.BY_HAND:
                    whole = replace(asked.plan, assume_above=None)
                    run = replay(made, chosen[curves.RANDOM], stage.learner, whole, say)
                else:
                    run = replay(made, chosen[name], stage.learner, asked.plan, say)
                found[name] = kept.keep(name, seed, run | {"cpu_seconds": time.process_time() - began})
        for name, ended in found.items():
            if ended is not None:  # for the type checker: none is left
                runs[name][seed] = ended
    took = sum(run["cpu_seconds"] for own in runs.values() for run in own.values())
    return runs, {seed: run["f1"] for seed, run in runs.pop(EVERYTHING).items()}, took


class Kept:
    """Runs on disk, a JSON file each. What was made of other documents, seconds or settings has another digest.

    A run's beginning is what a smaller budget gives, as long as that ends with a whole batch: one file holds both.
    `in_whole` is the digest of the rehearsal that asks for every field: what by hand takes is what random order takes
    there, and all documents labelled are the same.
    """

    def __init__(self, folder: Path, digest: str, in_whole: str) -> None:
        self._folder = folder
        self._digest = digest
        self._in_whole = in_whole

    def run(self, name: str, seed: int, budget: int) -> Report | None:
        """The run as it was kept, up to the budget; None if there is none, or what is there isn't whole or too short."""
        try:
            run: Report = json.loads(self._path(name, seed).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if name == EVERYTHING:
            return run
        return curves.beginning(run, budget) if run["points"][-1]["documents"] >= budget else None

    def keep(self, name: str, seed: int, run: Report) -> Report:
        """Write it whole or not at all."""
        _write(self._path(name, seed), run)
        return run

    def name(self, name: str, seed: int) -> str:
        """Of its file, in the folder above."""
        digest = self._in_whole if name in (EVERYTHING, curves.BY_HAND) else self._digest
        return f"{RUNS}/{curves.RANDOM if name == curves.BY_HAND else name}-{seed}-{digest}.json"

    def _path(self, name: str, seed: int) -> Path:
        return self._folder / self.name(name, seed)


def _refused(runs: Iterable[Report]) -> dict[str, int]:
    """How many trainings the gate judged, and how many of them it refused."""
    promoted = [each["promoted"] for run in runs for each in run["trainings"]]
    return {"trainings": len(promoted), "refused": promoted.count(False)}


def _unseen(runs: Iterable[Report]) -> dict[str, int]:
    """How many fields nobody looked at, and how many of these were wrong."""
    picks = [pick for run in runs for pick in run["picks"]]
    return {
        "fields": sum(pick["unseen"] for pick in picks),
        "wrong": sum(pick["unseen_wrong"] for pick in picks),
    }


def _chosen(asked: Asked, more: Mapping[str, Strategy]) -> dict[str, Strategy]:
    """The strategies, each once, and random order; raises `UnknownStrategy`."""
    wanted = dict.fromkeys((curves.RANDOM, *asked.strategies))
    return {
        name: more[name] if name in more else strategies.named(name)
        for name in wanted
        if name != curves.BY_HAND  # the same order as random's, so the same run
    }


def _settled(asked: Asked, material: Material, notes: list[str]) -> tuple[Asked, int]:
    """(with the type's own audit share, queue and training settings, how many documents are held back)."""
    count = len(material.documents)
    held_back = min(MOST_TEST, round(TEST_SHARE * count)) if asked.test is None else asked.test
    if not 1 <= held_back <= count - 2:
        raise BadRehearsal(
            f"{held_back} of {count} documents can't be held back: give --test with a number from 1 to {count - 2}"
        )
    if asked.plan.budget > count - held_back:
        notes.append(
            f"the budget is more than the {count - held_back} documents there are: it ends with them"
        )
    described = material.document_type or DocumentType()  # an unsaved row has the defaults
    bound = asked.plan.assume_above
    plan = replace(
        asked.plan,
        share=described.audit_share,
        queue=described.queue_depth,
        assume_above=described.assume_above if bound is None else bound,
        whole_share=described.whole_share,
    )
    return replace(asked, plan=plan, recipe=described.recipe | dict(asked.recipe)), held_back


def _digest(asked: Asked, held_back: int, schema: Schema, material: Material) -> str:
    """Of all that a run depends on besides its strategy and seed."""
    plan = asked.plan.to_json()
    budget = plan.pop("budget")
    essence = [
        curves.RULE,
        grouping.snapshot_hash(schema, pack=material.documents),
        [document.key for document in material.documents],  # another order is another split
        plan,
        budget % asked.plan.batch and budget,  # of whole batches, a smaller one is the beginning of a larger
        asked.learner,
        sorted(asked.recipe.items()),
        held_back,
    ]
    if (own := material.document_type) and own.strategy_parameters:
        essence.append([own.strategy, own.strategy_parameters])
    return hashlib.sha256(json.dumps(essence, sort_keys=True).encode()).hexdigest()[:12]


def _report(asked: Asked, material: Material, schema: Schema, learner: Learner, notes: list[str]) -> Report:
    return {
        "rule": curves.RULE,
        "type": asked.order.name,
        "pack": str(material.folder),
        "limit": asked.order.limit,
        "seeds": list(asked.all_seeds),
        "schema": schema.to_json(),
        "schema_from": material.schema_from,
        "learner": {"name": learner.name, "is": learner.base, "recipe": dict(asked.recipe)},
        "plan": asked.plan.to_json(),
        "notes": notes,
        "machine": this_machine().to_json(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _write(path: Path, content: Report) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
