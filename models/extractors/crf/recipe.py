"""What a training depends on besides its documents: every number, with the reason for its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.errors import TrainingFailed
from models.extractors.recipes import made_of


@dataclass(frozen=True)
class Recipe:
    """Everything a training depends on besides the documents."""

    seed: int = 13
    c1: float = 0.07  # L1: what fits five documents by chance gets no say ...
    c2: float = 0.15  # ... and L2: of the clues that mean the same, each has some
    iterations: int = 150  # of L-BFGS; later ones change no label
    most_words: int = 40_000  # about; of more, only some of those far from any value are learned from
    max_minutes: float = 60.0  # with less time fewer iterations are made

    def __post_init__(self) -> None:
        rules = {
            "seed": self.seed >= 0,
            "c1": self.c1 >= 0,
            "c2": self.c2 >= 0,
            "iterations": self.iterations >= 1,
            "most_words": self.most_words >= 1,
            "max_minutes": self.max_minutes > 0,
        }
        for name, holds in rules.items():
            if not holds:
                raise TrainingFailed(f"recipe: {name} can't be {getattr(self, name)!r}")

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Recipe:
        """From a mapping; raises `TrainingFailed` for a name that no recipe has, or a value that makes no sense."""
        return made_of(cls, stored)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
