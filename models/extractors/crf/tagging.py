"""Sequences of features and labels → a model (bytes), and a model → label probabilities. crfsuite is spoken to here only."""

from __future__ import annotations

import math
import time
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
TELLING = 4  # iterations after which it is known how long one takes
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


class _TooSlow(Exception):
    """There is time for only so many `iterations`."""

    def __init__(self, iterations: int) -> None:
        super().__init__()
        self.iterations = iterations


def learn(
    pages: Iterable[Page],
    recipe: Recipe,
    on_step: Callable[[int, float], None],
    *,
    until: float = math.inf,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[bytes, int]:
    """(the model that L-BFGS finds, in how many iterations at most).

    `on_step` is told the number and loss of each iteration, and may raise. Where they would not all end before `until`,
    as the first few show, it begins anew with as many as do, at least one: crfsuite keeps no model of one that is broken off.
    """
    trainer = _Trainer("lbfgs", {"c1": recipe.c1, "c2": recipe.c2})
    for features, labels in pages:
        for start, end in _known(labels):
            trainer.append(features[start:end], labels[start:end])
    with TemporaryDirectory(prefix="docloop-crf-") as folder:
        path = Path(folder) / "model.crf"
        iterations = recipe.iterations
        trainer.on_step = _watched(on_step, iterations, until, clock)
        trainer.set("max_iterations", iterations)
        try:
            trainer.train(str(path))
        except _TooSlow as slow:
            iterations = slow.iterations
            trainer.on_step = on_step
            trainer.set("max_iterations", iterations)
            trainer.train(str(path))
        return path.read_bytes(), iterations


def _watched(
    on_step: Callable[[int, float], None], iterations: int, until: float, clock: Callable[[], float]
) -> Callable[[int, float], None]:
    """`on_step`, which raises `_TooSlow` once it shows that so many iterations don't end in time."""
    began = first = clock()

    def watched(step: int, loss: float) -> None:
        nonlocal first
        on_step(step, loss)
        now = clock()
        first = now if step == 1 else first
        if now >= until and 1 < step <= TELLING:
            raise _TooSlow(1)
        # to begin anew takes as long again as it took to the first iteration
        left, each = until - now - (first - began), (now - first) / max(1, step - 1)
        if step == TELLING and until - now < (iterations - step) * each:
            raise _TooSlow(max(1, int(left / each)))

    return watched


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
