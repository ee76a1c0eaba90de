"""Which strategy of scikit-activeml and of small-text fits best: those of `rehearsal_peers`, rehearsed on seeds that are not reported.

`python -m benchmarks.rehearsal_candidates --data FOLDER` rehearses each on receipts with the cheap learner, seeds 11 to 14, and
prints the mean F1 along the curve. Each library's best belongs into `rehearsal.PEERS`, and the list into `TRIED.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rehearsal import Part, replayed
from benchmarks.rehearsal_peers import PEERS
from benchmarks.results import FOLDER
from benchmarks.tables import table

FIRST_SEED, SEEDS = 11, 4


def main(arguments: Sequence[str]) -> None:
    """Rehearse them all, with what the report has now, and print a table; runs are kept in --work."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearsal_candidates", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", type=Path, default=FOLDER.parents[1] / ".docloop" / "benchmarks")
    given = parser.parse_args(arguments)
    part = Part("sroie", "bare", tuple(PEERS), 10, 80, SEEDS)
    (report,) = replayed(
        [part], given.data, given.work / "candidates", threads=given.threads, say=_say, first=FIRST_SEED
    )
    body = [
        [way, f"{f1:.3f}", str(report["goals"][0]["ways"][way]["documents"]["median"])]
        for way, f1 in sorted(report["mean_f1"].items(), key=lambda item: -item[1])
    ]
    print(table(["strategy", "mean F1", "documents to 95 %"], body))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
