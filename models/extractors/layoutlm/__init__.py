"""The trained extractor: a LayoutLM that labels words, fine-tuned on the documents people confirmed.

`windows` cuts pages into stretches of words, `model` is the network, `bases` what it starts from, `training`
fine-tunes it by a `recipe`, `exporting` makes an ONNX graph of it, `inference` runs that, `fields` makes values of
what it says. This module joins them. Extracting never imports torch, so that a worker starts fast and stays small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tokenizers import Tokenizer

from models.errors import RegistryError, TrainingFailed
from models.extractors import manifest
from models.extractors.base import Example, Extracted, OnProgress, Progress
from models.extractors.calibrating import calibrated
from models.extractors.fields import Floats, Reading, labels_of, read_fields
from models.extractors.layoutlm.inference import THREADS, Session
from models.extractors.layoutlm.recipe import Recipe
from models.extractors.layoutlm.windows import open_tokenizer
from models.pages import Page
from models.schema import Schema

if TYPE_CHECKING:
    from models.extractors.layoutlm.model import WordTagger

GRAPH = "model.onnx"


class LayoutLMExtractor:
    """LayoutLM with calibrated confidences, on the CPU. `precision` is float32 or int8. Load it once per process."""

    name = "layoutlm"
    learns_from_validation = False

    def __init__(
        self,
        schema: Schema,
        network: WordTagger | Path,
        session: Session,
        tokenizer: Tokenizer,
        reading: Reading,
        recipe: Recipe,
        precision: str,
    ) -> None:
        self.schema = schema
        self._network = network  # or the folder that holds it
        self.session = session
        self.tokenizer = tokenizer
        self.reading = reading
        self.recipe = recipe
        self.precision = precision

    @property
    def network(self) -> WordTagger:
        """The network in 32-bit floats, which the graph was made of; opened when it is first asked for."""
        if isinstance(self._network, Path):
            from models.extractors.layoutlm.model import open_network

            self._network = open_network(self._network)
        return self._network

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
        from models.extractors.layoutlm import exporting, training

        checked = Recipe.from_json(recipe)
        trained = training.train(schema, train, validation, checked, on_progress, checkpoints)
        session, said, precision = exporting.chosen(trained, schema, validation, checked.precision)
        reading = calibrated(schema, validation, said)
        on_progress(Progress("done", 1.0, trained.epochs, trained.epochs, note=trained.note))
        return cls(schema, trained.network, session, trained.tokenizer, reading, checked, precision)

    def extract(self, documents: Sequence[Sequence[Page]]) -> list[Extracted]:
        """One answer per document, in order. A document without words has no values."""
        return [
            read_fields(pages, each, self.schema, self.reading)
            for pages, each in zip(documents, self.log_probs_of(documents), strict=True)
        ]

    def log_probs_of(self, documents: Sequence[Sequence[Page]]) -> list[list[Floats]]:
        """For each document and page: log-probabilities (W, L) of its words' labels, in the order of `labels_of`."""
        return self.session.log_probs_of(self.tokenizer, documents)

    def save(self, folder: Path) -> None:
        """Writes weights, graph, tokenizer and manifest into `folder`, which is created or must be empty."""
        from models.extractors.layoutlm.model import save_network

        folder.mkdir(parents=True, exist_ok=True)
        save_network(self.network, folder)
        self.session.save(folder / GRAPH)
        self.tokenizer.save(str(folder / "tokenizer.json"))
        settings = {
            "recipe": self.recipe.to_json(),
            "precision": self.precision,
            "reading": self.reading.to_json(),
        }
        manifest.write(folder, self.name, self.schema, settings)

    @classmethod
    def load(cls, folder: Path, *, threads: int = THREADS) -> Self:
        """Reads what `save` wrote; raises `RegistryError` if a file is missing or changed, or it is another's.

        Extracts with so many threads; give 1 where as many workers as cores extract side by side.
        """
        stored = manifest.read(folder)
        if stored.extractor != cls.name:
            raise RegistryError(f"{folder} is a model of {stored.extractor!r}, not of {cls.name!r}")
        if not (folder / GRAPH).is_file():
            raise RegistryError(f"{folder} has no {GRAPH}: it was saved before there was one; train it again")
        settings = stored.settings
        try:
            reading, precision = Reading.from_json(settings["reading"]), str(settings["precision"])
            recipe = Recipe.from_json(settings["recipe"])
        except (AttributeError, KeyError, TypeError, ValueError, TrainingFailed) as error:
            raise RegistryError(
                f"{folder} was saved by another version of Docloop; use that, or train it again"
            ) from error
        session = Session(folder / GRAPH, len(labels_of(stored.schema)), threads=threads)
        return cls(stored.schema, folder, session, open_tokenizer(folder), reading, recipe, precision)
