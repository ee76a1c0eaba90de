"""Bounds hold what they promise, in replays and whatever the losses look like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner import automation_bounds as bounds
from learner.automation_bounds import RISK, Watched

COUNTS = st.lists(st.integers(0, 300), min_size=2, max_size=6).map(np.array)


def counts_of(losses: np.ndarray, fields: int) -> np.ndarray:
    return np.bincount((losses * fields).round().astype(int), minlength=fields + 1)


def stream(rng: np.random.Generator, n: int, mean: float, fields: int = 4) -> np.ndarray:
    """Losses of documents whose fields are, in 3 of 10 documents, all right or all wrong."""
    together = rng.random(n) < 0.3
    return np.where(together, rng.random(n) < mean, rng.binomial(fields, mean, n) / fields)


@pytest.mark.parametrize(("mean", "n"), [(0.01, 600), (0.02, 300), (0.05, 200), (0.2, 100)])
def test_what_is_said_to_be_surely_below_its_mean_is_so_in_few_replays(mean, n):
    rng = np.random.default_rng(1)
    said = [bounds.surely_below(counts_of(stream(rng, n, mean), 4), mean) for _ in range(1000)]
    assert np.mean(said) <= RISK + 0.015


@pytest.mark.parametrize("mean", [0.005, 0.03, 0.2])
def test_bounds_hold_the_mean_in_most_replays(mean):
    rng = np.random.default_rng(2)
    drawn = [counts_of(stream(rng, 250, mean), 4) for _ in range(300)]
    assert np.mean([bounds.at_most(counts) < mean for counts in drawn]) <= RISK + 0.03
    assert np.mean([bounds.at_least(counts) > mean for counts in drawn]) <= RISK + 0.03


@given(COUNTS)
def test_bounds_are_around_what_was_found_and_say_the_same_as_the_test(counts):
    total = counts.sum()
    if not total:
        assert (bounds.at_least(counts), bounds.at_most(counts)) == (0.0, 1.0)
        return
    found = counts @ np.arange(len(counts)) / total / (len(counts) - 1)
    low, high = bounds.at_least(counts), bounds.at_most(counts)
    assert low <= found + 1e-9
    assert found <= high + 1e-9
    if high + 0.01 < 1:
        assert bounds.surely_below(counts, high + 0.01)


@given(COUNTS, st.integers(1, 200))
def test_more_right_documents_never_widen_what_is_promised(counts, more):
    better = counts.copy()
    better[0] += more
    assert bounds.at_most(better) <= bounds.at_most(counts) + 2 * bounds.FOUND


@pytest.mark.parametrize("most", [0.005, 0.01, 0.02, 0.05, 0.3])
def test_as_many_right_documents_as_are_needed_are_enough_and_one_less_is_not(most):
    n = bounds.fewest(most)
    assert bounds.surely_below(np.array([n, 0]), most)
    assert not bounds.surely_below(np.array([n - 1, 0]), most)
    # nobody can do with fewer than the plain binomial test
    assert n >= np.log(RISK) / np.log(1 - most)


def test_a_stream_that_keeps_its_promise_is_hardly_ever_said_to_break_it():
    rng = np.random.default_rng(3)
    broken = [Watched(stream(rng, 1500, 0.02)).broken(0.02) is not None for _ in range(400)]
    assert np.mean(broken) <= RISK
    assert not any(Watched(stream(rng, 1500, 0.005)).broken(0.02) for _ in range(100))


@pytest.mark.parametrize("good", [0, 400])
def test_a_stream_that_gets_worse_is_found_soon_and_its_beginning_about_right(good):
    rng = np.random.default_rng(4)
    found = [
        Watched(np.concatenate([stream(rng, good, 0.005), stream(rng, 600, 0.08)])).broken(0.02)
        for _ in range(100)
    ]
    assert all(found)
    assert np.median([each.after - good for each in found]) <= 120
    assert np.median([abs(each.since - good) for each in found]) <= 40


def test_what_was_found_once_is_found_whenever_one_looks():
    rng = np.random.default_rng(5)
    losses = np.concatenate([stream(rng, 100, 0.005), stream(rng, 200, 0.2), np.zeros(2000)])
    first = Watched(losses).broken(0.02)
    assert first == Watched(losses[: first.after]).broken(0.02)
    assert Watched(losses[: first.after - 1]).broken(0.02) is None


def test_the_bound_of_a_stream_holds_at_every_look():
    rng = np.random.default_rng(6)
    missed = 0
    for _ in range(100):
        losses = stream(rng, 400, 0.03)
        missed += any(Watched(losses[:n]).at_most() < 0.03 for n in range(20, 401, 20))
    assert missed <= 8


def test_a_stream_of_nothing_says_nothing():
    nothing = Watched(np.zeros(0))
    assert nothing.broken(0.01) is None
    assert nothing.at_most() == 1.0
