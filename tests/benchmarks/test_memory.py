"""The memory of a training, on generated pages."""

from pathlib import Path

import pytest

from benchmarks import memory
from models.errors import TrainingFailed
from tests.generated_pack import write_pack


def test_a_training_is_measured_in_a_process_of_its_own(data: Path) -> None:
    row = memory.of_training(data / "sroie/train", "crf", {"seed": 1}, 8)
    assert (row["pages"], row["documents"]) == (8, 8)
    assert 0.05 < row["gigabytes"] < memory.MOST_GB
    assert "crf" in memory.report([row])


def test_a_training_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="combined for its memory ended with 1"):
        memory.of_training(tmp_path, "combined", {}, 8)


@pytest.mark.slow
@pytest.mark.parametrize("extractor", ["combined", "layoutlm"])
def test_a_training_of_500_pages_takes_less_than_four_gigabytes(tmp_path: Path, extractor: str) -> None:
    write_pack(tmp_path / "pack", memory.PAGES)
    recipe = {"combined": {"folds": 2, "rounds": 10}, "layoutlm": {"epochs": 1}}[extractor]
    row = memory.of_training(tmp_path / "pack", extractor, recipe, memory.PAGES)
    assert row["pages"] == memory.PAGES
    assert row["gigabytes"] < memory.MOST_GB
