"""A backup in, whether Docloop could be restored from it out: it is, into a PostgreSQL that is made for that and goes again."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from annotation import audit_trail
from annotation.models import TrailEntry
from webapp.backup import restoring
from webapp.backup.archive import Backup, BackupError
from webapp.backup.making import Say
from webapp.embedded import postgres

TRIED = "tried a backup"


def try_out(backup: Backup, *, by: str, say: Say = lambda _line: None) -> None:
    """Check every file, load every database and compare it, and write down that it was done. Raises `BackupError`."""
    say("checking the backup …")
    restoring.check(backup)
    with tempfile.TemporaryDirectory(prefix="docloop-restore-") as folder:
        scratch = Path(folder) / "postgres"
        try:
            url = postgres.start(scratch)
        except postgres.PostgresFailed as problem:
            raise BackupError(f"there is no PostgreSQL to try it in: {problem}") from None
        try:
            for name in backup.manifest["databases"]:
                say(f"database {name} …")
                restoring.load(backup, name, url)  # one takes the place of the other
        finally:
            postgres.stop(scratch)
    audit_trail.record(by=by, action=TRIED, subject="Docloop", why=f"made {backup.manifest['made_at']}")


def last() -> datetime | None:
    """When a backup was last tried and found good."""
    return TrailEntry.objects.filter(subject="Docloop", action=TRIED).values_list("at", flat=True).last()
