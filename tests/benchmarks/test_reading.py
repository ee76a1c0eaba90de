"""What the reading benchmark counts."""

from benchmarks.reading import Result, pieces, report
from models.pages import Box, Word


def words(text: str) -> list[Word]:
    return [Word(part, Box(0, 0, 0.1, 0.1)) for part in text.split()]


def test_marks_and_blanks_around_letters_and_digits_do_not_count() -> None:
    assert pieces(words("Date: 25/12/2018 Total")) == pieces(words("DATE:25/12/2018 total:"))


def test_a_word_counts_as_often_as_it_stands_there() -> None:
    assert pieces(words("9.00 9.00"))["9"] == 2


def test_an_engine_that_cannot_be_had_is_listed_with_its_reason_and_no_figures() -> None:
    said = report([Result("scans", "other", 0, missing="no weights")])
    assert "other was not measured: no weights" in said
    assert "0.0" not in said
