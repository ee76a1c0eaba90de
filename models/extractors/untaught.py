"""What an extractor can say of documents before anybody has corrected one: the base by its concepts, rules by their words.

A field that it knows nothing of is left alone: neither a value is said of it, nor that it is absent. What has to see
corrected documents first (`crf`, `tagger`) says nothing, and neither does a base that knows no concepts.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models.concepts import concept_of, head_labels
from models.extractors.base import Extractor
from models.extractors.base_files import OWN_BASE, digest, head_of
from models.extractors.precision import FLOAT32
from models.schema import Schema

BASE_SPEAKS = ("combined", "layoutlm")  # extractors whose trainings start from a base that has an opinion


@dataclass(frozen=True, slots=True)
class Untaught:
    """An extractor that has learned nothing yet. `open` it once per process."""

    version: str  # such as base-1a2b3c4d-5e6f7a8b, 60 characters at most: whatever would say something else has another
    title: str  # for people
    schema: Schema  # of the fields that it knows something of
    base: Path | None  # the folder of the base that speaks; None: rules

    def open(self, cache: Path) -> Extractor:
        """Ready to extract, without torch. In `cache` the base's graph is kept; raises `RegistryError`."""
        if self.base is None:
            from models.extractors.rules import RulesExtractor

            return RulesExtractor(self.schema)
        # here and not above: they take a second, and who asks for the version's name alone doesn't need them
        from models.extractors.base_graph import open_graph
        from models.extractors.combined import CombinedExtractor
        from models.extractors.combined.recipe import Recipe

        base = open_graph(self.base, cache)
        return CombinedExtractor.untaught(self.schema, base.session, base.tokenizer, base.head, Recipe())


@lru_cache(maxsize=64)
def of(extractor: str, schema: Schema, base: str = "") -> Untaught | None:
    """What the extractor of that name can say untaught of the fields of `schema`; None if that is nothing.

    `base` is the one that the recipe names: a folder, or "" for Docloop's own. Raises `RegistryError` if its own
    isn't whole.
    """
    if extractor == "rules":
        return Untaught(f"rules-{_hash(schema.to_json())}", "the rules alone", schema, None)
    if extractor not in BASE_SPEAKS:
        return None
    folder = Path(base) if base else OWN_BASE
    head = head_of(folder)
    begins = head_labels(schema, head)[::2]
    known = tuple(field for field, label in zip(schema, begins, strict=True) if label in head)
    if not known:
        return None
    meanings = [concept.name if (concept := concept_of(field)) else "" for field in known]
    essence = _hash([Schema(known).hash, meanings, FLOAT32])  # and the precision, which changes answers too
    return Untaught(f"base-{digest(folder)[:8]}-{essence}", "the base alone", Schema(known), folder)


def _hash(essence: object) -> str:
    return hashlib.sha256(json.dumps(essence).encode()).hexdigest()[:8]
