"""The extractor that Docloop ships: the base's own opinion, trees over it, and a CRF, as one.

Without any document the base speaks alone. From few documents the trees know more than it, from many the CRF adds what
follows what. What each is worth is measured on documents that it didn't learn from; `pooling` makes one opinion. What
was confirmed before is spelt as it was confirmed (`known`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from tokenizers import Tokenizer

from models import similarity
from models.concepts import head_labels
from models.errors import RegistryError
from models.extractors import manifest
from models.extractors.base import Example, Extracted, OnProgress, Progress
from models.extractors.calibrating import calibrated
from models.extractors.combined.known import Known, trusted
from models.extractors.combined.pooling import (
    UNTOLD,
    Opinion,
    Weights,
    best_weights,
    floored,
    of_concepts,
    pooled,
    read,
)
from models.extractors.combined.recipe import Recipe
from models.extractors.combined.rounds import Parts, Rounds, load, save, shortened
from models.extractors.combined.unseen import Unseen
from models.extractors.fields import Floats, Reading, read_fields
from models.extractors.layoutlm.inference import THREADS, Session
from models.extractors.layoutlm.windows import open_tokenizer
from models.extractors.precision import AUTO, FLOAT32, INT8
from models.extractors.tagger import look
from models.extractors.tagger.features import Looked, marks_of
from models.metrics import score
from models.pages import Page
from models.schema import Schema

GRAPH, TOKENIZER = "base.onnx", "tokenizer.json"
LEAST_FOLDED = 6  # documents; of fewer, nothing can be told


class CombinedExtractor:
    """Base, trees and CRF, pooled by `weights`; without any document there is only the base."""

    name = "combined"
    learns_from_validation: ClassVar[bool] = True

    def __init__(
        self,
        schema: Schema,
        base: Session,
        tokenizer: Tokenizer,
        columns: Sequence[int | None],
        parts: Parts | None,
        weights: Weights,
        reading: Reading,
        recipe: Recipe,
        known: Known | None = None,
    ) -> None:
        """`columns` are those of the base's head for each of the schema's labels but `O`."""
        self.schema = schema
        self.base = base
        self.tokenizer = tokenizer
        self.columns = tuple(columns)
        self.parts = parts
        self.weights = weights
        self.reading = reading
        self.recipe = recipe
        self.known = known or Known()

    @classmethod
    def untaught(
        cls, schema: Schema, base: Session, tokenizer: Tokenizer, head: Sequence[str], recipe: Recipe
    ) -> Self:
        """The base as it is, with the labels `head`: it has its opinion before there is any document to learn from."""
        columns = _columns(schema, head)
        return cls(schema, base, tokenizer, columns, None, UNTOLD, Reading(), recipe)

    @classmethod
    def settled(cls, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """See `Recipe`; raises `TrainingFailed`."""
        return Recipe.from_json(recipe).to_json()

    @classmethod
    def fit(
        cls,
        schema: Schema,
        train: Sequence[Example],
        validation: Sequence[Example],
        *,
        recipe: Mapping[str, Any],
        on_progress: OnProgress,
        checkpoints: Path | None = None,
    ) -> Self:
        """Learns from `train` and `validation` alike, by folds; without any example it is the base as it is.

        With too little time fewer folds are made, and smaller trees and CRFs. What each round made is kept in `checkpoints`.
        """
        from models.extractors.tagger.base import (
            open_concepts,
        )  # imports torch, which extraction goes without

        checked, began = Recipe.from_json(recipe), time.monotonic()
        on_progress(Progress("preparing", 0.0))
        labelled = [*train, *validation]
        splits = list(_folds(labelled, checked)) if len(labelled) >= LEAST_FOLDED else []
        choosing = checked.precision == AUTO and bool(splits)
        begins = INT8 if choosing or checked.precision == INT8 else FLOAT32
        base, tokenizer, head = open_concepts(checked.base, checked.threads, begins)
        fitted = cls.untaught(schema, base, tokenizer, head, checked)
        if not labelled:
            return fitted
        documents = [example.pages for example in labelled]
        rounds = Rounds(schema, checked, len(splits) + 1, on_progress, checkpoints, began=began)
        looked = look(base, tokenizer, schema, documents, rounds.looking(0.0, 0.5 if choosing else 1.0))
        in_32: list[Looked] = []
        if choosing and rounds.in_time:
            exact, _, _ = open_concepts(checked.base, checked.threads, FLOAT32)
            in_32 = look(exact, tokenizer, schema, documents, rounds.looking(0.5, 1.0))
        unseen = fitted._unseen(labelled, looked, in_32, splits, rounds)
        cost = unseen.cost(schema)
        if cost and cost.too_much:
            fitted.base, looked, unseen.opinions = exact, in_32, unseen.exact
        fitted.parts = rounds.trained(labelled, looked, fitted.base, tokenizer, last=True)
        fitted.known = Known.of(schema, labelled)
        if unseen.examples:
            found = fitted._settle(unseen.examples, unseen.opinions, unseen.known)
            told = [f"F1 {found:.3f} on {len(unseen.examples)} documents, each unseen by its fold"]
            told += [_told(fitted.weights), *([str(cost)] if cost else [])]
            on_progress(Progress("done", 0.99, figures={"unseen_f1": found}, note="; ".join(told)))
        short = unseen.folds < len(splits) or shortened(checked, fitted.parts)
        limit = f"{unseen.folds} of {len(splits)} folds in the time limit of {checked.max_minutes:g} minutes"
        on_progress(Progress("done", 1.0, note=f"shortened to {limit}" if short else ""))
        return fitted

    def _unseen(
        self,
        labelled: Sequence[Example],
        looked: Sequence[Looked],
        in_32: Sequence[Looked],
        splits: Sequence[tuple[list[int], list[int]]],
        rounds: Rounds,
    ) -> Unseen:
        """What the parts of each fold that there is time for say of its unseen documents; `in_32` are those or none."""
        unseen = Unseen()
        for learning, others in splits:
            if not rounds.in_time:
                break
            unseen.folds += 1
            learned = [labelled[i] for i in learning]
            self.parts = rounds.trained(
                learned, [looked[i] for i in learning], self.base, self.tokenizer, last=False
            )
            # people confirm what the model doubts: those fields alone would make it look worse than it is
            judging = [i for i in others if not labelled[i].unconfirmed]
            unseen.examples += [labelled[i] for i in judging]
            unseen.opinions += [self.opinion(labelled[i].pages, looked[i]) for i in judging]
            unseen.exact += [self.opinion(labelled[i].pages, in_32[i]) for i in judging if in_32]
            unseen.known += [Known.of(self.schema, learned)] * len(judging)
        return unseen

    def _settle(
        self, unseen: Sequence[Example], opinions: Sequence[Sequence[Opinion]], known: Sequence[Known]
    ) -> float:
        """Weights, spelling and calibration by what was said of unseen documents; F1 of that, micro.

        `known` is for each of them what was confirmed of those that its fold learned from.
        """
        self.weights = best_weights(self.schema, unseen, opinions)
        read_so = read(self.schema, unseen, opinions, self.weights)
        spelt = [each.respelt(self.schema, one) for each, one in zip(known, read_so, strict=True)]
        names = trusted(self.schema, unseen, read_so, spelt)
        self.known = self.known.only(names)
        said = [each.only(names).respelt(self.schema, one) for each, one in zip(known, read_so, strict=True)]
        self.reading = calibrated(self.schema, unseen, said)
        return score(self.schema, [example.answers for example in unseen], said).f1()

    def extract(self, documents: Sequence[Sequence[Page]]) -> list[Extracted]:
        """One answer per document, in order. A document without words has no values."""
        weights = self.weights if self.parts else (1.0, 0.0, 0.0)
        return [
            self.known.respelt(
                self.schema, read_fields(pages, pooled(each, weights), self.schema, self.reading)
            )
            for pages, each in zip(documents, self.opinions(documents), strict=True)
        ]

    def opinions(self, documents: Sequence[Sequence[Page]]) -> Iterator[list[Opinion]]:
        """For each document what base, trees and CRF say: log-probabilities (W, L) of each page."""
        concepts_of = self.base.one_by_one(self.tokenizer, documents, busy=self.parts is not None)
        for pages, concepts in zip(documents, concepts_of, strict=True):
            marks = marks_of(pages, self.schema) if self.parts else []
            yield self.opinion(pages, Looked(concepts, marks))

    def opinion(self, pages: Sequence[Page], looked: Looked) -> list[Opinion]:
        """The same of one document that was looked at."""
        if self.parts is None:
            nothing: Opinion = [np.full((len(page.words), 1 + len(self.columns)), -np.inf) for page in pages]
            return [self._own(looked, nothing)] * 3
        tagger, crf = self.parts
        trees = tagger.log_probs_from(pages, looked.concepts, looked.marks)
        # once weights are known, a part that has no say needn't speak
        speaks = not self.reading.found or self.weights[2] > 0
        return [self._own(looked, trees), trees, crf.log_probs_from(looked.marks) if speaks else trees]

    def _own(self, looked: Looked, others: Sequence[Floats]) -> Opinion:
        """What the base itself says."""
        return [
            floored(of_concepts(said, self.columns, other))
            for said, other in zip(looked.concepts, others, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Writes base, trees, CRF and manifest into `folder`, which is created or must be empty."""
        folder.mkdir(parents=True, exist_ok=True)
        self.base.save(folder / GRAPH)
        self.tokenizer.save(str(folder / TOKENIZER))
        settings: dict[str, Any] = {
            "recipe": self.recipe.to_json(),
            "concepts": self.base.labels,
            "columns": list(self.columns),
            "weights": list(self.weights),
            "reading": self.reading.to_json(),
            "known": self.known.to_json(),
            "taught": self.parts is not None,
        }
        if self.parts:
            save(folder, self.parts)
        manifest.write(folder, self.name, self.schema, settings)

    @classmethod
    def load(cls, folder: Path, *, threads: int = THREADS) -> Self:
        """Reads what `save` wrote; raises `RegistryError` if a file is missing or changed, or it is another's."""
        stored = manifest.read(folder)
        if stored.extractor != cls.name:
            raise RegistryError(f"{folder} is a model of {stored.extractor!r}, not of {cls.name!r}")
        settings = stored.settings
        base = Session(folder / GRAPH, settings["concepts"], threads=threads)
        tokenizer = open_tokenizer(folder)
        parts = load(folder, stored.schema, base, tokenizer, threads) if settings["taught"] else None
        first, second, third = settings["weights"]
        return cls(
            stored.schema,
            base,
            tokenizer,
            settings["columns"],
            parts,
            (first, second, third),
            Reading.from_json(settings["reading"]),
            Recipe.from_json(settings["recipe"]),
            Known(settings.get("known", {})),
        )


def _columns(schema: Schema, head: Sequence[str]) -> list[int | None]:
    position = {label: column for column, label in enumerate(head)}
    return [position.get(label) for label in head_labels(schema, head)]


def _folds(labelled: Sequence[Example], recipe: Recipe) -> Iterator[tuple[list[int], list[int]]]:
    """Positions (for learning, unseen) of each fold; near copies in one fold, so that none is known from its copy."""
    numbers = similarity.group([similarity.fingerprint(example.pages) for example in labelled])
    rng = np.random.default_rng(recipe.seed)
    sizes = [0] * recipe.folds
    fold_of: dict[int, int] = {}
    # the largest groups first, each into the smallest fold
    for number in sorted(
        rng.permutation(sorted(set(numbers))).tolist(), key=lambda each: -numbers.count(each)
    ):
        fold_of[number] = sizes.index(min(sizes))
        sizes[fold_of[number]] += numbers.count(number)
    for fold in range(recipe.folds):
        unseen = [at for at, number in enumerate(numbers) if fold_of[number] == fold]
        learning = [at for at, number in enumerate(numbers) if fold_of[number] != fold]
        if unseen and learning:
            yield learning, unseen


def _told(weights: Weights) -> str:
    base, trees, crf = weights
    return f"the base counts {base:.0%}, the trees {trees:.0%}, the CRF {crf:.0%}"
