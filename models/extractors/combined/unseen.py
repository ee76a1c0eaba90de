"""What was said of documents by parts that had not learned from them: what weights, calibration and precision are told by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.extractors.base import Example
from models.extractors.combined.known import Known
from models.extractors.combined.pooling import Opinion, best_weights, read
from models.extractors.precision import Cost, cost_of
from models.schema import Schema


@dataclass(slots=True)
class Unseen:
    """Of each document the opinions, with the base in 8 bits and perhaps in 32, and what its fold knew to be confirmed."""

    examples: list[Example] = field(default_factory=list)
    opinions: list[Sequence[Opinion]] = field(default_factory=list)
    exact: list[Sequence[Opinion]] = field(default_factory=list)  # none if there is no choice of precision
    known: list[Known] = field(default_factory=list)
    folds: int = 0

    def cost(self, schema: Schema) -> Cost | None:
        """What 8 bits cost, pooled by the same weights; None where that isn't known."""
        if not self.exact:
            return None
        weights = best_weights(schema, self.examples, self.opinions)
        exact, quick = (read(schema, self.examples, each, weights) for each in (self.exact, self.opinions))
        return cost_of(schema, self.examples, exact, quick)
