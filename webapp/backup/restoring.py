"""A backup and an empty place in, the installation as it was out, with everything marked for the sweep to compare.

Everything is checked before anything is touched. A database is replaced in one transaction, files come before it: what is
interrupted is begun anew with the same command.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace as changed
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from django.core.files.base import File
from django.core.files.storage import Storage
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models.functions import Now

from annotation import audit_trail, doorbell, label_studio
from annotation.errors import LabelStudioError
from annotation.models import DocumentType, LabelTask, Recheck, Schedule
from webapp.backup import archive, dumps, places
from webapp.backup.archive import Backup, BackupError
from webapp.backup.making import DATABASE, FORMAT, SECRETS, STORE, Say
from webapp.backup.places import DOCLOOP, LABEL_STUDIO, Place

# Label Studio and MLflow may hold things that were made after the backup and carry numbers that are free again now.
# New rows begin behind any that there can have been.
GAP = 1_000_000
FOLDERS = ("files", "pages", "imports")  # of the store


def restore(
    backup: Backup,
    place: Place,
    *,
    by: str,
    replace: bool = False,
    keep_label_studio: bool = False,
    say: Say = lambda _line: None,
) -> None:
    """Bring `place` to what the backup holds; with `replace` whatever it holds now is gone.

    With `keep_label_studio`, Label Studio's database stays as it is. Raises `BackupError`: before anything is touched where
    the backup is not whole, not for this release, or the place not empty.
    """
    connection.close()  # it would count as somebody at work
    if keep_label_studio:
        kept = {name: url for name, url in place.databases.items() if name != LABEL_STUDIO}
        place = changed(place, databases=kept)
    say("checking the backup …")
    check(backup)
    _check_place(backup, place, replace=replace)
    say("files …")
    for name, content in _below(backup, STORE):
        _store(place.store, name, content)
    for name, folder in place.folders.items():
        _put_folder(backup, name, folder)
    for name, url in place.databases.items():
        if f"{DATABASE}{name}.dump" in backup.manifest["files"]:
            say(f"database {name} …")
            load(backup, name, url)
    with places.connected(place.databases[DOCLOOP]):
        say("bringing the tables up to date, and marking everything for the sweep …")
        call_command("migrate", verbosity=0)
        _forget_others(place.store, backup)
        _mark_everything(backup, by=by)


def check(backup: Backup) -> None:
    """Raises `BackupError` unless the backup is whole, and made by this release or an earlier one."""
    manifest = backup.manifest
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    newer = sorted(set(manifest.get("migrations", ["?"])) - known)
    if manifest.get("format", FORMAT + 1) > FORMAT or newer:
        why = f" (it has migration {newer[0]})" if newer else ""
        raise BackupError(
            f"the backup was made by a newer release of Docloop{why}: restore it with that release, or a later one"
        )
    archive.check(backup)


def load(backup: Backup, name: str, url: str) -> None:
    """Load one database and see that it holds what the manifest says, row for row."""
    with backup.open(f"{DATABASE}{name}.dump") as content:
        dumps.load(url, content)
    wanted = backup.manifest["databases"][name]
    with dumps.connected(url) as there:
        found = dumps.prints(there)
    if different := sorted(t for t in wanted.keys() | found.keys() if wanted.get(t) != found.get(t)):
        raise BackupError(
            f"database {name} differs from what was backed up in {len(different)} tables, such as {different[0]}: "
            "don't work with it; restore another backup, and report this"
        )


def check_seal(backup: Backup, place: Place) -> None:
    """Raises `BackupError` where the Label Studio in the backup would not know Docloop by its token."""
    if _brings_label_studio(backup, place) and place.seal != backup.manifest["seal"]:
        raise BackupError(
            "Label Studio would not know this installation: its secret is another. Copy embedded.env of the backed up "
            "installation into the empty data folder first, or give --keep-label-studio"
        )


def secrets_of(backup: Backup) -> dict[str, str]:
    """Setting → value, of a backup that was made with secrets."""
    if SECRETS not in backup.manifest["files"]:
        return {}
    with backup.open(SECRETS) as content:
        lines = content.read().decode().splitlines()
    return {
        name.removeprefix("DOCLOOP_").lower(): value
        for name, _, value in (line.partition("=") for line in lines)
    }


def missing_projects(projects: Mapping[str, str]) -> list[str]:
    """Those of the backup's projects (type → id) that the Label Studio at hand does not know; none if it doesn't answer."""
    try:
        return [name for name, number in projects.items() if label_studio.project(int(number)) is None]
    except LabelStudioError:
        return []


def _check_place(backup: Backup, place: Place, *, replace: bool) -> None:
    for name, url in place.databases.items():
        if not replace and not dumps.is_empty(url):
            raise BackupError(f"the database {name} is not empty: give --replace if what it holds may go")
        if others := dumps.users_of(url):
            raise BackupError(
                f"{others} programs are connected to the database {name}: stop the web app, workers and beat first"
            )
    if not replace and any(True for _ in _files(place.store)):
        raise BackupError("the store is not empty: give --replace if what it holds may go")
    for name, folder in place.folders.items():
        if not replace and folder.is_dir() and any(folder.iterdir()):
            raise BackupError(f"{folder} ({name}) is not empty: give --replace if what it holds may go")
    check_seal(backup, place)
    if not _brings_label_studio(backup, place) and (missing := missing_projects(backup.manifest["projects"])):
        raise BackupError(
            f"Label Studio has not the projects of {', '.join(missing)}, so every answer in them would count as deleted: "
            "restore Label Studio's own database first"
        )


def _brings_label_studio(backup: Backup, place: Place) -> bool:
    return LABEL_STUDIO in place.databases and LABEL_STUDIO in backup.manifest["databases"]


def _below(backup: Backup, folder: str) -> Iterator[tuple[str, BinaryIO]]:
    for name in sorted(backup.manifest["files"]):
        if name.startswith(folder):
            with backup.open(name) as content:
                yield name.removeprefix(folder), content


def _store(store: Storage, name: str, content: BinaryIO) -> None:
    store.delete(name)
    if store.save(name, File(content)) != name:
        raise BackupError(f"{name} can't be written into the store")


def _put_folder(backup: Backup, name: str, folder: Path) -> None:
    """Put what the backup has of a folder in its place, in one step."""
    unfinished = folder.with_name(folder.name + archive.UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    for path, content in _below(backup, f"{name}/"):
        target = unfinished / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as copy:
            shutil.copyfileobj(content, copy, archive.PIECE)
    if folder.exists():
        shutil.rmtree(folder)
    unfinished.rename(folder)


def _forget_others(store: Storage, backup: Backup) -> None:
    """Delete files that the database doesn't know: nobody could erase them any more."""
    for name in list(_files(store)):
        if STORE + name not in backup.manifest["files"]:
            store.delete(name)


def _files(store: Storage) -> Iterator[str]:
    folders = list(FOLDERS)
    while folders:
        folder = folders.pop()
        try:
            inner, names = store.listdir(folder)
        except FileNotFoundError:
            continue
        folders += [str(PurePosixPath(folder) / each) for each in inner]
        yield from (str(PurePosixPath(folder) / each) for each in names)


@transaction.atomic
def _mark_everything(backup: Backup, *, by: str) -> None:
    """Nothing counts as seen: the next sweep fetches every task that somebody has answered, or that is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, coalesce(last_value, 1) + %s)"
            " FROM pg_sequences WHERE schemaname = 'public'",
            [GAP],
        )
    LabelTask.objects.update(seen="")
    Recheck.objects.update(seen="")
    Schedule.objects.update(next_due=Now())
    doorbell.ring(
        "project in doubt",
        *DocumentType.objects.filter(project_id__isnull=False).values_list("pk", flat=True),
    )
    audit_trail.record(
        by=by, action="restored a backup", subject="Docloop", why=f"made {backup.manifest['made_at']}"
    )
