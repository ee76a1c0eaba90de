"""The forecast of what more corrections bring holds the truth, and advises to stop only when it knows enough."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learner.forecast import GOAL, LUCK, Advice, Point, forecast

Curve = Callable[[float], float]  # documents → F1


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


def replayed(curve: Curve, versions: int, rng: np.random.Generator) -> list[Point]:
    """Versions as the app makes them, every 25 documents, on gold that grows and is partly hard for all of them."""
    documents = [25 * n for n in range(1, versions + 1)]
    most = documents[-1] // 5
    hard = 0.5 * rng.standard_normal((most, 1)) + 0.65 * rng.standard_normal((most, 4))
    points = []
    for n in documents:
        level = float(np.clip(curve(n) + rng.normal(0, LUCK), 0.01, 0.999))
        own = np.sqrt(1 - 0.5**2 - 0.65**2) * rng.standard_normal((most, 4))
        right = (hard + own < NormalDist().inv_cdf(level))[: n // 5].mean(axis=1)
        drawn = rng.multinomial(len(right), np.full(len(right), 1 / len(right)), 200) @ right / len(right)
        low, high = np.percentile(drawn, [2.5, 97.5])
        points.append(Point(f"v{n}", n, float(right.mean()), float(low), float(high), len(right), 4))
    return points


def worlds(rng: np.random.Generator) -> dict[str, Curve]:
    """Curves of a kind each, with chance parameters; the last two are of no kind that the forecast knows."""
    top = rng.uniform(0.85, 0.99)
    start = top * rng.uniform(0.4, 0.95)
    rate, scale = rng.uniform(0.3, 1.5), rng.uniform(40, 120)
    return {
        "power": lambda n: top - (top - start) * (n / 10) ** -rate,
        "exponential": lambda n: top - (top - start) * np.exp(-(n - 10) / scale),
        "flat": lambda n: top,
        "as receipts are": lambda n: float(
            np.interp(np.log(n), np.log([10, 25, 50, 100, 500]), [0.62, 0.80, 0.86, 0.905, 0.952])
        ),
    }


def test_intervals_hold_the_true_gain_in_replays_and_seldom_advise_to_stop_while_there_is_much_to_gain():
    """160 seeded replays, 2 to 8 versions each. A standard deviation of the share is 1.7 points."""
    rng = np.random.default_rng(0)
    held, stopped_early = [], []
    for _ in range(10):
        for curve in worlds(rng).values():
            for versions in (2, 3, 5, 8):
                found = forecast(replayed(curve, versions, rng), 25 * versions)
                assert found is not None
                gain = curve(25 * versions + 50) - curve(25 * versions)
                held.append(found.low <= gain <= found.high)
                stopped_early.append(gain > 0.03 and found.advice in (Advice.DONE, Advice.STUCK))
    assert np.mean(held) >= 0.90
    assert np.mean(stopped_early) <= 0.03
