"""`manage.py train --type NAME --data DIR`: a model from a pack, outside of the app."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from learner import trials
from webapp.management import figures, trial


class Command(BaseCommand):
    help = "Train a model from a pack of answered documents; registry and champion are left alone"
    requires_system_checks: list[str] = []  # it works without the services that they are about

    def add_arguments(self, parser: CommandParser) -> None:
        trial.add_arguments(parser)
        parser.add_argument(
            "--out", type=Path, metavar="FOLDER", help="where the model goes, instead of the shelf"
        )
        parser.add_argument("--extractor", metavar="NAME", help="another extractor than the type's")
        parser.add_argument(
            "--recipe", default="{}", metavar="YAML", help="settings of the training: '{epochs: 4}'"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        trial.run(
            self,
            options,
            lambda say: trials.train(
                trial.order_of(options),
                extractor=options["extractor"],
                recipe=_recipe(options["recipe"]),
                out=options["out"],
                say=say,
            ),
            figures.training,
            kept="the same command goes on where it was",
        )


def _recipe(text: str) -> dict[str, Any]:  # checked by the extractor
    try:
        recipe = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        recipe = None
    if not isinstance(recipe, dict):
        raise CommandError(f"--recipe is a mapping in YAML, such as '{{epochs: 4}}', not {text!r}")
    return recipe
