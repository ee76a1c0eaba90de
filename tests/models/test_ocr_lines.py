"""Lines are cut into words, and words put into reading order, whatever the slant."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ocr.lines import reading_order, spans, words_in
from models.pages import Box, Word


@given(st.text(max_size=60))
def test_spans_are_the_words_in_order_within_the_line(text: str) -> None:
    found = spans(text)
    assert [word for word, *_ in found] == text.split()
    ends = [place for _, start, end, _ in found for place in (start, end)]
    assert ends == sorted(ends) and all(0 <= place <= 1 + 1e-9 for place in ends)


def test_words_of_a_slanted_line_follow_the_slant() -> None:
    line = ((0, 0), (100, 20), (100, 30), (0, 10))
    first, second = words_in(line, [("left", 0, 0.4, 1), ("right", 0.6, 1, 0.5)], 200, 100)
    assert first.box == Box(0, 0, 0.2, 0.18)
    assert (second.box, second.confidence) == (Box(0.3, 0.12, 0.5, 0.3), 0.5)


@pytest.mark.parametrize("slope", [0.0, 0.06, -0.06])
def test_lines_are_read_one_after_the_other_at_any_slope(slope: float) -> None:
    """Labels at the left and amounts far at the right; without the slope they would change partners."""
    words = []
    for line in range(20):
        for column, x in enumerate((0.05, 0.15, 0.85)):
            y = 0.1 + 0.03 * line + slope * (x - 0.5)
            words.append(Word(f"{line}.{column}", Box(x, y, x + 0.08, y + 0.02)))
    shuffled = random.Random(1).sample(words, len(words))
    assert reading_order(shuffled, slope) == words


def test_a_big_word_and_a_dash_stay_on_their_lines() -> None:
    words = [
        Word("LOGO", Box(0.1, 0.02, 0.5, 0.1)),
        Word("Total", Box(0.1, 0.2, 0.2, 0.22)),
        Word("-", Box(0.3, 0.209, 0.32, 0.211)),
        Word("12.90", Box(0.5, 0.199, 0.6, 0.222)),
        Word("Cash", Box(0.1, 0.23, 0.2, 0.25)),
    ]
    assert reading_order(words[::-1]) == words


def test_no_words_have_no_order() -> None:
    assert reading_order([]) == []
