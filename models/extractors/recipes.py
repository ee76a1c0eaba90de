"""Recipes from mappings such as a YAML file gives: every extractor's is a frozen dataclass of numbers and texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from models.errors import TrainingFailed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")
KINDS: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "str": str}


def made_of(recipe: type[R], stored: Mapping[str, Any]) -> R:
    """The recipe; raises `TrainingFailed` for a name that it hasn't, or a value of another kind."""
    known = {each.name: str(each.type) for each in fields(recipe)}
    if unknown := set(stored) - set(known):
        raise TrainingFailed(f"recipe: unknown {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    for name, value in stored.items():
        if not isinstance(value, KINDS[known[name]]) or isinstance(value, bool):
            raise TrainingFailed(f"recipe: {name} is a {known[name]}, not {value!r}")
    return recipe(**stored)
