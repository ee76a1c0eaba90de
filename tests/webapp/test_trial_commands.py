"""`manage.py train` and `manage.py evaluate`, as people and programs call them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.generated_pack import write_pack
from webapp.config import CHECKOUT

pytestmark = pytest.mark.django_db


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write_pack(tmp_path / "pack/train", 12)


def called(*words: str | Path) -> tuple[str, str]:
    """(stdout, stderr) of a command."""
    out, err = io.StringIO(), io.StringIO()
    call_command(*map(str, words), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_model_is_trained_and_judged_with_a_table_for_people(pack, tmp_path):
    said, progress = called(
        "train", "--type", "slips", "--data", pack, "--extractor", "rules", "--out", tmp_path / "m"
    )
    assert said.splitlines()[-1] == f"model {tmp_path / 'm'}"
    assert "validation documents, by which it was stopped" in said
    assert "training rules on 10 documents, with 2 for validation" in progress
    said, progress = called("evaluate", "--type", "slips", "--data", pack, "--model", tmp_path / "m")
    assert [line.split()[0] for line in said.splitlines()[4:10]] == [
        "field", "company", "date", "address", "total", "all",
    ]  # fmt: skip
    assert "pages a second" in said
    assert "12 of 12 documents were in its training" in said
    assert "12 of 12 documents extracted" in progress


def test_with_json_stdout_is_one_document_and_nothing_else(pack, tmp_path):
    said, _ = called(
        "train", "--type", "slips", "--data", pack, "--extractor", "rules", "--out", tmp_path / "m", "--json"
    )
    assert json.loads(said)["model"]["folder"] == str(tmp_path / "m")
    said, _ = called("evaluate", "--type", "slips", "--data", pack, "--model", tmp_path / "m", "--json")
    report = json.loads(said)
    for figures in (report["figures"]["overall"], *report["figures"]["fields"].values()):
        for name in ("precision", "recall", "f1"):
            assert figures[name].keys() == {"value", "low", "high"}
        for said_of in ("values", "absences"):
            assert {"error", "count", "mean_confidence", "share_right"} <= figures["calibration"][
                said_of
            ].keys()
    assert set(report["figures"]["fields"]) == {"company", "date", "address", "total"}
    assert report["seconds_per_page"] > 0
    assert {"machine", "snapshot", "apart", "pages"} <= report.keys()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train", "--data", "nowhere"), "nowhere is no folder"),
        (("evaluate", "--data", "nowhere"), "nowhere is no folder"),
        (("evaluate", "--model", "99"), "no model '99' of 'slips'"),
        (("train", "--extractor", "magic"), "no extractor 'magic'; there are: rules"),
        (("train", "--recipe", "[1"), "--recipe is a mapping"),
        (("train", "--out", "/dev/null/x"), "can't be written"),
        (("train", "--limit", "-1"), "1 or more"),
    ],
)
def test_what_can_not_be_done_ends_with_one_clear_line(pack, words, message):
    name, *more = words
    data = [] if "--data" in more else ["--data", pack]
    with pytest.raises(CommandError, match=message) as raised:
        called(name, "--type", "slips", *data, *more)
    assert "\n" not in str(raised.value)


class InterruptedAt(io.StringIO):
    """A terminal at which somebody presses Ctrl-C when a line with `word` appears."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def write(self, text: str) -> int:
        if self.word in text:
            raise KeyboardInterrupt
        return super().write(text)


@pytest.mark.parametrize("word", ["training rules", "trained in"])
def test_ctrl_c_leaves_no_half_model_and_says_how_to_go_on(pack, tmp_path, word):
    with pytest.raises(CommandError, match="the same command goes on where it was") as raised:
        call_command(
            *(
                "train",
                "--type",
                "slips",
                "--data",
                str(pack),
                "--extractor",
                "rules",
                "--out",
                str(tmp_path / "m"),
            ),
            stdout=io.StringIO(),
            stderr=InterruptedAt(word),
        )
    assert raised.value.returncode == 130
    assert sorted(each.name for each in tmp_path.iterdir()) == ["pack"]


def test_both_commands_work_in_a_fresh_clone_where_no_service_runs(pack, tmp_path):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("DOCLOOP_", "DJANGO_"))
    }
    environment |= {
        "DOCLOOP_DATA": str(tmp_path / "data"),
        "DOCLOOP_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
        "DOCLOOP_MLFLOW_URL": "http://127.0.0.1:9",
    }

    def manage(*words: str) -> dict:
        done = subprocess.run(
            [sys.executable, "manage.py", *words, "--type", "slips", "--data", str(pack), "--json"],
            cwd=CHECKOUT, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Docloop's database does not answer" in done.stderr
        return json.loads(done.stdout)

    folder = manage("train", "--extractor", "rules")["model"]["folder"]
    assert folder == str(tmp_path / "data/models/slips/1")
    assert manage("evaluate")["model"]["folder"] == folder
