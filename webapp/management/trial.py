"""What `train`, `evaluate` and `rehearse` share: their arguments, one JSON document on stdout, and a clean end whatever happens."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from learner.trials import Order, Report, Say
from models.errors import DocloopError

INTERRUPTED = 130  # what shells answer for a program that Ctrl-C ended


def add_arguments(parser: CommandParser) -> None:
    """The arguments of `train` and `evaluate`."""
    add_pack(parser)
    parser.add_argument("--seed", type=int, default=1, help="of that lot and of the training (1)")


def add_pack(parser: CommandParser) -> None:
    """Which type, which documents, and how the report is written."""
    parser.add_argument(
        "--type", required=True, metavar="NAME", help="document type; it need not exist in Docloop"
    )
    parser.add_argument(
        "--data",
        required=True,
        type=Path,
        metavar="DIR",
        help="a pack: the folder with ocr.jsonl and labels.jsonl, or the one above it",
    )
    parser.add_argument(
        "--limit", type=int, metavar="N", help="only N documents, by lot, near copies together"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, with everything")


def order_of(options: dict[str, Any]) -> Order:  # argparse's
    """What the arguments ask for."""
    return Order(options["type"], options["data"], options["limit"], options["seed"])


def run(
    command: BaseCommand,
    options: dict[str, Any],
    work: Callable[[Say], Report],
    shown: Callable[[Report], str],
    *,
    kept: str = "nothing was written",
) -> None:
    """Do the work, with its progress on stderr, and print its report; errors end the command with their message.

    `kept` says what is left of it if it is interrupted.
    """

    def say(line: str) -> None:
        command.stderr.write(line, ending="\n")
        command.stderr.flush()

    try:
        with redirect_stdout(sys.stderr):  # libraries print what they like
            report = work(say)
    except DocloopError as problem:
        raise CommandError(str(problem)) from None
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        raise CommandError(f"{where}{problem.strerror or problem}") from None
    except KeyboardInterrupt:
        raise CommandError(f"stopped; {kept}", returncode=INTERRUPTED) from None
    command.stdout.write(
        json.dumps(report, indent=1, ensure_ascii=False) if options["json"] else shown(report)
    )
