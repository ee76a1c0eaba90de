"""What a training depends on besides its documents: every number, with the reason for its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from models.errors import TrainingFailed


@dataclass(frozen=True)
class Recipe:
    """Everything a training depends on besides the documents."""

    seed: int = 13
    c1: float = 0.07  # L1: what fits five documents by chance gets no say ...
    c2: float = 0.15  # ... and L2: of the clues that mean the same, each has some
    iterations: int = 150  # of L-BFGS; later ones change no label
    most_words: int = 40_000  # about; of more, only some of those far from any value are learned from

    def __post_init__(self) -> None:
        rules = {
            "seed": self.seed >= 0,
            "c1": self.c1 >= 0,
            "c2": self.c2 >= 0,
            "iterations": self.iterations >= 1,
            "most_words": self.most_words >= 1,
        }
        for name, holds in rules.items():
            if not holds:
                raise TrainingFailed(f"recipe: {name} can't be {getattr(self, name)!r}")

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Recipe:
        """From a mapping; raises `TrainingFailed` for a name that no recipe has, or a value that makes no sense."""
        known = {each.name: each.type for each in fields(cls)}
        if unknown := set(stored) - set(known):
            raise TrainingFailed(
                f"recipe: unknown {', '.join(sorted(unknown))}; there are: {', '.join(known)}"
            )
        kinds = {"int": int, "float": (int, float)}
        for name, value in stored.items():
            if not isinstance(value, kinds[known[name]]) or isinstance(value, bool):  # type: ignore[arg-type,index]
                raise TrainingFailed(f"recipe: {name} is a {known[name]}, not {value!r}")
        return cls(**stored)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
