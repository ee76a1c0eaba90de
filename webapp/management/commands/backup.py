"""`manage.py backup FOLDER|FILE.tar`: everything that can't be made again, in one piece."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import audit_trail
from webapp.backup import making, places
from webapp.backup.archive import BackupError


class Command(BaseCommand):
    help = (
        "Back up databases, uploaded files and page images, models and rehearsals, while people work. Without secrets, "
        "unless asked. Nothing is at the target before it is complete."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "target", type=Path, help="a folder that is not there yet, or a file that ends with .tar"
        )
        parser.add_argument(
            "--with-secrets",
            action="store_true",
            help="put the secrets into it too, in plain: keep it as you keep them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        config = settings.CONFIG
        embedded = places.is_embedded(config)
        with places.answering(config) if embedded else nullcontext(config) as config:
            place = places.of(config)
            try:
                manifest = making.make(
                    options["target"], place, with_secrets=options["with_secrets"], say=self.stdout.write
                )
            except BackupError as problem:
                raise CommandError(str(problem)) from None
            with places.connected(place.databases[places.DOCLOOP]):
                audit_trail.record(
                    by=audit_trail.SHELL, action="made a backup", subject="Docloop", why=manifest["made_at"]
                )
        rows = sum(count for tables in manifest["databases"].values() for count, _ in tables.values())
        size = sum(each["size"] for each in manifest["files"].values())
        self.stdout.write(
            f"{options['target']}: {rows} rows of {', '.join(manifest['databases'])}, "
            f"{len(manifest['files'])} files, {size / 1e6:.1f} MB"
        )
        if manifest["gone"]:
            self.stdout.write(
                f"{len(manifest['gone'])} files were erased or made anew meanwhile, and are not in it."
            )
        self.stdout.write(f"Not in it: {', '.join(self._left_out(embedded=embedded, **options))}.")
        self.stdout.write("Is it any good? manage.py restore --test " + str(options["target"]))

    def _left_out(self, *, embedded: bool, with_secrets: bool, **_: Any) -> list[str]:
        left = (
            []
            if with_secrets
            else ["secrets (keep embedded.env)" if embedded else "secrets (the environment)"]
        )
        return [
            *left,
            *([] if embedded else ["Label Studio's and MLflow's databases, MLflow's artifacts"]),
            "logs, caches",
        ]
