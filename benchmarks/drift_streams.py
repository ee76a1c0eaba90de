"""Streams of generated documents for `benchmarks.drift`: a pool of each kind once, drawn from for every stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from models import drift, signals
from models.drift import Documents
from models.extractors.base import Example
from models.generator import generate, layouts
from models.layout_print import layout_print
from models.schema import Field, Schema

Ints = NDArray[np.int64]

KINDS = ("receipt", "invoice")
POOL = 150  # documents of each layout, of which there are 14 of either kind
DAY = date(2026, 1, 1)  # what is watched here holds no dates
NO_VALUES = Schema((Field("total"),))  # nothing was extracted: the layout and the text are watched alone


@dataclass(frozen=True, slots=True)
class Pool:
    """Documents of one kind, N of them: what is watched of each, and its layout's number."""

    kind: str
    found: Documents
    layout: Ints  # (N,)
    examples: list[Example]

    def stable(self, rng: np.random.Generator, documents: int) -> Ints:
        """Row numbers of a stream of all layouts, however long: drawn with replacement."""
        return np.asarray(rng.integers(0, len(self.layout), documents), dtype=np.int64)

    def changing(self, rng: np.random.Generator, before: int, after: int, *, new: int, share: float) -> Ints:
        """A stream in which the new layout makes up `share` (0…1) of the last documents; none comes twice."""
        rows = rng.permutation(np.flatnonzero(self.layout != new))[: before + after]
        at = before + np.flatnonzero(rng.random(after) < share)
        rows[at] = rng.permutation(np.flatnonzero(self.layout == new))[: len(at)]
        return np.asarray(rows, dtype=np.int64)

    def taken(self, rows: Ints) -> Documents:
        """These rows as a stream of their own, with ids from 1."""
        some = self.found.only(rows)
        return Documents(np.arange(1, len(rows) + 1), some.names, some.numbers, some.layouts)


def pool(kind: str, *, seed: int, size: int = POOL, say: Callable[[str], None] = lambda _: None) -> Pool:
    """`size` documents of every layout of a kind, born digital."""
    say(f"drift: generating {kind}s")
    every = len(layouts(kind))
    made = [generate(kind, index, seed, scan=False) for index in range(size * every)]
    numbers = [
        signals.numbers(each.pages, quality=None, schema=NO_VALUES, values=(), confidence={}, today=DAY)
        for each in made
    ]
    prints = [layout_print(each.pages).tobytes() for each in made]
    return Pool(
        kind,
        drift.documents(range(len(made)), numbers, prints),
        np.arange(len(made)) % every,
        [each.example for each in made],
    )
