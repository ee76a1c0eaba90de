import math
import shutil
from dataclasses import replace

import pytest
import torch

from models.errors import TrainingFailed, TrainingStopped
from models.extractors.base import Answer, Example, Progress
from models.extractors.layoutlm import LayoutLMExtractor
from models.extractors.layoutlm import training as training_module
from models.extractors.layoutlm.checkpoints import FILE
from models.extractors.layoutlm.recipe import Recipe
from models.metrics import score
from tests.factories import make_page

QUICK = {"epochs": 2, "threads": 1}


def ignore(progress: Progress) -> None:
    """For trainings nobody watches."""


def weights_of(extractor: LayoutLMExtractor) -> dict[str, torch.Tensor]:
    return extractor.network.state_dict()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """To the last bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class StopAt:
    """Raises at the n-th report, as `Reporter` does when somebody stops the run or its worker loses the job."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self, progress: Progress) -> None:
        self.left -= 1
        if self.left == 0:
            raise TrainingStopped("asked to")


@pytest.fixture
def rates(monkeypatch) -> list[float]:
    """The highest learning rate of every step that is taken."""
    taken: list[float] = []
    step = torch.optim.AdamW.step

    def noted(optimizer, *args, **kwargs):
        taken.append(max(group["lr"] for group in optimizer.param_groups))
        return step(optimizer, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    return taken


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": 0}, "epochs can't be 0"),
        ({"seed": -1}, "seed can't be -1"),
        ({"learning_rate": 2.0}, "learning_rate can't be 2.0"),
        ({"batch_size": -1}, "batch_size can't be -1"),
        ({"empty_share": 1.5}, "empty_share can't be 1.5"),
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
    def spoilt(base, schema):
        network = widened(base, schema)
        with torch.no_grad():
            network.classifier.bias.fill_(math.nan)
        return network

    widened = training_module.widened
    monkeypatch.setattr(training_module, "widened", spoilt)
    with pytest.raises(TrainingFailed, match="the loss is nan in epoch 1"):
        LayoutLMExtractor.fit(
            schema, receipts[:4], [], recipe=QUICK | {"base": str(tiny_base)}, on_progress=ignore
        )


def test_curves_are_told_epoch_by_epoch(schema, receipts, tiny_base):
    told: list[Progress] = []
    recipe = {"base": str(tiny_base), "epochs": 3, "threads": 1}
    LayoutLMExtractor.fit(schema, receipts[:6], receipts[6:8], recipe=recipe, on_progress=told.append)
    curves = [progress for progress in told if progress.figures]
    assert [progress.epoch for progress in curves] == [1, 2, 3]
    assert all(set(progress.figures) == {"loss", "f1"} for progress in curves)


def test_many_documents_to_judge_by_are_read_seldom_but_at_the_end(schema, receipts, tiny_base):
    told: list[Progress] = []
    recipe = {"base": str(tiny_base), "epochs": 5, "threads": 1}
    LayoutLMExtractor.fit(schema, receipts[:4], receipts[4:10], recipe=recipe, on_progress=told.append)
    assert [progress.epoch for progress in told if "f1" in progress.figures] == [4, 5]
    assert [progress.epoch for progress in told if "loss" in progress.figures] == [1, 2, 3, 4, 5]


class TestEarlyStop:
    """A training that gets no better takes its learning rate to nothing within one epoch more."""

    RECIPE = {"epochs": 30, "patience": 2, "threads": 1}
    NOTHING_TO_FIND = [Example("blank", (), ())]  # always right, so that the first epoch is the best

    def test_it_ends_an_epoch_after_validation_was_no_better_for_too_long(
        self, schema, receipts, tiny_base, rates
    ):
        told: list[Progress] = []
        LayoutLMExtractor.fit(
            schema,
            receipts[:8],
            self.NOTHING_TO_FIND,
            recipe=self.RECIPE | {"base": str(tiny_base)},
            on_progress=told.append,
        )
        assert [progress.epoch for progress in told if progress.figures] == [1, 2, 3, 4]
        assert (
            told[-1].note == "ended after 4 of 30 epochs: F1 on the validation documents was best in epoch 1"
        )
        assert told[-1].epochs == 4
        assert rates[-1] < 0.2 * max(rates)

    def test_as_long_as_nothing_is_found_it_goes_on(self, schema, receipts, tiny_base):
        told: list[Progress] = []
        recipe = {"base": str(tiny_base), "epochs": 6, "patience": 2, "threads": 1, "learning_rate": 1e-9}
        LayoutLMExtractor.fit(
            schema,
            receipts[:2],
            receipts[2:3],
            recipe=recipe | {"fresh_learning_rate": 1e-9},
            on_progress=told.append,
        )
        assert {progress.figures["f1"] for progress in told if "f1" in progress.figures} == {0.0}
        assert max(progress.epoch for progress in told) == 6

    def test_one_that_is_killed_in_its_last_epoch_ends_like_one_that_is_not(
        self, schema, receipts, tiny_base, tmp_path
    ):
        def fit(on_progress, checkpoints=None):
            return LayoutLMExtractor.fit(
                schema,
                receipts[:8],
                self.NOTHING_TO_FIND,
                recipe=self.RECIPE | {"base": str(tiny_base)},
                on_progress=on_progress,
                checkpoints=checkpoints,
            )

        with pytest.raises(TrainingStopped):
            fit(StopAt(1 + 3 * 3 + 1), tmp_path)  # three epochs of two batches and their judgements
        told: list[Progress] = []
        continued = fit(told.append, tmp_path)
        assert {progress.epoch for progress in told if progress.stage == "training"} == {4}
        assert same(weights_of(continued), weights_of(fit(ignore)))


def test_two_threads_come_to_the_same_weights_again_and_again(schema, tiny_base):
    rows = "\n".join(
        f"Extraordinary merchandise {n} of quality and distinction at {n}.50 less our discount of {n}.25 comes to {n}.25 today"
        for n in range(26)
    )
    page = make_page(f"ACME SDN BHD\n{rows}\nTOTAL 9128.00")
    answers = tuple(Answer(name, text) for name, text in [("company", "ACME SDN BHD"), ("total", "9128.00")])
    recipe = {"base": str(tiny_base), "epochs": 8, "threads": 2}
    first, *others = [
        LayoutLMExtractor.fit(
            schema, [Example("long", (page, page), answers)], [], recipe=recipe, on_progress=ignore
        )
        for _ in range(3)
    ]
    assert all(same(weights_of(first), weights_of(other)) for other in others)


class TestCheckpoints:
    """A training that was killed goes on from its last checkpoint and comes to the very same model."""

    def fit(self, schema, receipts, tiny_base, on_progress=ignore, checkpoints=None, **more):
        return LayoutLMExtractor.fit(
            schema,
            receipts[:10],
            receipts[10:14],
            recipe={"base": str(tiny_base), "epochs": 4, "threads": 1} | more,
            on_progress=on_progress,
            checkpoints=checkpoints,
        )

    @pytest.mark.parametrize("reports", [3, 5, 7, 9, 13], ids="after {} reports".format)
    def test_interrupted_or_not_the_weights_are_the_same(
        self, schema, receipts, tiny_base, tmp_path, monkeypatch, reports
    ):
        monkeypatch.setattr(training_module, "KEEP_EVERY", 0.0)  # also within epochs: each has three batches
        uninterrupted = self.fit(schema, receipts, tiny_base)
        with pytest.raises(TrainingStopped):
            self.fit(schema, receipts, tiny_base, StopAt(reports), tmp_path)
        told: list[Progress] = []
        continued = self.fit(schema, receipts, tiny_base, told.append, tmp_path)
        assert told[1].share > 0.05  # it did not begin anew
        assert same(weights_of(continued), weights_of(uninterrupted))
        assert continued.reading == uninterrupted.reading

    def test_a_training_may_be_killed_again_and_again(self, schema, receipts, tiny_base, tmp_path):
        uninterrupted = self.fit(schema, receipts, tiny_base)
        attempts, ended = 0, None
        while ended is None:
            attempts += 1
            try:
                ended = self.fit(schema, receipts, tiny_base, StopAt(6), tmp_path)
            except TrainingStopped:
                continue
        assert attempts > 2
        assert same(weights_of(ended), weights_of(uninterrupted))

    def test_one_that_had_ended_is_not_trained_again(self, schema, receipts, tiny_base, tmp_path):
        first = self.fit(schema, receipts, tiny_base, checkpoints=tmp_path)
        told: list[Progress] = []
        second = self.fit(schema, receipts, tiny_base, told.append, tmp_path)
        assert {progress.stage for progress in told} == {"preparing", "done"}
        assert same(weights_of(first), weights_of(second))

    @pytest.mark.parametrize(
        "changed",
        [
            {"recipe": {"seed": 14}},
            {"train": 9},
            {"answers": True},
        ],
        ids=["another seed", "a document less", "another answer"],
    )
    def test_a_checkpoint_of_another_training_is_passed_over(
        self, schema, receipts, tiny_base, tmp_path, changed
    ):
        self.fit(schema, receipts, tiny_base, checkpoints=tmp_path)
        learning = receipts[: changed.get("train", 10)]
        if "answers" in changed:
            learning[3] = replace(learning[3], answers=learning[3].answers[:2])
        told: list[Progress] = []
        LayoutLMExtractor.fit(
            schema,
            learning,
            receipts[10:14],
            recipe={"base": str(tiny_base), "epochs": 4, "threads": 1} | changed.get("recipe", {}),
            on_progress=told.append,
            checkpoints=tmp_path,
        )
        assert [progress.epoch for progress in told if progress.figures] == [1, 2, 3, 4]

    @pytest.mark.parametrize("content", [b"", b"\x00" * 4096, b"cut"], ids=["empty", "zeros", "cut off"])
    def test_a_spoilt_checkpoint_is_passed_over(self, schema, receipts, tiny_base, tmp_path, content):
        uninterrupted = self.fit(schema, receipts, tiny_base)
        with pytest.raises(TrainingStopped):
            self.fit(schema, receipts, tiny_base, StopAt(7), tmp_path)
        file = tmp_path / FILE
        file.write_bytes(file.read_bytes()[:5000] if content == b"cut" else content)
        assert same(
            weights_of(self.fit(schema, receipts, tiny_base, checkpoints=tmp_path)), weights_of(uninterrupted)
        )

    def test_the_last_whole_checkpoint_survives_one_that_could_not_be_written(
        self, schema, receipts, tiny_base, tmp_path
    ):
        with pytest.raises(TrainingStopped):
            self.fit(schema, receipts, tiny_base, StopAt(7), tmp_path / "one")
        shutil.copytree(tmp_path / "one", tmp_path / "two")
        (tmp_path / "two" / f"{FILE}.new").write_bytes(b"half of a checkp")
        told: list[Progress] = []
        self.fit(schema, receipts, tiny_base, told.append, tmp_path / "two")
        assert told[1].epoch > 1


class TestTimeBox:
    """`max_minutes` holds within epochs, and the learning rate has fallen to nothing by then."""

    @pytest.fixture
    def slow(self, monkeypatch):
        """A machine on which every step takes a minute, and everything else no time."""
        minutes = [0.0]

        class Clock:
            monotonic = staticmethod(lambda: 60 * minutes[0])

        learn = training_module._Training._learn

        def slowly(training, batch):
            minutes[0] += 1
            learn(training, batch)

        monkeypatch.setattr(training_module._Training, "_learn", slowly)
        monkeypatch.setattr(training_module, "time", Clock)
        return minutes

    def test_it_ends_in_time_with_a_learning_rate_of_nearly_nothing(
        self, schema, receipts, tiny_base, rates, slow
    ):
        told: list[Progress] = []
        # five steps an epoch, 80 in all, and time for 21 or 22
        recipe = {"base": str(tiny_base), "epochs": 16, "threads": 1, "max_minutes": 22.5}
        LayoutLMExtractor.fit(schema, receipts[:20], [], recipe=recipe, on_progress=told.append)
        assert slow[0] <= 22.5
        assert len(rates) >= 20
        assert rates[-1] < 0.1 * max(rates)
        assert rates[2:] != sorted(rates[2:])
        assert told[-1].note == "shortened to 4.4 of 16 epochs by the time limit of 22.5 minutes"
        assert [progress.epoch for progress in told if progress.figures] == [1, 2, 3, 4, 5]
        assert {progress.epochs for progress in told if progress.epoch == 4} == {5}

    def test_with_time_for_everything_nothing_is_shortened(self, schema, receipts, tiny_base, rates, slow):
        told: list[Progress] = []
        recipe = {"base": str(tiny_base), "epochs": 3, "threads": 1, "max_minutes": 60.0}
        LayoutLMExtractor.fit(schema, receipts[:8], [], recipe=recipe, on_progress=told.append)
        assert len(rates) == 6
        assert told[-1].note == ""

    def test_time_spent_before_an_interruption_counts(
        self, schema, receipts, tiny_base, rates, slow, tmp_path
    ):
        recipe = {"base": str(tiny_base), "epochs": 16, "threads": 1, "max_minutes": 22.5}
        with pytest.raises(TrainingStopped):
            LayoutLMExtractor.fit(
                schema, receipts[:20], [], recipe=recipe, on_progress=StopAt(14), checkpoints=tmp_path
            )
        before = slow[0]
        lost = 2  # steps since the last checkpoint
        LayoutLMExtractor.fit(
            schema, receipts[:20], [], recipe=recipe, on_progress=ignore, checkpoints=tmp_path
        )
        assert before == 11
        assert slow[0] <= 22.5 + lost

    def test_without_any_time_one_step_is_taken(self, schema, receipts, tiny_base):
        told: list[Progress] = []
        recipe = {"base": str(tiny_base), "epochs": 30, "max_minutes": 1e-9, "threads": 1}
        LayoutLMExtractor.fit(schema, receipts[:12], receipts[12:14], recipe=recipe, on_progress=told.append)
        assert [progress.epoch for progress in told if progress.figures] == [1]
        assert len([progress for progress in told if progress.stage == "training"]) == 1
        assert told[-1].note.startswith("shortened to 0.33 of 30 epochs")


@pytest.mark.slow
def test_thirty_receipts_are_enough_to_read_the_next_ones(schema, receipts):
    recipe = {"epochs": 5, "threads": 1}
    extractor = LayoutLMExtractor.fit(
        schema, receipts[:24], receipts[24:32], recipe=recipe, on_progress=ignore
    )
    unseen = receipts[40:]
    scores = score(schema, [e.answers for e in unseen], extractor.extract([e.pages for e in unseen]))
    assert scores.f1() >= 0.9
