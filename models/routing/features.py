"""Documents in, one row of numbers each out: which words and pairs of words stand there, and how they lie on the page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import HashingVectorizer

from models.pages import Page
from models.routing import PAGES

Floats = NDArray[np.float64]
Rows: TypeAlias = sparse.csr_matrix

WORDS = 2**16  # columns that words and pairs are hashed into
ACROSS, DOWN = 4, 6  # cells of the first page in which words are counted
LAYOUT = ACROSS * DOWN + 5
DIGITS = str.maketrans("123456789", "000000000")  # that there is a number matters, not which


def words_of(documents: Sequence[Sequence[Page]]) -> Rows:
    """(N, WORDS): log(1 + times) of every word and pair of neighbours on the first pages."""
    if not documents:
        return sparse.csr_matrix((0, WORDS))
    counted = _hashing().transform([_terms(pages) for pages in documents])
    found = sparse.csr_matrix(counted, dtype=np.float64)
    found.data = np.log1p(found.data)
    return found


def layouts_of(documents: Sequence[Sequence[Page]]) -> Floats:
    """(N, LAYOUT), about 0…1: the share of words in each cell of the first page, its shape, how full and how high they are."""
    return np.array([_layout(pages) for pages in documents], dtype=np.float64).reshape(-1, LAYOUT)


def unit(rows: Rows) -> Rows:
    """Rows of length 1; empty ones stay empty."""
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).ravel()
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(lengths, 1e-12)) @ rows)


def _terms(pages: Sequence[Page]) -> list[str]:
    words = [word.text.upper().translate(DIGITS) for page in pages[:PAGES] for word in page.words]
    return words + [f"{one} {other}" for one, other in pairwise(words)]


def _layout(pages: Sequence[Page]) -> list[float]:
    cells = [0.0] * (ACROSS * DOWN)
    if not pages or not pages[0].words:
        return cells + [0.0] * (LAYOUT - len(cells))
    page = pages[0]
    digits = height = 0.0
    for word in page.words:
        x, y = word.box.centre
        cells[min(DOWN - 1, int(y * DOWN)) * ACROSS + min(ACROSS - 1, int(x * ACROSS))] += 1
        digits += any(letter.isdigit() for letter in word.text)
        height += word.box.y1 - word.box.y0
    n = len(page.words)
    return [
        *(count / n for count in cells),
        min(2.0, page.height / page.width) / 2,
        min(1.0, np.log1p(n) / np.log1p(1000)),
        min(1.0, height / n * 20),
        digits / n,
        min(1.0, len(pages) / 10),
    ]


@lru_cache(maxsize=1)
def _hashing() -> HashingVectorizer:
    return HashingVectorizer(analyzer=_as_they_are, n_features=WORDS, alternate_sign=False, norm=None)


def _as_they_are(terms: list[str]) -> list[str]:
    return terms
