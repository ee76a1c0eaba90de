"""What `python -m benchmarks` may be asked for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks import rehearsal, report
from benchmarks.contenders import CONTENDERS
from benchmarks.packs import ALL, PACKS
from benchmarks.results import FOLDER


def _size(text: str) -> str:
    if text != ALL and not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"a size is a number of documents, or {ALL!r}; not {text!r}")
    return text


def parser(sections: Sequence[str]) -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description="The figures we publish.")
    asked.add_argument("--data", type=Path, required=True, help="folder of the packs, each NAME/train in it")
    asked.add_argument("--only", nargs="+", choices=sections, help="only these sections")
    asked.add_argument("--packs", nargs="+", choices=tuple(PACKS), default=list(PACKS))
    asked.add_argument("--sizes", nargs="+", type=_size, help=f"numbers of labelled documents, or {ALL}")
    asked.add_argument(
        "--parts",
        nargs="+",
        choices=[part.key for part in rehearsal.PARTS],
        metavar="KEY",
        help=f"only these rehearsals: {', '.join(part.key for part in rehearsal.PARTS)}",
    )
    asked.add_argument(
        "--rehearsal-seeds", type=int, metavar="N", help="at most N seeds of each; not for publishing as five"
    )
    asked.add_argument("--extractors", nargs="+", choices=tuple(CONTENDERS), help="only these")
    asked.add_argument("--seeds", nargs="+", type=int, default=[1], help="one training for each")
    asked.add_argument("--missing", action="store_true", help="only what no earlier run has kept")
    asked.add_argument("--report-only", action="store_true", help="measure nothing, write RESULTS.md anew")
    asked.add_argument(
        "--held-back", type=int, metavar="N", help="another test of N documents; not for publishing"
    )
    asked.add_argument("--pages", type=int, default=10, help="pages of each sort to read")
    asked.add_argument("--doctr-weights", type=Path, metavar="FOLDER", help="unless given, from docTR's hub")
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--results", type=Path, default=FOLDER, metavar="FOLDER", help="where rows are kept")
    asked.add_argument("--write", type=Path, default=report.FILE, metavar="FILE", help="the page to write")
    asked.add_argument(
        "--work",
        type=Path,
        default=FOLDER.parents[1] / ".docloop" / "benchmarks",
        help="for what was read by OCR",
    )
    return asked
