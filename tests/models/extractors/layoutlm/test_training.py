import math
from dataclasses import replace

import pytest
import torch

from models.errors import TrainingFailed, TrainingStopped
from models.extractors.base import Example, Progress
from models.extractors.layoutlm import LayoutLMExtractor
from models.extractors.layoutlm import training as training_module
from models.extractors.layoutlm.recipe import Recipe
from models.metrics import score

QUICK = {"epochs": 2, "threads": 1}


def ignore(progress: Progress) -> None:
    """For trainings nobody watches."""


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": 0}, "epochs can't be 0"),
        ({"learning_rate": 2.0}, "learning_rate can't be 2.0"),
        ({"batch_size": -1}, "batch_size can't be -1"),
        ({"seed": "7"}, "seed is a int, not '7'"),
        ({"epochs": True}, "epochs is a int, not True"),
        ({"learnign_rate": 1e-4}, "unknown learnign_rate; there are: seed,"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused_with_its_value(wrong, message):
    with pytest.raises(TrainingFailed, match=message):
        Recipe.from_json(wrong)


def test_a_recipe_survives_storage():
    recipe = Recipe(seed=3, learning_rate=1e-5)
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_checkpoint_that_is_not_there_is_named(schema, receipts, tmp_path):
    recipe = QUICK | {"base": str(tmp_path / "layoutlmv9")}
    with pytest.raises(TrainingFailed, match=r"layoutlmv9: no config\.json"):
        LayoutLMExtractor.fit(schema, receipts[:2], [], recipe=recipe, on_progress=ignore)


def test_without_a_single_label_there_is_no_training(schema, receipts, tiny_base):
    unlabelled = [replace(receipt, answers=()) for receipt in receipts[:3]]
    with pytest.raises(TrainingFailed, match="none of the 3 training documents"):
        LayoutLMExtractor.fit(
            schema, unlabelled, [], recipe=QUICK | {"base": str(tiny_base)}, on_progress=ignore
        )


def test_whoever_watches_can_stop_it(schema, receipts, tiny_base):
    def stop_in_the_second_epoch(progress: Progress) -> None:
        if progress.epoch == 2:
            raise TrainingStopped("asked to")

    with pytest.raises(TrainingStopped):
        LayoutLMExtractor.fit(
            schema,
            receipts[:4],
            [],
            recipe=QUICK | {"base": str(tiny_base)},
            on_progress=stop_in_the_second_epoch,
        )


def test_a_loss_that_is_no_number_is_a_failure(schema, receipts, tiny_base, monkeypatch):
    def spoilt(base, labels):
        network = build(base, labels)
        with torch.no_grad():
            network.classifier.bias.fill_(math.nan)
        return network

    build = training_module.build
    monkeypatch.setattr(training_module, "build", spoilt)
    with pytest.raises(TrainingFailed, match="the loss is nan in epoch 1"):
        LayoutLMExtractor.fit(
            schema, receipts[:4], [], recipe=QUICK | {"base": str(tiny_base)}, on_progress=ignore
        )


def test_curves_are_told_epoch_by_epoch(schema, receipts, tiny_base):
    told: list[Progress] = []
    recipe = {"base": str(tiny_base), "epochs": 3, "threads": 1}
    LayoutLMExtractor.fit(schema, receipts[:4], receipts[4:6], recipe=recipe, on_progress=told.append)
    curves = [progress for progress in told if progress.figures]
    assert [progress.epoch for progress in curves] == [1, 2, 3]
    assert all(set(progress.figures) == {"loss", "f1"} for progress in curves)


def test_it_stops_when_validation_gets_no_better(schema, receipts, tiny_base):
    told: list[Progress] = []
    nothing_to_find = [Example("blank", receipts[0].pages[:0], ())]
    recipe = {"base": str(tiny_base), "epochs": 30, "patience": 2, "threads": 1}
    LayoutLMExtractor.fit(schema, receipts[:2], nothing_to_find, recipe=recipe, on_progress=told.append)
    assert max(progress.epoch for progress in told if progress.figures) == 3


def test_time_runs_out_after_an_epoch(schema, receipts, tiny_base):
    told: list[Progress] = []
    recipe = {"base": str(tiny_base), "epochs": 30, "max_minutes": 1e-9, "threads": 1}
    LayoutLMExtractor.fit(schema, receipts[:2], [], recipe=recipe, on_progress=told.append)
    assert max(progress.epoch for progress in told) == 1 or told[-1].stage == "done"
    assert [progress.epoch for progress in told if progress.figures] == [1]


@pytest.mark.slow
def test_thirty_receipts_are_enough_to_read_the_next_ones(schema, receipts):
    recipe = {"epochs": 5, "threads": 1}
    extractor = LayoutLMExtractor.fit(
        schema, receipts[:24], receipts[24:32], recipe=recipe, on_progress=ignore
    )
    unseen = receipts[40:]
    scores = score(schema, [e.answers for e in unseen], extractor.extract([e.pages for e in unseen]))
    assert scores.f1() >= 0.9
