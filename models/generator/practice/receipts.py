"""Till receipts: what was bought and how the slip looks; the blocks it is put together from are in `receipt_parts`."""

from __future__ import annotations

import random

from models.extractors.base import Example
from models.generator.practice import receipt_parts as parts
from models.generator.practice.noise import Wear, finish
from models.generator.practice.paper import Paper, Style
from models.generator.practice.receipt_heads import head
from models.generator.practice.sales import sale
from models.generator.practice.slips import Slip


def receipt(key: str, rng: random.Random) -> Example:
    """One receipt: head, particulars, things, sums, small print, in an order and a manner of its own."""
    bought = sale(rng)
    mono = rng.random() < 0.5
    columns = rng.randint(26, 46)
    width = 600.0
    size = width / columns / (0.58 if mono else 0.54)
    size *= rng.uniform(0.8, 1.0)
    style = Style(
        size, rng.uniform(0.9, 1.05), mono, rng.choice((1.0, 1.1, 1.2, 1.35, 1.5)), rng.uniform(0.75, 1.0)
    )
    paper = Paper(rng, width, None, rng.uniform(0, 20), style)
    slip = Slip.draw(paper, bought, rng)
    head(slip)
    particulars_first = rng.random() < 0.8
    if particulars_first:
        parts.particulars(slip)
    parts.things(slip)
    parts.sums(slip)
    if rng.random() < 0.35:
        parts.tax_summary(slip)
    if bought.card and rng.random() < 0.4:
        parts.card_slip(slip)
    if not particulars_first:
        parts.particulars(slip)
    parts.small_print(slip)
    return finish(key, paper, Wear.draw(rng, upper=0.55), rng)
