"""Every strategy keeps the contract; each does what its name says."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner.strategies import STRATEGIES, Need, Pool, UnknownParameter, UnknownStrategy, modal, named
from learner.strategies.base import UNKNOWN, highest
from learner.strategies.diversity import novelty, spread


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


@pytest.mark.parametrize("name", [name for name in STRATEGIES if "modal" in name or "bald" in name])
def test_the_quick_learner_asks_about_what_it_cannot_tell(name):
    pool = make_pool(400, 200)
    first = named(name)(pool, 20, np.random.default_rng(0))
    # the border between right and wrong is at a first look of 0; five members that differ by chance are less sharp
    near = 0.8 if name in {"modal-committee", "bald-committee"} else 0.6
    assert np.abs(pool.looks[first, 0]).mean() < near * np.abs(pool.looks[:, 0]).mean()


def test_the_entropy_of_a_field_and_of_a_page_are_others_than_that_of_a_document():
    pool = pool_of([[0.5, 1.0, 1.0], [0.7, 0.7, 0.7], [0.6, 0.6, 0.6]])
    long = replace(pool, pages=np.array([1.0, 1.0, 9.0]))
    rng = np.random.default_rng(0)
    assert named("entropy")(long, 3, rng).tolist() == [2, 1, 0]
    assert named("entropy-field")(long, 3, rng).tolist() == [0, 2, 1]
    assert named("entropy-page")(long, 3, rng).tolist() == [1, 0, 2]
    assert named("entropy-page")(pool, 3, rng).tolist() == [2, 1, 0]  # a page each


@pytest.mark.parametrize("name", ["errors-per-second", "mixed"])
def test_of_two_documents_with_the_same_faults_the_cheaper_comes_first(name):
    pool = replace(pool_of([[0.4], [0.4], [0.5]]), seconds=np.array([60.0, 20.0, 20.0]))
    assert named(name)(pool, 3, np.random.default_rng(0)).tolist()[0] == 1


def test_no_layout_has_more_than_its_share_and_copies_come_last():
    # six worst of one layout, the first two of which are copies; four of others
    looks = [[0.0, 0], [0, 0.01], [0.3, 0], [0, 0.3], [0.3, 0.3], [0.2, 0.2], [5, 0], [0, 5], [5, 5], [9, 9]]
    pool = pool_of([[n / 20] for n in range(10)], looks)
    order = named("capped", share=0.25)(pool, 8, np.random.default_rng(0)).tolist()
    assert order[:6] == [0, 2, 6, 7, 8, 9]
    assert len(order) == 8


def test_density_prefers_what_many_others_are_like():
    crowd, alone = [[0.1 * n, 0.0] for n in range(9)], [[50.0, 50.0]]
    pool = pool_of([[0.5]] * 10, crowd + alone)
    order = named("density")(pool, 10, np.random.default_rng(0)).tolist()
    assert order[-1] == 9
    assert order[0] in {3, 4, 5}


@pytest.mark.parametrize("name", ["clusters", "badge", "diverse"])
def test_four_groups_of_documents_are_all_among_the_first_few(name):
    rng = np.random.default_rng(3)
    group = rng.permutation(np.repeat(np.arange(4), 25))
    looks = (np.eye(4)[group] + rng.normal(scale=0.01, size=(100, 4))).tolist()
    pool = pool_of([[0.5]] * 100, looks)
    first = named(name)(pool, 4, np.random.default_rng(0))
    assert set(group[first].tolist()) == {0, 1, 2, 3}


def test_badge_takes_one_at_most_of_what_the_model_is_sure_of_while_there_is_doubt():
    # whatever they look like, sure documents pull the model nowhere: to badge they are all the same
    pool = pool_of([[1.0, 1.0]] * 20 + [[0.1, 0.5], [0.5, 0.1]], [[float(n)] for n in range(22)])
    assert set(named("badge")(pool, 3, np.random.default_rng(0)).tolist()) >= {20, 21}


def test_a_strategy_tells_its_parameters_and_needs_and_takes_other_values():
    mixed = named("mixed")
    assert mixed.parameters == {"candidates": 5000, "apart": 1.0}
    assert mixed.needs == set(Need)
    assert named("random").needs == set()
    few = named("mixed", candidates=2)
    assert few.parameters["candidates"] == 2
    # only the two worst are compared by looks, though they are alike
    pool = pool_of([[0.1], [0.11], [0.5]], [[0.0], [0.0], [1.0]])
    assert set(few(pool, 2, np.random.default_rng(0)).tolist()) == {0, 1}
    assert set(mixed(pool, 2, np.random.default_rng(0)).tolist()) == {0, 2}
    # far more worth, or a little farther off: it depends on what being apart is worth
    near_or_far = pool_of([[0.0], [0.1], [0.7]], [[0.0], [0.5], [0.9]])
    assert mixed(near_or_far, 2, np.random.default_rng(0)).tolist() == [0, 1]
    assert named("mixed", apart=4)(near_or_far, 2, np.random.default_rng(0)).tolist() == [0, 2]
    with pytest.raises(UnknownParameter, match="'mixed' has no parameter 'speed'; it has: candidates"):
        named("mixed", speed=1)
    with pytest.raises(UnknownParameter, match="it has: none"):
        named("entropy", speed=1)


@given(st.integers(1, 25), st.integers(0, 12), st.integers(0, 99))
def test_spread_is_the_greedy_choice_written_out(size, n, seed):
    rng = np.random.default_rng(seed)
    looks, worth = rng.normal(size=(size, 3)).astype(np.float32), rng.random(size) + 0.1
    distance = rng.random(size) + 0.1
    wanted, nearest = [], distance.copy()
    for _ in range(min(n, size)):
        left = [row for row in range(size) if row not in wanted]
        wanted.append(max(left, key=lambda row: worth[row] * nearest[row]))
        nearest = np.minimum(nearest, np.linalg.norm(looks - looks[wanted[-1]], axis=1))
    assert spread(looks, worth, distance, n).tolist() == wanted


def test_a_part_of_a_pool_keeps_what_belongs_to_its_documents():
    whole = replace(make_pool(6, 3), pages=np.arange(6.0), seconds=np.arange(6.0) + 10)
    part = whole.only(np.array([4, 1]))
    assert part.pages.tolist() == [4, 1]
    assert part.seconds.tolist() == [14, 11]
    assert np.array_equal(part.confidence, whole.confidence[[4, 1]])
    assert len(part.faults) == 3
    with pytest.raises(ValueError, match="fit together"):
        replace(whole, pages=np.arange(5.0))


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


def test_the_quick_learner_learns_nothing_from_documents_with_fields_that_nobody_looked_at():
    pool = make_pool(50, 100)
    unknown = np.arange(100) % 3 == 0
    partly = replace(pool, faults=np.where(unknown, UNKNOWN, pool.faults))
    known = replace(
        pool,
        seen_confidence=pool.seen_confidence[~unknown],
        seen_looks=pool.seen_looks[~unknown],
        faults=pool.faults[~unknown],
    )
    assert np.array_equal(modal.learned_errors(partly), modal.learned_errors(known))
    rng = np.random.default_rng
    assert len(modal.by_disagreement(partly, 5, rng(1))) == 5
    assert modal.learned_errors(replace(pool, faults=np.full(100, UNKNOWN))) is None


def test_an_unknown_strategy_is_answered_with_all_names():
    with pytest.raises(
        UnknownStrategy, match="no strategy 'best'; there are: mixed, errors-per-second, .*random"
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


def test_every_strategy_is_told_of_with_its_parameters():
    page = (Path(__file__).parents[2] / "docs/reference/strategies.md").read_text()
    rows = [line.split("|")[1:4] for line in page.splitlines() if line.startswith("| `")]
    told = {name: row[2] for row in rows for name in re.findall("`(.+?)`", row[0])}
    assert told.keys() == STRATEGIES.keys()
    for name, strategy in STRATEGIES.items():
        for parameter, usual in strategy.parameters.items():
            assert f"`{parameter}` {usual:g}" in told[name]


def test_strategies_need_neither_django_nor_torch():
    code = "import sys, learner.strategies; print({'django', 'torch', 'annotation'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


class TestCoverage:
    # three of one layout, two of another, one like nothing
    LOOKS = [[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [1.0, 0.0], [1.1, 0.0], [0.0, 9.0]]

    def test_the_middle_of_the_largest_heap_comes_first_and_oddities_last(self):
        rows = named("coverage")(pool_of([[0.0]] * 6, self.LOOKS), 6, np.random.default_rng(0))
        assert rows[0] in {0, 1, 2}
        assert rows[1] in {3, 4}
        assert 5 in rows[2:4]

    def test_what_is_sure_needs_no_cover(self):
        pool = pool_of([[1.0]] * 3 + [[0.0]] * 3, self.LOOKS)
        assert named("coverage")(pool, 1, np.random.default_rng(0))[0] in {3, 4}

    def test_what_was_corrected_covers_its_like(self):
        pool = replace(
            pool_of([[0.0]] * 6, self.LOOKS),
            seen_confidence=np.zeros((1, 1), dtype=np.float32),
            seen_looks=np.zeros((1, 2), dtype=np.float32),
            faults=np.zeros(1, dtype=np.int64),
        )
        assert named("coverage")(pool, 1, np.random.default_rng(0))[0] in {3, 4}

    def test_of_two_that_cover_the_same_the_cheaper_one_comes_first(self):
        pool = replace(pool_of([[0.0]] * 2, [[0.0], [0.0]]), seconds=np.array([30.0, 10.0]))
        assert named("coverage")(pool, 2, np.random.default_rng(0)).tolist() == [1, 0]


def test_the_default_begins_with_what_covers_most_while_no_model_has_said_anything():
    looks = [[0.0, 0.0], [0.05, 0.0], [0.0, 0.05], [0.5, 0.0], [0.55, 0.0], [0.0, 0.8]]
    seen = replace(
        pool_of([[0.0]] * 6, looks),
        seen_confidence=np.zeros((1, 1), dtype=np.float32),
        seen_looks=np.array([[0.5, 0.0]], dtype=np.float32),
        faults=np.zeros(1, dtype=np.int64),
    )
    told = replace(seen, confidence=np.full((6, 1), 0.5, dtype=np.float32))
    first = {
        name: named("mixed")(pool, 1, np.random.default_rng(0))[0]
        for name, pool in (("no", seen), ("yes", told))
    }
    assert first["no"] in {0, 1, 2}  # the larger of the two heaps that are left
    assert first["yes"] == 5  # as wrong as the others, and farthest from what was corrected
