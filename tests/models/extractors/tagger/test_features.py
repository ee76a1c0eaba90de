"""What the trees see of a word, laid out as they were trained on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import sparse

from models.extractors.tagger.features import LEAST, _side_by_side, marks_of, matrix
from models.pages import Box, Page, Word
from models.schema import Field, Kind, Schema

SCHEMA = Schema((Field("total", Kind.MONEY),))
HEAD = 5  # O, and two concepts that begin and go on


def page_of(*lines: str) -> Page:
    words = [
        Word(text, Box(0.1 + 0.2 * at, 0.1 * number, 0.25 + 0.2 * at, 0.1 * number + 0.05))
        for number, line in enumerate(lines)
        for at, text in enumerate(line.split())
    ]
    return Page(1000, 1400, tuple(words))


def concepts_of(page: Page, seed: int = 1) -> np.ndarray:
    chances = np.random.default_rng(seed).dirichlet(np.ones(HEAD), len(page.words))
    return np.log(chances).reshape(-1, HEAD)


@given(
    st.lists(st.sets(st.integers(0, 6)), min_size=1, max_size=6).flatmap(
        lambda marks: st.tuples(
            st.just(marks),
            npst.arrays(np.float32, (len(marks), 4), elements=st.sampled_from([0.0, 1.0, -2.5, 7.25])),
        )
    )
)
def test_numbers_and_marks_stand_side_by_side_as_scipy_would_put_them(case) -> None:
    marks, numbers = case
    row = np.asarray([at for at, own in enumerate(marks) for _ in own], dtype=np.intp)
    column = np.asarray([each for own in marks for each in own], dtype=np.int32)
    made = _side_by_side(numbers, row, column, 7)
    ones = sparse.csr_matrix((np.ones(len(row), np.float32), (row, column)), shape=(len(marks), 7))
    wanted = sparse.hstack([sparse.csr_matrix(numbers), ones], format="csr")
    assert made.shape == wanted.shape and made.nnz == wanted.nnz
    np.testing.assert_array_equal(made.toarray(), wanted.toarray())


def test_a_word_sees_what_the_base_says_of_its_neighbours() -> None:
    page = page_of("total due 12.50", "thank you")
    said = concepts_of(page)
    seen = matrix([page], [said], marks_of([page], SCHEMA), {"kind=amount": 0}).toarray()
    own = np.maximum(said, LEAST)
    whole = np.logaddexp(own[:, 1::2], own[:, 2::2])  # two numbers a word
    amount = 2
    np.testing.assert_allclose(seen[amount, :HEAD], own[amount], rtol=1e-5)
    before, behind, above, below, first, mean = seen[amount, HEAD : HEAD + 12].reshape(6, 2)
    np.testing.assert_allclose(before, whole[1], rtol=1e-5)
    assert (behind == LEAST).all() and (above == LEAST).all() and (below == LEAST).all()
    np.testing.assert_allclose(first, whole[0], rtol=1e-5)
    np.testing.assert_allclose(mean, whole[:3].mean(axis=0), rtol=1e-5)
    assert seen[:, -1].tolist() == [0, 0, 1, 0, 0]  # the mark: one word is an amount
    line, lines_left, place, places_left = seen[amount, HEAD + 16 : HEAD + 20]
    assert (line, lines_left, place, places_left) == (0, 2, 2, 1)


def test_pages_follow_one_another_and_an_empty_one_adds_no_row() -> None:
    pages = [page_of("total 1.00"), Page(1000, 1400, ()), page_of("3.00")]
    said = [concepts_of(page) for page in pages]
    marks = marks_of(pages, SCHEMA)
    together = matrix(pages, said, marks, {"kind=amount": 0}).toarray()
    assert together.shape == (3, HEAD + 6 * 2 + 10 + 1)
    # the last two numbers are the page's, from the front and from the back
    assert together[:, -3:-1].tolist() == [[0, 3], [0, 3], [2, 1]]


@pytest.mark.parametrize("words", [1, 2])
def test_a_document_of_a_single_line_is_laid_out(words: int) -> None:
    page = page_of(" ".join(["total"] * words))
    seen = matrix([page], [concepts_of(page)], marks_of([page], SCHEMA), {})
    assert seen.shape[0] == words
