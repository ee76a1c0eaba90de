"""Examples → what a training learns from: windows with a label for each of their words, and the batches of an epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

from models.alignment import labels_to_learn
from models.extractors.base import Example
from models.extractors.fields import labels_of
from models.extractors.layoutlm.recipe import Recipe
from models.extractors.layoutlm.windows import (
    IGNORED,
    Ints,
    Window,
    batches_of,
    collate,
    hide,
    jittered,
    targets_of,
    windows_of,
)
from models.schema import Schema

# Lengths of batches are multiples of this: what bfloat16's kernels keep for every length they have met comes to a
# gigabyte within a hundred batches of lengths as they fall.
STRIDE = 32


@dataclass(frozen=True, slots=True)
class Material:
    """The windows of all examples, in two heaps: on long documents most hold no value, and are all alike."""

    windows: list[Window]
    targets: list[Ints]  # for each window (T,) label numbers
    telling: Ints  # numbers of the windows that hold a value
    empty: Ints  # the others

    def batches(self, recipe: Recipe, epoch: int) -> list[list[int]]:
        """The windows of one epoch: all that hold a value, and as many others by lot as the recipe says."""
        rng = np.random.default_rng((recipe.seed, epoch))
        some = rng.permutation(self.empty)[: math.ceil(recipe.empty_share * len(self.empty))]
        chosen = np.concatenate([self.telling, some])
        lengths = np.asarray([len(self.windows[i]) for i in chosen])
        batches: list[list[int]] = []
        for batch in batches_of(lengths.tolist(), recipe.batch_size, rng):
            room = max(1, recipe.batch_words // int(lengths[batch].max()))
            batches += [chosen[batch[start : start + room]].tolist() for start in range(0, len(batch), room)]
        return batches

    def words_per_epoch(self, recipe: Recipe) -> float:
        """How many words an epoch reads, on average."""
        told = sum(len(self.windows[i]) for i in self.telling)
        return told + recipe.empty_share * sum(len(self.windows[i]) for i in self.empty)


def prepared(schema: Schema, examples: Sequence[Example], tokenizer: Tokenizer) -> Material:
    """The windows of the examples with their labels."""
    number_of = {label: number for number, label in enumerate(labels_of(schema))}
    windows: list[Window] = []
    targets: list[Ints] = []
    for example in examples:
        cut = windows_of(example.pages, tokenizer)
        windows += cut
        targets += targets_of(cut, labels_to_learn(example, schema), number_of)
    holds = np.asarray([(target > 0).any() for target in targets], dtype=bool)
    return Material(windows, targets, np.flatnonzero(holds), np.flatnonzero(~holds))


def _widened(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same with padding up to the next multiple of `STRIDE` words."""
    more = -inputs["mask"].shape[1] % STRIDE
    return {
        name: torch.nn.functional.pad(each, (0, 0) * (each.ndim - 2) + (0, more))
        for name, each in inputs.items()
    }


def drawn(
    material: Material, batch: Sequence[int], recipe: Recipe, step: int, mask_piece: int
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """What the network takes of a batch, pages shifted and words hidden at random, and the (B, T) labels it should say.

    The chances are those of the step, so that a training that was interrupted draws as if it had not been.
    """
    rng = np.random.default_rng((recipe.seed, 0, step))
    inputs = _widened(collate([material.windows[i] for i in batch]))
    inputs["boxes"] = jittered(inputs["boxes"], recipe.jitter, rng)
    hide(inputs, torch.from_numpy(rng.random(inputs["mask"].shape) < recipe.blanked), mask_piece)
    wanted = torch.full(inputs["mask"].shape, IGNORED)
    for row, i in enumerate(batch):
        wanted[row, : len(material.targets[i])] = torch.from_numpy(material.targets[i])
    return inputs, wanted
