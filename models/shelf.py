"""Models that were trained from a pack, on a shelf of numbered folders: beside the registry, and never mixed with it.

`SHELF/TYPE/NUMBER/` holds `model/`, as every extractor saves itself, and `training.json`, which says how it came about.
A folder appears whole or not at all.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import extractors
from models.errors import RegistryError
from models.extractors import manifest
from models.extractors.base import Extractor

MODEL, RECORD = "model", "training.json"


@dataclass(frozen=True, slots=True)
class Shelved:
    """A trained model in a folder, and the record of its training (empty for a bare model folder)."""

    folder: Path
    model: Extractor
    sha256: str  # of its manifest: the model's identity
    record: dict[str, Any]


def shelf_of(shelf: Path, document_type: str) -> Path:
    """The folder of a type's models; raises `RegistryError` for a name that can't be a folder's."""
    if not document_type.isprintable() or not document_type.strip(". ") or len(document_type) > 100:
        raise RegistryError(f"{document_type!r} can't be a type's name: use letters, digits, - and _")
    if "/" in document_type or "\\" in document_type:
        raise RegistryError(f"{document_type!r} can't be a type's name: it has a slash")
    return shelf / document_type


def numbers(folder: Path) -> list[int]:
    """The numbers of the models in a type's folder, the newest last."""
    if not folder.is_dir():
        return []
    return sorted(
        int(each.name) for each in folder.iterdir() if each.name.isdecimal() and (each / MODEL).is_dir()
    )


def make_room(folder: Path, *, empty: bool) -> None:
    """Raises `RegistryError` now, and not after a long training, where `folder` can't be written; creates nothing.

    `empty`: whether it must not hold anything yet.
    """
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise RegistryError(f"nothing can be saved in {folder}: {there} can't be written; give --out FOLDER")
    if empty and there == folder and any(folder.iterdir()):
        raise RegistryError(f"{folder} is not empty: give a folder that doesn't exist yet")


def place(model: Extractor, record: dict[str, Any], folder: Path) -> Path:
    """Put a model on its type's shelf under the next number; the folder it got."""
    return _save(model, record, folder, None)


def place_at(model: Extractor, record: dict[str, Any], folder: Path) -> Path:
    """Put a model into `folder`, which doesn't exist or is empty; raises `RegistryError` if it has become neither."""
    return _save(model, record, folder.parent, folder)


def take(folder: Path) -> Shelved:
    """The model in a numbered folder, or in a bare model folder; raises `RegistryError` if it isn't whole."""
    inner = folder / MODEL if (folder / MODEL).is_dir() else folder
    sealed = manifest.read(inner)
    record: dict[str, Any] = {}
    if inner != folder and (folder / RECORD).is_file():
        try:
            record = dict(json.loads((folder / RECORD).read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise RegistryError(f"{folder / RECORD} is not what a training wrote: train again") from error
    return Shelved(folder, extractors.load(inner), sealed.sha256, record)


def _save(model: Extractor, record: dict[str, Any], parent: Path, wanted: Path | None) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".unfinished-") as temporary:
        whole = Path(temporary) / "whole"
        model.save(whole / MODEL)
        (whole / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        number = (numbers(parent) or [0])[-1] + 1
        for _ in range(1000):
            folder = wanted or parent / str(number)
            try:
                return whole.rename(folder)  # an empty folder is replaced, any other refused
            except OSError as problem:
                if wanted:
                    raise RegistryError(
                        f"{folder} can't be written ({problem.strerror}); it must be empty"
                    ) from None
                number += 1  # another training was faster
    raise RegistryError(f"{parent}: no number is free; move old models away")
