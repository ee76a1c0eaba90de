"""What the reading benchmark counts."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import readers
from benchmarks.goals import READING, Goal
from benchmarks.readers import File, Missing
from benchmarks.reading import (
    BORN_DIGITAL,
    DOCLOOP,
    LONG,
    PLAIN,
    RECEIPTS,
    Result,
    _compared,
    born_digital,
    goals,
    pieces,
    report,
)
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


def test_born_digital_files_are_read_without_ocr_and_every_piece_is_found(tmp_path: Path) -> None:
    short, long = born_digital(2, 1, tmp_path)
    assert ([file.pages for file in short], [file.pages for file in long]) == ([1, 1], [LONG])
    files = [*short, *long]
    (row,) = _compared({DOCLOOP: lambda: readers.docloop_without_ocr(2)}, {"pdfs": files})
    assert (row.recall, row.precision, row.count, row.found) == (1, 1, 2 + LONG, None)
    assert 0 < row.seconds <= row.slowest


def test_found_is_told_beside_the_plain_loop() -> None:
    """Of a page that says ONE TWO THREE FOUR, the plain loop finds two, and another reader three and a wrong one."""
    files = [File(Path("x"), tuple(words("one two three four")))]

    def absent() -> readers.Reader:
        raise Missing("it is not installed")

    made = {
        PLAIN: lambda: lambda _: [words("one two")],
        "other": lambda: lambda _: [words("one two three five")],
        "speed alone": lambda: lambda _: None,
        "absent": absent,
    }
    rows = {row.engine: row for row in _compared(made, {"pages": files})}
    other = rows["other"]
    assert (other.recall, other.precision, other.found) == (0.75, 0.75, 1.5)
    assert rows["speed alone"].recall is None and rows["absent"].missing == "it is not installed"


def rows_of(ours: float, plain: float, found: float) -> list[Result]:
    ocr = Result(RECEIPTS, DOCLOOP, 10, ours, ours, 0.95, 0.95, found)
    return [ocr, replace(ocr, engine=PLAIN, seconds=plain, found=1.0)]


@pytest.mark.parametrize(
    ("ours", "found", "reached"),
    [(1.0, 1.02, True), (1.0, 0.99, False), (1.7, 1.0, False), (1.5, 0.996, True)],
)
def test_reading_is_to_be_faster_and_to_find_the_same_words(ours: float, found: float, reached: bool) -> None:
    (told,) = goals(rows_of(ours, 2.0, found))
    assert Goal(**told).reached is reached
    assert (told["figure"], told["goal"]) == READING[0]


def test_both_sorts_of_born_digital_files_must_be_fast() -> None:
    fast, slow = (
        Result(pages, DOCLOOP, 9, seconds, 1.0)
        for pages, seconds in zip(BORN_DIGITAL, (1 / 50, 1 / 20), strict=True)
    )
    (told,) = goals([fast, slow])
    assert (told["measured"], told["reached"]) == ("1 page: 50 pages/s; 12 pages: 20 pages/s", False)
    assert (told["figure"], told["goal"]) == READING[1]


def test_what_was_not_measured_reaches_nothing() -> None:
    assert goals([Result(RECEIPTS, DOCLOOP, 0, missing="no")]) == []
