"""What the reading benchmark counts."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import readers
from benchmarks.goal_tables import READING
from benchmarks.goals import Goal
from benchmarks.readers import File, Missing
from benchmarks.reading import (
    BORN_DIGITAL,
    DOCLOOP,
    FEWEST_LONG,
    LONG,
    PLAIN,
    RECEIPTS,
    ROUNDS,
    Result,
    _compared,
    _cpu_seconds,
    born_digital,
    goals,
    pieces,
    report,
)
from models.extractors.base import Extracted
from models.extractors.rules import RulesExtractor
from models.pages import Box, Page, Word
from models.schema import Field, Kind, Schema


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


def test_born_digital_files_are_read_without_ocr_and_extracted_and_every_piece_is_found(
    tmp_path: Path,
) -> None:
    short, long = born_digital(2, 1, tmp_path)
    assert [file.pages for file in short] == [1, 1]
    assert [file.pages for file in long] == [LONG] * FEWEST_LONG
    rules = RulesExtractor(Schema((Field("total", Kind.MONEY),)))
    extracted: list[tuple[int, int]] = []  # pages, and fields with or without a value, of each document

    def extract(pages: Sequence[Page]) -> Extracted:
        said = rules.extract([pages])[0]
        extracted.append((len(pages), len(said.values) + len(said.absent)))
        return said

    files = [*short, long[0]]
    (row,) = _compared({DOCLOOP: lambda: readers.docloop_without_ocr(2, extract)}, {"pdfs": files})
    assert (row.recall, row.precision, row.count, row.found) == (1, 1, 2 + LONG, None)
    assert 0 < row.seconds <= row.slowest
    assert row.cpu > 0
    # once to warm up, then every file in every round
    assert sorted(extracted) == [(1, 1)] * (1 + 2 * ROUNDS) + [(LONG, 1)] * ROUNDS


def test_each_of_several_workers_extracts_with_a_model_of_its_own(tmp_path: Path) -> None:
    rules = RulesExtractor(Schema((Field("total", Kind.MONEY),)))
    rules.save(tmp_path / "model")
    extract = readers.extracting(tmp_path / "model", 2)
    pages = [Page(100, 100, tuple(words("total 12.50")))]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(extract, [pages] * 6)) == rules.extract([pages] * 6)


def test_the_time_of_processes_that_were_started_counts() -> None:
    before = _cpu_seconds()
    work = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", work], check=True)
    # the system tells whole hundredths of a second, rounded down, of each of four sorts of time
    assert _cpu_seconds() - before >= 0.25


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


def test_peers_are_told_beside_the_goal() -> None:
    (told,) = goals(rows_of(1.0, 2.0, 1.0))
    assert told["peers"] == f"{PLAIN} 0.50"


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
