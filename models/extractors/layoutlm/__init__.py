"""The trained extractor: a LayoutLM that labels words, fine-tuned on the documents people confirmed.

`windows` cuts pages into stretches of words, `model` is the network, `bases` what it starts from, `inference` runs it,
`fields` makes values of what it says, `training` fine-tunes it by a `recipe`. This module joins them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tokenizers import Tokenizer

from models import calibration
from models.calibration import Calibration
from models.errors import RegistryError
from models.extractors import manifest
from models.extractors.base import Example, Extracted, OnProgress, Progress
from models.extractors.layoutlm import training
from models.extractors.layoutlm.fields import Reading, read_fields
from models.extractors.layoutlm.inference import log_probs_of
from models.extractors.layoutlm.model import Asked, WordTagger, open_network, save_network
from models.extractors.layoutlm.recipe import Recipe
from models.extractors.layoutlm.windows import open_tokenizer
from models.metrics import is_right
from models.pages import Page
from models.schema import Schema


class LayoutLMExtractor:
    """LayoutLM with calibrated confidences. Loaded once per process; not for several threads at once."""

    name = "layoutlm"

    def __init__(
        self,
        schema: Schema,
        network: WordTagger,
        tokenizer: Tokenizer,
        reading: Reading,
        recipe: Recipe,
    ) -> None:
        self.schema = schema
        self.asked = Asked(network, schema).eval()
        self.tokenizer = tokenizer
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
        """Fine-tunes from the base and calibrates on `validation`; see `Recipe` for what `recipe` may hold."""
        checked = Recipe.from_json(recipe)
        trained = training.train(schema, train, validation, checked, on_progress, checkpoints)
        reading = _calibrated(schema, validation, trained.validated)
        on_progress(Progress("done", 1.0, checked.epochs, checked.epochs, note=trained.note))
        return cls(schema, trained.network, trained.tokenizer, reading, checked)

    def extract(self, documents: Sequence[Sequence[Page]]) -> list[Extracted]:
        """One answer per document, in order. A document without words has no values."""
        probs = log_probs_of(self.asked, self.tokenizer, documents)
        return [
            read_fields(pages, each, self.schema, self.reading)
            for pages, each in zip(documents, probs, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Writes weights, tokenizer and manifest into `folder`, which is created or must be empty."""
        folder.mkdir(parents=True, exist_ok=True)
        save_network(self.asked.network, folder)
        self.tokenizer.save(str(folder / "tokenizer.json"))
        settings = {
            "recipe": self.recipe.to_json(),
            "found": self.reading.found.to_json(),
            "absent": self.reading.absent.to_json(),
        }
        manifest.write(folder, self.name, self.schema, settings)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what `save` wrote; raises `RegistryError` if a file is missing or changed, or it is another's."""
        stored = manifest.read(folder)
        if stored.extractor != cls.name:
            raise RegistryError(f"{folder} is a model of {stored.extractor!r}, not of {cls.name!r}")
        settings = stored.settings
        return cls(
            stored.schema,
            open_network(folder),
            open_tokenizer(folder),
            Reading(Calibration.from_json(settings["found"]), Calibration.from_json(settings["absent"])),
            Recipe.from_json(settings["recipe"]),
        )


def _calibrated(schema: Schema, examples: Sequence[Example], said: Sequence[Extracted]) -> Reading:
    """How sure the raw scores of these documents should have been, of values and of absences."""
    found: list[tuple[float, bool]] = []
    absent: list[tuple[float, bool]] = []
    for example, extracted in zip(examples, said, strict=True):
        answers = {field.name: [a.text for a in example.answers if a.field == field.name] for field in schema}
        found.extend(
            (
                value.confidence,
                any(is_right(schema[value.field], value, text) for text in answers[value.field]),
            )
            for value in extracted.values
        )
        absent.extend((score, not answers[name]) for name, score in extracted.absent.items())
    return Reading(
        calibration.fit([score for score, _ in found], [right for _, right in found]),
        calibration.fit([score for score, _ in absent], [right for _, right in absent]),
    )
