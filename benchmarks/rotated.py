"""How honest confidences are after 100 documents, told of all documents of a pack: several tests, one after the other.

A test of 100 documents can't show a calibration error of 0.05: chance alone makes more of it. So the pack is divided
several times, whole groups by lot, until each document has been in a test; each time a model learns from 100 documents
of the others, and what all of these models said is judged together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.contenders import Contender
from benchmarks.packs import SPLIT_SEED, Divided, Pack
from benchmarks.tables import table
from models import grouping
from models.extractors.base import Answer, Extracted, OnProgress
from models.judging import FEWEST, extract_all, figures

SIZE = "100"  # documents that each model learns from
TIMES = 4

Row = dict[str, Any]  # JSON: names, counts, figures


def measure(
    pack: Pack,
    rotations: Sequence[Divided],
    contender: Contender,
    *,
    seed: int,
    threads: int,
    say: Callable[[str], None],
    on_progress: OnProgress,
) -> Row:
    """A row as of `benchmarks.extraction`, of all tests together; raises `TrainingFailed`."""
    began = time.perf_counter()
    truth: list[Sequence[Answer]] = []
    said: list[Extracted] = []
    learned = validated = 0
    for number, divided in enumerate(rotations, start=1):
        say(f"rotated: {pack.name}, test {number} of {len(rotations)}, {len(divided.test)} documents")
        learning, validation = divided.labelled(SIZE, seed)
        extract = contender.fit(
            divided.schema,
            grouping.examples(learning),
            grouping.examples(validation),
            {"seed": seed, "threads": threads},
            on_progress,
        )
        said += extract_all(extract, [document.pages for document in divided.test]).extracted
        truth += [document.answers for document in divided.test]
        learned, validated = len(learning), len(validation)
    return {
        "pack": pack.name,
        "extractor": contender.shown,
        "size": SIZE,
        "seed": seed,
        "tests": len(rotations),
        "test": grouping.snapshot_hash(
            rotations[0].schema, **{f"test{n}": each.test for n, each in enumerate(rotations)}
        )[:16],
        "learned": learned,
        "validated": validated,
        "figures": figures(rotations[0].schema, truth, said, np.random.default_rng(SPLIT_SEED)),
        "minutes": (time.perf_counter() - began) / 60,
    }


def report(rows: Sequence[Row]) -> str:
    """A line for each field: F1, and the calibration error of values and of absences beside what chance shows."""
    body = [
        [
            row["pack"],
            row["extractor"],
            str(row["seed"]),
            f"{row['tests']} of together {row['figures']['documents']}",
            name,
            f"{own['f1']['value']:.3f}",
            *(_error(own["calibration"][what]) for what in ("values", "absences")),
        ]
        for row in rows
        for name, own in row["figures"]["fields"].items()
    ]
    header = ["pack", "extractor", "seed", "tests", "field", "F1", "ECE values", "ECE absences"]
    return (
        f"Each model learned from {SIZE} documents; behind an error of how many, and what 95 of 100 models stay under "
        f"that are right exactly as often as they say\n\n{table(header, body)}"
    )


def _error(told: Row) -> str:
    if told["count"] < FEWEST:
        return f"({told['count']})" if told["count"] else ""
    return f"{told['error']:.3f} ({told['count']}, chance {told['by_chance']:.3f})"
