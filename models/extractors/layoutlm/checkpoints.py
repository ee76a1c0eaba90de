"""Where a training is, kept on disk as it goes, so that one that was killed goes on instead of beginning anew.

One safetensors file that is replaced as a whole: weights, the optimizer's moments, and what else there is to know as
JSON in its header. Nothing is pickled.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch.optim import Optimizer

from models.extractors.base import Example
from models.extractors.layoutlm.bases import base_folder
from models.extractors.layoutlm.model import WordTagger
from models.extractors.layoutlm.recipe import Recipe
from models.extractors.manifest import sha256_of
from models.schema import Schema

FILE = "checkpoint.safetensors"
FORM = (
    1  # of the file and of what the same numbers mean to the training; a checkpoint of another is passed over
)

Weights = dict[str, torch.Tensor]


@dataclass
class Course:
    """How far a training has come: everything but the numbers in the tensors."""

    epoch: int = 1  # the one that is under way
    batch: int = 0  # of its batches so many are learnt
    step: int = 0  # batches learnt in all
    seconds: float = 0.0  # spent, also before an interruption
    losses: list[float] = field(default_factory=list)  # of the epoch under way
    best_f1: float = -1.0
    best_epoch: int = 0
    ends_at: int | None = None  # the step, once it is known to get no better


def fingerprint(
    schema: Schema, examples: Sequence[Example], validation: Sequence[Example], recipe: Recipe
) -> str:
    """SHA-256 in hex of all that a training depends on: two with the same one go the same way."""
    digest = hashlib.sha256()
    base = sha256_of(base_folder(recipe.base) / "model.safetensors")
    for essence in (FORM, torch.__version__, schema.to_json(), recipe.to_json(), base, len(examples)):
        digest.update(json.dumps(essence).encode())
    for example in (*examples, *validation):
        words = [page.to_json() for page in example.pages]
        answers = [answer.to_json() for answer in example.answers]
        digest.update(json.dumps([words, answers, sorted(example.unconfirmed)]).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoint of the training with this fingerprint, in a folder that is made when there is one to keep."""

    folder: Path
    fingerprint: str

    def keep(self, course: Course, network: WordTagger, optimizer: Optimizer) -> None:
        """Replaces the checkpoint."""
        tensors = {f"weights.{name}": tensor for name, tensor in _learnt(network).items()}
        for number, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in moments.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / f"{FILE}.new"
        told = {"fingerprint": self.fingerprint, "course": json.dumps(vars(course))}
        save_file({name: tensor.cpu() for name, tensor in tensors.items()}, new, metadata=told)
        with new.open("rb") as written:
            os.fsync(
                written.fileno()
            )  # after a power cut there is the old one or this one, never half of one
        new.replace(self.folder / FILE)

    def take_up(self, network: WordTagger, optimizer: Optimizer) -> Course | None:
        """Puts weights and moments back; how far that training was.

        None, with nothing changed, where there is no checkpoint of this very training.
        """
        try:
            with safe_open(self.folder / FILE, framework="pt") as stored:
                told = stored.metadata() or {}
                if told.get("fingerprint") != self.fingerprint:
                    return None
                tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118  # no dict
        except (OSError, SafetensorError):
            return None
        network.load_state_dict(_under("weights.", tensors), strict=False)
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in _under("optimizer.", tensors).items():
            number, _, moment = name.partition(".")
            moments.setdefault(int(number), {})[moment] = tensor
        optimizer.load_state_dict(optimizer.state_dict() | {"state": moments})
        return Course(**json.loads(told["course"]))


def _learnt(network: WordTagger) -> Weights:
    """The weights that a training changes, as they are now; the frozen ones are as in the base."""
    return {
        name: parameter.detach() for name, parameter in network.named_parameters() if parameter.requires_grad
    }


def _under(prefix: str, tensors: Mapping[str, torch.Tensor]) -> Weights:
    return {name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)}
