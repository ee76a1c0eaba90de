"""Whether a base may be asked in 8 bits: what that costs on documents that nobody learned from, and by how much more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.extractors.base import Example, Extracted
from models.metrics import score
from models.schema import Schema

AUTO, FLOAT32, INT8 = "auto", "float32", "int8"
PRECISIONS = (AUTO, FLOAT32, INT8)  # what a recipe may say
MOST_F1 = 0.002  # that 8 bits may cost, micro


@dataclass(frozen=True, slots=True)
class Cost:
    """What 8 bits cost: F1 (micro), and how many values are right in one precision only."""

    f1: float
    lost: int
    won: int

    @property
    def too_much(self) -> bool:
        """Whether 32 bits are worth their time: they win `MOST_F1`, and more than one of two coins would.

        A value more or less of a hundred is a whole F1 point, and mostly chance (McNemar 1947).
        """
        return self.f1 >= MOST_F1 and self.lost - self.won > (self.lost + self.won) ** 0.5

    def __str__(self) -> str:
        return f"8 bits cost {100 * self.f1:.2f} F1 points ({self.lost} values lost, {self.won} won)"


def cost_of(
    schema: Schema, examples: Sequence[Example], exact: Sequence[Extracted], quick: Sequence[Extracted]
) -> Cost:
    """What `quick`, said of the examples in 8 bits, costs against `exact`, said in 32."""
    answers = [example.answers for example in examples]
    in_32, in_8 = score(schema, answers, exact), score(schema, answers, quick)
    more = in_32.right - in_8.right  # (N, F)
    return Cost(in_32.f1() - in_8.f1(), int(np.maximum(more, 0).sum()), int(np.maximum(-more, 0).sum()))
