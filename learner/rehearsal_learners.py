"""What learns in a rehearsal: an extractor as it is, or the quick learner, which a round costs seconds instead of a minute.

The quick learner is what the default extractor is made of, less the trees, which take most of its time: the base's opinion,
which is frozen, and a CRF. What is seen of a document does not change from round to round, so it is seen once. `bare` is
the same without the base: nothing is known before the first correction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from models import extractors
from models.extractors.base import Example, Extracted
from models.pages import Page
from models.schema import Schema

if TYPE_CHECKING:
    from models.extractors.combined import CombinedExtractor
    from models.extractors.combined.pooling import Opinion, Weights
    from models.extractors.crf import CrfExtractor
    from models.extractors.fields import Reading
    from models.extractors.tagger.features import Looked

QUICK, BARE = "quick", "bare"
ITERATIONS = 60  # of L-BFGS, instead of 150: half the time, and F1 on receipts within 0.01 either way
LEAST_TOLD = 6  # documents for validation, of fewer nothing can be told about weights


class Readable(Protocol):
    """A document as far as it is read: of a pack, or as an example."""

    @property
    def key(self) -> str: ...

    @property
    def pages(self) -> tuple[Page, ...]: ...


Says = Callable[[Sequence[Readable]], list[Extracted]]


class Learner(Protocol):
    """Something that learns from labelled documents and then says what stands in others."""

    name: str
    base: str  # what it is made of, for the reader of a report

    def untaught(self, schema: Schema) -> Says | None:
        """What it says before any document is labelled; None if it has nothing to say then."""
        ...

    def taught(
        self, schema: Schema, train: Sequence[Example], validation: Sequence[Example], seed: int
    ) -> Says:
        """What it says afterwards; raises `TrainingFailed`."""
        ...


def named(name: str, recipe: Mapping[str, Any], cache: Path) -> Learner:  # an extractor's own settings
    """The learner of that name: quick, bare or an extractor's; raises `UnknownExtractor`, `TrainingFailed`.

    In the folder `cache` a base's graph may be kept.
    """
    if name in (QUICK, BARE):
        return QuickLearner(name, int(recipe.get("threads", 1)))
    return ExtractorLearner(name, recipe, cache)


class ExtractorLearner:
    """An extractor, trained anew in each round as a training run of the app does."""

    def __init__(self, name: str, recipe: Mapping[str, Any], cache: Path) -> None:
        self.name = name
        self.base = f"the extractor {name!r}, trained as in the app"
        self._kind = extractors.named(name)
        known = self._kind.settled({})
        self._recipe = {setting: value for setting, value in recipe.items() if setting in known}
        self._cache = cache

    def untaught(self, schema: Schema) -> Says | None:
        from models.extractors import untaught  # what it can say costs an import of the base's files

        found = untaught.of(self.name, schema, str(self._recipe.get("base", "")))
        if found is None:
            return None
        model = found.open(self._cache)
        return lambda documents: model.extract([document.pages for document in documents])

    def taught(
        self, schema: Schema, train: Sequence[Example], validation: Sequence[Example], seed: int
    ) -> Says:
        model = self._kind.fit(
            schema,
            train,
            validation,
            recipe=self._kind.settled({"seed": seed} | self._recipe),
            on_progress=lambda _: None,
        )
        return lambda documents: model.extract([document.pages for document in documents])


class QuickLearner:
    """See the module. It remembers what it saw of every document, by the document's key: for one pack and schema only."""

    def __init__(self, name: str, threads: int = 1) -> None:
        self.name = name
        self.base = "a CRF" if name == BARE else "the base's opinion and a CRF, pooled"
        self._threads = threads
        self._seen: dict[str, Looked] = {}
        self._base: CombinedExtractor | None = None

    def untaught(self, schema: Schema) -> Says | None:
        if self.name == BARE:
            return None
        from models.extractors.fields import Reading

        known = {
            field.name
            for field, column in zip(schema, self._opened(schema).columns[::2], strict=True)
            if column is not None
        }
        says = self._says(schema, None, (1.0, 0.0, 0.0), Reading())
        return lambda documents: [_only(each, known) for each in says(documents)]

    def taught(
        self, schema: Schema, train: Sequence[Example], validation: Sequence[Example], seed: int
    ) -> Says:
        from models.extractors.calibrating import calibrated
        from models.extractors.combined.pooling import UNTOLD, best_weights
        from models.extractors.crf import CrfExtractor
        from models.extractors.crf.recipe import Recipe
        from models.extractors.fields import Reading

        crf = CrfExtractor.learned(
            schema,
            train,
            [self._look(document, schema).marks for document in train],
            Recipe(seed=seed, iterations=ITERATIONS),
            lambda _: None,
        )
        weights: Weights = (0.0, 0.0, 1.0) if self.name == BARE else UNTOLD
        if self.name == QUICK and len(validation) >= LEAST_TOLD:
            opinions = [self._opinions(document, schema, crf) for document in validation]
            weights = best_weights(schema, validation, opinions)
        said = self._says(schema, crf, weights, Reading())(validation)
        return self._says(schema, crf, weights, calibrated(schema, validation, said))

    def _says(self, schema: Schema, crf: CrfExtractor | None, weights: Weights, reading: Reading) -> Says:
        from models.extractors.combined.pooling import pooled
        from models.extractors.fields import read_fields

        return lambda documents: [
            read_fields(each.pages, pooled(self._opinions(each, schema, crf), weights), schema, reading)
            for each in documents
        ]

    def _opinions(self, document: Readable, schema: Schema, crf: CrfExtractor | None) -> Sequence[Opinion]:
        """What base, trees and CRF say; the CRF stands in for the trees."""
        from models.extractors.combined.pooling import floored, of_concepts

        looked = self._look(document, schema)
        labels = 1 + 2 * len(schema.fields)
        if crf is None:
            others: Opinion = [np.full((len(page.words), labels), -np.inf) for page in document.pages]
        else:
            others = [floored(page) for page in crf.log_probs_from(looked.marks)]
        if self.name == BARE:
            return [others] * 3
        columns = self._opened(schema).columns
        own: Opinion = [
            floored(of_concepts(said, columns, other))
            for said, other in zip(looked.concepts, others, strict=True)
        ]
        return [own, own if crf is None else others, own if crf is None else others]

    def _look(self, document: Readable, schema: Schema) -> Looked:
        if document.key not in self._seen:
            from models.extractors.tagger.features import Looked, marks_of

            concepts = []
            if self.name == QUICK:
                base = self._opened(schema)
                said = next(iter(base.base.log_probs_of(base.tokenizer, [document.pages])))
                concepts = [page.astype(np.float32) for page in said]
            self._seen[document.key] = Looked(concepts, marks_of(document.pages, schema))
        return self._seen[document.key]

    def _opened(self, schema: Schema) -> CombinedExtractor:
        if self._base is None:
            from models.extractors.combined import CombinedExtractor

            recipe = CombinedExtractor.settled({"threads": self._threads})
            self._base = CombinedExtractor.fit(schema, [], [], recipe=recipe, on_progress=lambda _: None)
        return self._base


def _only(extracted: Extracted, fields: set[str]) -> Extracted:
    """What was said of these fields: of the others nothing is known."""
    values = tuple(value for value in extracted.values if value.field in fields)
    return Extracted(values, {name: sure for name, sure in extracted.absent.items() if name in fields})
