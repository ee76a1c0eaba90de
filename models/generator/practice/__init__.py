"""Practice documents for pre-training: every one has a layout of its own, drawn at random, and all its values marked.

Nothing is drawn: words and boxes are placed as a reader would find them, with a reader's faults. Nothing in them is
real. `practice("receipt", 3, seed=7)` is always the same document. Answers bear the names of `models.concepts`.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from models.extractors.base import Example
from models.generator.practice.agreements import agreement
from models.generator.practice.invoices import invoice
from models.generator.practice.orders import order
from models.generator.practice.receipts import receipt

MAKERS: dict[str, Callable[[str, random.Random], Example]] = {
    "receipt": receipt,
    "invoice": invoice,
    "order": order,
    "agreement": agreement,
}
KINDS = tuple(MAKERS)


def practice(kind: str, index: int, seed: int) -> Example:
    """Document number `index` (from 0) of `kind`, one of `KINDS`; raises `ValueError` for another."""
    if kind not in MAKERS:
        raise ValueError(f"no kind of practice document {kind!r}; there are: {', '.join(KINDS)}")
    return MAKERS[kind](f"{kind}-{seed}-{index}", random.Random(f"{seed}/{kind}/{index}"))
