"""Fine-tuning, from the fixed base to the best network on the validation documents, to be read from top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from models.alignment import label_words
from models.errors import TrainingFailed
from models.extractors.base import Example, Extracted, OnProgress, Progress
from models.extractors.layoutlm.bases import open_base
from models.extractors.layoutlm.fields import Reading, labels_of, read_fields
from models.extractors.layoutlm.inference import log_probs_of
from models.extractors.layoutlm.model import Asked, WordTagger, widened
from models.extractors.layoutlm.recipe import Recipe
from models.extractors.layoutlm.windows import (
    IGNORED,
    Window,
    batches_of,
    collate,
    hide,
    jittered,
    special,
    targets_of,
    windows_of,
)
from models.metrics import Scores, score
from models.schema import Schema


@dataclass(frozen=True, slots=True)
class Trained:
    """The best network, and what it said of the validation documents."""

    network: WordTagger
    tokenizer: Tokenizer
    validated: list[Extracted]


def train(
    schema: Schema,
    examples: Sequence[Example],
    validation: Sequence[Example],
    recipe: Recipe,
    on_progress: OnProgress,
) -> Trained:
    """The network of the epoch with the best micro F1 on `validation` (the last epoch, if that is empty).

    Without examples it is the base as it is. Sets torch's seed and thread count. Raises `TrainingFailed` without
    labels or when the loss is no number, and whatever `on_progress` raises.
    """
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    rng = np.random.default_rng(recipe.seed)
    deadline = time.monotonic() + 60 * recipe.max_minutes

    # --- data: every window with a label per owned word
    on_progress(Progress("preparing", 0.0, epochs=recipe.epochs))
    base, tokenizer = open_base(recipe.base)
    asked = Asked(widened(base, schema), schema)
    if not examples:
        return Trained(asked.network, tokenizer, validate(asked, tokenizer, schema, validation)[0])
    number_of = {label: number for number, label in enumerate(labels_of(schema))}
    windows: list[Window] = []
    targets = []
    for example in examples:
        cut = windows_of(example.pages, tokenizer)
        windows += cut
        targets += targets_of(cut, label_words(example.pages, example.answers, schema).labels, number_of)
    if not any((target > 0).any() for target in targets):
        raise TrainingFailed(
            f"none of the {len(examples)} training documents has a value that was found in its words; label some first"
        )

    # --- optimizer: what is pre-trained moves slowly, what is fresh moves fast
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    asked.to(device)
    # most words occur once: nothing to learn
    asked.network.encoder.get_input_embeddings().requires_grad_(False)
    optimizer = torch.optim.AdamW(_groups(asked.network, recipe), weight_decay=recipe.weight_decay)
    batches_per_epoch = math.ceil(len(windows) / recipe.batch_size)
    steps = recipe.epochs * batches_per_epoch
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(
            (step + 1) / max(1.0, recipe.warmup * steps), (steps - step) / steps / (1 - recipe.warmup)
        ),
    )
    # bfloat16 halves the time of a step where the CPU computes in it, and triples it elsewhere
    halved = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    mask_piece = special(tokenizer, "[MASK]", "<mask>")

    best_f1, best_weights, best_epoch, step = -1.0, None, 0, 0
    for epoch in range(1, recipe.epochs + 1):
        # --- learn from every window once
        asked.train()
        losses = []
        for batch in batches_of([len(window) for window in windows], recipe.batch_size, rng):
            inputs = collate([windows[i] for i in batch])
            inputs["boxes"] = jittered(inputs["boxes"], recipe.jitter, rng)
            hidden = torch.from_numpy(rng.random(inputs["mask"].shape) < recipe.blanked)
            hide(inputs, hidden, mask_piece)
            wanted = torch.full(inputs["mask"].shape, IGNORED)  # (B, T)
            for row, i in enumerate(batch):
                wanted[row, : len(targets[i])] = torch.from_numpy(targets[i])
            with torch.autocast(device.type, torch.bfloat16, enabled=halved):
                log_probs = asked(**{name: each.to(device) for name, each in inputs.items()})  # (B, T, L)
            loss = torch.nn.functional.nll_loss(
                log_probs.flatten(0, 1), wanted.to(device).flatten(), ignore_index=IGNORED
            )
            if not torch.isfinite(loss):
                raise TrainingFailed(
                    f"the loss is {loss.item()} in epoch {epoch}; try a learning rate under {recipe.learning_rate}"
                )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(asked.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            losses.append(loss.item())
            step += 1
            on_progress(Progress("training", step / steps, epoch, recipe.epochs))

        # --- how good is it now?
        figures = {"loss": float(np.mean(losses))}
        if validation:
            _, scores = validate(asked, tokenizer, schema, validation)
            figures["f1"] = scores.f1()
        # as long as nothing at all is found, the last epoch is the best: its labels have begun to stand out
        if not validation or figures["f1"] > best_f1 or best_f1 <= 0:
            best_f1, best_epoch = figures.get("f1", -1.0), epoch
            best_weights = {name: tensor.clone() for name, tensor in asked.network.state_dict().items()}
        on_progress(Progress("validating", step / steps, epoch, recipe.epochs, figures))
        if time.monotonic() > deadline or (validation and epoch - best_epoch >= recipe.patience):
            break

    assert best_weights is not None  # the first epoch always sets them
    asked.network.load_state_dict(best_weights)
    asked.to("cpu").eval()
    return Trained(asked.network, tokenizer, validate(asked, tokenizer, schema, validation)[0])


def validate(
    asked: Asked, tokenizer: Tokenizer, schema: Schema, examples: Sequence[Example]
) -> tuple[list[Extracted], Scores]:
    """What the network says of the examples, uncalibrated, and how right that is."""
    probs = log_probs_of(asked, tokenizer, [example.pages for example in examples])
    said = [read_fields(e.pages, p, schema, Reading()) for e, p in zip(examples, probs, strict=True)]
    return said, score(schema, [example.answers for example in examples], said)


def _groups(network: WordTagger, recipe: Recipe) -> list[dict[str, Any]]:
    """AdamW's parameter groups: the encoder's layers, and all that stands before and after them."""
    layers: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            (layers if name.startswith("encoder.encoder") else rest).append(parameter)
    return [
        {"params": layers, "lr": recipe.learning_rate},
        {"params": rest, "lr": recipe.fresh_learning_rate},
    ]
