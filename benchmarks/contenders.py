"""Who is compared: Docloop's extractors, each also alone, and what a person programs in five minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from benchmarks import pooled
from benchmarks.baselines import trivial
from models import extractors
from models.alignment import learn_day_first
from models.extractors.base import Example, Extracted, OnProgress
from models.extractors.fields import Reading
from models.judging import Extract
from models.pages import Page
from models.schema import Schema

TRIVIAL = "trivial"
CONVERGED = "to convergence"


class _Calibrated(Protocol):
    reading: Reading


@dataclass(frozen=True, slots=True)
class Contender:
    """An extractor with a recipe, under the name that is shown. `learns`: it is trained for every size.

    `refitted`: it is trained once more, on the validation documents too, once they have calibrated it. The default
    learns from all documents, and a peer of it that needs none for stopping in time is to have as many.
    """

    shown: str
    extractor: str
    recipe: Mapping[str, Any] = field(default_factory=dict)
    learns: bool = True
    usual: bool = True  # measured unless others are asked for
    refitted: bool = False

    @property
    def there(self) -> bool:
        """Whether this Docloop has the extractor."""
        return self.extractor in (TRIVIAL, pooled.NAME) or self.extractor in extractors.EXTRACTORS

    def fit(
        self,
        schema: Schema,
        learning: Sequence[Example],
        validation: Sequence[Example],
        settings: Mapping[str, Any],
        on_progress: OnProgress,
    ) -> Extract:
        """What it makes of these documents: a function from pages to values.

        `settings` (seed, threads) go to extractors whose recipe has them. Raises `TrainingFailed`.
        """
        if self.extractor == TRIVIAL:
            return lambda documents: [_trivial(schema, pages) for pages in documents]
        if self.extractor == pooled.NAME:
            ordered = learn_day_first(schema, [*learning, *validation])
            return pooled.fit(ordered, learning, validation, settings, on_progress)
        kind = extractors.named(self.extractor)
        known = set(kind.settled({}))
        recipe = {
            name: value for name, value in (dict(settings) | dict(self.recipe)).items() if name in known
        }
        ordered = learn_day_first(schema, [*learning, *validation])
        settled = kind.settled(recipe)
        fitted = kind.fit(ordered, learning, validation, recipe=settled, on_progress=on_progress)
        if self.refitted and validation:
            calibrated = cast(_Calibrated, fitted).reading
            fitted = kind.fit(ordered, [*learning, *validation], [], recipe=settled, on_progress=on_progress)
            cast(_Calibrated, fitted).reading = calibrated
        return fitted.extract


def _trivial(schema: Schema, pages: Sequence[Page]) -> Extracted:
    return trivial(schema, pages)


DEFAULT = "combined"  # what Docloop trains unless told otherwise
# long enough that no validation figure gets any better; a recipe without one of these names goes without
LONG = {"rounds": 400, "epochs": 24, "max_minutes": 90.0}

CONTENDERS = {
    each.shown: each
    for each in (
        Contender(TRIVIAL, TRIVIAL, learns=False),
        Contender("rules", "rules", learns=False),
        Contender("base", "combined", learns=False),
        Contender("combined", "combined"),
        Contender("layoutlm", "layoutlm"),
        Contender("tagger", "tagger", refitted=True),
        Contender("crf", "crf", refitted=True),
        Contender(CONVERGED, DEFAULT, LONG, usual=False),
        Contender(pooled.NAME, pooled.NAME, usual=False),
    )
}
