"""What curves say: when a goal was reached, and what was saved."""

from __future__ import annotations

import pytest

from learner import rehearsal_curves as curves


def curve(*f1: float, seconds: float = 20.0) -> list[dict[str, float]]:
    return [
        {"documents": 10 * n, "seconds": 10 * n * seconds, "by_hand": 10 * n * 50.0, "f1": value}
        for n, value in enumerate(f1)
    ]


@pytest.mark.parametrize(
    ("goal", "documents"),
    [(0.0, 0), (0.25, 5), (0.5, 10), (0.6, 12.5), (0.9, 20), (0.91, None)],
)
def test_a_goal_is_reached_on_the_line_between_two_trainings(goal, documents):
    points = curve(0.0, 0.5, 0.9, 0.7)
    assert curves.reached(points, goal, "documents") == (
        None if documents is None else pytest.approx(documents)
    )


def test_who_begins_above_the_goal_needs_nothing():
    assert curves.reached(curve(0.8, 0.9), 0.7, "seconds") == 0


@pytest.mark.parametrize(
    ("f1", "documents"),
    [((0, 0.9, 0.5, 0.9, 0.9), 30), ((0, 0.5, 0.9), 20), ((0, 0.9, 0.5), None), ((0.9,), 0)],
)
def test_a_lucky_training_does_not_hold_a_goal(f1, documents):
    assert curves.held(curve(*f1), 0.8) == documents


def test_without_pre_annotation_the_same_documents_take_longer():
    found = curves.with_by_hand({"random": {1: curve(0, 0.8)}, "mixed": {1: curve(0, 0.9)}})
    assert list(found) == ["random", "mixed", "by-hand"]
    assert found["by-hand"][1][1]["seconds"] == 500
    assert found["random"][1][1]["seconds"] == 200


def test_by_hand_is_a_curve_of_its_own_where_random_order_does_not_ask_for_every_field():
    found = curves.with_by_hand({"random": {1: curve(0, 0.8)}, "by-hand": {1: curve(0, 0.85)}})
    assert [(point["seconds"], point["f1"]) for point in found["by-hand"][1]] == [(0, 0), (500, 0.85)]


def test_each_seed_has_its_own_goal_and_the_middle_one_counts():
    own = {1: curve(0, 0.5, 1.0), 2: curve(0, 0.5, 0.6), 3: curve(0, 0.9, 0.9)}
    goal = curves.goals({"random": own}, {1: 1.0, 2: 1.0, 3: 0.8})[0]
    assert goal["share"] == 0.95
    took = goal["ways"]["random"]["documents"]
    assert took["each"][0] == pytest.approx(19)
    assert took["each"][1] is None
    assert took["median"] == pytest.approx(19)


def test_a_middle_that_was_never_reached_is_none():
    goal = curves.goals(
        {"random": {1: curve(0, 0.5), 2: curve(0, 0.5), 3: curve(0, 1.0)}}, {1: 1, 2: 1, 3: 1}
    )
    assert goal[0]["ways"]["random"]["documents"]["median"] is None


def test_the_mean_along_a_curve_ends_where_the_shortest_does():
    found = curves.summed({"a": {1: curve(0, 1.0, 1.0)}, "b": {1: curve(0, 0.5)}})
    assert found == {"a": pytest.approx(0.5), "b": pytest.approx(0.25)}


def test_savings_are_told_in_documents_and_hours_against_both_random_orders():
    slow, fast = {1: curve(0, 0.5, 1.0)}, {1: curve(0, 1.0, 1.0)}
    found = curves.with_by_hand({"random": slow, "mixed": fast})
    against_random, against_hand = curves.saved(curves.goals(found, {1: 1.0})[0], "mixed")
    assert (
        "mixed would save you 10 documents / 0.05 hours against random order (10 instead of 19"
        in against_random
    )
    assert "without pre-annotation" in against_hand
    assert "0.20 of the time" in against_hand


def test_a_strategy_that_is_slower_costs_and_one_that_never_comes_there_says_so():
    found = curves.with_by_hand(
        {"random": {1: curve(0, 1.0)}, "slow": {1: curve(0, 0.5, 1.0)}, "lost": {1: curve(0, 0.1)}}
    )
    goal = curves.goals(found, {1: 1.0})[0]
    assert "slow would cost you 10 documents" in curves.saved(goal, "slow")[0]
    assert curves.saved(goal, "lost") == [
        "lost did not come to F1 0.950 (95% of what all documents give) within the budget"
    ]
    turned = curves.with_by_hand({"random": {1: curve(0, 0.1)}, "mixed": {1: curve(0, 1.0)}})
    assert (
        "random order needs more than the budget"
        in curves.saved(curves.goals(turned, {1: 1.0})[0], "mixed")[0]
    )
