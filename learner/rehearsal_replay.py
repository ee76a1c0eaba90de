"""One rehearsal: a pack's documents, a strategy and a learner in; how right the learner is after so many corrections out.

A replay is the app's loop without its services: the same ranking with the same audit slice and reasons, the same cost
model learned from the seconds so far, the same extractors with the same calibration. A simulated person stands in for people
(`rehearsal_person`), the pack's labels for what they know. What the app does besides is left out: the gate (every trained
model is taken), acceptance without a person, second opinions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from learner import cost, ranking
from learner.rehearsal_learners import Learner, Says
from learner.rehearsal_person import Seconds, correct
from learner.strategies.base import Strategy
from models import grouping
from models.alignment import learn_day_first
from models.errors import TrainingFailed
from models.extractors.base import Extracted
from models.grouping import Groups
from models.metrics import score
from models.packs import PackDocument
from models.schema import Schema

Json = dict[str, Any]  # names, counts, figures
Say = Callable[[str], None]

PERSON = "rehearsal"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is rehearsed: trainings after every `batch` corrections, `budget` corrections in all.

    `share` of the picks (0…1) are the audit's, and the ranking is looked at anew after every `queue` corrections: so many
    documents are picked at a time, as the app fills a person's queue.
    """

    batch: int
    budget: int
    share: float = 0.1
    queue: int = 5
    seconds: Seconds = field(default_factory=Seconds)

    def to_json(self) -> Json:
        return {
            "batch": self.batch,
            "budget": self.budget,
            "audit_share": self.share,
            "queue": self.queue,
            "seconds": self.seconds.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Scene:
    """A pack's documents on two sides, for one seed: those that may be labelled, and those that judge."""

    schema: Schema
    truth: Schema  # the same fields, with dates read as all labels together say
    pool: list[PackDocument]
    groups: list[int]  # of the pool: near copies have one number
    test: list[PackDocument]
    looks: list[bytes]  # of the pool
    shas: list[str]
    seed: int


def scene(schema: Schema, groups: Groups, test: int, seed: int) -> Scene:
    """`test` documents by whole groups of near copies are held back, by the seed's lot."""
    held, left = grouping.draw(groups, test, np.random.default_rng((seed, 1)))
    pool = grouping.flat(left)
    return Scene(
        schema,
        learn_day_first(schema, grouping.examples(grouping.flat(groups))),
        pool,
        [number for number, group in enumerate(left) for _ in group],
        grouping.flat(held),
        [ranking.look(document.pages, None).tobytes() for document in pool],
        [grouping.digest_of_words(document.pages) for document in pool],
        seed,
    )


def of_everything(made: Scene, learner: Learner) -> float:
    """F1 (0…1) on the test when the whole pool is labelled."""
    return _f1(made, _trained(made, learner, range(len(made.pool)))(made.test))


def replay(made: Scene, strategy: Strategy, learner: Learner, plan: Plan, say: Say) -> Json:
    """The curve, and every pick with its reason and seconds; JSON.

    A point of the curve: `documents` corrected, `seconds` that took, `by_hand` (what the same documents cost without a
    model), `f1` on the test.
    """
    says = learner.untaught(made.schema)
    told = says(made.pool)
    desk = _Desk(made, plan)
    points = [desk.point(_f1(made, says(made.test)))]
    problems: list[str] = []
    budget = min(plan.budget, len(made.pool))
    while len(desk.done) < budget:
        left = min(plan.batch - len(desk.done) % plan.batch, budget - len(desk.done))
        desk.work(strategy, told, min(left, plan.queue))
        if len(desk.done) % plan.batch and len(desk.done) < budget:
            continue
        try:
            says = _trained(made, learner, desk.done)
        except TrainingFailed as problem:  # the model before it stays, as in the app
            problems.append(str(problem))
        waiting = [row for row in range(len(made.pool)) if row not in set(desk.done)]
        for row, extracted in zip(waiting, says([made.pool[row] for row in waiting]), strict=True):
            told[row] = extracted
        points.append(desk.point(_f1(made, says(made.test))))
        say(
            f"{strategy.name}, seed {made.seed}: {len(desk.done)} of {budget} documents, "
            f"{points[-1]['seconds'] / 3600:.2f} h, F1 {points[-1]['f1']:.3f}"
        )
    return {"points": points, "picks": desk.picks, "problems": sorted(set(problems))}


class _Desk:
    """What has been corrected so far, and what that tells the ranking."""

    def __init__(self, made: Scene, plan: Plan) -> None:
        self.made = made
        self.plan = plan
        self.done: list[int] = []  # rows of the pool
        self.picks: list[Json] = []
        self._corrected: list[ranking.Corrected] = []
        self._times: list[cost.Row] = []
        self._audited = 0

    def point(self, f1: float) -> Json:
        return {
            "documents": len(self.done),
            "seconds": sum(pick["seconds"] for pick in self.picks),
            "by_hand": sum(pick["by_hand"] for pick in self.picks),
            "f1": f1,
        }

    def work(self, strategy: Strategy, told: Sequence[Extracted], n: int) -> None:
        """Rank what waits, and correct the first `n`; `told` is what the model says of every document of the pool."""
        schema, plan = self.made.schema, self.plan
        done = set(self.done)
        rows = [row for row in range(len(self.made.pool)) if row not in done]
        waiting = ranking.Waiting(
            shas=[self.made.shas[row] for row in rows],
            audit=[None] * len(rows),
            extracted=[bool(told[row].values or told[row].absent) for row in rows],
            confidence=[_confidences(schema, told[row]) for row in rows],
            looks=[self.made.looks[row] for row in rows],
            pages=[len(self.made.pool[row].pages) for row in rows],
        )
        seconds = cost.fit(self._times[-cost.LEARN_FROM :], fields=len(schema.fields)).seconds
        ranked = ranking.rank(
            schema,
            waiting,
            ranking.pool_of(schema, waiting, self._corrected[::-1], seconds),
            strategy,
            share=plan.share,
            debt=ranking.debt(plan.share, len(self.done), self._audited),
            seed=self.made.seed,
        )
        first = sorted(range(len(rows)), key=lambda place: -ranked[place].priority)[:n]
        for place in first:
            self._correct(rows[place], told[rows[place]], ranked[place])

    def _correct(self, row: int, extracted: Extracted, ranked: ranking.Ranked) -> None:
        document, schema = self.made.pool[row], self.made.schema
        work = correct(document, extracted, self.made.truth, self.plan.seconds)
        confidence = _confidences(schema, extracted)
        faults = ranking.faults(schema, work.outcomes)
        self.done.append(row)
        self._audited += ranked.probability is not None
        self._corrected.append(ranking.Corrected(confidence, self.made.looks[row], faults))
        expected = sum(1 - each for each in confidence)
        # those who take no time at all would tell nothing on the log scale
        seconds = max(work.seconds, 0.1)
        self._times.append(cost.Row(seconds, len(document.pages), len(confidence), expected, PERSON))
        self.picks.append(
            {
                "document": document.key,
                "reason": ranked.reason,
                "audit": ranked.probability is not None,
                "seconds": work.seconds,
                "by_hand": work.by_hand,
                "changed": sum(outcome != "accepted" for outcome in work.outcomes.values()),
            }
        )


def _confidences(schema: Schema, extracted: Extracted) -> list[float]:
    said = [{"field": value.field, "confidence": value.confidence} for value in extracted.values]
    return ranking.confidences(schema, said, extracted.absent)


def _trained(made: Scene, learner: Learner, rows: Sequence[int]) -> Says:
    """The learner, taught these documents of the pool; near copies of what calibrates it are not among the others."""
    groups: dict[int, list[PackDocument]] = {}
    for row in rows:
        groups.setdefault(made.groups[row], []).append(made.pool[row])
    rng = np.random.default_rng((made.seed, len(rows)))
    train, validation = map(grouping.flat, grouping.cut_validation(list(groups.values()), rng))
    schema = learn_day_first(made.schema, grouping.examples(train + validation))
    return learner.taught(schema, train, validation, made.seed)


def _f1(made: Scene, said: Sequence[Extracted]) -> float:
    return score(made.truth, [document.answers for document in made.test], said).f1()
