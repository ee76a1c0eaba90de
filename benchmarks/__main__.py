"""`python -m benchmarks` (`make bench`): measures, and prints a table for each benchmark with the command that made it."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import extraction, reading
from benchmarks.packs import PACKS
from benchmarks.tables import shown
from models.errors import DocloopError

NAMES = ("reading", "extraction")


def main(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    if not given.data.is_dir():
        say(
            f"{given.data} is no folder: give the one that holds the packs "
            f"({', '.join(f'{name}/train' for name in PACKS)}) with --data FOLDER, or make bench DATA=FOLDER"
        )
        return 2
    import torch

    torch.set_num_threads(given.threads)
    began = time.monotonic()
    facts = {
        "command": shlex.join(["python", "-m", "benchmarks", *arguments]),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{given.threads} threads of {_processor()} ({os.cpu_count()} in all)",
        "seeds": given.seeds,
    }
    measured: dict[str, list[dict[str, Any]]] = {}
    reports = []
    try:
        for name in given.only or NAMES:
            results, report = _run(name, given)
            measured[name] = [result.to_json() for result in results]
            reports.append(report)
    except DocloopError as problem:
        say(str(problem))
        return 1
    print("\n".join(f"{name}: {fact}" for name, fact in facts.items()))
    print(f"minutes: {(time.monotonic() - began) / 60:.1f}")
    print("\n" + "\n\n".join(reports))
    if given.json:
        given.json.write_text(json.dumps(facts | measured, indent=1) + "\n", encoding="utf-8")
    return 0


def say(line: str) -> None:
    """Progress, kept apart from the tables."""
    print(line, file=sys.stderr, flush=True)


def _run(name: str, given: argparse.Namespace) -> tuple[list[Any], str]:  # a benchmark's own results
    if name == "reading":
        say(f"reading: {given.pages} generated scans and {given.pages} receipts")
        pages = list(
            reading.measure(
                given.data,
                count=given.pages,
                seed=given.seeds[0],
                threads=given.threads,
                weights=given.doctr_weights,
            )
        )
        return pages, reading.report(pages)
    results = []
    for pack in (PACKS[each] for each in given.packs):
        sizes = pack.sizes if given.sizes is None else given.sizes
        for result in extraction.measure(
            given.data, pack, sizes, given.seeds, held_back=given.held_back, threads=given.threads, say=say
        ):
            say(f"{pack.name}: {result.extractor}: F1 {shown(result.f1['all'])}")
            results.append(result)
    return results, extraction.report(results)


def _processor() -> str:
    """The processor's name as Linux tells it."""
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else "an unknown processor"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="The figures we publish.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the packs, each NAME/train in it")
    parser.add_argument("--only", action="append", choices=NAMES, help="only this one (may be repeated)")
    parser.add_argument("--packs", nargs="+", choices=tuple(PACKS), default=list(PACKS))
    parser.add_argument(
        "--sizes",
        nargs="*",
        type=int,
        help="numbers of labelled documents; unless given: "
        + "; ".join(f"{pack.name} {', '.join(map(str, pack.sizes)) or 'none'}" for pack in PACKS.values()),
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[1], help="one training for each")
    parser.add_argument("--held-back", type=int, default=100, help="documents to judge on")
    parser.add_argument("--pages", type=int, default=10, help="pages of each sort to read")
    parser.add_argument("--doctr-weights", type=Path, metavar="FOLDER", help="unless given, from docTR's hub")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything measured here")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
