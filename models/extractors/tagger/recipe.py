"""What a training of the trees depends on besides its documents, with the reason for each default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.errors import TrainingFailed
from models.extractors.precision import AUTO, PRECISIONS
from models.extractors.recipes import made_of


@dataclass(frozen=True)
class Recipe:
    """The defaults are good from five documents to some hundreds."""

    seed: int = 13
    base: str = (
        ""  # as of the layoutlm extractor: what looks at the words; empty: the one that comes with Docloop
    )
    rounds: int = 100  # trees of each label
    rate: float = 0.12  # how much of its error each tree mends
    depth: int = 4  # deeper trees learn single documents by heart
    columns: float = 0.15  # share of what is seen that a tree may look at: most of it says the same
    empty: int = 4_000  # words without a value that are learnt from, for each thousand words with one
    threads: int = 2
    # the base is asked in float32, in int8, or auto: int8 unless unseen documents show that it costs 0.2 F1 points,
    # and float32 where there are none
    precision: str = AUTO
    max_minutes: float = 60.0  # with less time fewer trees are grown

    def __post_init__(self) -> None:
        rules = {
            "rounds": self.rounds >= 1,
            "rate": 0 < self.rate <= 1,
            "depth": 1 <= self.depth <= 12,
            "columns": 0 < self.columns <= 1,
            "empty": self.empty >= 1000,
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
