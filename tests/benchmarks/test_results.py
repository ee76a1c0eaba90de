"""Rows are kept one by one, each with where it is from."""

from pathlib import Path

import pytest

from benchmarks.results import Provenance, Results, origins, provenance

ORIGIN = Provenance("2026-01-02", "abc1234", "2 threads of a machine", "python -m benchmarks")


def test_a_row_that_is_measured_again_replaces_the_old_one_and_the_others_stay(tmp_path: Path) -> None:
    results = Results(tmp_path / "deep")
    results.keep("extraction", "a", {"f1": 0.123456, "parts": [{"low": 0.00009}]}, ORIGIN)
    results.keep("extraction", "b", {"f1": 0.5}, ORIGIN)
    results.keep("extraction", "a", {"f1": 0.7}, Provenance("2026-02-03", "def5678", "another", "again"))
    rows = Results(tmp_path / "deep").rows("extraction")
    assert list(rows) == ["a", "b"]
    assert (rows["a"]["f1"], rows["a"]["commit"], rows["b"]["commit"]) == (0.7, "def5678", "abc1234")
    assert results.rows("speed") == {}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["extraction.jsonl"]


def test_figures_are_kept_with_four_digits(tmp_path: Path) -> None:
    Results(tmp_path).keep("x", "a", {"f1": 0.123456, "parts": [{"low": 0.00009}], "n": 3}, ORIGIN)
    row = Results(tmp_path).rows("x")["a"]
    assert (row["f1"], row["parts"], row["n"]) == (0.1235, [{"low": 0.0001}], 3)


def test_rows_of_one_run_share_a_line_of_where_they_are_from() -> None:
    rows = [
        {"date": "d", "commit": commit, "machine": "m", "command": "c", "minutes": minutes}
        for commit, minutes in (("a", 1.25), ("a", 2.0), ("b", 0.5))
    ]
    assert list(origins(rows)) == ["d, commit a, m, 3.2 minutes: `c`", "d, commit b, m, 0.5 minutes: `c`"]


def test_a_measurement_knows_its_commit_and_machine() -> None:
    origin = provenance("python -m benchmarks", threads=2)
    assert origin.machine.startswith("2 threads of ")
    assert origin.commit


@pytest.mark.parametrize("torn", ['{"key": "a"'])
def test_what_is_written_is_whole_or_not_there(tmp_path: Path, torn: str) -> None:
    (tmp_path / "x.unfinished").write_text(torn)  # of a run that was killed while writing
    Results(tmp_path).keep("x", "a", {"f1": 1.0}, ORIGIN)
    assert Results(tmp_path).rows("x")["a"]["f1"] == 1.0


def test_minutes_of_a_core_are_told_beside_those_by_the_clock() -> None:
    row = {"date": "d", "commit": "a", "machine": "m", "command": "c", "minutes": 2.0, "core_minutes": 30.0}
    assert list(origins([row])) == [
        "d, commit a, m, 2.0 minutes by the clock (30.0 of one core, with those of runs that were kept from before): `c`"
    ]
