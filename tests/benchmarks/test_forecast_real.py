"""Replays of the forecast on what trainings scored: made-up scores of known curves, so that the truth is known too."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import forecast_real
from benchmarks.goal_tables import CHOOSING
from learner import snapshots


def trainings(*levels: float, batch: int = 10, test: int = 100) -> list[dict[str, Any]]:
    """Trainings after every `batch` corrections that are so often right on each of the test's documents' four fields."""
    hard = np.random.default_rng(0).random((test, 4))  # the same documents are hard for every model
    return [
        {
            "documents": batch * number,
            "scores": {
                "fields": list("abcd"),
                "right": (hard < level).astype(int).tolist(),
                "predicted": np.ones((test, 4), dtype=int).tolist(),
                "true": np.ones((test, 4), dtype=int).tolist(),
            },
        }
        for number, level in enumerate(levels, start=1)
    ]


def cases(*levels: float, batch: int = 10, test: int = 100) -> list[forecast_real.Case]:
    made = trainings(*levels, batch=batch, test=test)
    return list(forecast_real.cases_of(made, np.random.default_rng(1)))


def test_after_every_training_the_next_and_the_farthest_within_fifty_are_asked_about():
    assert len(cases(0.5, 0.6, 0.7)) == 2 + 1
    assert len(cases(0.5, 0.6, 0.7, batch=40)) == 2
    assert cases(0.5, 0.6, batch=60) == []
    assert cases(0.5) == []


def test_a_curve_that_rises_as_curves_do_is_held():
    found = cases(0.6, 0.7, 0.76, 0.79, 0.815, 0.83, batch=25, test=2000)
    assert np.mean([case.held for case in found]) >= 0.9
    assert all(case.noise > 0 and case.width > 0 for case in found)


def test_a_leap_that_no_curve_foretells_is_not_held_and_advice_to_stop_before_it_was_early():
    found = cases(*[0.9] * 16, 1.0, batch=50, test=2000)
    assert not found[-1].held
    assert any(case.early for case in found)


def test_what_is_held_with_the_noise_of_the_truth_is_never_less():
    for case in cases(0.5, 0.9, 0.6, 0.95, 0.7):
        assert case.held_widened >= case.held


def test_the_goals_line_is_judged_by_the_intervals_as_they_are_on_every_pack():
    def row(pack: str, held: float) -> forecast_real.Row:
        return forecast_real.Row(f"{pack}/x", pack, "mixed", 5, 100, held, 0.99, 0.1, 0.02, 0.0)

    (line,) = forecast_real.goals([row("sroie", 0.95), row("adbuy", 0.90)])
    assert (line["figure"], line["goal"]) == CHOOSING["forecast"]
    assert line["measured"] == "95 % (receipts), 90 % (ad orders)"
    assert line["reached"] is False
    assert "99 % with the truth's own noise (sd 2.0 points" in line["note"]
    assert forecast_real.goals([row("sroie", 0.95)])[0]["reached"] is True
    assert forecast_real.goals([]) == []
    assert forecast_real.report([row("sroie", 0.95)]).count("\n|") == 3


def test_gold_grows_as_in_the_app():
    least = snapshots.LEAST[snapshots.Split.GOLD]
    assert (snapshots.GOLD_SHARE, least) == (forecast_real.GOLD_SHARE, forecast_real.LEAST_GOLD)
