"""What a training depends on besides its documents: every number, with the reason for its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.errors import TrainingFailed
from models.extractors.precision import PRECISIONS
from models.extractors.recipes import made_of


@dataclass(frozen=True)
class Recipe:
    """Everything a training depends on besides the documents. The defaults suit 20–60 documents on two CPU threads."""

    seed: int = 13
    base: str = ""  # folder of the base checkpoint; empty: the one that comes with Docloop
    epochs: int = 16
    patience: int = 4  # epochs without a better validation F1 after which it stops
    learning_rate: float = 3e-4  # of the pre-trained layers; half of it needs half as many epochs more
    fresh_learning_rate: float = 1e-3  # of the classifier and the 2-D positions, which start from nothing
    batch_size: int = 4  # windows: with 40 documents larger batches leave too few steps
    batch_words: int = 1000  # or as many windows as have so many words together: full ones would take 3 GB
    warmup: float = 0.1  # share of all steps in which the learning rates rise
    weight_decay: float = 0.01
    jitter: float = 0.03  # pages are shifted and stretched by up to this share, as scanners do
    # Of the windows without any value an epoch takes so many, by lot. On ad orders, where half of them are empty, all of
    # them cost 1.8 times the time for 1 F1 point; weighing the fewer ones more made it 2.5 points worse.
    empty_share: float = 0.3
    blanked: float = 0.05  # share of the word pieces that are hidden, against learning single words by heart
    precision: str = "auto"  # of what extracts: float32, int8, or auto: int8 if it costs under 0.2 F1 points
    threads: int = 2
    max_minutes: float = 60.0

    def __post_init__(self) -> None:
        rules = {
            "seed": 0 <= self.seed < 2**31,
            "epochs": self.epochs >= 1,
            "patience": self.patience >= 1,
            "learning_rate": 0 < self.learning_rate < 1,
            "fresh_learning_rate": 0 < self.fresh_learning_rate < 1,
            "batch_size": self.batch_size >= 1,
            "batch_words": self.batch_words >= 1,
            "warmup": 0 <= self.warmup < 1,
            "weight_decay": 0 <= self.weight_decay < 1,
            "jitter": 0 <= self.jitter < 0.5,
            "blanked": 0 <= self.blanked < 1,
            "empty_share": 0 <= self.empty_share <= 1,
            "precision": self.precision in PRECISIONS,
            "threads": self.threads >= 1,
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
