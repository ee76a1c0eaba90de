"""What the table of goals says of rehearsals, and the other libraries' strategies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import rehearsal, rehearsal_goals
from benchmarks.goal_tables import CHOOSING
from benchmarks.rehearsal import (
    BY_HAND,
    CONFIRMED,
    LONG,
    MODAL,
    OTHERS,
    OURS,
    PEERS,
    RANDOM,
    TOLD,
)
from learner.strategies import STRATEGIES
from tests.generated_pack import write_pack
from tests.learner.test_strategies import make_pool


def took(documents: float | None, seconds: float | None) -> dict[str, Any]:
    return {
        name: {"each": [value, value], "median": value}
        for name, value in (("documents", documents), ("seconds", seconds), ("held", documents))
    }


def row(**ways: tuple[float | None, float | None]) -> dict[str, Any]:
    usual = {RANDOM: (40, 1600), BY_HAND: (40, 1920), OURS: (20, 800)} | dict.fromkeys(
        (*MODAL, *PEERS), (30, 1000)
    )
    found = {name: took(*values) for name, values in (usual | ways).items()}
    goals = [{"share": share, "f1": 0.9 * share, "ways": found} for share in (0.95, 0.98)]
    return {
        "rule": "v2",
        "part": {
            "pack": "sroie",
            "learner": "bare",
            "strategies": [OURS, MODAL[1]],
            "batch": 10,
            "budget": 80,
            "seeds": 2,
            "assume_above": None,
        },
        "gate": {OURS: {"trainings": 16, "refused": 5}},
        "unseen": {OURS: {"fields": 40, "wrong": 3}},
        "plan": {"whole_share": 0.2},
        "ungated": goals[0],
        "documents": {"pool": 382, "test": 100},
        "everything": {"1": 0.9, "2": 0.94},
        "learner": {"name": "bare", "is": "a CRF"},
        "took": goals,
        "mean_f1": dict.fromkeys(found, 0.8) | {OURS: 0.9, MODAL[1]: 0.85},
        "curves": {name: [[0, 0.0, 0.5], [10, 180.0, 0.8]] for name in found},
    }


def lines(one: dict[str, Any], **more: dict[str, Any]) -> list[dict[str, Any]]:
    """The three lines where one row tells all; `more` by the names of `benchmarks.rehearsal`'s keys."""
    return rehearsal_goals.goals(
        {TOLD: one, OTHERS: one} | {getattr(rehearsal, name): row for name, row in more.items()}
    )


def test_without_rows_there_is_nothing_to_tell():
    assert rehearsal_goals.goals({}) == []


def test_the_three_lines_are_those_of_the_goals_table():
    told = lines(row())
    assert [(each["figure"], each["goal"]) for each in told] == [
        CHOOSING[name] for name in ("person-seconds", "documents", "other libraries")
    ]
    assert [each["measured"] for each in told] == [
        "0.42 (800 against 1920 s)", "0.50 (20 against 40)", "20 documents and 800 person-seconds",
    ]  # fmt: skip
    assert [each["reached"] for each in told] == [False, True, True]


@pytest.mark.parametrize("name", [*MODAL, *PEERS])
def test_one_library_that_is_as_good_is_enough_to_miss_the_goal(name):
    assert lines(row(**{name: (20, 500)}))[2]["reached"] is False


def test_a_goal_that_we_never_came_to_is_missed_and_one_that_they_never_came_to_has_no_ratio():
    ours = lines(row(**{OURS: (None, None)}))
    assert [each["reached"] for each in ours] == [False, False, False]
    assert ours[1]["measured"] == "not reached within the budget"
    theirs = lines(row(**{RANDOM: (None, None)}))
    assert theirs[1]["measured"] == "20; random order not within the budget"
    assert theirs[1]["reached"] is False  # not known
    longer = row(**{RANDOM: (200, 7000), BY_HAND: (200, 9600)})
    never = row(**{RANDOM: (None, None), BY_HAND: (None, None)})
    told = rehearsal_goals.goals({TOLD: never, LONG: longer})
    assert [each["measured"] for each in told[:2]] == ["0.08 (800 against 9600 s)", "0.10 (20 against 200)"]
    assert told[0]["reached"] is True


def test_what_the_base_knows_before_anything_is_told_beside_the_goal():
    note = lines(row(), SHIPPED=row())[0]["note"]
    assert "F1 is 0.500 (54 % of all labelled) before any" in note
    assert "first 10 documents takes 180 s" in note


def test_the_table_says_which_rows_are_which_how_often_they_were_trained_and_what_confirms_them():
    note = lines(row(), CONFIRMED=row(), LONG=row())[1]["note"]
    assert f"rows `{TOLD}` and `{LONG}`, 2 seeds: the cheap learner `bare` (a CRF)" in note
    assert "trained after every 10 corrections on both sides" in note
    assert "mixed 20 documents / 800 s, modal-ranked-batch 30 documents / 1000 s, random 40 documents" in note
    coarse = row()
    coarse["part"] |= {"batch": 40}
    assert "after every 10 corrections, random order after every 40" in lines(row(), LONG=coarse)[1]["note"]
    other = row()
    other["mean_f1"] |= {MODAL[0]: 0.89}
    told = rehearsal_goals.goals({TOLD: row(), OTHERS: other, CONFIRMED: row()})[0]["note"]
    assert "the two best of the cheap learner are mixed and modal-uncertainty" in told


def test_a_row_of_another_rule_is_compared_with_nothing():
    old = row(**{RANDOM: (400, 9000), BY_HAND: (400, 19000)})
    del old["rule"]
    told = rehearsal_goals.goals({TOLD: row(), LONG: old, CONFIRMED: old, OTHERS: old})
    assert [each["measured"] for each in told] == ["0.42 (800 against 1920 s)", "0.50 (20 against 40)"]
    assert "not confirmed with the full extractor by this rule" in told[0]["note"]


def test_asking_for_doubtful_fields_alone_is_a_line_of_its_own_against_every_field_by_hand():
    selective = row(**{OURS: (25, 500), BY_HAND: (40, 1)})
    told = lines(row(), SELECTIVE=selective)[2]
    assert told["figure"] == CHOOSING["person-seconds, selective"][0]
    assert told["measured"] == "0.26 (500 against 1920 s)"
    assert "nobody looked at: 40, of them wrong: 3" in told["note"]


def test_the_table_has_a_line_for_each_way():
    text = rehearsal.shown(row(**{OURS: (None, None)}))
    assert "Receipts" in text or "receipts" in text
    assert len([line for line in text.splitlines() if line.startswith("|")]) == 2 + len(
        {RANDOM, OURS, BY_HAND, *MODAL, *PEERS}
    )
    assert "not reached" in text


@pytest.mark.slow
def test_parts_share_their_runs_and_are_reported_in_order(tmp_path: Path):
    write_pack(tmp_path / "sroie/train", 40)
    longer, shorter = (
        rehearsal.Part("sroie", "rules", (way,), 5, budget, 1) for way, budget in ((RANDOM, 15), (OURS, 10))
    )
    said: list[str] = []
    rows = dict(rehearsal.measure(tmp_path, tmp_path, threads=2, parts=(longer, shorter), say=said.append))
    assert list(rows) == [longer.key, shorter.key]
    assert [len(rows[key]["curves"][RANDOM]) for key in rows] == [4, 3]
    assert rows[longer.key]["everything"] == rows[shorter.key]["everything"]
    kept = sorted(path.name.split("-1-")[0] for path in tmp_path.glob("rehearsals/sroie/rules/runs/*"))
    assert kept == ["everything", OURS, RANDOM]


def test_every_strategy_that_is_measured_exists():
    wanted = {name for part in rehearsal.PARTS for name in part.strategies} - set(PEERS)
    assert wanted <= set(STRATEGIES)


CANDIDATES = (
    "skactiveml-clue",
    "small-text-breaking-ties",
    *(f"skactiveml-{name}" for name in ("uncertainty", "committee", "badge", "typiclust", "probabilistic")),
    *(f"small-text-{name}" for name in ("least-confidence", "entropy", "coreset", "contrastive")),
)


@pytest.mark.slow
def test_every_candidate_is_tried_and_the_best_are_measured():
    from benchmarks.rehearsal_peers import PEERS as candidates

    assert tuple(candidates) == CANDIDATES
    assert set(PEERS) <= set(CANDIDATES)


@pytest.mark.slow
@pytest.mark.parametrize("name", CANDIDATES)
def test_candidates_keep_the_contract_of_a_strategy(name):
    from benchmarks.rehearsal_peers import PEERS as candidates

    for size, n, seen in ((0, 3, 40), (1, 1, 40), (7, 3, 40), (60, 20, 40), (60, 20, 0)):
        pool = make_pool(size, seen)
        first, second = (candidates[name](pool, n, np.random.default_rng(3)).tolist() for _ in range(2))
        assert first == second
        assert len(set(first)) == len(first) == min(n, size)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["skactiveml-clue", "skactiveml-uncertainty", "small-text-breaking-ties", "small-text-entropy"]
)
def test_those_that_go_by_probabilities_ask_about_what_they_cannot_tell(name):
    from benchmarks.rehearsal_peers import PEERS as candidates

    pool = make_pool(200, 100)  # a negative first look means two faults
    chosen = candidates[name](pool, 5, np.random.default_rng(0))[:5]
    assert np.abs(pool.looks[chosen, 0]).mean() < np.abs(pool.looks[:, 0]).mean()
