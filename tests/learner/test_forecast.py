"""The forecast of what more corrections bring holds the truth, and advises to stop only when it knows enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.forecast import measure, report
from learner.forecast import GOAL, Advice, Point, forecast


def point(documents: int, f1: float, *, half: float = 0.02, gold: int = 100) -> Point:
    return Point(f"v{documents}", documents, f1, max(0.0, f1 - half), min(1.0, f1 + half), gold, 4)


def test_without_versions_there_is_no_forecast():
    assert forecast([], 30) is None


@pytest.mark.parametrize("gold", [3, 20])
def test_one_version_is_too_early_to_tell_even_if_it_made_no_error(gold):
    found = forecast([Point("v1", 25, 1.0, 1.0, 1.0, gold, 4)], 25)
    assert found is not None
    assert found.advice == Advice.EARLY
    assert found.high - found.low > 0.02


def test_every_version_makes_the_forecast_surer():
    rising = [point(25 * n, 0.95 - 0.5 * (25 * n / 10) ** -0.7) for n in range(1, 9)]
    widths = [
        found.high - found.low
        for n in (1, 2, 4, 8)
        if (found := forecast(rising[:n], rising[n - 1].documents))
    ]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0] / 4


def test_while_the_curve_rises_the_advice_is_to_go_on():
    versions = [point(n, f1) for n, f1 in [(25, 0.5), (50, 0.6), (75, 0.68), (100, 0.75), (125, 0.8)]]
    found = forecast(versions, 125)
    assert found is not None
    assert found.advice == Advice.GO_ON
    assert 0.01 < found.gain < 0.10


@pytest.mark.parametrize(("level", "advice"), [(0.97, Advice.DONE), (0.80, Advice.STUCK)])
def test_when_the_curve_is_flat_the_advice_is_to_stop_and_says_whether_the_goal_is_met(level, advice):
    found = forecast([point(50 * n, level, half=0.01, gold=200) for n in range(1, 9)], 400)
    assert found is not None
    assert found.advice == advice
    assert (found.now >= GOAL) == (advice == Advice.DONE)


def test_the_same_versions_give_the_same_forecast_and_its_curve_goes_from_the_first_version_to_its_end():
    versions = [point(25, 0.7), point(60, 0.8)]
    found = forecast(versions, 70, corrections=30)
    assert found == forecast(versions, 70, corrections=30)
    assert found is not None
    assert (found.curve[0].documents, found.curve[-1].documents) == (25, 100)
    assert all(place.low <= place.f1 <= place.high for place in found.curve)
    assert [place.f1 for place in found.curve] == sorted(place.f1 for place in found.curve)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 5000), st.floats(0, 1), st.floats(0, 0.5), st.integers(0, 500), st.integers(0, 20)
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 6000),
)
def test_any_versions_give_a_forecast_within_reason(rows, confirmed):
    points = [
        Point("v", n, f1, max(0.0, f1 - half), min(1.0, f1 + half), gold, fields)
        for n, f1, half, gold, fields in rows
    ]
    found = forecast(points, confirmed)
    assert found is not None
    assert 0 <= found.low <= found.gain <= found.high <= 1
    assert all(0 <= place.low <= place.high <= 1 for place in found.curve)


def test_intervals_hold_the_true_gain_in_replays_and_seldom_advise_to_stop_while_there_is_much_to_gain():
    """160 seeded replays, 2 to 8 versions each. A standard deviation of the share is 1.7 points."""
    rows = list(measure(replays=10, seed=0))
    assert sum(row.replays for row in rows) == 160
    assert np.mean([row.covered for row in rows]) >= 0.90
    assert np.mean([row.stopped_early for row in rows]) <= 0.03
    assert "power law" in report(rows)
