"""`manage.py roll_back TYPE`: the champion before the present one takes over again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import audit_trail
from annotation.errors import IllegalMove, Refused
from learner import promotion
from webapp.management.document_types import named


class Command(BaseCommand):
    help = "Put the champion before the present one back to work; pool and queue are extracted anew by it"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("type", help="name of the document type")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            back = promotion.roll_back(named(options["type"]), by=audit_trail.SHELL)
        except (Refused, IllegalMove) as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(f"{back.name} is the champion again")
