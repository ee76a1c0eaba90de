"""`python -m benchmarks` from its arguments to the page it writes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.__main__ import main


def run(data: Path, tmp_path: Path, *more: str) -> int:
    own = [
        "--results",
        str(tmp_path / "results"),
        "--write",
        str(tmp_path / "RESULTS.md"),
        "--held-back",
        "10",
    ]
    return main(["--data", str(data), *own, *more])


def test_a_section_is_measured_alone_and_joins_what_was_measured_before(data: Path, tmp_path: Path) -> None:
    section = ("--only", "extraction", "--packs", "sroie", "--extractors")
    assert run(data, tmp_path, *section, "trivial") == 0
    assert run(data, tmp_path, *section, "rules") == 0
    page = (tmp_path / "RESULTS.md").read_text()
    assert page.startswith("# Results of `make bench`")
    assert "| trivial   | 0 " in page and "| rules     | 0 " in page
    rows_of, invocations = page.split("## How long each invocation took")
    for part in (rows_of, invocations):
        assert part.count("--extractors rules") == part.count("--extractors trivial") == 1
    assert "receipts, no document at all: field F1" in page
    rows = [json.loads(line) for line in (tmp_path / "results/extraction.jsonl").read_text().splitlines()]
    assert [row["extractor"] for row in rows] == ["trivial", "rules"]


def test_the_minutes_of_an_invocation_are_kept_and_told(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path, "--only", "extraction", "--packs", "sroie", "--extractors", "trivial")
    (kept,) = [json.loads(line) for line in (tmp_path / "results/invocations.jsonl").read_text().splitlines()]
    assert kept["sections"] == ["extraction"]
    assert kept["minutes"] >= 0
    assert "minutes for extraction: Measured" in (tmp_path / "RESULTS.md").read_text()


def test_after_an_interruption_only_what_is_missing_is_measured(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    section = ("--only", "extraction", "--packs", "sroie", "--extractors", "trivial", "rules")
    run(data, tmp_path, *section[:-1])
    capsys.readouterr()
    run(data, tmp_path, "--missing", *section)
    said = capsys.readouterr().err
    assert "sroie/trivial/0/0: measured before" in said
    assert "sroie/rules/0/0: F1" in said


def test_the_page_can_be_written_without_measuring(data: Path, tmp_path: Path) -> None:
    assert run(data, tmp_path, "--report-only") == 0
    assert "not measured" in (tmp_path / "RESULTS.md").read_text()
    assert not (tmp_path / "results").exists()


def test_rows_of_another_test_are_pointed_out(data: Path, tmp_path: Path) -> None:
    section = ("--only", "extraction", "--packs", "sroie", "--extractors")
    run(data, tmp_path, *section, "trivial")
    run(data, tmp_path, *section, "rules", "--held-back", "9")
    assert "2 different tests and can't be compared" in (tmp_path / "RESULTS.md").read_text()


def test_a_folder_that_is_not_there_is_told_of_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "nowhere", tmp_path) == 1
    said = capsys.readouterr().err.splitlines()
    assert "DATA=FOLDER" in said[0]
    assert len(said) == 2


@pytest.mark.parametrize("size", ["0", "-5", "many"])
def test_a_size_is_a_number_or_all(data: Path, tmp_path: Path, size: str) -> None:
    with pytest.raises(SystemExit):
        run(data, tmp_path, f"--sizes={size}")


@pytest.mark.slow
def test_every_section_begins_where_no_settings_are():
    """The command itself has no Django settings: parts that need some run in processes of their own."""
    own = (
        line for line in Path(command.__file__).read_text().splitlines() if "from benchmarks import" in line
    )
    lines = [re.sub(r"^\s+", "", line) for line in own]
    assert any("rehearsal_goals" in line for line in lines)
    bare = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([sys.executable, "-c", "\n".join(lines)], env=bare, check=True)
