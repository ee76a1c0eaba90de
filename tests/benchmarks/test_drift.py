"""The replays of drift, few and short: a new template is found, a stable stream is left in peace, labels teach it."""

import numpy as np
import pytest

from benchmarks import drift
from benchmarks.drift_streams import pool
from benchmarks.goal_tables import STREAM


@pytest.fixture(scope="module")
def small(request):
    patch = pytest.MonkeyPatch()
    request.addfinalizer(patch.undo)
    for name, value in {"REFERENCE": 300, "BEFORE": 60, "STABLE": 300}.items():
        patch.setattr(drift, name, value)
    return {"invoice": pool("invoice", seed=3, size=45)}  # which the odd seeds take


def test_a_stream_of_each_seed_is_watched_by_every_rule_and_told(small):
    rows = [row for seed in (1, 3) for row in drift._streams(small, seed, lambda _: None)]
    assert len(rows) == 2 * 2 * len(drift.RULES)
    ours = [row for row in rows if row.rule == drift.OURS]
    assert all(row.after is not None and 0 < row.after <= 100 for row in ours if row.new is not None)
    assert all(row.after is None for row in ours if row.new is None)
    labels = [
        drift.LearnedRow(drift.OURS, "kiosk", 6, 0.98, 0.9),
        drift.LearnedRow(drift.OURS, "kiosk", 12, 0.98, 0.97),
        drift.LearnedRow("random", "kiosk", 120, 0.98, 0.9),
    ]
    goals = drift.goals(rows, labels)
    assert [(each["figure"], each["goal"]) for each in goals] == [
        STREAM[name] for name in ("drift, found", "drift, false", "drift, labels")
    ]
    assert [each["measured"] for each in goals] == ["2 of 2", "0 of 2", "12"]
    assert goals[2]["peers"] == "random labelling more than 120"
    assert drift.OURS in drift.report(rows, labels)


def test_the_alarm_asks_for_documents_of_the_new_layout(small):
    invoices = small["invoice"]
    rng = np.random.default_rng(0)
    rows = invoices.changing(rng, 300, 120, new=2, share=0.2)
    chosen = drift._chosen(invoices.taken(rows), 9)
    assert len(chosen) == len(set(chosen)) == 9
    assert np.mean(invoices.layout[rows[chosen]] == 2) > 0.8
