"""A contender that is not shipped: as `combined`, with the fine-tuned network in the place of the fixed base.

It answers whether the default should be this. Weights are chosen and confidences calibrated on the validation documents,
since folds would fine-tune the network five times; then trees and CRF learn from those too, as the default's do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.extractors.base import Example, Extracted, OnProgress, Progress
from models.extractors.calibrating import calibrated
from models.extractors.combined.pooling import UNTOLD, Opinion, best_weights, pooled, read
from models.extractors.crf import CrfExtractor
from models.extractors.fields import read_fields
from models.extractors.layoutlm import LayoutLMExtractor
from models.extractors.tagger import TaggerExtractor
from models.judging import Extract
from models.pages import Page
from models.schema import Schema

NAME = "layoutlm+tagger+crf"


def fit(
    schema: Schema,
    learning: Sequence[Example],
    validation: Sequence[Example],
    settings: Mapping[str, Any],
    on_progress: OnProgress,
) -> Extract:
    """Network, trees and CRF as one function from pages to values; raises `TrainingFailed`."""
    threaded = LayoutLMExtractor.settled({name: settings[name] for name in ("seed", "threads")})
    network = LayoutLMExtractor.fit(schema, learning, validation, recipe=threaded, on_progress=on_progress)
    trees, crf = _trees_and_crf(schema, learning, settings)

    def opinions(documents: Sequence[Sequence[Page]]) -> list[list[Opinion]]:
        each = (network.log_probs_of(documents), trees.log_probs_of(documents), crf.log_probs(documents))
        return [list(one) for one in zip(*each, strict=True)]

    weights, reading = UNTOLD, network.reading
    if validation:
        said = opinions([example.pages for example in validation])
        weights = best_weights(schema, validation, said)
        reading = calibrated(schema, validation, read(schema, validation, said, weights))
        trees, crf = _trees_and_crf(schema, [*learning, *validation], settings)
    told = ", ".join(f"{name} {weight:.0%}" for name, weight in zip(NAME.split("+"), weights, strict=True))
    on_progress(Progress("done", 1.0, note=f"weights: {told}"))

    def extract(documents: Sequence[Sequence[Page]]) -> list[Extracted]:
        return [
            read_fields(pages, pooled(each, weights), schema, reading)
            for pages, each in zip(documents, opinions(documents), strict=True)
        ]

    return extract


def _trees_and_crf(
    schema: Schema, examples: Sequence[Example], settings: Mapping[str, Any]
) -> tuple[TaggerExtractor, CrfExtractor]:
    recipe = TaggerExtractor.settled({name: settings[name] for name in ("seed", "threads")})
    trees = TaggerExtractor.fit(schema, examples, [], recipe=recipe, on_progress=_silent)
    crf = CrfExtractor.fit(
        schema,
        examples,
        [],
        recipe=CrfExtractor.settled({"seed": settings["seed"]}),
        on_progress=_silent,
    )
    return trees, crf


def _silent(progress: Progress) -> None:
    """The network's training is told of; what these take is little beside it."""
