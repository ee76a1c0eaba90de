"""Trained models on their shelf: numbered, whole, and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import shelf
from models.errors import RegistryError
from models.extractors.base import Extractor
from models.extractors.rules import RulesExtractor
from models.schema import Field, Schema


@pytest.fixture
def model() -> Extractor:
    return RulesExtractor(Schema((Field("total"),)))


def test_models_are_numbered_and_come_back_with_their_record(tmp_path: Path, model: Extractor) -> None:
    folder = shelf.shelf_of(tmp_path, "receipts")
    assert shelf.numbers(folder) == []
    first, second = (shelf.place(model, {"seed": seed}, folder) for seed in (1, 2))
    assert (first.name, second.name, shelf.numbers(folder)) == ("1", "2", [1, 2])
    taken = shelf.take(second)
    assert (taken.model.schema, taken.record) == (model.schema, {"seed": 2})
    assert len(taken.sha256) == 64
    assert sorted(each.name for each in folder.iterdir()) == ["1", "2"]


def test_a_number_that_was_used_is_not_given_again_while_a_newer_model_is_there(
    tmp_path: Path, model: Extractor
) -> None:
    for _ in range(3):
        shelf.place(model, {}, tmp_path)
    (tmp_path / "1").rename(tmp_path.with_name("moved"))
    assert shelf.place(model, {}, tmp_path).name == "4"


def test_a_model_that_can_not_be_saved_leaves_nothing(tmp_path: Path) -> None:
    class Broken(RulesExtractor):
        def save(self, folder: Path) -> None:
            super().save(folder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shelf.place(Broken(Schema((Field("total"),))), {}, tmp_path / "receipts")
    assert list((tmp_path / "receipts").iterdir()) == []


def test_a_folder_of_ones_own_must_be_empty_before_and_after_the_training(
    tmp_path: Path, model: Extractor
) -> None:
    out = tmp_path / "deep" / "out"
    shelf.make_room(out, empty=True)
    assert not out.exists()
    assert shelf.place_at(model, {}, out) == out
    with pytest.raises(RegistryError, match="not empty"):
        shelf.make_room(out, empty=True)
    with pytest.raises(RegistryError, match="must be empty"):
        shelf.place_at(model, {}, out)


def test_a_place_that_can_not_be_written_is_told_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RegistryError, match="file can't be written"):
        shelf.make_room(tmp_path / "file" / "models", empty=False)


@pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", "..", "", " ", "a\nb", "x" * 101])
def test_a_name_that_leads_out_of_the_shelf_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RegistryError, match="can't be a type's name"):
        shelf.shelf_of(tmp_path, name)


def test_a_bare_model_folder_can_be_taken_and_a_changed_one_can_not(tmp_path: Path, model: Extractor) -> None:
    folder = shelf.place(model, {"seed": 1}, tmp_path)
    assert shelf.take(folder / shelf.MODEL).record == {}
    (folder / shelf.RECORD).write_text("[1]")
    with pytest.raises(RegistryError, match=r"training\.json"):
        shelf.take(folder)
    (folder / shelf.MODEL / "more").write_text("")
    with pytest.raises(RegistryError, match="more"):
        shelf.take(folder)
    with pytest.raises(RegistryError, match="no model folder"):
        shelf.take(tmp_path / "nowhere")
