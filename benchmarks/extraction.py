"""How right the extractors are after so many labelled documents, on documents of the same pack that none has seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.baselines import has_finders
from benchmarks.contenders import TRIVIAL, Contender
from benchmarks.packs import SPLIT_SEED, Divided, Pack
from models import familiarity, grouping
from models.errors import TrainingFailed
from models.extractors.base import OnProgress, Progress
from models.judging import judge

Say = Callable[[str], None]
Row = dict[str, Any]  # JSON: names, counts, figures


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured of one pack: every learning contender at every size with every seed, the others once."""

    pack: Pack
    contenders: Sequence[Contender]
    sizes: Sequence[str]
    seeds: Sequence[int]
    threads: int

    def keys(self, divided: Divided) -> Iterator[tuple[str, Contender, str, int]]:
        """(key of the row, contender, size, seed), the cheap ones first."""
        for contender in self.contenders:
            bare = contender.extractor == TRIVIAL and not has_finders(divided.schema)
            if not contender.learns and contender.there and not bare:
                yield f"{self.pack.name}/{contender.shown}/0/0", contender, "0", 0
        for seed in self.seeds:
            for size in self.sizes:
                for contender in self.contenders:
                    if contender.learns and contender.there:
                        yield f"{self.pack.name}/{contender.shown}/{size}/{seed}", contender, size, seed


def measure(
    plan: Plan, divided: Divided, wanted: Callable[[str], bool], say: Say, on_progress: OnProgress
) -> Iterator[tuple[str, Row]]:
    """(key, row) of everything planned that is `wanted`. A contender that can't be trained has a row with the reason."""
    for key, contender, size, seed in plan.keys(divided):
        if not wanted(key):
            say(f"{key}: measured before")
            continue
        say(f"{key}: begins")
        row: Row = {
            "pack": plan.pack.name,
            "extractor": contender.shown,
            "size": size,
            "seed": seed,
            "test": divided.hash,
        }
        began = time.perf_counter()
        try:
            row |= _measured(contender, divided, size, seed, plan.threads, on_progress)
        except TrainingFailed as problem:
            row["problem"] = str(problem)
        row["minutes"] = (time.perf_counter() - began) / 60
        say(f"{key}: {row.get('problem') or 'F1 {:.3f}'.format(row['figures']['overall']['f1']['value'])}")
        yield key, row


def _measured(
    contender: Contender, divided: Divided, size: str, seed: int, threads: int, on_progress: OnProgress
) -> Row:
    learning, validation = divided.labelled(size, seed) if contender.learns else ([], [])
    notes: list[str] = []

    def heard(progress: Progress) -> None:
        if progress.note:
            notes.append(progress.note)
        on_progress(progress)

    began = time.perf_counter()
    extract = contender.fit(
        divided.schema,
        grouping.examples(learning),
        grouping.examples(validation),
        {"seed": seed, "threads": threads},
        heard,
    )
    trained = time.perf_counter() - began
    # the same chances for all, so that equal answers have equal intervals
    rng = np.random.default_rng(SPLIT_SEED)
    judged = judge(extract, divided.schema, divided.test, familiarity.marks_of(learning + validation), rng)
    return {
        "learned": len(learning),
        "validated": len(validation),
        "snapshot": grouping.snapshot_hash(divided.schema, train=learning, validation=validation)[:16],
        "train_seconds": trained,
        "notes": notes,
        **judged,
    }
