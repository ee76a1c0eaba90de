"""Every strategy keeps the contract; each does what its name says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner.strategies import STRATEGIES, Pool, UnknownStrategy, modal, named
from learner.strategies.base import highest
from learner.strategies.diversity import novelty


def make_pool(n: int, m: int = 0, fields: int = 3, depth: int = 4, seed: int = 1) -> Pool:
    """Documents of which those with a negative first look are the ones the model gets wrong."""
    rng = np.random.default_rng(seed)
    looks, seen_looks = (rng.normal(size=(k, depth)).astype(np.float32) for k in (n, m))
    return Pool(
        rng.random((n, fields)).astype(np.float32),
        looks,
        rng.random((m, fields)).astype(np.float32),
        seen_looks,
        np.where(seen_looks[:, 0] < 0, 2, 0) if m else np.empty(0, dtype=np.int64),
    )


def pool_of(confidence: list[list[float]], looks: list[list[float]] | None = None) -> Pool:
    n, fields = len(confidence), len(confidence[0])
    looks = looks or [[float(row)] for row in range(n)]
    depth = len(looks[0])
    return Pool(
        np.array(confidence, dtype=np.float32),
        np.array(looks, dtype=np.float32),
        np.empty((0, fields), dtype=np.float32),
        np.empty((0, depth), dtype=np.float32),
        np.empty(0, dtype=np.int64),
    )


# a ranked batch compares every pick with all that came before: ten seconds for these tests together
EVERY = [
    pytest.param(name, marks=pytest.mark.slow if name == "modal-ranked-batch" else ()) for name in STRATEGIES
]


@pytest.mark.parametrize("name", EVERY)
class TestEveryStrategy:
    @pytest.mark.parametrize("m", [0, 5, 40])
    @pytest.mark.parametrize(
        ("size", "n"), [(0, 0), (0, 3), (1, 1), (7, 0), (7, 3), (7, 7), (7, 20), (300, 90)]
    )
    def test_answers_n_different_rows_or_all_there_are(self, name, size, n, m):
        rows = named(name)(make_pool(size, m), n, np.random.default_rng(0))
        assert len(rows) == min(n, size)
        assert len(set(rows.tolist())) == len(rows)
        assert all(0 <= row < size for row in rows)

    def test_repeats_itself_with_the_same_seed(self, name):
        answers = [named(name)(make_pool(200, 40), 50, np.random.default_rng(5)).tolist() for _ in range(2)]
        assert answers[0] == answers[1]

    def test_leaves_numpys_global_random_state_alone(self, name):
        np.random.seed(3)
        before = np.random.get_state()[1].tolist()
        named(name)(make_pool(50, 20), 10, np.random.default_rng(0))
        assert np.random.get_state()[1].tolist() == before

    def test_does_not_favour_the_order_of_upload_among_equals(self, name):
        same = pool_of([[0.5, 0.5]] * 100, [[0.0]] * 100)
        first = {named(name)(same, 1, np.random.default_rng(seed))[0] for seed in range(10)}
        assert len(first) > 3


def test_the_document_with_the_least_certain_field_comes_first():
    pool = pool_of([[0.9, 0.8], [0.99, 0.3], [0.6, 0.6]])
    assert named("least-confident")(pool, 3, np.random.default_rng(0)).tolist() == [1, 2, 0]


def test_margin_prefers_a_coin_toss_to_a_sure_fault():
    pool = pool_of([[0.01, 0.99], [0.5, 0.99], [0.7, 0.99]])
    assert named("margin")(pool, 3, np.random.default_rng(0)).tolist() == [1, 2, 0]


def test_entropy_counts_all_fields():
    pool = pool_of([[0.5, 1.0, 1.0], [0.6, 0.6, 0.6], [1.0, 1.0, 0.9]])
    assert named("entropy")(pool, 3, np.random.default_rng(0)).tolist() == [1, 0, 2]


def test_most_errors_expects_the_sum_of_what_may_be_wrong():
    pool = pool_of([[0.1, 1.0, 1.0], [0.5, 0.5, 0.5], [0.9, 0.9, 0.9]])
    assert named("most-errors")(pool, 3, np.random.default_rng(0)).tolist() == [1, 0, 2]


@pytest.mark.parametrize("name", ["diverse", "mixed"])
def test_a_near_duplicate_comes_after_everything_that_differs(name):
    # three copies of the least sure document, and two that differ
    pool = pool_of([[0.1], [0.1], [0.1], [0.4], [0.5]], [[0.0, 0], [0, 0.001], [0.001, 0], [1, 0], [0, 1]])
    first = named(name)(pool, 3, np.random.default_rng(0)).tolist()
    assert len({0, 1, 2} & set(first)) == 1
    assert {3, 4} < set(first)


def test_what_looks_like_a_corrected_document_comes_last():
    pool = pool_of([[0.1], [0.9]], [[0.0, 0.0], [1.0, 0.0]])
    seen = Pool(
        pool.confidence,
        pool.looks,
        np.array([[0.5]], np.float32),
        np.array([[0.0, 0.0]], np.float32),
        np.array([1]),
    )
    assert named("mixed")(seen, 2, np.random.default_rng(0)).tolist() == [1, 0]


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name.startswith("modal")])
def test_the_quick_learner_asks_about_what_it_cannot_tell(name):
    pool = make_pool(400, 200)
    first = named(name)(pool, 20, np.random.default_rng(0))
    # the border between right and wrong is at a first look of 0
    assert np.abs(pool.looks[first, 0]).mean() < 0.6 * np.abs(pool.looks[:, 0]).mean()


def test_the_quick_learner_learns_which_documents_go_wrong():
    pool = make_pool(400, 100)
    learned = modal.learned_errors(pool)
    assert learned is not None
    wrong = pool.looks[:, 0] < 0
    assert learned[wrong].mean() > learned[~wrong].mean() + 0.5


def test_a_quick_learner_that_has_seen_one_outcome_only_knows_nothing():
    pool = make_pool(10, 20)
    same = Pool(
        pool.confidence, pool.looks, pool.seen_confidence, pool.seen_looks, np.zeros(20, dtype=np.int64)
    )
    assert modal.learned_errors(same) is None


def test_an_unknown_strategy_is_answered_with_all_names():
    with pytest.raises(
        UnknownStrategy, match="no strategy 'best'; there are: mixed, least-confident, .*random"
    ):
        named("best")


def test_arrays_that_do_not_fit_together_are_refused():
    pool = make_pool(3, 2)
    with pytest.raises(ValueError, match="fit together"):
        Pool(pool.confidence, pool.looks[:2], pool.seen_confidence, pool.seen_looks, pool.faults)


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 40), st.integers(0, 9))
def test_highest_is_a_sort_whose_ties_fall_by_chance(scores, n, seed):
    rows = highest(np.array(scores, dtype=float), n, np.random.default_rng(seed))
    assert [scores[row] for row in rows] == sorted(scores, reverse=True)[:n]
    assert len(set(rows.tolist())) == len(rows)


@given(st.integers(0, 20), st.integers(0, 20))
def test_novelty_is_the_distance_to_the_nearest_at_most_one(n, m):
    rng = np.random.default_rng(n * 100 + m)
    looks, seen = rng.random((n, 3), dtype=np.float32) / 4, rng.random((m, 3), dtype=np.float32) / 4
    distances = np.linalg.norm(looks[:, None] - seen[None], axis=2)
    wanted = distances.min(axis=1).clip(0, 1) if m else np.ones(n)
    assert np.allclose(novelty(looks, seen), wanted, atol=1e-3)


def test_strategies_need_neither_django_nor_torch():
    code = "import sys, learner.strategies; print({'django', 'torch', 'annotation'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
