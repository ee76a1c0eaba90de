"""The audit's estimate is right on average whatever else was labelled, and its interval holds what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import audit as replays
from learner.audit import Audited, audit, estimate, wilson

NAMES = ("company", "total")


def audited(probability: float, *outcomes: str, version: str = "v1") -> Audited:
    return Audited(probability, version, dict(zip(NAMES, outcomes, strict=False)))


def test_nothing_is_said_before_anything_was_audited():
    found = audit([], NAMES)
    assert (found.documents, found.fields, found.accuracy, found.low, found.high) == (0, 0, None, None, None)
    assert found.by_field == found.by_version == ()


def test_a_document_that_was_half_as_likely_to_be_picked_counts_twice():
    found = audit([audited(0.1, "accepted", "edited"), audited(0.2, "accepted", "moved")], NAMES)
    assert (found.documents, found.fields) == (2, 4)
    assert found.accuracy == pytest.approx((10 + 5 + 5) / (20 + 10))
    assert {each.name: each.accuracy for each in found.by_field} == pytest.approx(
        {"company": 1.0, "total": 5 / 15}
    )


def test_a_field_that_nobody_looked_at_is_neither_right_nor_wrong():
    found = audit([audited(0.1, "accepted", "not asked"), audited(0.1, "edited")], NAMES)
    assert (found.documents, found.fields, found.accuracy) == (2, 2, 0.5)
    assert [each.name for each in found.by_field] == ["company"]


def test_every_version_is_measured_on_the_documents_that_were_shown_with_it():
    found = audit(
        [audited(0.1, "edited", "edited"), audited(0.1, "accepted", "accepted", version="v2")], NAMES
    )
    assert [(each.name, each.accuracy) for each in found.by_version] == [("v1", 0.0), ("v2", 1.0)]


def test_twenty_right_ones_of_twenty_do_not_prove_that_all_are_right():
    found = audit([audited(0.1, "accepted") for _ in range(20)], NAMES)
    assert (found.accuracy, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.839, abs=0.001)  # Wilson's for 20 of 20


def test_fields_that_fail_together_say_less_than_fields_that_fail_alone():
    together = [audited(0.1, *pair) for pair in [("edited", "edited")] * 20 + [("accepted", "accepted")] * 20]
    alone = [audited(0.1, *pair) for pair in [("edited", "accepted")] * 20 + [("accepted", "edited")] * 20]
    widths = [found.high - found.low for found in (audit(together, NAMES), audit(alone, NAMES))]
    assert widths[0] > 1.2 * widths[1]


@given(
    st.lists(
        st.tuples(st.floats(0.01, 1), st.sampled_from(["accepted", "moved", "edited", "removed", "else"])),
        max_size=30,
    )
)
def test_the_interval_is_within_0_and_1_and_holds_the_estimate(rows):
    found = audit([audited(probability, outcome) for probability, outcome in rows], NAMES)
    if found.accuracy is None:
        assert all(outcome == "else" for _, outcome in rows)
    else:
        assert 0 <= found.low <= found.accuracy + 1e-9 <= found.high + 2e-9 <= 1 + 3e-9


@given(st.floats(0, 1), st.floats(1, 1e6))
def test_more_trials_make_a_narrower_interval(share, n):
    few, many = wilson(share, n), wilson(share, 2 * n)
    assert many[1] - many[0] < few[1] - few[0]


def test_equal_weights_of_any_size_say_the_same():
    right = np.array([[True, False], [True, True], [True, True]])
    one, ten = (estimate("", right, np.ones_like(right), np.full(3, weight)) for weight in (1.0, 10.0))
    assert one is not None
    assert ten is not None
    assert (one.low, one.high) == pytest.approx((ten.low, ten.high))


def test_intervals_hold_the_truth_in_19_replays_of_20_whatever_active_learning_labels_besides():
    """1,600 seeded replays. All corrections taken as random must fail the same test, or it couldn't fail at all."""
    rows = list(replays.measure(replays=200))
    assert 0.93 <= replays.covered(rows) <= 0.97
    for row in rows:
        if row.estimator == replays.OURS:  # 200 replays: a standard deviation is 1.5 points
            assert 0.91 <= row.covered <= 0.995, row
            assert abs(row.bias) < 0.01, row
        if row.estimator == replays.ALL:
            assert row.covered < 0.1, row


def test_a_report_of_the_replays_says_how_often_the_truth_was_held():
    rows = list(replays.measure(replays=3, streams=replays.STREAMS[:1]))
    assert "hold the truth in" in replays.report(rows)
    assert rows[0].to_json()["stream"] == "few"
