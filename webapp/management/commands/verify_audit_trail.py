"""`manage.py verify_audit_trail`: whether the trail of who did what is as it was written."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import audit_trail


class Command(BaseCommand):
    help = "Look the audit trail through: every entry unchanged, in its place, and none left out"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--holds",
            default="",
            metavar="HASH",
            help="a newest hash that was noted earlier: fails if the trail was cut off since",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = audit_trail.verify(holds=options["holds"])
        if found.broken is not None:
            raise CommandError(
                f"the trail is broken at entry {found.broken}: it, or the one before it, was changed or removed. "
                "Compare with a backup."
            )
        if found.missing:
            raise CommandError(
                "the trail is whole, but the entry that you noted is not in it: it was cut off"
            )
        self.stdout.write(f"{found.entries} entries, all as they were written. Newest: {found.newest or '—'}")
