"""What the trees see of a word: what the base takes it and its neighbours for, and what stands written around it.

Two parts, side by side in one sparse matrix: numbers (log-probabilities of the base's concepts, of the word itself and
of those before, behind, above, below and in its line; its box) and marks (the CRF's features that occur often enough).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
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
    numbers = np.concatenate(
        [
            _numbers(page, said, number, len(pages))
            for number, (page, said) in enumerate(zip(pages, concepts, strict=True))
        ]
    )
    words = [word for page in marks for word in page]
    long = [len(word) for word in words]
    # a hundred marks a word: without a line of Python for each
    column = np.fromiter(map(column_of.get, chain.from_iterable(words), repeat(-1)), np.int32, sum(long))
    row = np.repeat(np.arange(len(words)), long)[column >= 0]
    return _side_by_side(numbers, row, column[column >= 0], len(column_of))


def _side_by_side(
    numbers: Floats, row: NDArray[np.intp], column: NDArray[np.int32], width: int
) -> sparse.csr_matrix:
    """(W, N) numbers, and right of them `width` columns with a 1 at each (row, column), rows ascending.

    Zeros are left out, as scipy does, and trees take them for missing; put together by hand it takes a quarter of
    scipy's time.
    """
    there = numbers != 0
    row_of, column_of = np.nonzero(there)
    of_numbers, of_marks = there.sum(axis=1), np.bincount(row, minlength=len(numbers))
    starts = np.concatenate([[0], np.cumsum(of_numbers + of_marks)])
    # behind all numbers of its row and the rows before; behind the marks of the rows before
    at_mark = np.arange(len(row)) + np.cumsum(of_numbers)[row]
    at_number = np.arange(len(row_of)) + (np.cumsum(of_marks) - of_marks)[row_of]
    columns = np.empty(starts[-1], dtype=np.int32)
    values = np.ones(starts[-1], dtype=np.float32)
    columns[at_number], columns[at_mark] = column_of, numbers.shape[1] + column
    values[at_number] = numbers[there]
    return sparse.csr_matrix(
        (values, columns, starts), shape=(len(numbers), numbers.shape[1] + width), copy=False
    )


def _numbers(page: Page, said: Floats, number: int, pages: int) -> Floats:
    """(W, N) numbers of one page's words."""
    own = np.maximum(said, LEAST).astype(np.float32)  # (W, H)
    if not page.words:
        return np.zeros((0, own.shape[1] + 6 * ((own.shape[1] - 1) // 2) + 10), dtype=np.float32)
    # one number for a concept, whether it begins or goes on: O, B-a, I-a, B-b, …
    whole = np.logaddexp(own[:, 1::2], own[:, 2::2])  # (W, C)
    layout = layout_of(page)
    long = np.asarray([len(line.words) for line in layout.lines])
    in_lines = np.concatenate([line.words for line in layout.lines])  # words, line by line
    starts = np.cumsum(long) - long
    line_of, position = np.asarray(layout.line_of), np.asarray(layout.position)
    before, behind = np.full(len(whole), -1), np.full(len(whole), -1)
    inner = np.delete(np.arange(len(in_lines)), starts)  # all but each line's first word
    before[in_lines[inner]], behind[in_lines[inner - 1]] = in_lines[inner - 1], in_lines[inner]
    first = in_lines[starts][line_of]
    mean = (np.add.reduceat(whole[in_lines], starts) / long[:, None].astype(np.float32))[line_of]
    place = np.stack([line_of, len(long) - line_of, position, long[line_of] - position], axis=1)
    nowhere = np.full((1, whole.shape[1]), LEAST, dtype=whole.dtype)
    padded = np.concatenate([whole, nowhere])  # -1 is nowhere
    boxes = np.asarray([(w.box.x0, w.box.y0, w.box.x1, w.box.y1) for w in page.words])
    pages_here = np.tile([number, pages - number], (len(whole), 1))
    around = [padded[before], padded[behind], padded[layout.above], padded[layout.below], whole[first], mean]
    return np.concatenate([own, *around, boxes, place, pages_here], axis=1, dtype=np.float32)
