"""The comparison of extractors, on a small generated pack."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.extraction import Plan, measure
from benchmarks.packs import PACKS, divide
from models.errors import TrainingFailed
from models.extractors.base import Progress

SROIE = PACKS["sroie"]


def measured(
    data: Path, *names: str, sizes: tuple[str, ...] = (), wanted: Any = lambda _: True
) -> dict[str, Any]:
    plan = Plan(SROIE, [CONTENDERS[name] for name in names], sizes, [3], threads=2)
    return dict(measure(plan, divide(data, SROIE, 10), wanted, lambda _: None, lambda _: None))


def test_every_contender_is_judged_on_the_same_documents(data: Path) -> None:
    rows = measured(data, "trivial", "rules")
    assert list(rows) == ["sroie/trivial/0/0", "sroie/rules/0/0"]
    assert len({row["test"] for row in rows.values()}) == 1
    assert {row["figures"]["documents"] for row in rows.values()} == {10}
    assert rows["sroie/trivial/0/0"]["figures"]["fields"]["date"]["f1"]["value"] > 0.3
    json.dumps(rows)


def test_the_same_figures_come_out_again(data: Path) -> None:
    one, other = measured(data, "rules"), measured(data, "rules")
    assert [row["figures"] for row in one.values()] == [row["figures"] for row in other.values()]


def test_what_is_not_wanted_is_not_measured(data: Path) -> None:
    assert list(measured(data, "trivial", "rules", wanted=lambda key: "rules" in key)) == ["sroie/rules/0/0"]


def test_an_extractor_that_this_docloop_lacks_is_passed_over(data: Path) -> None:
    absent = Contender("wizard", "wizard", learns=False)
    plan = Plan(SROIE, [absent, CONTENDERS["rules"]], (), [1], threads=1)
    assert [key for key, *_ in plan.keys(divide(data, SROIE, 10))] == ["sroie/rules/0/0"]


def test_what_can_not_be_trained_has_a_row_with_the_reason(data: Path) -> None:
    def refuse(progress: Progress) -> None:
        raise TrainingFailed("none of the documents has a value")

    plan = Plan(SROIE, [CONTENDERS["rules"]], (), [1], threads=1)
    rows = dict(measure(plan, divide(data, SROIE, 10), lambda _: True, lambda _: None, refuse))
    assert rows["sroie/rules/0/0"]["problem"] == "none of the documents has a value"
    assert "figures" not in rows["sroie/rules/0/0"]


@pytest.mark.slow
def test_trainings_are_measured_with_their_documents_seed_and_time(data: Path) -> None:
    rows = measured(data, "layoutlm", sizes=("8",))
    row = rows["sroie/layoutlm/8/3"]
    assert (row["learned"], row["validated"], row["seed"]) == (6, 2, 3)
    assert row["train_seconds"] > 0
    assert row["apart"]["vendor"]
    assert isinstance(row["notes"], list)


@pytest.mark.slow
def test_what_a_training_says_of_its_weights_is_kept(data: Path) -> None:
    (note,) = measured(data, "combined", sizes=("8",))["sroie/combined/8/3"]["notes"]
    assert "each unseen by its fold; the base counts" in note


@pytest.mark.slow
def test_the_network_is_pooled_with_trees_and_crf(data: Path) -> None:
    row = measured(data, "layoutlm+tagger+crf", sizes=("8",))["sroie/layoutlm+tagger+crf/8/3"]
    assert row["notes"][-1].startswith("weights: layoutlm ")
    assert row["figures"]["overall"]["f1"]["value"] > 0.3
