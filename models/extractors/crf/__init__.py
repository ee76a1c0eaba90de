"""A CRF that labels words by how they are written and what stands around them: small, and good from few documents.

`features` says what is seen of a word, `tagging` learns and labels. Values and confidences are made of its label
probabilities as they are of the network's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from models.alignment import OUTSIDE, labels_to_learn
from models.errors import RegistryError, TrainingFailed
from models.extractors import manifest
from models.extractors.base import Example, Extracted, OnProgress, Progress
from models.extractors.calibrating import calibrated
from models.extractors.crf import tagging
from models.extractors.crf.features import Features, features_of
from models.extractors.crf.recipe import Recipe
from models.extractors.crf.tagging import Tagger
from models.extractors.fields import Floats, Reading, labels_of, read_fields
from models.pages import Page
from models.schema import Schema

MODEL = "model.crf"
STRETCH = 30  # words that are left out or kept together
PREPARED = 0.3  # share of a training's time that goes into looking at its documents

# For each document, page and word what somebody else makes of it, by name: a share (0…1) or another small number.
Hints = Callable[[Sequence[Sequence[Page]]], Sequence[Sequence[Sequence[Mapping[str, float]]]]]


class CrfExtractor:
    """A linear-chain CRF (Lafferty et al. 2001) with calibrated confidences. Not for several threads at once."""

    name = "crf"
    learns_from_validation = False

    def __init__(
        self, schema: Schema, model: bytes, reading: Reading, recipe: Recipe, hints: Hints | None = None
    ) -> None:
        """`model` as `fit` made it, with the same `hints`. Raises `RegistryError` if it is none."""
        self.schema = schema
        self.tagger = Tagger(model, labels_of(schema))
        self.reading = reading
        self.recipe = recipe
        self.hints = hints
        self.iterations = recipe.iterations  # that it took at most

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
        hints: Hints | None = None,
    ) -> Self:
        """Learns from `train` and calibrates on `validation`; see `Recipe` for what `recipe` may hold.

        Trainings are too short for checkpoints: `checkpoints` stays empty. Who gives `hints` has to give the same
        ones to `load`.
        """
        checked = Recipe.from_json(recipe)
        until = time.monotonic() + 60 * checked.max_minutes
        features = _features([example.pages for example in train], schema, hints)
        fitted = cls.learned(schema, train, features, checked, on_progress, hints, until=until)
        said = fitted.extract([example.pages for example in validation])
        fitted.reading = calibrated(schema, validation, said)
        took, wanted = fitted.iterations, checked.iterations
        limit = f"the time limit of {checked.max_minutes:g} minutes"
        note = f"shortened to {took} of {wanted} iterations by {limit}" if took < wanted else ""
        on_progress(Progress("done", 1.0, took, took, note=note))
        return fitted

    @classmethod
    def learned(
        cls,
        schema: Schema,
        examples: Sequence[Example],
        features: Iterable[Sequence[Sequence[Features]]],
        recipe: Recipe,
        on_progress: OnProgress,
        hints: Hints | None = None,
        *,
        until: float = math.inf,
    ) -> Self:
        """A CRF from examples whose features are known, uncalibrated; raises `TrainingFailed`.

        It makes fewer iterations where they would end behind `until`, of `time.monotonic`.
        """
        far = 0.0

        def on_step(step: int, loss: float) -> None:
            nonlocal far  # one that begins anew is no step back
            far = max(far, min(1.0, step / recipe.iterations))
            figures = {"loss": loss / len(examples)}
            share = PREPARED + (1 - PREPARED) * far
            on_progress(Progress("training", share, step, recipe.iterations, figures))

        material = _material(schema, examples, features, recipe, on_progress)
        model, iterations = tagging.learn(material, recipe, on_step, until=until)
        learned = cls(schema, model, Reading(), recipe, hints)
        learned.iterations = iterations
        return learned

    def log_probs(self, documents: Sequence[Sequence[Page]]) -> list[list[Floats]]:
        """For each document and page (W, L) log probabilities of the labels, in the order of `labels_of`."""
        return [
            [self.tagger.log_probs(page) for page in pages]
            for pages in _features(documents, self.schema, self.hints)
        ]

    def log_probs_from(self, marks: Sequence[Sequence[Features]]) -> list[Floats]:
        """The same for one document whose features are known, page by page."""
        return [self.tagger.log_probs(page) for page in marks]

    def extract(self, documents: Sequence[Sequence[Page]]) -> list[Extracted]:
        """One answer per document, in order. A document without words has no values."""
        return [
            read_fields(pages, probs, self.schema, self.reading)
            for pages, probs in zip(documents, self.log_probs(documents), strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Writes model and manifest into `folder`, which is created or must be empty."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MODEL).write_bytes(self.tagger.model)
        settings = {
            "recipe": self.recipe.to_json(),
            "reading": self.reading.to_json(),
            "hinted": self.hints is not None,
        }
        manifest.write(folder, self.name, self.schema, settings)

    @classmethod
    def load(cls, folder: Path, hints: Hints | None = None) -> Self:
        """Reads what `save` wrote; raises `RegistryError` if a file is missing or changed, or it is another's."""
        stored = manifest.read(folder)
        if stored.extractor != cls.name:
            raise RegistryError(f"{folder} is a model of {stored.extractor!r}, not of {cls.name!r}")
        settings = stored.settings
        if settings["hinted"] != (hints is not None):
            raise RegistryError(
                f"{folder} was trained {'with' if settings['hinted'] else 'without'} hints: load it so"
            )
        return cls(
            stored.schema,
            (folder / MODEL).read_bytes(),
            Reading.from_json(settings["reading"]),
            Recipe.from_json(settings["recipe"]),
            hints,
        )


def _features(
    documents: Sequence[Sequence[Page]], schema: Schema, hints: Hints | None
) -> Iterator[list[list[Features]]]:
    """For each document, page and word what is seen of it, with what the hints say."""
    if hints is None:
        for pages in documents:
            yield [list(page) for page in features_of(pages, schema)]
        return
    for pages, told in zip(documents, hints(documents), strict=True):
        yield [
            [{**dict.fromkeys(seen, 1.0), **said} for seen, said in zip(page, of_page, strict=True)]
            for page, of_page in zip(features_of(pages, schema), told, strict=True)
        ]


def _material(
    schema: Schema,
    examples: Sequence[Example],
    features: Iterable[Sequence[Sequence[Features]]],
    recipe: Recipe,
    on_progress: OnProgress,
) -> Iterator[tagging.Page]:
    """Every page with its labels; raises `TrainingFailed` where none of the words is a value."""
    rng = np.random.default_rng(recipe.seed)
    words = sum(len(page.words) for example in examples for page in example.pages)
    share = recipe.most_words / max(1, words)
    labelled = False
    for number, (example, pages) in enumerate(zip(examples, features, strict=True)):
        on_progress(Progress("preparing", PREPARED * number / len(examples)))
        for seen, labels in zip(pages, labels_to_learn(example, schema), strict=True):
            labelled = labelled or any(label not in (None, OUTSIDE) for label in labels)
            yield seen, labels if share >= 1 else _thinned(labels, share, rng)
    if not labelled:
        raise TrainingFailed(
            f"none of the {len(examples)} training documents has a value that was found in its words; label some first"
        )


def _thinned(labels: tagging.Labels, share: float, rng: np.random.Generator) -> tagging.Labels:
    """A page's labels with None for words far from any value, but for a share of them, in stretches by lot.

    Learning from a tenth of an agreement's words costs no F1 and takes a sixth of the time: most pages have no value.
    """
    kept = np.repeat(rng.random(len(labels) // STRETCH + 1) < share, STRETCH)[: len(labels)]
    for at, label in enumerate(labels):
        if label != OUTSIDE:
            kept[max(0, at - STRETCH) : at + STRETCH + 1] = True
    return [label if keep else None for label, keep in zip(labels, kept, strict=True)]
