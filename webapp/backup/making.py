"""A running installation in, a backup out: databases as they were at one moment each, then every file they name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from webapp.backup import dumps
from webapp.backup.archive import Json, Writing
from webapp.backup.places import DOCLOOP, Place

FORMAT = 1
STORE, DATABASE, SECRETS = "store/", "databases/", "secrets.env"
# every column that names a file in the store
FILES = (
    ("annotation_document", "file"),
    ("annotation_page", "image"),
    ("annotation_labelimport", "labels"),
    ("annotation_labelimport", "pictures"),
    ("annotation_erasure", "file"),
)
MIGRATIONS = "SELECT app || '.' || name FROM django_migrations ORDER BY 1"
PROJECTS = (
    "SELECT name || '=' || project_id FROM annotation_documenttype WHERE project_id IS NOT NULL ORDER BY name"
)
PACKAGES = ("Django", "mlflow", "label-studio-sdk", "psycopg2-binary")

Say = Callable[[str], None]


def make(target: Path, place: Place, *, with_secrets: bool = False, say: Say = lambda _line: None) -> Json:
    """Write a backup of `place` to `target` (a folder, or a .tar file); answers its manifest. People may work meanwhile.

    Raises `BackupError`; then nothing is left at `target`.
    """
    writing = Writing(target)
    try:
        manifest = _manifest(place)
        # Docloop first: what the other two have later is found by the sweep, or harmless
        for name in sorted(place.databases, key=lambda each: each != DOCLOOP):
            say(f"database {name} …")
            _add_database(writing, manifest, name, place.databases[name])
        say("files …")
        for name in manifest.pop("store"):
            try:
                with place.store.open(name, "rb") as content:
                    writing.add(STORE + name, content)  # type: ignore[arg-type]  # it can be read and sought in
            except FileNotFoundError:  # erased, or read anew, since the database was looked at
                manifest["gone"].append(name)
        for name, folder in place.folders.items():
            for path in sorted(
                each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()
            ):
                with path.open("rb") as content:
                    writing.add(f"{name}/{path.relative_to(folder).as_posix()}", content)
        if with_secrets:
            lines = "".join(f"DOCLOOP_{name.upper()}={value}\n" for name, value in place.secrets.items())
            writing.add(SECRETS, BytesIO(lines.encode()))
        writing.finish(manifest)
    except BaseException:
        writing.discard()
        raise
    return manifest | {"files": writing.files}


def _manifest(place: Place) -> Json:
    return {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in PACKAGES},
        "seal": place.seal,
        "databases": {},
        "gone": [],
    }


def _add_database(writing: Writing, manifest: Json, name: str, url: str) -> None:
    with dumps.snapshot(url) as snapshot:
        if name == DOCLOOP:
            manifest["migrations"] = snapshot.column(MIGRATIONS)
            manifest["projects"] = dict(each.rsplit("=", 1) for each in snapshot.column(PROJECTS))
            manifest["store"] = _stored(snapshot)
        dumps.dump(url, snapshot, writing.dump)
        manifest["databases"][name] = snapshot.prints
    with writing.dump.open("rb") as content:
        writing.add(f"{DATABASE}{name}.dump", content)


def _stored(snapshot: dumps.Snapshot) -> list[str]:
    """The store's files that the database names."""
    columns = [f"SELECT {column} FROM {table} WHERE {column} <> ''" for table, column in FILES]  # noqa: S608  # our own tables
    return snapshot.column(" UNION ".join(columns) + " ORDER BY 1")
