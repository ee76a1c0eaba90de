"""How fast documents are extracted when their words are given: PyTorch eager, ONNX Runtime, ONNX Runtime in 8 bits.

All three are one network, and each goes the whole way from pages to values. They take turns on the same documents and
the same cores, several rounds; the middle one counts. How far their answers are from PyTorch's is told as well. So is
what 8 bits cost the extractor that ships: its trees learn and answer in 32 bits, and in 8.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from benchmarks.packs import PACKS, Divided, divide
from benchmarks.tables import table
from models import grouping
from models.extractors.base import Extracted, Progress
from models.extractors.combined import CombinedExtractor
from models.extractors.fields import Floats, Reading, read_fields
from models.extractors.layoutlm import LayoutLMExtractor, exporting
from models.extractors.layoutlm.inference import Session, log_probs_of
from models.extractors.layoutlm.model import Asked
from models.extractors.precision import FLOAT32, INT8
from models.judging import Extract
from models.metrics import score
from models.pages import Page

EAGER = "PyTorch eager"
AT_ONCE = 32  # documents handed over at once, as the workers do
LEAST_SECONDS = 3.0  # of a round
ROUNDS = 5

Documents = Sequence[Sequence[Page]]
LogProbs = Callable[[Documents], list[list[Floats]]]


@dataclass(frozen=True, slots=True)
class Result:
    """One way to run the network on the held-back documents of one pack."""

    pack: str
    way: str
    pages: int
    words: int
    pages_per_second: float  # of the middle round
    slowest: float  # pages a second of the slowest round
    f1: float
    changed: int  # values that PyTorch (of those that ship: 32 bits) doesn't give, or that it alone gives
    values: int  # that it gives
    shift: float  # the mean difference of the confidences of those values that both give
    # the largest difference of a word's label probabilities to PyTorch's; None of two trainings, which are two models
    apart: float | None = None

    def to_json(self) -> dict[str, Any]:  # mixed: names, figures
        return asdict(self)


def measure(
    data: Path,
    packs: Sequence[str] = tuple(PACKS),
    *,
    threads: int = 2,
    size: str = "25",
    recipe: Mapping[str, Any] | None = None,
    say: Callable[[str], None],
) -> Iterator[Result]:
    """The three ways on each pack, by a network that was trained on `size` of its documents, and what ships in two ways.

    Weights do not change the time, so few will do; what 8 bits cost is told by all documents that are held back. Raises `ReadingFailed` for a pack that isn't in `data`, and
    `TrainingFailed`.
    """
    for name in packs:
        divided = divide(data, PACKS[name])
        say(f"inference: {name}, training on {size} documents")
        trained = _trained(divided, size, {"threads": threads, **(recipe or {}), "precision": "float32"})
        torch.set_num_threads(threads)
        yield from _compared(name, divided, _ways(trained, threads), say)
        yield from _shipped(name, divided, size, threads, say)


def _trained(divided: Divided, size: str, recipe: Mapping[str, Any]) -> LayoutLMExtractor:
    learning, validation = (grouping.examples(each) for each in divided.labelled(size, 1))
    return LayoutLMExtractor.fit(divided.schema, learning, validation, recipe=recipe, on_progress=_ignored)


def _ignored(progress: Progress) -> None:
    """Training here is only a means."""


def _ways(trained: LayoutLMExtractor, threads: int) -> dict[str, LogProbs]:
    asked = Asked(trained.network, trained.schema).eval()
    graph = exporting.to_onnx(asked)
    sessions = {
        "ONNX Runtime": Session(graph, asked.labels, threads=threads),
        "ONNX Runtime, int8": Session(exporting.in_int8(graph), asked.labels, threads=threads),
    }

    def by(session: Session) -> LogProbs:
        return lambda documents: session.log_probs_of(trained.tokenizer, documents)

    return {
        EAGER: lambda documents: log_probs_of(asked, trained.tokenizer, documents),
        **{way: by(session) for way, session in sessions.items()},
    }


def _compared(
    pack: str, divided: Divided, ways: Mapping[str, LogProbs], say: Callable[[str], None]
) -> Iterator[Result]:
    documents = [document.pages for document in divided.test]
    probs = {way: run(documents) for way, run in ways.items()}
    said = {way: _read(divided, documents, each) for way, each in probs.items()}

    def by(way: str) -> Extract:
        return lambda some: _read(divided, some, ways[way](some))

    for row in _in_turns(pack, divided, {way: by(way) for way in ways}, said, say):
        yield replace(row, apart=_most_apart(probs[EAGER], probs[row.way]))


def _shipped(
    pack: str, divided: Divided, size: str, threads: int, say: Callable[[str], None]
) -> Iterator[Result]:
    """The default extractor, trained on the same documents with its base in 32 bits, and in 8."""
    learning, validation = (grouping.examples(each) for each in divided.labelled(size, 1))
    ways: dict[str, Extract] = {}
    for precision in (FLOAT32, INT8):
        say(f"inference: {pack}, training {CombinedExtractor.name} on {size} documents in {precision}")
        recipe = {"seed": 1, "threads": threads, "precision": precision}
        ways[f"{CombinedExtractor.name}, {precision}"] = CombinedExtractor.fit(
            divided.schema, learning, validation, recipe=recipe, on_progress=_ignored
        ).extract
    said = {way: extract([document.pages for document in divided.test]) for way, extract in ways.items()}
    yield from _in_turns(pack, divided, ways, said, say)


def _in_turns(
    pack: str,
    divided: Divided,
    ways: Mapping[str, Extract],
    said: Mapping[str, Sequence[Extracted]],
    say: Callable[[str], None],
) -> Iterator[Result]:
    """How fast each of the ways is, and how far what it said is from what the first one said."""
    documents = [document.pages for document in divided.test]
    pages = sum(map(len, documents))

    def round_of(extract: Extract) -> float:
        """Pages a second."""
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < LEAST_SECONDS:
            for first in range(0, len(documents), AT_ONCE):
                extract(documents[first : first + AT_ONCE])
            done += pages
        return done / (time.perf_counter() - began)

    say(f"inference: {pack}, {ROUNDS} rounds over {len(documents)} documents")
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way in ways:  # in turns: what else the machine does troubles all of them alike
            rates[way].append(round_of(ways[way]))
    first = next(iter(ways))
    for way in ways:
        yield Result(
            pack,
            way,
            pages,
            sum(len(page.words) for each in documents for page in each),
            median(rates[way]),
            min(rates[way]),
            score(divided.schema, [document.answers for document in divided.test], said[way]).f1(),
            **_difference(said[first], said[way]),
        )


def _read(divided: Divided, documents: Documents, probs: Sequence[Sequence[Floats]]) -> list[Extracted]:
    return [
        read_fields(pages, each, divided.schema, Reading())
        for pages, each in zip(documents, probs, strict=True)
    ]


def _difference(eager: Sequence[Extracted], other: Sequence[Extracted]) -> dict[str, Any]:
    """How many values differ, of how many, and how far the confidences of the others are apart."""
    ours, theirs = (
        {(n, v.field, v.text): v.confidence for n, each in enumerate(said) for v in each.values}
        for said in (other, eager)
    )
    both = ours.keys() & theirs.keys()
    shift = float(np.mean([abs(ours[key] - theirs[key]) for key in both])) if both else 0.0
    return {"changed": len(ours.keys() ^ theirs.keys()), "values": len(theirs), "shift": shift}


def _most_apart(eager: Sequence[Sequence[Floats]], other: Sequence[Sequence[Floats]]) -> float:
    return max(
        float(np.abs(np.exp(one) - np.exp(two)).max(initial=0))
        for pair in zip(eager, other, strict=True)
        for one, two in zip(*pair, strict=True)
    )


def report(results: Sequence[Result]) -> str:
    """One table."""
    header = ["pack", "pages", "words a page", "by", "pages/s", "slowest round", "F1", "values changed",
              "confidences moved", "most apart"]  # fmt: skip
    body = [
        [
            row.pack,
            str(row.pages),
            f"{row.words / row.pages:.0f}",
            row.way,
            f"{row.pages_per_second:.1f}",
            f"{row.slowest:.1f}",
            f"{row.f1:.4f}",
            f"{row.changed} of {row.values}",
            f"{row.shift:.4f}",
            "–" if row.apart is None else f"{row.apart:.1e}",
        ]
        for row in results
    ]
    return "\n\n".join(["Extraction, words given: from pages to values", table(header, body)])
