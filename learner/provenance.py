"""What a version was made with and of, for people: documents, who read them, recipe, code, thresholds, calibration.

And the other way round: which versions learned from a document, or were judged on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, Func, Value

import models
from annotation.models import DocumentType, Page
from learner.models import ModelVersion, Snapshot
from learner.snapshots import Split
from models import extractors, judging
from models.extractors.base import Example, Extracted
from models.schema import Schema


@dataclass(frozen=True, slots=True)
class Use:
    """What versions made of a document: those that learned from it, and those that were judged on it; newest first."""

    learned: tuple[ModelVersion, ...]
    judged: tuple[ModelVersion, ...]


def use_of(corrections: Sequence[int]) -> Use:
    """`corrections` are all that a document ever had (ids). A snapshot holds it once, on one side of its split."""
    if not corrections:
        return Use((), ())
    taught, judged = (set(snapshots_with(corrections, gold=gold)) for gold in (False, True))
    found = ModelVersion.objects.filter(run__snapshot__in=taught | judged).select_related(
        "document_type", "run"
    )
    versions = list(found.defer("figures", "made_with").order_by("-pk"))
    return Use(
        tuple(each for each in versions if each.run.snapshot_id in taught),
        tuple(each for each in versions if each.run.snapshot_id in judged),
    )


def snapshots_with(corrections: Sequence[int], *, gold: bool) -> list[int]:
    """The ids of the snapshots that teach with any of these corrections, or judge by them; each index knows at once."""
    part = Func(
        "items",
        Value(gold),
        function="snapshot_part",
        output_field=ArrayField(BigIntegerField()),
    )
    found = Snapshot.objects.alias(part=part).filter(part__overlap=list(corrections))
    return list(found.values_list("pk", flat=True))


def made_with(
    document_type: DocumentType,
    snapshot: Snapshot,
    recipe: Mapping[str, Any],  # an extractor's own settings
    counts: Mapping[Split, int],
    calibration: Mapping[str, Any],  # of models.judging
) -> dict[str, Any]:  # mixed, JSON
    """What `ModelVersion.made_with` keeps; thresholds are those of the type at that time."""
    corrections = [correction for correction, _ in snapshot.items]
    pages = Page.objects.filter(document__corrections__in=corrections).order_by()
    read_by = pages.values_list("read_by").annotate(Count("pk", distinct=True))
    return {
        "extractor": extractors.for_base(document_type.extractor, str(recipe.get("base", ""))),
        "recipe": dict(recipe),
        "documents": {split.value: counts.get(split, 0) for split in Split},
        "read_by": dict(read_by),
        "code": code(),
        "thresholds": {
            "target_error": document_type.target_error,
            "field_targets": document_type.field_targets,
            "assume_above": document_type.assume_above,
        },
        "calibration": dict(calibration),
    }


def calibration(schema: Schema, gold: Sequence[Example], said: Sequence[Extracted]) -> dict[str, Any]:
    """How honest a version's confidences are on gold: `values` and `absences` with error, count and what chance makes.

    Of all fields together, and under `fields` the same of each.
    """
    by_field = judging.outcomes_of(schema, [example.answers for example in gold], said)
    every = judging.Outcomes(
        [one for each in by_field.values() for one in each.values],
        [one for each in by_field.values() for one in each.absences],
    )
    return every.to_json() | {"fields": {name: each.to_json() for name, each in by_field.items()}}


@lru_cache(maxsize=1)
def code() -> str:
    """The first 12 hex digits of the SHA-256 of the machine-learning package's sources: they decide what a model says."""
    sealed = hashlib.sha256()
    root = Path(models.__file__).parent
    for path in sorted(root.rglob("*.py")):
        sealed.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return sealed.hexdigest()[:12]
