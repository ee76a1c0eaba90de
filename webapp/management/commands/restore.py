"""`manage.py restore BACKUP`: an installation as it was, or (`--test`) whether it could be made so."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import audit_trail
from webapp.backup import archive, places, restoring, trying
from webapp.backup.archive import Backup, BackupError


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty place; the next sweep brings what people have done in Label Studio since. "
        "Stop Docloop first. Everything is checked before anything is touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, help="what manage.py backup made")
        parser.add_argument(
            "--test",
            action="store_true",
            help="only try: restore it into a database that is made for that and goes again",
        )
        parser.add_argument("--replace", action="store_true", help="whatever is there now may go")
        parser.add_argument(
            "--keep-label-studio",
            action="store_true",
            help="leave Label Studio's database as it is (with make up)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup = archive.read(options["backup"])
            if options["test"]:
                self._try_out(backup)
            else:
                self._restore(backup, replace=options["replace"], keep=options["keep_label_studio"])
        except BackupError as problem:
            raise CommandError(str(problem)) from None

    def _try_out(self, backup: Backup) -> None:
        config = settings.CONFIG
        here = places.answering(config) if places.is_embedded(config) else nullcontext(config)
        with here as config, places.connected(config.database_url):
            trying.try_out(backup, by=audit_trail.SHELL, say=self.stdout.write)
        self.stdout.write(
            f"Docloop can be restored as it was at {backup.manifest['made_at']}: every file is as it was written, and "
            "every table came back the same."
        )

    def _restore(self, backup: Backup, *, replace: bool, keep: bool) -> None:
        secret = restoring.secrets_of(backup).get("embedded_secret", "")
        config = places.with_secret(settings.CONFIG, secret)
        if not keep:  # before a place is made with another secret
            restoring.check_seal(backup, places.of(config))
        with places.at_rest(config) if places.is_embedded(config) else nullcontext(config) as config:
            restoring.restore(
                backup,
                places.of(config),
                by=audit_trail.SHELL,
                replace=replace,
                keep_label_studio=keep,
                say=self.stdout.write,
            )
        self.stdout.write(
            f"Docloop is as it was at {backup.manifest['made_at']}. Start it: the first sweep brings what people have done "
            "in Label Studio since. Documents that were received since are to be sent again; documents that were erased "
            "since are to be erased again."
        )
