"""`manage.py rehearse --type NAME --data DIR`: what active learning would save on a pack of answered documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from learner import rehearsal
from learner.rehearsal_learners import BARE, QUICK
from learner.rehearsal_person import Seconds, read_seconds
from learner.rehearsal_replay import Plan
from learner.trials import Order, Report, Say
from models.extractors import EXTRACTORS
from webapp.management import rehearsed, trial


class Command(BaseCommand):
    help = (
        "Replay a pack of answered documents as if people were correcting it, by several strategies, and tell what that "
        "saves them; nothing of the app is touched"
    )
    requires_system_checks: list[str] = []  # it works without the services that they are about

    def add_arguments(self, parser: CommandParser) -> None:
        trial.add_pack(parser)
        parser.add_argument(
            "--strategy",
            default="mixed",
            metavar="S[,S…]",
            help="strategies by name, with commas between; random order is added (mixed)",
        )
        parser.add_argument(
            "--batch", type=int, default=20, metavar="B", help="a training after B corrections (20)"
        )
        parser.add_argument("--budget", type=int, default=100, metavar="N", help="N corrections in all (100)")
        parser.add_argument(
            "--seeds", type=int, default=3, metavar="K", help="splits of the pack, seeds 1 to K (3)"
        )
        parser.add_argument(
            "--test", type=int, metavar="N", help="documents held back to judge by (a quarter, at most 100)"
        )
        parser.add_argument(
            "--assume-above",
            type=float,
            metavar="P",
            help="people aren't asked for fields that are surer than P, 0.5 to 1 (as the type is set; else they are asked "
            "for all)",
        )
        parser.add_argument(
            "--cost-model",
            type=Path,
            metavar="FILE",
            help=f"YAML or JSON with seconds of a person's time, else {_told(Seconds())}",
        )
        parser.add_argument(
            "--learner",
            default=QUICK,
            metavar="NAME",
            help=f"what learns: {QUICK} (the base's opinion and a CRF; seconds a training), {BARE} (the same without the "
            f"base), or an extractor: {', '.join(EXTRACTORS)} ({QUICK})",
        )
        parser.add_argument(
            "--out",
            type=Path,
            metavar="FOLDER",
            help="for runs, summary and picture; a rehearsal that was interrupted goes on in the same folder",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def work(say: Say) -> Report:
            seconds = read_seconds(options["cost_model"])
            asked = rehearsal.Asked(
                Order(options["type"], options["data"], options["limit"]),
                tuple(name.strip() for name in options["strategy"].split(",") if name.strip()),
                Plan(
                    options["batch"], options["budget"], seconds=seconds, assume_above=options["assume_above"]
                ),
                seeds=options["seeds"],
                learner=options["learner"],
                test=options["test"],
            )
            return rehearsal.rehearse(asked, options["out"], say)

        trial.run(self, options, work, rehearsed.shown, kept="the runs that ended are kept")


def _told(seconds: Seconds) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in seconds.to_json().items())
