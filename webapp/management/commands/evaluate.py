"""`manage.py evaluate --type NAME --data DIR`: how right a model is on a pack, per field, and how honest."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from learner import trials
from webapp.management import figures, trial


class Command(BaseCommand):
    help = "Measure a model on a pack of answered documents: precision, recall, F1, calibration, time"
    requires_system_checks: list[str] = []  # it works without the services that they are about

    def add_arguments(self, parser: CommandParser) -> None:
        trial.add_arguments(parser)
        parser.add_argument(
            "--model",
            metavar="VERSION",
            help="a model's folder, its number from `train`, a registered version (3 or TYPE-v3), champion or base; "
            "else the newest from `train`, else the champion, else the base",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        trial.run(
            self,
            options,
            lambda say: trials.evaluate(trial.order_of(options), wanted=options["model"], say=say),
            figures.evaluation,
        )
