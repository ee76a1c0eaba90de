"""The extractor that Docloop ships: boosted trees over the fixed base, and the base fine-tuned, as one opinion.

From few documents the trees know more, from many the network; what each is worth is measured on documents that
neither learned from, and one that adds nothing is left out. `pooling` makes one opinion of two.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from models import similarity
from models.errors import RegistryError
from models.extractors import manifest
from models.extractors.base import Example, Extracted, OnProgress, Progress
from models.extractors.calibrating import calibrated
from models.extractors.combined.pooling import Opinion, best_weight, pooled, read
from models.extractors.combined.recipe import Recipe
from models.extractors.fields import Reading, read_fields
from models.extractors.layoutlm import LayoutLMExtractor
from models.extractors.tagger import TaggerExtractor
from models.pages import Page
from models.schema import Schema

LEAST_FOLDED = 6  # documents; of fewer, nothing can be told
TAGGER_TIME = 0.1  # share of the time that the trees take, about


class CombinedExtractor:
    """Trees and network, pooled; either may be missing. `weight` is the network's."""

    name = "combined"

    def __init__(
        self,
        schema: Schema,
        tagger: TaggerExtractor | None,
        layoutlm: LayoutLMExtractor | None,
        weight: float,
        reading: Reading,
        recipe: Recipe,
    ) -> None:
        self.schema = schema
        self.tagger = tagger
        self.layoutlm = layoutlm
        self.weight = weight
        self.reading = reading
        self.recipe = recipe

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
        """Learns from `train`, and up to `most_folded` documents from `validation` too, by folds.

        Without any example it is the base as it is. See `Recipe` for what `recipe` may hold.
        """
        checked = Recipe.from_json(recipe)
        if not train:
            base = LayoutLMExtractor.fit(
                schema,
                [],
                validation,
                recipe=checked.of_layoutlm(checked.max_minutes),
                on_progress=on_progress,
            )
            return cls(schema, None, base, 1.0, base.reading, checked)
        labelled = [*train, *validation]
        if LEAST_FOLDED <= len(labelled) <= checked.most_folded:
            splits = list(_folds(labelled, checked))
        else:
            splits = [(list(train), list(validation))]
        return cls._fitted(schema, splits, checked, on_progress, checkpoints)

    @classmethod
    def _fitted(
        cls,
        schema: Schema,
        splits: Sequence[tuple[list[Example], list[Example]]],
        recipe: Recipe,
        on_progress: OnProgress,
        checkpoints: Path | None,
    ) -> Self:
        """Learns on each split to see how good each is, and then, of several, once more from all documents."""
        parts = _Parts(schema, recipe, len(splits) + (len(splits) > 1), on_progress, checkpoints)
        judged: list[Example] = []
        opinions: tuple[list[Opinion], list[Opinion]] = ([], [])
        for learning, unseen in splits:
            tagger, layoutlm = parts.tagger(learning), parts.layoutlm(learning)
            pages = [example.pages for example in unseen]
            judged += unseen
            opinions[0].extend(tagger.log_probs_of(pages))
            opinions[1].extend(layoutlm.log_probs_of(pages))
        weight = best_weight(schema, judged, opinions)
        reading = calibrated(schema, judged, read(schema, judged, opinions, weight))
        if len(splits) > 1:  # what it knows from two thirds of the documents, it knows better from all
            tagger = parts.tagger(judged) if weight < 1 else tagger
            layoutlm = parts.layoutlm(judged) if weight > 0 else layoutlm
        on_progress(Progress("done", 1.0, note=_told(weight)))
        return cls(
            schema,
            tagger if weight < 1 else None,
            layoutlm if weight > 0 else None,
            weight,
            reading,
            recipe,
        )

    def extract(self, documents: Sequence[Sequence[Page]]) -> list[Extracted]:
        """One answer per document, in order. A document without words has no values."""
        return [
            read_fields(pages, each, self.schema, self.reading)
            for pages, each in zip(documents, self.log_probs_of(documents), strict=True)
        ]

    def log_probs_of(self, documents: Sequence[Sequence[Page]]) -> list[Opinion]:
        """For each document and page: log-probabilities (W, L) of its words' labels, in the order of `labels_of`."""
        first = self.tagger.log_probs_of(documents) if self.tagger else None
        second = self.layoutlm.log_probs_of(documents) if self.layoutlm else None
        if first is None or second is None:
            return second or first or []
        return [pooled(one, other, self.weight) for one, other in zip(first, second, strict=True)]

    def save(self, folder: Path) -> None:
        """Writes the parts into folders of their own, and the manifest; `folder` is created or must be empty."""
        folder.mkdir(parents=True, exist_ok=True)
        for part in (self.tagger, self.layoutlm):
            if part is not None:
                part.save(folder / part.name)
        settings = {
            "recipe": self.recipe.to_json(),
            "weight": self.weight,
            "reading": self.reading.to_json(),
            "parts": [part.name for part in (self.tagger, self.layoutlm) if part is not None],
        }
        manifest.write(folder, self.name, self.schema, settings)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what `save` wrote; raises `RegistryError` if a file is missing or changed, or it is another's."""
        stored = manifest.read(folder)
        if stored.extractor != cls.name:
            raise RegistryError(f"{folder} is a model of {stored.extractor!r}, not of {cls.name!r}")
        settings = stored.settings
        parts = settings["parts"]
        return cls(
            stored.schema,
            TaggerExtractor.load(folder / "tagger") if "tagger" in parts else None,
            LayoutLMExtractor.load(folder / "layoutlm") if "layoutlm" in parts else None,
            settings["weight"],
            Reading.from_json(settings["reading"]),
            Recipe.from_json(settings["recipe"]),
        )


class _Parts:
    """Trains the parts one after the other, and says how far all of it is. `rounds` of both, in so many minutes."""

    def __init__(
        self, schema: Schema, recipe: Recipe, rounds: int, on_progress: OnProgress, checkpoints: Path | None
    ) -> None:
        self._schema = schema
        self._recipe = recipe
        self._rounds = rounds
        self._on_progress = on_progress
        self._checkpoints = checkpoints
        self._done = 0.0
        self._round = 0
        self._ends = time.monotonic() + 60 * recipe.max_minutes

    def tagger(self, examples: list[Example]) -> TaggerExtractor:
        self._round += 1
        return TaggerExtractor.fit(
            self._schema,
            examples,
            [],
            recipe=self._recipe.of_tagger(),
            on_progress=self._told(TAGGER_TIME, "trees"),
        )

    def layoutlm(self, examples: list[Example]) -> LayoutLMExtractor:
        left = max(0.1, self._ends - time.monotonic()) / 60
        return LayoutLMExtractor.fit(
            self._schema,
            examples,
            [],
            recipe=self._recipe.of_layoutlm(left / max(1, self._rounds - self._round + 1)),
            on_progress=self._told(1 - TAGGER_TIME, "network"),
            checkpoints=self._checkpoints / f"round-{self._round}" if self._checkpoints else None,
        )

    def _told(self, share: float, what: str) -> OnProgress:
        begun = self._done
        self._done += share
        of_rounds = f" {self._round} of {self._rounds}" if self._rounds > 1 else ""

        def on_progress(progress: Progress) -> None:
            stage = f"{progress.stage} the {what}{of_rounds}" if progress.stage != "done" else "training"
            self._on_progress(
                Progress(
                    stage,
                    min(0.99, (begun + share * progress.share) / self._rounds),
                    progress.epoch,
                    progress.epochs,
                    progress.figures,
                    progress.note,
                )
            )

        return on_progress


def _folds(labelled: Sequence[Example], recipe: Recipe) -> Iterator[tuple[list[Example], list[Example]]]:
    """(for learning, unseen) of each fold; near copies in one fold, so that none is known from its copy."""
    numbers = similarity.group([similarity.fingerprint(example.pages) for example in labelled])
    rng = np.random.default_rng(recipe.seed)
    sizes = [0] * recipe.folds
    fold_of: dict[int, int] = {}
    groups = sorted(set(numbers))
    # the largest groups first, each into the smallest fold
    for number in sorted(rng.permutation(groups).tolist(), key=lambda number: -numbers.count(number)):
        fold = sizes.index(min(sizes))
        fold_of[number] = fold
        sizes[fold] += numbers.count(number)
    for fold in range(recipe.folds):
        unseen = [e for e, number in zip(labelled, numbers, strict=True) if fold_of[number] == fold]
        learning = [e for e, number in zip(labelled, numbers, strict=True) if fold_of[number] != fold]
        if unseen and learning:
            yield learning, unseen


def _told(weight: float) -> str:
    if weight in (0.0, 1.0):
        return "only the network is used" if weight else "only the trees are used"
    return f"the network counts {weight:.0%}, the trees {1 - weight:.0%}"
