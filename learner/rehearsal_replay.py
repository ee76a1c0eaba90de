"""One rehearsal: a pack's documents, a strategy and a learner in; how right the learner is after so many corrections out.

A replay is the app's loop without its services: the same ranking with the same audit slice and reasons, the same turns
and questions, the same cost model learned from the seconds so far, the same split, extractors, calibration and gate
(`rehearsal_training`). A simulated person stands in for people (`rehearsal_person`), the pack's labels for what they know.
What the app does besides is left out: acceptance without a person, second opinions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from annotation import asking, labelling, turns
from annotation.errors import Refused
from annotation.labelling import ASSUMED
from learner import cost, ranking
from learner.rehearsal_learners import Learner
from learner.rehearsal_person import Seconds, Work, correct
from learner.rehearsal_scene import Scene
from learner.rehearsal_training import Done, Reader
from learner.strategies.base import Strategy
from models.errors import TrainingFailed
from models.extractors.base import Extracted
from models.schema import Schema

Json = dict[str, Any]  # names, counts, figures
Say = Callable[[str], None]

PERSON = "rehearsal"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is rehearsed: trainings after every `batch` corrections, `budget` corrections in all.

    `share` of the picks (0…1) are the audit's, and the ranking is looked at anew after every `queue` corrections: so many
    documents are picked at a time, as the app fills a person's queue. Fields that are surer than `assume_above` (0.5…1;
    None: none) aren't asked for, but in a `whole_share` (0…1) of the documents.
    """

    batch: int
    budget: int
    share: float = 0.1
    queue: int = 5
    seconds: Seconds = field(default_factory=Seconds)
    assume_above: float | None = None
    whole_share: float = 0.2

    def to_json(self) -> Json:
        return {
            "batch": self.batch,
            "budget": self.budget,
            "audit_share": self.share,
            "queue": self.queue,
            "seconds": self.seconds.to_json(),
            "assume_above": self.assume_above,
            "whole_share": self.whole_share,
        }


def of_everything(made: Scene, learner: Learner, share: float) -> float:
    """F1 (0…1) on the test when every field of the whole pool is labelled, `share` (0…1) of it for the audit.

    Raises `Refused`, `TrainingFailed`.
    """
    done = [Done(row, ranking.draw(sha) < share) for row, sha in enumerate(made.shas)]
    return made.judged(Reader(made, learner).trained_once(done)(made.test)).f1()


def replay(made: Scene, strategy: Strategy, learner: Learner, plan: Plan, say: Say) -> Json:
    """The curve, every training with what the gate said, and every pick with its reason and seconds; JSON.

    A point of the curve: `documents` corrected, `seconds` that took, `by_hand` (what the same documents cost without a
    model), `f1` on the test of what reads then. A training: `documents` it was given, `promoted`, `reasons`, and what
    it scored itself on each document of the test (`models.metrics.Scores`). A problem is a training that came to nothing.
    """
    reader = Reader(made, learner)
    told = reader.says(made.pool)
    desk = _Desk(made, plan)
    f1 = made.judged(reader.says(made.test)).f1()
    points = [desk.point(f1)]
    trainings: list[Json] = []
    problems: list[Json] = []
    budget = min(plan.budget, len(made.pool))
    while len(desk.done) < budget:
        left = min(plan.batch - len(desk.done) % plan.batch, budget - len(desk.done))
        desk.work(strategy, told, min(left, plan.queue), taught=reader.taught)
        if len(desk.done) % plan.batch and len(desk.done) < budget:
            continue
        try:
            trained = reader.train(desk.done)
        except (Refused, TrainingFailed) as problem:  # the model before it stays, as in the app
            problems.append({"documents": len(desk.done), "problem": str(problem)})
        else:
            scores = made.judged(trained.says(made.test))
            trainings.append(
                {
                    "documents": len(desk.done),
                    "promoted": trained.promoted,
                    "reasons": list(trained.reasons),
                    "f1": scores.f1(),
                    "scores": scores.to_json(),
                }
            )
            if trained.promoted:
                f1 = scores.f1()
                waiting = desk.waiting()
                for row, said in zip(waiting, trained.says([made.pool[row] for row in waiting]), strict=True):
                    told[row] = said
        points.append(desk.point(f1))
        say(
            f"{strategy.name}, seed {made.seed}: {len(desk.done)} of {budget} documents, "
            f"{points[-1]['seconds'] / 3600:.2f} h, F1 {points[-1]['f1']:.3f}"
        )
    return {
        "points": points,
        "trainings": trainings,
        "picks": desk.picks,
        "problems": problems,
    }


class _Desk:
    """What has been corrected so far, and what that tells the ranking."""

    def __init__(self, made: Scene, plan: Plan) -> None:
        self.made = made
        self.plan = plan
        self.done: list[Done] = []
        self.picks: list[Json] = []
        self._corrected: list[ranking.Corrected] = []
        self._times: list[cost.Row] = []

    def point(self, f1: float) -> Json:
        return {
            "documents": len(self.done),
            "seconds": sum(pick["seconds"] for pick in self.picks),
            "by_hand": sum(pick["by_hand"] for pick in self.picks),
            "f1": f1,
        }

    def waiting(self) -> list[int]:
        """Rows of the pool that nobody has corrected yet."""
        done = {each.row for each in self.done}
        return [row for row in range(len(self.made.pool)) if row not in done]

    def work(self, strategy: Strategy, told: Sequence[Extracted], n: int, *, taught: bool) -> None:
        """Rank what waits, and correct the `n` whose turn it is.

        `told` is what the model says of every document of the pool, `taught` whether it has learned from people.
        """
        rows = self.waiting()
        ranked = self._ranked(strategy, told, rows, taught=taught)
        best = sorted(range(len(rows)), key=lambda place: -ranked[place].priority)
        fingerprints = self.made.fingerprints
        queue = [turns.Ranked(place, fingerprints[rows[place]], queued=False) for place in best]
        for place in turns.in_turn(queue, n):
            self._correct(rows[place], told[rows[place]], ranked[place], taught=taught)

    def _ranked(
        self, strategy: Strategy, told: Sequence[Extracted], rows: Sequence[int], *, taught: bool
    ) -> list[ranking.Ranked]:
        """Every waiting document's place, as `learner.selection` finds it."""
        schema, plan = self.made.schema, self.plan
        waiting = ranking.Waiting(
            shas=[self.made.shas[row] for row in rows],
            audit=[plan.share if ranking.draw(self.made.shas[row]) < plan.share else None for row in rows],
            extracted=[bool(told[row].values or told[row].absent) for row in rows],
            confidence=[_confidences(schema, told[row]) for row in rows],
            looks=[self.made.looks[row] for row in rows],
            pages=[len(self.made.pool[row].pages) for row in rows],
        )
        asked = cost.asked(
            waiting.confidence,
            list(zip(waiting.shas, waiting.audit, strict=True)),
            fields=len(schema.fields),
            assume_above=plan.assume_above if taught else None,
            whole_share=plan.whole_share,
        )
        model = cost.fit(self._times[-cost.LEARN_FROM :], fields=len(schema.fields))
        audited = sum(each.audited for each in self.done)
        return ranking.rank(
            schema,
            waiting,
            ranking.pool_of(schema, waiting, self._corrected[::-1], partial(model.seconds, asked=asked)),
            strategy,
            share=plan.share,
            debt=ranking.debt(plan.share, len(self.done), audited),
            seed=self.made.seed,
        )

    def _correct(self, row: int, extracted: Extracted, ranked: ranking.Ranked, *, taught: bool) -> None:
        document, schema = self.made.pool[row], self.made.schema
        unasked = self._unasked(row, extracted, ranked) if taught else ()
        work = correct(document, extracted, self.made.truth, self.plan.seconds, unasked)
        confidence = _confidences(schema, extracted)
        faults = ranking.faults(schema, work.outcomes)
        self.done.append(Done(row, ranked.probability is not None, work.unseen))
        self._corrected.append(ranking.Corrected(confidence, self.made.looks[row], faults))
        self._times.append(_time(schema, len(document.pages), confidence, work))
        self.picks.append(
            {
                "document": document.key,
                "reason": ranked.reason,
                "audit": ranked.probability is not None,
                "seconds": work.seconds,
                "by_hand": work.by_hand,
                "changed": sum(outcome not in ("accepted", ASSUMED) for outcome in work.outcomes.values()),
                "unseen": len(work.unseen),
                "unseen_wrong": work.wrong,
            }
        )

    def _unasked(self, row: int, extracted: Extracted, ranked: ranking.Ranked) -> Sequence[str]:
        """The fields that needn't be looked at, as `asking.unasked` decides it."""
        plan = self.plan
        if plan.assume_above is None:
            return ()
        if asking.asked_in_whole(plan.whole_share, self.made.shas[row], ranked.probability):
            return ()
        return labelling.unasked(
            extracted.values, extracted.absent, self.made.schema, assume_above=plan.assume_above
        )


def _confidences(schema: Schema, extracted: Extracted) -> list[float]:
    said = [{"field": value.field, "confidence": value.confidence} for value in extracted.values]
    return ranking.confidences(schema, said, extracted.absent)


def _time(schema: Schema, pages: int, confidence: Sequence[float], work: Work) -> cost.Row:
    """As `cost.rows` finds it in the ledger: of the fields that were asked for."""
    asked = [sure for name, sure in zip(schema.names, confidence, strict=True) if name not in work.unseen]
    # those who take no time at all would tell nothing on the log scale
    return cost.Row(max(work.seconds, 0.1), pages, len(asked), sum(1 - sure for sure in asked), PERSON)
