"""What was corrected in a rehearsal in; what reads from then on out: split, trained and let through as in the app.

The split is `snapshots.divide`, with what each document was before; who takes over is what `gate.judge` lets through, by
gold and, where that is little, by what is new (`crossing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learner import crossing, evaluation, gate, snapshots
from learner.rehearsal_learners import Learner, Says
from learner.rehearsal_scene import Scene
from learner.snapshots import Entry, Split
from models.alignment import learn_day_first
from models.errors import TrainingFailed
from models.extractors.base import Example, Extracted
from models.metrics import Scores
from models.packs import PackDocument
from models.schema import Schema

LEARNED = (Split.TRAIN, Split.VALIDATION)
UNTAUGHT = "what reads untaught"  # as the gate calls it, while there is no champion


@dataclass(frozen=True, slots=True)
class Done:
    """A document that was corrected, by its row in the pool."""

    row: int
    audited: bool
    unconfirmed: frozenset[str] = frozenset()  # fields that nobody looked at


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training: what it says, and what the gate said of it."""

    says: Says
    promoted: bool
    reasons: tuple[str, ...]


class Reader:
    """What reads the pool, and what each document was for in the trainings so far."""

    def __init__(self, made: Scene, learner: Learner) -> None:
        self.taught = False  # whether there is a champion
        self._made = made
        self._learner = learner
        self._says = learner.untaught(made.schema)
        self._remembered: dict[int, Split] = {}
        self._known: set[str] = set()  # what reads has learned from these

    def says(self, documents: Sequence[PackDocument] | Sequence[Example]) -> list[Extracted]:
        """What it says of these documents; nothing as long as nothing reads."""
        return self._says(documents) if self._says else [Extracted(()) for _ in documents]

    def train(self, done: Sequence[Done]) -> Trained:
        """Train on what was corrected, and let the gate decide whether that reads from now on.

        Raises `Refused` if there is too little to split, and `TrainingFailed`; what reads stays then.
        """
        examples = self._examples(done)
        schema, says = self._learned(examples)
        gold = examples[Split.GOLD]
        opponent = self._scores(self._says, gold, schema) if self._says else None
        verdict = gate.judge(
            schema,
            self._scores(says, gold, schema),
            opponent,
            np.random.default_rng((self._made.seed, len(done))),
            others=self._others(examples, schema),
            title=gate.CHAMPION if self.taught else UNTAUGHT,
        )
        if verdict.promote:
            self._says, self.taught = says, True
            self._known = {each.key for part in LEARNED for each in examples[part]}
        return Trained(says, verdict.promote, verdict.reasons)

    def _others(self, examples: dict[Split, list[Example]], schema: Schema) -> tuple[Scores, Scores] | None:
        """What reads, and models trained as the candidate was, on what is new to both; None where gold is enough."""
        if self._says is None or len(examples[Split.GOLD]) >= gate.ENOUGH:
            return None
        train, validation = (examples[part] for part in LEARNED)
        try:
            read, said = crossing.read_by_others(
                crossing.fresh([*train, *validation], self._known),
                train,
                validation,
                lambda train, rest: self._learner.taught(schema, train, rest, self._made.seed),
            )
        except TrainingFailed:  # of so few nothing can be learned
            return None
        candidate = evaluation.compare(read, [evaluation.by_schema(schema, each) for each in said], schema)
        return self._scores(self._says, read, schema), candidate

    def trained_once(self, done: Sequence[Done]) -> Says:
        """What a training on these says, whatever the gate would make of it; raises as `train` does."""
        return self._learned(self._examples(done))[1]

    def _examples(self, done: Sequence[Done]) -> dict[Split, list[Example]]:
        """By split, and as `snapshots.examples` gives them: who judges is confirmed in whole."""
        entries = [
            Entry(
                number,
                each.row,
                self._made.shas[each.row],
                f"{self._made.fingerprints[each.row]:016x}",
                each.audited,
                whole=not each.unconfirmed,
            )
            for number, each in enumerate(done)
        ]
        splits = snapshots.divide(entries, self._remembered)
        for row, split in splits.items():
            if self._remembered.get(row) != Split.GOLD:
                self._remembered[row] = split
        found: dict[Split, list[Example]] = {split: [] for split in Split}
        for each in done:
            if not each.unconfirmed or splits[each.row] == Split.TRAIN:
                found[splits[each.row]].append(self._example(each))
        return found

    def _example(self, done: Done) -> Example:
        document = self._made.pool[done.row]
        answers = tuple(answer for answer in document.answers if answer.field not in done.unconfirmed)
        return Example(document.key, document.pages, answers, done.unconfirmed)

    def _learned(self, examples: dict[Split, list[Example]]) -> tuple[Schema, Says]:
        train, validation = examples[Split.TRAIN], examples[Split.VALIDATION]
        schema = learn_day_first(self._made.schema, [*train, *validation])
        return schema, self._learner.taught(schema, train, validation, self._made.seed)

    def _scores(self, says: Says, gold: Sequence[Example], schema: Schema) -> Scores:
        said = [evaluation.by_schema(schema, each) for each in says(gold)]
        return evaluation.compare(gold, said, schema)
