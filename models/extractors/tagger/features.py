"""What the trees see of a word: what the base takes it and its neighbours for, and what stands written around it.

Two parts, side by side in one sparse matrix: numbers (log-probabilities of the base's concepts, of the word itself and
of those before, behind, above, below and in its line; its box) and marks (the CRF's features that occur often enough).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]

from models.extractors.crf.features import features_of
from models.extractors.crf.layout import layout_of
from models.pages import Page
from models.schema import Schema

Floats = NDArray[np.floating[Any]]
Marks = list[list[list[str]]]  # of one document: for each page and word, what holds of it
LEAST = -9.0  # log-probabilities below this all mean: not it
RARE = 3  # marks of fewer documents are learned by heart and mean nothing elsewhere


@dataclass(frozen=True, slots=True)
class Looked:
    """What is seen of one document before anything is learned: the base's (W, H) concepts of each page, and marks."""

    concepts: Sequence[Floats]
    marks: Marks


def marks_of(pages: Sequence[Page], schema: Schema) -> Marks:
    """For each page and word, what holds of it: `left=total`, `rank=0`, `y=3`."""
    return features_of(pages, schema)


def vocabulary(documents: Iterable[Marks]) -> list[str]:
    """The marks of at least `RARE` of the documents, sorted."""
    counts: Counter[str] = Counter()
    for pages in documents:
        counts.update({mark for page in pages for word in page for mark in word})
    return sorted(mark for mark, count in counts.items() if count >= RARE)


def matrix(
    pages: Sequence[Page],
    concepts: Sequence[Floats],
    marks: Sequence[Sequence[Sequence[str]]],
    column_of: dict[str, int],
) -> sparse.csr_matrix:
    """(words of all pages, numbers + marks), pages one after the other.

    `concepts` are the base's log-probabilities (W, H) of each page, H labels of its head.
    """
    numbers = [
        _numbers(page, said, number, len(pages))
        for number, (page, said) in enumerate(zip(pages, concepts, strict=True))
    ]
    rows: list[int] = []
    columns: list[int] = []
    row = 0
    for page in marks:
        for word in page:
            found = [column_of[mark] for mark in word if mark in column_of]
            rows += [row] * len(found)
            columns += found
            row += 1
    ones = np.ones(len(rows), dtype=np.float32)
    seen = sparse.csr_matrix((ones, (rows, columns)), shape=(row, len(column_of)))
    return sparse.hstack([sparse.csr_matrix(np.concatenate(numbers)), seen], format="csr")


def _numbers(page: Page, said: Floats, number: int, pages: int) -> Floats:
    """(W, N) numbers of one page's words."""
    own = np.maximum(said, LEAST)  # (W, H)
    if not page.words:
        return np.zeros((0, own.shape[1] + 6 * ((own.shape[1] - 1) // 2) + 10), dtype=np.float32)
    # one number for a concept, whether it begins or goes on: O, B-a, I-a, B-b, …
    whole = np.logaddexp(own[:, 1::2], own[:, 2::2])  # (W, C)
    layout = layout_of(page)
    before, behind = np.full(len(whole), -1), np.full(len(whole), -1)
    first = np.zeros(len(whole), dtype=np.intp)
    mean = np.empty_like(whole)
    place = np.empty((len(whole), 4), dtype=np.float32)
    for line_number, line in enumerate(layout.lines):
        words = np.asarray(line.words)
        before[words[1:]], behind[words[:-1]] = words[:-1], words[1:]
        first[words] = words[0]
        mean[words] = whole[words].mean(axis=0)
        order = np.arange(len(words))
        place[words] = np.stack(
            [
                np.full(len(words), line_number),
                np.full(len(words), len(layout.lines) - line_number),
                order,
                len(words) - order,
            ],
            axis=1,
        )
    nowhere = np.full((1, whole.shape[1]), LEAST, dtype=whole.dtype)
    padded = np.concatenate([whole, nowhere])  # -1 is nowhere
    boxes = np.asarray([(w.box.x0, w.box.y0, w.box.x1, w.box.y1) for w in page.words], dtype=np.float32)
    pages_here = np.tile(np.asarray([number, pages - number], dtype=np.float32), (len(whole), 1))
    around = [padded[before], padded[behind], padded[layout.above], padded[layout.below], whole[first], mean]
    return np.concatenate([own, *around, boxes, place, pages_here], axis=1).astype(np.float32)
