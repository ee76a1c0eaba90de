"""What a training of the three together depends on besides its documents, with the reason for each default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.errors import TrainingFailed
from models.extractors.precision import AUTO, PRECISIONS
from models.extractors.recipes import made_of


@dataclass(frozen=True)
class Recipe:
    """The defaults suit five documents as well as some hundreds."""

    seed: int = 13
    base: str = (
        ""  # as of the layoutlm extractor, but it must know concepts; empty: the one that comes with Docloop
    )
    folds: int = (
        4  # in which labelled documents are told apart to see how good each opinion is on unseen ones
    )
    rounds: int = 100  # trees of each label
    threads: int = 2
    # the base is asked in float32, in int8, or auto: int8 unless unseen documents show that it costs 0.2 F1 points,
    # and float32 where there are none
    precision: str = AUTO
    max_minutes: float = 60.0  # with less time fewer folds are made

    def __post_init__(self) -> None:
        rules = {
            "seed": 0 <= self.seed < 2**31,
            "folds": self.folds >= 2,
            "rounds": self.rounds >= 1,
            "threads": self.threads >= 1,
            "precision": self.precision in PRECISIONS,
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
