"""Bettors against "nothing changed" stay poor while it is so, get rich soon after it isn't, and remember since when."""

import json

import numpy as np
import pytest

from models.bets import HORIZON, Table


def table(rng, upward=True, reference=250):
    counts = np.bincount(rng.integers(0, 20, reference), minlength=22)[None]
    return Table(counts.astype(np.int64), np.array([upward]))


def see(watched, bins, rng, start=0):
    """The highest wealth on the way."""
    highest = 0.0
    for document, each in enumerate(bins, start):
        watched.see(document, np.array([each]), rng.random(1))
        highest = max(highest, float(watched.wealth[0]))
    return highest


@pytest.mark.parametrize("upward", [True, False])
def test_where_nothing_changes_hardly_anybody_gets_rich(upward):
    highest = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        highest.append(see(table(rng, upward), rng.integers(0, 20, 600), rng))
    # Ville: at most one in twenty gets twenty times as rich, and one in 100 a hundred times
    assert sum(each >= 20 for each in highest) <= 1
    assert max(highest) < 100


@pytest.mark.parametrize("before", [0, 1000])
def test_a_fifth_of_strange_documents_makes_them_rich_within_a_hundred_whenever_it_begins(before):
    rng = np.random.default_rng(1)
    watched = table(rng)
    assert see(watched, rng.integers(0, 20, before), rng) < 100
    strange = np.where(rng.random(100) < 0.2, 21, rng.integers(0, 20, 100))
    assert see(watched, strange, rng, before) > 1000
    assert abs(watched.began(0) - before) <= 30


def test_what_both_ends_of_a_score_say_is_bet_on_unless_only_high_is_strange():
    rng = np.random.default_rng(2)
    low = np.where(rng.random(200) < 0.4, 0, rng.integers(0, 20, 200))
    assert see(table(rng, upward=False), low, rng) > 100
    assert see(table(rng, upward=True), low, rng) < 10


def test_a_document_without_the_score_changes_nothing():
    rng = np.random.default_rng(3)
    watched = table(rng)
    watched.see(0, np.array([-1]), rng.random(1))
    assert watched.wealth[0] == pytest.approx(1.0)
    assert watched.counts.sum() == 250


def test_after_the_horizon_there_is_new_money():
    rng = np.random.default_rng(4)
    watched = table(rng)
    watched.looked = HORIZON - 1
    watched.won[:] = 1e-9
    watched.see(1, np.array([3]), rng.random(1))
    watched.see(2, np.array([3]), rng.random(1))
    assert watched.looked == 1
    assert watched.wealth[0] == pytest.approx(1.0, abs=0.01)


def test_it_can_be_stored_after_any_document_and_taken_up_again():
    rng = np.random.default_rng(5)
    one = table(rng)
    see(one, rng.integers(0, 20, 50), rng)
    other = Table.from_json(json.loads(json.dumps(one.to_json())))
    for document, each in enumerate(rng.integers(0, 22, 50), 50):
        lots = rng.random(1)
        one.see(document, np.array([each]), lots)
        other.see(document, np.array([each]), lots)
    assert other.wealth == pytest.approx(one.wealth)
    assert other.began(0) == one.began(0)
