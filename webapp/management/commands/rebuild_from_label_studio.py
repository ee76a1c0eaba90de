"""`manage.py rebuild_from_label_studio`: the ledger of corrections made anew from what Label Studio holds."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import audit_trail, rebuilding
from annotation.errors import LabelStudioError
from annotation.rebuilding import Rebuilt

MOST_PROBLEMS = 20  # of a type that are shown


class Command(BaseCommand):
    help = (
        "Fetch every annotation that Label Studio holds, and record those that the ledger of corrections lacks. Nothing is "
        "deleted; doing it twice changes nothing; people may work meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="compare only, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        dry, left = options["dry_run"], 0
        try:
            for found in rebuilding.rebuild(by=audit_trail.SHELL, dry=dry):
                left += self._say(found, dry=dry)
        except LabelStudioError as problem:
            raise CommandError(
                f"{problem}. Run it again when Label Studio answers: it takes up where it was"
            ) from None
        if left:
            raise CommandError(f"{left} annotations are not in the ledger{'' if dry else ': see above why'}")

    def _say(self, found: Rebuilt, *, dry: bool) -> int:
        """Tell how a type stands; answers how many annotations its ledger lacks."""
        recorded = found.known if dry else found.taken
        self.stdout.write(
            f"{found.name}: Label Studio holds {found.held} annotations, the ledger has {recorded} of them as they are"
            + ("" if dry else f" ({found.taken - found.known} were missing or different)")
        )
        if found.gone:
            self.stdout.write(
                f"  {found.gone} rows of the ledger are of annotations that Label Studio no longer holds: kept"
            )
        if found.probes:
            self.stdout.write(f"  {found.probes} more are answers to probes, which never enter the ledger")
        if found.foreign:
            self.stdout.write(
                f"  {found.foreign} tasks with annotations are of documents that Docloop has not"
            )
        for problem in found.problems[:MOST_PROBLEMS]:
            self.stderr.write(f"  {problem}")
        return found.held - recorded
