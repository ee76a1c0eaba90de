"""Which model a trial means: one from the shelf of trained packs, a registered version, or the base without any document.

Only what is asked for is touched: a trained model is found without the database, a registered version with it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseTrouble

from annotation import extraction
from annotation.models import DocumentType
from learner import aliases, decision
from learner.models import ModelVersion
from models import extractors, shelf
from models.errors import RegistryError
from models.extractors import untaught
from models.extractors.base import Extractor
from models.registry import Registry
from models.schema import Schema

ZERO_SHOT = "combined"  # taught nothing, it is the base model, which finds what means one of its concepts
BASE, CHAMPION = "base", "champion"  # what --model calls them


@dataclass(frozen=True, slots=True)
class Found:
    """A model, where it is from in words, and what is known of its training."""

    model: Extractor
    origin: str
    folder: Path | None
    sha256: str  # of its manifest; empty for the base
    record: dict[str, Any]  # see `learner.trials`; empty where no trial trained it


def described_type(name: str) -> tuple[DocumentType | None, str]:
    """(the document type of that name, or None, and why there is none in words)."""
    try:
        found = DocumentType.objects.filter(name=name).first()
    except DatabaseTrouble:  # not running, not migrated, another's: trials work without
        return None, "Docloop's database does not answer"
    return found, "" if found else f"Docloop has no document type {name!r}"


def shelf_folder(name: str) -> Path:
    """Where the models of this type that trials trained are."""
    return shelf.shelf_of(Path(settings.CONFIG.data) / "models", name)


def checkpoints_folder(name: str, snapshot: str, extractor: str, recipe: dict[str, Any]) -> Path:
    """Where a training of these documents by this recipe keeps how far it is; the same one again finds it there."""
    essence = json.dumps([snapshot, extractor, recipe], sort_keys=True)
    return shelf_folder(name) / f".training-{hashlib.sha256(essence.encode()).hexdigest()[:16]}"


def find(name: str, wanted: str | None, document_type: DocumentType | None, schema: Schema) -> Found:
    """The model that `wanted` names; None is the newest trained one, else the champion, else the base.

    A name is a folder, a number from the shelf, a registered version (its number or `TYPE-v3`), "champion" or "base".
    `schema` is what the base is asked for. Raises `RegistryError` saying which there are.
    """
    own = shelf_folder(name)
    numbers = shelf.numbers(own)
    if wanted is None:
        if numbers:
            return _shelved(own / str(numbers[-1]))
        wanted = CHAMPION if document_type and document_type.champion else BASE
    if wanted == BASE:
        return _base(schema)
    if wanted.isdecimal() and int(wanted) in numbers:
        return _shelved(own / str(int(wanted)))
    if not wanted.isdecimal() and Path(wanted).is_dir():
        return _shelved(Path(wanted))
    version = _registered(wanted, document_type)
    if version is None:
        raise RegistryError(_unknown(name, wanted, numbers, document_type))
    registry = Registry(settings.CONFIG.mlflow_url)
    folder = registry.fetch(aliases.registered(version), version.sha256, decision.cache())
    return Found(extractors.load(folder), f"registered version {version.name}", folder, version.sha256, {})


def _base(schema: Schema) -> Found:
    """As the app asks it before there is a champion: of fields it knows nothing of it says nothing."""
    found = untaught.of(ZERO_SHOT, schema)
    if found is None:
        raise RegistryError(f"the base knows nothing of {', '.join(schema.names)}: train a model first")
    return Found(extraction.opened(found), "the base model, without any document", None, "", {})


def _shelved(folder: Path) -> Found:
    shelved = shelf.take(folder)
    return Found(shelved.model, f"trained model {folder}", folder, shelved.sha256, shelved.record)


def _registered(wanted: str, document_type: DocumentType | None) -> ModelVersion | None:
    if document_type is None:
        return None
    versions = ModelVersion.objects.filter(document_type=document_type).select_related("run", "document_type")
    if wanted == CHAMPION:
        return versions.filter(state=ModelVersion.State.CHAMPION).first()
    number = wanted.removeprefix(f"{document_type.name}-").removeprefix("v")
    return versions.filter(number=int(number)).first() if number.isdecimal() else None


def _unknown(name: str, wanted: str, numbers: list[int], document_type: DocumentType | None) -> str:
    there = [str(number) for number in numbers]
    if document_type is not None:
        registered = ModelVersion.objects.filter(document_type=document_type)
        there += registered.values_list("name", flat=True)
    told = (
        f"there are: {', '.join([*there, BASE])}" if there else f"none was trained yet, there is only {BASE}"
    )
    hint = (
        ""
        if document_type
        else "; registered versions need a type that Docloop knows and its database running"
    )
    return f"no model {wanted!r} of {name!r}, and no such folder; {told}{hint}"
