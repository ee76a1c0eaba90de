"""Sequences of features and labels → a model (bytes), and a model → label probabilities. crfsuite is spoken to here only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pycrfsuite
from numpy.typing import NDArray

from models.errors import RegistryError
from models.extractors.crf.features import Features
from models.extractors.crf.recipe import Recipe

Floats = NDArray[np.float64]
LEAST = 1e-6  # probabilities are kept off 0: pooled with another model's, one must not forbid what the other is sure of

Labels = Sequence[str | None]
Page = tuple[Sequence[Features], Labels]


class _Trainer(pycrfsuite.Trainer):
    """crfsuite's trainer, which tells of each iteration instead of printing; what is raised then ends the training."""

    on_step: Callable[[int, float], None]

    def message(self, message: str) -> None:
        if self.logparser.feed(message) == "iteration":
            done = self.logparser.last_iteration
            self.on_step(int(done["num"]), float(done["loss"]))


def learn(pages: Iterable[Page], recipe: Recipe, on_step: Callable[[int, float], None]) -> bytes:
    """The model that L-BFGS finds; `on_step` is told the number and loss of each iteration, and may raise."""
    trainer = _Trainer("lbfgs", {"c1": recipe.c1, "c2": recipe.c2, "max_iterations": recipe.iterations})
    trainer.on_step = on_step
    for features, labels in pages:
        for start, end in _known(labels):
            trainer.append(features[start:end], labels[start:end])
    with TemporaryDirectory(prefix="docloop-crf-") as folder:
        path = Path(folder) / "model.crf"
        trainer.train(str(path))
        return path.read_bytes()


def _known(labels: Labels) -> Iterator[tuple[int, int]]:
    """Stretches without masked words (None), from start to before end.

    Each is a sequence of its own: its words still see what stands around them, only no label is taken to follow a
    word that nobody knows.
    """
    start = 0
    for at, label in enumerate([*labels, None]):
        if label is None:
            if at > start:
                yield start, at
            start = at + 1


class Tagger:
    """A model in memory. Not for several threads at once."""

    def __init__(self, model: bytes, labels: Sequence[str]) -> None:
        """Raises `RegistryError` if `model` is none."""
        self.model = model  # the tagger reads from it, so it has to live as long
        self._tagger = pycrfsuite.Tagger()
        try:
            self._tagger.open_inmemory(model)
        except ValueError as error:
            raise RegistryError("model.crf is no model of crfsuite; fetch the model again") from error
        known = set(self._tagger.labels())
        self._columns = [(column, label) for column, label in enumerate(labels) if label in known]
        self._count = len(labels)

    def log_probs(self, features: Sequence[Features]) -> Floats:
        """(W, L) log marginals of a page's words; a label that was never seen has the least probability."""
        probs = np.full((len(features), self._count), LEAST)
        if len(features):
            self._tagger.set(features)
            marginal = self._tagger.marginal
            for column, label in self._columns:
                probs[:, column] = [marginal(label, word) for word in range(len(features))]
        floored: Floats = np.log(np.maximum(probs, LEAST))
        return floored
