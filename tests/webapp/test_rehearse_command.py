"""`manage.py rehearse`, as people and programs call it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from learner import rehearsal
from tests.generated_pack import write_pack

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(tmp_path_factory.mktemp("pack") / "train", 24)


def called(pack: Path, out: Path, *words: str | Path) -> tuple[str, str]:
    """(stdout, stderr) of a small rehearsal."""
    said, progress = io.StringIO(), io.StringIO()
    small = ("--batch", "6", "--budget", "12", "--seeds", "1", "--learner", "rules", "--out", str(out))
    arguments = ["--type", "slips", "--data", str(pack), *small, *map(str, words)]
    call_command("rehearse", *arguments, stdout=said, stderr=progress)
    return said.getvalue(), progress.getvalue()


def test_people_read_what_each_way_took_and_what_it_saves(pack, tmp_path):
    said, progress = called(pack, tmp_path, "--strategy", "mixed, most-errors")
    assert "slips: 18 documents to label, 6 held back, 1 seed" in said
    assert "open 5, page 3, field 2, text 5, box 8" in said
    assert {"random", "mixed", "most-errors", "by-hand"} <= {
        line.split()[0] for line in said.splitlines() if line
    }
    assert "95% of what all documents give" in said
    assert f"picture and figures in {tmp_path}" in said
    assert "mixed, seed 1: 12 of 12 documents" in progress


def test_with_json_stdout_is_one_document_and_nothing_else(pack, tmp_path):
    seconds = tmp_path / "seconds.json"
    seconds.write_text('{"box": 30}')
    report = json.loads(called(pack, tmp_path / "out", "--json", "--cost-model", seconds)[0])
    assert report["plan"]["seconds"]["box"] == 30
    assert [point["documents"] for point in report["curves"]["mixed"]["1"]] == [0, 6, 12]
    assert report["goals"][0]["ways"].keys() == {"random", "mixed", "by-hand"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--strategy", "magic"), "no strategy 'magic'; there are: mixed"),
        (("--strategy", ","), "no strategy to rehearse"),
        (("--learner", "oracle"), "no extractor 'oracle'"),
        (("--cost-model", "nowhere.yaml"), "nowhere.yaml: No such file"),
        (("--budget", "0"), "--budget is a number from 1"),
        (("--test", "24"), "24 of 24 documents can't be held back"),
        (("--data", "nowhere"), "nowhere is no folder"),
    ],
)
def test_what_can_not_be_done_ends_with_one_clear_line(pack, tmp_path, words, message):
    with pytest.raises(CommandError, match=message) as raised:
        called(pack, tmp_path / "out", *words)
    assert "\n" not in str(raised.value)


def test_interrupted_it_says_that_the_runs_that_ended_are_kept(pack, tmp_path, monkeypatch):
    real = rehearsal.replay

    def stopped(made, strategy, *more):
        if strategy.name == "mixed":
            raise KeyboardInterrupt
        return real(made, strategy, *more)

    monkeypatch.setattr(rehearsal, "replay", stopped)
    with pytest.raises(CommandError, match="the runs that ended are kept") as raised:
        called(pack, tmp_path)
    assert raised.value.returncode == 130
    monkeypatch.undo()
    _, progress = called(pack, tmp_path)
    assert "mixed, seed 1: begins" in progress
    assert "random, seed 1: begins" not in progress
