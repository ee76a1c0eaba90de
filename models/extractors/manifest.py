"""The folder that every model is stored as: its files and a `manifest.json` with the SHA-256 of each.

The manifest says which extractor wrote the folder, for which schema, and with which settings. Its own SHA-256 is
the model's identity: who has it can check every file of the model, wherever it was fetched from.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import BadSchema, RegistryError
from models.schema import Schema

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder says of itself."""

    extractor: str
    schema: Schema
    settings: dict[str, Any]  # whatever JSON the extractor wants back: recipe, calibration, …
    sha256: str  # of manifest.json itself


def write(folder: Path, extractor: str, schema: Schema, settings: dict[str, Any]) -> None:
    """Seals a folder whose other files are all written."""
    files = {path.relative_to(folder).as_posix(): sha256_of(path) for path in _files(folder)}
    manifest = {
        "format": FORMAT,
        "extractor": extractor,
        "schema": schema.to_json(),
        "schema_hash": schema.hash,
        "settings": settings,
        "files": files,
    }
    (folder / NAME).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """Reads and verifies a model folder; raises `RegistryError` that names what is missing, changed or too much."""
    path = folder / NAME
    if not path.is_file():
        raise RegistryError(f"{folder} is no model folder: it has no {NAME}")
    try:
        stored = json.loads(path.read_bytes())
        if stored["format"] != FORMAT:
            raise RegistryError(
                f"{path} has format {stored['format']!r}, this Docloop reads {FORMAT}: use the version that wrote it"
            )
        manifest = Manifest(
            extractor=str(stored["extractor"]),
            schema=Schema.from_json(stored["schema"]),
            settings=dict(stored["settings"]),
            sha256=sha256_of(path),
        )
        files = dict(stored["files"])
    except (ValueError, KeyError, TypeError, BadSchema) as error:
        raise RegistryError(f"{path} is not a manifest that Docloop wrote: {type(error).__name__}") from error
    _verify(folder, files)
    return manifest


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / NAME)


def _verify(folder: Path, files: dict[str, str]) -> None:
    there = {path.relative_to(folder).as_posix() for path in _files(folder)}
    if missing := set(files) - there:
        raise RegistryError(f"{folder} lacks {', '.join(sorted(missing))}; fetch the model again")
    # an extra file is nothing we would read, but it shows that somebody else wrote here
    if extra := there - set(files):
        raise RegistryError(f"{folder} has files its manifest doesn't know: {', '.join(sorted(extra))}")
    changed = sorted(name for name, sha256 in files.items() if sha256_of(folder / name) != sha256)
    if changed:
        raise RegistryError(
            f"{folder}: {', '.join(changed)} changed since the model was saved; fetch it again"
        )
