from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import selection
from benchmarks.selection import APART, CHANCE, LARGE, LEARNING, OURS, PEER, SMALL, TOP, Row, goals


@pytest.fixture(scope="module")
def made() -> selection.Scene:
    return selection.scene(400)


def test_made_up_documents_fill_what_strategies_expect(made):
    lengths = np.linalg.norm(made.looks, axis=1)
    assert made.looks.shape == (400, selection.DEPTH)
    assert np.allclose(lengths, np.sqrt(0.5), atol=1e-5)  # two at a right angle are 1 apart
    assert 0 <= made.uncertainty.min() < made.uncertainty.max() <= 0.5
    assert set(made.wrong.tolist()) == {0, 1}


def test_quality_is_the_mean_doubt_and_the_mean_distance_to_the_nearest_other(made):
    rows = np.array([3, 8])
    uncertainty, apart = selection.quality(made, rows)
    assert uncertainty == pytest.approx(made.uncertainty[rows].mean())
    one, other = made.looks[rows]
    wanted = [
        min(np.linalg.norm(one - other), np.linalg.norm(mine - made.seen, axis=1).min())
        for mine in (one, other)
    ]
    assert apart == pytest.approx(np.mean(wanted), rel=1e-5)


@pytest.mark.slow
def test_every_chooser_is_measured_in_a_process_of_its_own_and_reported():
    said: list[str] = []
    rows = list(selection.measure([500], threads=1, say=said.append))
    found = {row.chooser: row for row in rows}
    assert set(found) == {OURS, APART, LEARNING, TOP, CHANCE, PEER}
    assert {row.chosen for row in rows} == {selection.CHOSEN}
    assert found[TOP].uncertainty == max(row.uncertainty for row in rows)
    assert found[OURS].uncertainty > found[CHANCE].uncertainty
    assert found[OURS].apart > found[TOP].apart
    assert all(row.gigabytes > 0 and row.seconds > 0 for row in rows)
    assert selection.Row(**rows[0].to_json()) == rows[0]
    assert len(selection.report(rows).splitlines()) == 2 + len(rows)
    assert said == ["selection: 500 documents"]


def test_the_goals_ask_for_speed_and_for_a_choice_that_is_no_worse() -> None:
    def one(documents: int, chooser: str, seconds: float, uncertainty: float, apart: float) -> Row:
        return Row(documents, chooser, 100, seconds, 2.4, uncertainty, apart, 3)

    rows = [
        one(SMALL, OURS, 0.02, 0.47, 0.93),
        one(SMALL, APART, 0.04, 0.44, 0.94),
        one(SMALL, PEER, 4.0, 0.438, 0.939),
        one(LARGE, OURS, 0.3, 0.49, 0.93),
        one(LARGE, LEARNING, 3.0, 0.49, 0.93),
    ]
    assert [goal["reached"] for goal in goals(rows)] == [True, True]
    slow = [replace(row, seconds=6.0) if row.documents == LARGE else row for row in rows]
    assert [goal["reached"] for goal in goals(slow)] == [False, True]
    worse = [replace(row, apart=0.93) if row.chooser == APART else row for row in rows]
    assert [goal["reached"] for goal in goals(worse)] == [True, False]
