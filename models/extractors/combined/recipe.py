"""What a training of the two together depends on besides its documents, with the reason for each default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from models.errors import TrainingFailed

LAYOUTLM = ("seed", "base", "epochs", "precision", "threads")
TAGGER = ("seed", "base", "threads")


@dataclass(frozen=True)
class Recipe:
    """The defaults suit five documents as well as some hundreds."""

    seed: int = 13
    base: str = ""  # as of the layoutlm extractor; empty: the one that comes with Docloop
    epochs: int = 8  # of the fine-tuning
    precision: str = "auto"  # of what extracts, as of the layoutlm extractor
    folds: int = 3  # in which the labelled documents are told apart to see how good each is on unseen ones
    most_folded: int = 120  # documents; with more, the validation documents alone tell that well enough
    threads: int = 2
    max_minutes: float = 60.0

    def __post_init__(self) -> None:
        rules = {
            "seed": 0 <= self.seed < 2**31,
            "epochs": self.epochs >= 1,
            "precision": self.precision in ("auto", "float32", "int8"),
            "folds": self.folds >= 2,
            "most_folded": self.most_folded >= 0,
            "threads": self.threads >= 1,
            "max_minutes": self.max_minutes > 0,
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
        kinds = {"int": int, "float": (int, float), "str": str}
        for name, value in stored.items():
            if not isinstance(value, kinds[known[name]]) or isinstance(value, bool):  # type: ignore[arg-type,index]
                raise TrainingFailed(f"recipe: {name} is a {known[name]}, not {value!r}")
        return cls(**stored)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def of_layoutlm(self, minutes: float) -> dict[str, Any]:
        """The network's part, with so many minutes for one fine-tuning."""
        return {name: getattr(self, name) for name in LAYOUTLM} | {"max_minutes": minutes}

    def of_tagger(self) -> dict[str, Any]:
        """The trees' part."""
        return {name: getattr(self, name) for name in TAGGER}
