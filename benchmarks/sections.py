"""The sections of a benchmark that need nothing but their module, and what all sections are made of."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from benchmarks.results import Results, Row

Measured = Iterator[tuple[str, Row]]  # key and row


class _Told(Protocol):
    """One row of a section."""

    def to_json(self) -> Row: ...


def say(line: str) -> None:
    """Progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


def section(measured: Sequence[_Told], began: float) -> Row:
    """What a section measured, and the minutes since `began` (of `time.perf_counter`)."""
    minutes = (time.perf_counter() - began) / 60
    return {"rows": [each.to_json() for each in measured], "minutes": minutes}


def selection(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import selection

    began = time.perf_counter()
    measured = list(selection.measure(threads=given.threads, say=say))
    told = {"report": selection.report(measured), "goals": selection.goals(measured)}
    yield "selection", section(measured, began) | told


def audit(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import audit

    began = time.perf_counter()
    measured = list(audit.measure(seed=given.seeds[0], say=say))
    told = {"report": audit.report(measured), "goals": audit.goals(measured)}
    yield "audit", section(measured, began) | told


def probes(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import label_quality

    began = time.perf_counter()
    measured = list(label_quality.people(seed=given.seeds[0]))
    told = {"report": label_quality.told_of_people(measured), "goals": label_quality.goals(measured)}
    yield "probes", section(measured, began) | told


def accept(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import accept

    began = time.perf_counter()
    promised = list(accept.promises(seed=given.seeds[0], say=say))
    watched = list(accept.watches(seed=given.seeds[0]))
    told = {"report": accept.report(promised, watched), "goals": accept.goals(promised, watched)}
    yield "accept", section([*promised, *watched], began) | told


def routing(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import routing

    began = time.perf_counter()
    measured = list(routing.measure(given.data, seeds=given.seeds, say=say))
    told = {"report": routing.report(measured), "goals": routing.goals(measured)}
    yield "routing", section(measured, began) | told


def drift(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import drift

    began = time.perf_counter()
    streams, labels = drift.measure(seed=given.seeds[0], say=say)
    told = {"report": drift.report(streams, labels), "goals": drift.goals(streams, labels)}
    yield "drift", section([*streams, *labels], began) | told


def canary(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import canary

    began = time.perf_counter()
    measured = list(canary.measure(given.data, say=say))
    told = {"report": canary.report(measured), "goals": canary.goals(measured)}
    yield "canary", section(measured, began) | told
