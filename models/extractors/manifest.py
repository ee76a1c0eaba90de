"""The folder that every model is stored as: its files and a `manifest.json` with the size and SHA-256 of each.

The manifest says which extractor wrote the folder, for which schema, and with which settings. Its own SHA-256 is
the model's identity: who has it can check every file of the model, wherever it was fetched from. A folder is looked
through before any of its files is opened: it holds plain files of the kinds that extractors write, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import BadSchema, RegistryError
from models.schema import Schema
from models.weights import check_header, read_config

NAME = "manifest.json"
FORMAT = 2  # 1 had no sizes, and is read still
# JSON, tensors, ONNX graphs, XGBoost's trees, CRFsuite's CRF: none of them can hold code
SUFFIXES = (".json", ".safetensors", ".onnx", ".ubj", ".crf")
PLAIN = re.compile(r"[a-z0-9_]{1,60}(\.[a-z0-9_]{1,20}){1,2}")
MOST_FILES = 32
MOST_MANIFEST = 16_000_000  # bytes
CONFIG = "config.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder says of itself."""

    extractor: str
    schema: Schema
    settings: dict[str, Any]  # whatever JSON the extractor wants back: recipe, calibration, …
    sha256: str  # of manifest.json itself


def write(folder: Path, extractor: str, schema: Schema, settings: dict[str, Any]) -> None:
    """Seals a folder whose other files are all written; raises `RegistryError` for a file that no model has."""
    files = {
        name: {"sha256": sha256_of(folder / name), "size": size} for name, size in _files(folder).items()
    }
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
    if not path.is_file() or path.is_symlink():
        raise RegistryError(f"{folder} is no model folder: it has no {NAME}")
    there = _files(folder)
    if path.stat().st_size > MOST_MANIFEST:
        raise RegistryError(f"{path} has more than {MOST_MANIFEST / 1e6:.0f} MB: that is no manifest")
    try:
        stored = json.loads(path.read_bytes())
        if stored["format"] not in (1, FORMAT):
            raise RegistryError(
                f"{path} has format {stored['format']!r}, this Docloop reads up to {FORMAT}: use the version that wrote it"
            )
        manifest = Manifest(
            extractor=str(stored["extractor"]),
            schema=Schema.from_json(stored["schema"]),
            settings=dict(stored["settings"]),
            sha256=sha256_of(path),
        )
        files = {str(name): _told(told, there.get(name, 0)) for name, told in stored["files"].items()}
    except (AttributeError, BadSchema, KeyError, RecursionError, TypeError, ValueError) as error:
        raise RegistryError(f"{path} is not a manifest that Docloop wrote: {type(error).__name__}") from error
    _verify(folder, there, files)
    return manifest


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> dict[str, int]:
    """Names and sizes of the files but the manifest; raises `RegistryError` for what no model folder holds.

    Links could point anywhere, a pipe would be waited for, and what has another name was not written by an extractor.
    """
    found = {}
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.is_symlink() or not entry.is_file(follow_symlinks=False):
                what = "a link" if entry.is_symlink() else "a folder" if entry.is_dir() else "no file"
                raise RegistryError(
                    f"{folder}: {entry.name} is {what}, and a model is plain files; fetch it again"
                )
            if not PLAIN.fullmatch(entry.name) or not entry.name.endswith(SUFFIXES):
                raise RegistryError(
                    f"{folder}: {entry.name!r} is no file of a model, which are {', '.join(SUFFIXES)}; fetch it again"
                )
            if entry.name != NAME:
                found[entry.name] = entry.stat(follow_symlinks=False).st_size
            if len(found) > MOST_FILES:
                raise RegistryError(f"{folder} has more than {MOST_FILES} files: that is no model")
    return found


def _told(told: Any, size: int) -> tuple[str, int]:  # of whatever JSON the manifest holds
    """SHA-256 and size that the manifest tells of a file; `size` where it is of the format that told none."""
    return (told, size) if isinstance(told, str) else (str(told["sha256"]), int(told["size"]))


def _verify(folder: Path, there: Mapping[str, int], files: Mapping[str, tuple[str, int]]) -> None:
    if missing := files.keys() - there.keys():
        raise RegistryError(f"{folder} lacks {', '.join(sorted(missing))[:200]}; fetch the model again")
    # an extra file is nothing we would read, but it shows that somebody else wrote here
    if extra := there.keys() - files.keys():
        raise RegistryError(f"{folder} has files its manifest doesn't know: {', '.join(sorted(extra))}")
    changed = sorted(
        name
        for name, (sha256, size) in files.items()
        if there[name] != size or sha256_of(folder / name) != sha256
    )
    if changed:
        raise RegistryError(
            f"{folder}: {', '.join(changed)} changed since the model was saved; fetch it again"
        )
    for name in files:
        if name.endswith(".safetensors"):
            check_header(folder / name)
    if CONFIG in files:
        read_config(folder / CONFIG)
