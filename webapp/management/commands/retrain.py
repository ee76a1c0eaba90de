"""`manage.py retrain TYPE`: ask for a training now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import audit_trail
from annotation.errors import Refused
from learner import triggers
from webapp.management.document_types import named


class Command(BaseCommand):
    help = "Ask for a training of a document type, whether or not there are enough new corrections"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("type", help="name of the document type")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = triggers.ask(
                named(options["type"]), trigger="asked for from the shell", by=audit_trail.SHELL
            )
        except Refused as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(
            f"run {run.pk} waits for the training worker; `manage.py status` tells how far it is"
        )
