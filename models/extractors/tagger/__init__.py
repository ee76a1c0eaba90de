"""A gradient-boosted tagger: trees that label words by what the base takes them for and what stands around them.

`features` says what is seen of a word. Nothing of the base is trained, so a training takes seconds, and from few
documents it finds more than fine-tuning does. Values and confidences are made of its label probabilities as of the
network's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import xgboost
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from models.alignment import labels_to_learn
from models.errors import RegistryError, TrainingFailed
from models.extractors import manifest
from models.extractors.base import Example, Extracted, OnProgress, Progress
from models.extractors.calibrating import calibrated
from models.extractors.fields import Floats, Reading, labels_of, read_fields
from models.extractors.layoutlm.inference import THREADS, Session
from models.extractors.layoutlm.windows import open_tokenizer
from models.extractors.precision import AUTO, FLOAT32, INT8, cost_of
from models.extractors.tagger.features import Looked, marks_of, matrix, vocabulary
from models.extractors.tagger.recipe import Recipe
from models.pages import Page
from models.schema import Schema

TREES = "trees.ubj"
GRAPH = "base.onnx"
LEAST = 1e-6  # a probability that is never quite 0, so that logarithms can be pooled
LOOKED = 0.2  # share of a training that is over when its documents were looked at
BINS = 64  # in which numbers are told apart; more cost time and tell nothing


class TaggerExtractor:
    """Boosted trees (Chen and Guestrin 2016, XGBoost) over words, with calibrated confidences."""

    name = "tagger"
    learns_from_validation = False

    def __init__(
        self,
        schema: Schema,
        trees: xgboost.Booster,
        marks: Sequence[str],
        base: Session,
        tokenizer: Tokenizer,
        reading: Reading,
        recipe: Recipe,
    ) -> None:
        self.schema = schema
        self.trees = trees
        # a page's words are too few to share: with two threads most of the time went into waiting for one another
        self.trees.set_param({"nthread": 1})
        self.marks = tuple(marks)
        self.base = base
        self.tokenizer = tokenizer
        self.reading = reading
        self.recipe = recipe
        self._column_of = {mark: column for column, mark in enumerate(self.marks)}

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
        """Learns from `train` and calibrates on `validation`; see `Recipe` for what `recipe` may hold.

        Trainings are too short for checkpoints: `checkpoints` stays empty.
        """
        from models.extractors.tagger.base import (
            open_concepts,
        )  # imports torch, which extraction goes without

        checked, on_progress = Recipe.from_json(recipe), _never_back(on_progress)
        until = time.monotonic() + 60 * checked.max_minutes
        on_progress(Progress("preparing", 0.0, epochs=checked.rounds))

        def on_share(share: float) -> None:
            on_progress(Progress("preparing", LOOKED * share, epochs=checked.rounds))

        def taught(kind: type[Self], precision: str) -> Self:
            base, tokenizer, _ = open_concepts(checked.base, checked.threads, precision)
            looked = look(base, tokenizer, schema, [example.pages for example in train], on_share)
            return kind.learned(schema, train, looked, base, tokenizer, checked, on_progress, until=until)

        documents = [example.pages for example in validation]
        choosing = checked.precision == AUTO and bool(validation)
        fitted = taught(cls, INT8 if choosing or checked.precision == INT8 else FLOAT32)
        answers = fitted.extract(documents)
        if choosing and time.monotonic() < until:
            quick = fitted.base
            fitted.base, _, _ = open_concepts(checked.base, checked.threads, FLOAT32)
            if cost_of(schema, validation, fitted.extract(documents), answers).too_much:
                fitted = taught(cls, FLOAT32)
                answers = fitted.extract(documents)
            else:
                fitted.base = quick
        fitted.reading = calibrated(schema, validation, answers)
        limit = f"the time limit of {checked.max_minutes:g} minutes"
        took = fitted.trees.num_boosted_rounds()
        note = f"shortened to {took} of {checked.rounds} rounds by {limit}" if took < checked.rounds else ""
        on_progress(Progress("done", 1.0, took, took, note=note))
        return fitted

    @classmethod
    def learned(
        cls,
        schema: Schema,
        examples: Sequence[Example],
        looked: Sequence[Looked],
        base: Session,
        tokenizer: Tokenizer,
        recipe: Recipe,
        on_progress: OnProgress,
        *,
        until: float = math.inf,
    ) -> Self:
        """Trees from examples that were looked at, uncalibrated; raises `TrainingFailed`.

        No more are grown after `until`, of `time.monotonic`.
        """
        known = vocabulary(each.marks for each in looked)
        column_of = {mark: column for column, mark in enumerate(known)}
        targets = _targets(examples, schema)
        rows, weights = _rows(targets, recipe)
        first = 0
        parts = []
        for example, each in zip(examples, looked, strict=True):
            words = sum(len(page.words) for page in example.pages)
            own = rows[np.searchsorted(rows, first) : np.searchsorted(rows, first + words)] - first
            # most of an order's words are left out: together their numbers would take gigabytes
            parts.append(matrix(example.pages, each.concepts, each.marks, column_of)[own] if words else None)
            first += words
        seen = sparse.vstack([part for part in parts if part is not None], format="csr")
        trees = _grown(seen, targets[rows], weights, len(labels_of(schema)), recipe, on_progress, until)
        return cls(schema, trees, known, base, tokenizer, Reading(), recipe)

    def extract(self, documents: Sequence[Sequence[Page]]) -> list[Extracted]:
        """One answer per document, in order. A document without words has no values."""
        return [
            read_fields(pages, each, self.schema, self.reading)
            for pages, each in zip(documents, self.log_probs_of(documents), strict=True)
        ]

    def log_probs_of(self, documents: Sequence[Sequence[Page]]) -> list[list[Floats]]:
        """For each document and page: log-probabilities (W, L) of its words' labels, in the order of `labels_of`."""
        concepts = self.base.one_by_one(self.tokenizer, documents, busy=True)
        return [
            self.log_probs_from(pages, said, marks_of(pages, self.schema))
            for pages, said in zip(documents, concepts, strict=True)
        ]

    def log_probs_from(
        self,
        pages: Sequence[Page],
        concepts: Sequence[NDArray[np.floating[Any]]],
        marks: Sequence[Sequence[Sequence[str]]],
    ) -> list[Floats]:
        """The same for one document whose concepts and marks are known."""
        lengths = [len(page.words) for page in pages]
        if not sum(lengths):
            return [np.zeros((0, len(labels_of(self.schema)))) for _ in pages]
        probs = self.trees.inplace_predict(matrix(pages, concepts, marks, self._column_of))
        logs = np.log(np.maximum(probs, LEAST)).astype(np.float64)
        return np.split(logs, np.cumsum(lengths)[:-1])

    def save(self, folder: Path) -> None:
        """Writes trees, the base's graph, tokenizer and manifest into `folder`, which is created or must be empty."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TREES).write_bytes(self.trees.save_raw("ubj"))
        self.base.save(folder / GRAPH)
        self.tokenizer.save(str(folder / "tokenizer.json"))
        settings = {
            "recipe": self.recipe.to_json(),
            "marks": list(self.marks),
            "concepts": self.base.labels,
            "reading": self.reading.to_json(),
        }
        manifest.write(folder, self.name, self.schema, settings)

    @classmethod
    def load(cls, folder: Path, *, threads: int = THREADS) -> Self:
        """Reads what `save` wrote; raises `RegistryError` if a file is missing or changed, or it is another's."""
        stored = manifest.read(folder)
        if stored.extractor != cls.name:
            raise RegistryError(f"{folder} is a model of {stored.extractor!r}, not of {cls.name!r}")
        settings = stored.settings
        trees = xgboost.Booster({"nthread": threads})
        try:
            trees.load_model(bytearray((folder / TREES).read_bytes()))
        except xgboost.core.XGBoostError as error:
            raise RegistryError(f"{folder} holds no trees: {TREES} can't be opened") from error
        return cls(
            stored.schema,
            trees,
            settings["marks"],
            Session(folder / GRAPH, settings["concepts"], threads=threads),
            open_tokenizer(folder),
            Reading.from_json(settings["reading"]),
            Recipe.from_json(settings["recipe"]),
        )


def _never_back(on_progress: OnProgress) -> OnProgress:
    """Trees that are grown once more, in another precision, are no step back."""
    far = 0.0

    def forward(progress: Progress) -> None:
        nonlocal far
        far = max(far, progress.share)
        on_progress(replace(progress, share=far))

    return forward


def look(
    base: Session,
    tokenizer: Tokenizer,
    schema: Schema,
    documents: Sequence[Sequence[Page]],
    on_share: Callable[[float], None],
) -> list[Looked]:
    """What is seen of each document; before each of them `on_share` is told how much is done (0…1), and may raise."""
    looked: list[Looked] = []
    concepts = base.one_by_one(tokenizer, documents)
    for pages, said in zip(documents, concepts, strict=True):
        on_share(len(looked) / len(documents))
        # half as many digits are more than 8 bits gave
        looked.append(Looked([page.astype(np.float32) for page in said], marks_of(pages, schema)))
    return looked


def _targets(examples: Sequence[Example], schema: Schema) -> NDArray[np.int64]:
    """The label's number of every word of every page; -1 for words that teach nothing."""
    number_of = {label: number for number, label in enumerate(labels_of(schema))}
    numbers = [
        -1 if label is None else number_of[label]
        for example in examples
        for page in labels_to_learn(example, schema)
        for label in page
    ]
    targets = np.asarray(numbers, dtype=np.int64)
    if not (targets > 0).any():
        raise TrainingFailed(
            f"none of the {len(examples)} training documents has a value that was found in its words; label some first"
        )
    return targets


def _rows(targets: NDArray[np.int64], recipe: Recipe) -> tuple[NDArray[np.intp], Floats]:
    """The words to learn from, and their weights: where very many have no value, some by lot, and those weigh more."""
    rng = np.random.default_rng(recipe.seed)
    values, empty = np.flatnonzero(targets > 0), np.flatnonzero(targets == 0)
    most = max(10_000, len(values) * recipe.empty // 1000)
    kept = empty if len(empty) <= most else np.sort(rng.choice(empty, most, replace=False))
    rows = np.sort(np.concatenate([values, kept]))
    return rows, np.where(targets[rows] == 0, len(empty) / max(1, len(kept)), 1.0)


def _grown(
    seen: sparse.csr_matrix,
    targets: NDArray[np.int64],
    weights: Floats,
    labels: int,
    recipe: Recipe,
    on_progress: OnProgress,
    until: float,
) -> xgboost.Booster:
    """The trees, from these words; those of one round at least."""
    data = xgboost.DMatrix(seen, targets, weight=weights, nthread=recipe.threads)
    settings = {
        "objective": "multi:softprob",
        "num_class": labels,
        "tree_method": "hist",
        "nthread": recipe.threads,
        "seed": recipe.seed,
        "max_bin": BINS,
        "max_depth": recipe.depth,
        "eta": recipe.rate,
        "subsample": 0.8,
        "colsample_bytree": recipe.columns,
        "min_child_weight": 0.3,
        "reg_lambda": 1.0,
    }
    trees = xgboost.Booster(settings, [data])
    for step in range(recipe.rounds):
        trees.update(data, step)
        on_progress(Progress("training", LOOKED + 0.75 * (step + 1) / recipe.rounds, step + 1, recipe.rounds))
        if time.monotonic() >= until:
            break
    return trees
