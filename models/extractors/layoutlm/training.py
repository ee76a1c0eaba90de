"""Fine-tuning, from the fixed base to the network at the end of it all, to be read from top to bottom.

What it ends with are its last weights, when the learning rate has fallen to nothing: with few documents to validate by,
the epoch that did best on them is one of the first by chance, and costs up to 8 F1 points (receipts, 25 documents).
It may be killed and begun again: given a folder for checkpoints it goes on from the last one, since every chance is drawn
by the number of its epoch or step. On a CPU it comes to the very same weights; a GPU adds in any order, so there two
trainings are alike and not the same. It ends within its time box.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from models.errors import TrainingFailed
from models.extractors.base import Example, Extracted, OnProgress, Progress
from models.extractors.fields import Reading, read_fields
from models.extractors.layoutlm.bases import open_base
from models.extractors.layoutlm.checkpoints import Checkpoints, Course, fingerprint
from models.extractors.layoutlm.inference import log_probs_of
from models.extractors.layoutlm.material import Material, drawn, prepared
from models.extractors.layoutlm.model import Asked, WordTagger, accelerator, short_floats, widened
from models.extractors.layoutlm.pace import Pace
from models.extractors.layoutlm.recipe import Recipe
from models.extractors.layoutlm.windows import IGNORED, special
from models.metrics import Scores, score
from models.schema import Schema

KEEP_EVERY = 45.0  # seconds between two checkpoints within an epoch; one takes under a second
# Of learning's time at most so much is spent on judging: where many documents validate few, not after every epoch.
JUDGING_SHARE = 0.25
# what reading words costs of learning them: while it learns, and in 32 bits
READING_COSTS, READING_EXACTLY_COSTS = 0.5, 1.0


Judge = Callable[[], tuple[list[Extracted], Scores]]


@dataclass(frozen=True, slots=True)
class Trained:
    """The network, what it said of the validation documents, and what should be known of its training."""

    network: WordTagger
    tokenizer: Tokenizer
    validated: list[Extracted]
    epochs: int = 0  # it took, the last one perhaps in part
    note: str = ""


def train(
    schema: Schema,
    examples: Sequence[Example],
    validation: Sequence[Example],
    recipe: Recipe,
    on_progress: OnProgress,
    checkpoints: Path | None = None,
) -> Trained:
    """The network after the recipe's epochs, or fewer if `validation` gets no better or time is short.

    Without examples it is the base as it is. A training of the same examples and recipe that left a checkpoint in the
    folder `checkpoints` is gone on with. Sets torch's seed and thread count. Raises `TrainingFailed` without labels or
    when the loss is no number, and whatever `on_progress` raises.
    """
    began = time.monotonic()
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    on_progress(Progress("preparing", 0.0, epochs=recipe.epochs))
    base, tokenizer = open_base(recipe.base)
    asked = Asked(widened(base, schema), schema)

    def judge() -> tuple[list[Extracted], Scores]:
        return validate(asked, tokenizer, schema, validation)

    epochs, note = 0, ""
    if examples:
        material = prepared(schema, examples, tokenizer)
        if not len(material.telling):
            raise TrainingFailed(
                f"none of the {len(examples)} training documents has a value that was found in its words; label some first"
            )
        training = _Training(asked, material, recipe, special(tokenizer, "[MASK]", "<mask>"))
        training.expect_to_judge(sum(len(page.words) for example in validation for page in example.pages))
        if checkpoints:
            mark = fingerprint(schema, examples, validation, recipe)
            training.go_on_from(Checkpoints(checkpoints, mark))
        training.pace.used += time.monotonic() - began
        training.run(judge if validation else None, on_progress)
        epochs, note = training.course.epoch - 1, training.note
    asked.to("cpu").eval()
    return Trained(asked.network, tokenizer, judge()[0], epochs, note)


def validate(
    asked: Asked, tokenizer: Tokenizer, schema: Schema, examples: Sequence[Example]
) -> tuple[list[Extracted], Scores]:
    """What the network says of the examples, uncalibrated, and how right that is."""
    probs = log_probs_of(asked, tokenizer, [example.pages for example in examples])
    said = [read_fields(e.pages, p, schema, Reading()) for e, p in zip(examples, probs, strict=True)]
    return said, score(schema, [example.answers for example in examples], said)


class _Training:
    """A training under way: the network with its optimizer, and how far it has come."""

    def __init__(self, asked: Asked, material: Material, recipe: Recipe, mask_piece: int) -> None:
        self.asked, self.material, self.recipe, self.mask_piece = asked, material, recipe, mask_piece
        self.device = accelerator()
        floats = short_floats(self.device)
        self.autocast = partial(torch.autocast, self.device.type, floats, enabled=floats != torch.float32)
        # float16's small gradients would be 0, unscaled; it finds its scale within a few steps, also one that goes on
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=floats == torch.float16)
        asked.to(self.device)
        # most words occur once: nothing to learn
        asked.network.encoder.get_input_embeddings().requires_grad_(False)
        # what is pre-trained moves slowly, what is fresh moves fast; fused, an update takes a third of the time
        self.optimizer = torch.optim.AdamW(
            _groups(asked.network), weight_decay=recipe.weight_decay, fused=True
        )
        steps = sum(len(material.batches(recipe, epoch)) for epoch in range(1, recipe.epochs + 1))
        self.steps_per_epoch = steps / recipe.epochs
        self.pace = Pace(60 * recipe.max_minutes, steps, time.monotonic)
        self.judge_every = 1
        self.course = Course()
        self.checkpoints: Checkpoints | None = None
        self.kept_at = self.share = 0.0

    def expect_to_judge(self, words: int) -> None:
        """Judging reads so many words: how often there is time for that, and what to leave for the end."""
        epochs = words / self.material.words_per_epoch(self.recipe)
        self.judge_every = max(1, math.ceil(READING_COSTS * epochs / JUDGING_SHARE))
        self.pace.after = (READING_COSTS + READING_EXACTLY_COSTS) * epochs * self.steps_per_epoch

    def go_on_from(self, checkpoints: Checkpoints) -> None:
        """From now on keeps checkpoints there; if there is one of this very training, goes on behind it."""
        self.checkpoints = checkpoints
        found = checkpoints.take_up(self.asked.network, self.optimizer)
        if found is not None:
            self.course = found
            self.pace.used += found.seconds
            self.pace.steps = found.ends_at or self.pace.steps

    def run(self, judge: Judge | None, tell: OnProgress) -> None:
        """Every epoch that there is time for, or until `judge` has found it no better for too long."""
        course = self.course
        while course.step < self.planned:
            # --- learn from the windows of an epoch
            batches = self.material.batches(self.recipe, course.epoch)
            while course.batch < len(batches) and course.step < self.planned:
                self._learn(batches[course.batch])
                tell(self._progress("training"))
                if self.pace.seconds - self.kept_at > KEEP_EVERY:
                    self._keep()

            # --- how good is it now?
            figures = {"loss": sum(course.losses) / max(1, len(course.losses))}
            if judge and (course.epoch % self.judge_every == 0 or course.step >= self.planned):
                with self.autocast():
                    figures["f1"] = judge()[1].f1()
                self._stop_early(figures["f1"])
            tell(self._progress("validating", figures))
            course.epoch, course.batch, course.losses = course.epoch + 1, 0, []
            self._keep()

    @property
    def planned(self) -> int:
        """How many steps it has in all, as far as can be told now."""
        return self.pace.planned(self.course.step)

    @property
    def note(self) -> str:
        """What should be known of it: why it did not take all of its epochs."""
        course, recipe = self.course, self.recipe
        took = f"{course.step / self.steps_per_epoch:.2g} of {recipe.epochs} epochs"
        if course.step < self.pace.steps:
            return f"shortened to {took} by the time limit of {recipe.max_minutes:g} minutes"
        if course.ends_at is not None:
            return f"ended after {took}: F1 on the validation documents was best in epoch {course.best_epoch}"
        return ""

    def _learn(self, batch: Sequence[int]) -> None:
        """One step."""
        recipe, course = self.recipe, self.course
        factor = _rate(course.step / self.planned, recipe.warmup)
        for group, rate in zip(
            self.optimizer.param_groups, (recipe.learning_rate, recipe.fresh_learning_rate), strict=True
        ):
            group["lr"] = rate * factor
        torch.manual_seed((recipe.seed << 32) + course.step)  # of dropout
        inputs, wanted = drawn(self.material, batch, recipe, course.step, self.mask_piece)
        on_device = {name: each.to(self.device) for name, each in inputs.items()}
        self.asked.train()
        with self.autocast():
            log_probs = self.asked(**on_device)  # (B, T, L)
        loss = torch.nn.functional.nll_loss(
            log_probs.flatten(0, 1), wanted.to(self.device).flatten(), ignore_index=IGNORED, reduction="sum"
        ) / max(1, int((wanted != IGNORED).sum()))  # of windows that are masked all over it is 0
        if not torch.isfinite(loss):
            raise TrainingFailed(
                f"the loss is {loss.item()} in epoch {course.epoch}; try a learning rate under {recipe.learning_rate}"
            )
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.asked.parameters(), 1.0)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()
        course.losses.append(loss.item())
        course.step += 1
        course.batch += 1
        self.pace.took_step()

    def _stop_early(self, f1: float) -> None:
        """If that was no better for as long as the recipe's patience, one more epoch takes the learning rate to nothing."""
        course = self.course
        # as long as nothing at all is found it may yet begin: labels stand out late
        if f1 > course.best_f1 or course.best_f1 <= 0:
            course.best_f1, course.best_epoch = f1, course.epoch
        if course.epoch - course.best_epoch >= self.recipe.patience and course.ends_at is None:
            last = len(self.material.batches(self.recipe, course.epoch + 1))
            if course.step + last < self.pace.steps:
                self.pace.steps = course.ends_at = course.step + last

    def _progress(self, stage: str, figures: dict[str, float] | None = None) -> Progress:
        planned = self.planned
        self.share = max(self.share, self.course.step / planned)  # more time than thought is no step back
        epochs = min(self.recipe.epochs, math.ceil(planned / self.steps_per_epoch))
        return Progress(stage, self.share, self.course.epoch, epochs, figures or {})

    def _keep(self) -> None:
        if self.checkpoints is not None:
            self.course.seconds = self.kept_at = self.pace.seconds
            self.checkpoints.keep(self.course, self.asked.network, self.optimizer)


def _rate(share: float, warmup: float) -> float:
    """Of the highest learning rate: rises to 1 within the first `warmup` of the training, and falls to 0 at its end."""
    return min((share + 1e-3) / max(warmup, 1e-3), (1 - share) / (1 - warmup))


def _groups(network: WordTagger) -> list[dict[str, Any]]:
    """The optimizer's parameter groups: the encoder's layers, and all that stands before and after them."""
    layers: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            (layers if name.startswith("encoder.encoder") else rest).append(parameter)
    return [{"params": layers}, {"params": rest}]
