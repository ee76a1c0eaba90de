"""The frozen half of selection: what documents look like, and how the audit slice is woven in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner import ranking
from learner.strategies.base import UNKNOWN
from models.schema import Field, Schema
from tests.factories import make_page

SCHEMA = Schema((Field("company"), Field("total", label="Total to pay")))


def test_a_look_does_not_depend_on_the_digits():
    one, other = (ranking.look([make_page(f"ACME LTD\nTotal {n}")], 0.9) for n in ("12.90", "77.15"))
    assert one.shape == (ranking.DEPTH,)
    assert one.dtype == np.float32
    assert np.linalg.norm(one - other) < 1e-6


def test_a_near_duplicate_looks_near_and_another_document_far():
    first = ranking.look([make_page("ACME LTD\nTax invoice\nPaper 3.00\nTotal 12.90\nThank you")], 0.9)
    worn = ranking.look([make_page("ACME LTD\nTax invoice\nPaper 3.00\nTotel 12.90\nThank you")], 0.7)
    other = ranking.look([make_page("Hotel zur Post Zimmer Bern Frühstück Kurtaxe\nSumme 99.00")], 0.9)
    assert np.linalg.norm(first - worn) < 0.5 < ranking.UNLIKE < np.linalg.norm(first - other)


@pytest.mark.parametrize("pages", [[], [make_page("")]])
def test_a_document_without_words_has_a_look(pages):
    assert np.isfinite(ranking.look(pages, None)).all()


def test_a_field_is_as_sure_as_its_least_certain_value():
    values = [
        {"field": "total", "confidence": 0.9},
        {"field": "total", "confidence": 0.4},
        {"field": "gone", "confidence": 0.1},
    ]
    assert ranking.confidences(SCHEMA, values, {"company": 0.7}) == [0.7, 0.4]
    assert ranking.confidences(SCHEMA, [], {}) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("outcomes", "wanted"),
    [
        ({"company": "accepted", "total": "accepted"}, 0),
        ({"company": "accepted", "total": "moved"}, 1),
        ({"company": "edited", "total": "removed"}, 2),
        ({"total": "added", "document type": "invoice"}, 1),
        ({}, 0),
        # nobody knows how many are wrong where some weren't looked at
        ({"company": "assumed", "total": "accepted"}, UNKNOWN),
        ({"company": "assumed", "total": "edited"}, UNKNOWN),
        ({"company": "accepted", "gone": "assumed"}, 0),  # a field that the type has no more
    ],
)
def test_faults_are_fields_that_a_person_changed(outcomes, wanted):
    assert ranking.faults(SCHEMA, outcomes) == wanted


def test_the_reason_names_the_least_certain_field_and_what_is_new():
    unsure = "least sure of Total to pay (41 %)"
    assert ranking.reason(SCHEMA, [0.9, 0.414], extracted=True, novelty=0.2) == unsure
    assert ranking.reason(SCHEMA, [0.9, 0.414], extracted=True, novelty=0.9) == f"{unsure}; new layout"
    surest = ranking.reason(SCHEMA, [0.9999, 0.9998], extracted=True, novelty=0.2)
    assert surest == "least sure of Total to pay (99 %)"
    assert ranking.reason(SCHEMA, [0, 0], extracted=False, novelty=0.1) == "not extracted yet"


@given(
    st.integers(0, 60),
    st.integers(0, 20),
    st.floats(0, 1, allow_nan=False),
    st.floats(-1, 1, allow_nan=False),
)
def test_weaving_keeps_both_orders_and_loses_nobody(n, m, share, debt):
    ranked, audited = list(range(n)), list(range(1000, 1000 + m))
    woven = ranking.weave(ranked, audited, share, debt)
    assert [row for row in woven if row < 1000] == ranked
    assert [row for row in woven if row >= 1000] == audited
    both_left = next((i for i in range(len(woven), 0, -1) if set(woven[i - 1 :]) & set(ranked)), 0)
    both_left = min(
        both_left, next((i for i in range(len(woven), 0, -1) if set(woven[i - 1 :]) & set(audited)), 0)
    )
    for length in range(both_left):
        picked = sum(row >= 1000 for row in woven[:length])
        assert abs(picked - (share * length + debt)) <= 2


def test_every_tenth_pick_is_an_audit_even_if_the_queue_is_filled_one_by_one():
    ranked, audited, picks = list(range(95)), list(range(1000, 1005)), []
    for _ in range(50):
        due = ranking.debt(0.1, len(picks), sum(row >= 1000 for row in picks))
        picks.append(ranking.weave(ranked, audited, 0.1, due)[0])
        ranked, audited = ([row for row in rows if row != picks[-1]] for rows in (ranked, audited))
    assert [place for place, row in enumerate(picks, 1) if row >= 1000] == [10, 20, 30, 40, 50]


def test_a_raised_share_is_not_caught_up_with_at_once():
    assert ranking.debt(0.5, 100, 2) == 1
    assert ranking.weave([1, 2, 3, 4], [10, 11, 12], 0.5, 1)[:5] == [10, 11, 1, 12, 2]


def test_lots_are_even_and_stay():
    lots = np.array([ranking.draw(f"{n:064x}") for n in range(5000)])
    assert ranking.draw("ab") == ranking.draw("ab")
    assert abs((lots < 0.1).mean() - 0.1) < 0.02


def test_a_field_that_nothing_was_said_of_is_not_the_reason_for_every_document():
    assert ranking.reason(SCHEMA, [0.0, 0.414], extracted=True, novelty=0.2).endswith("Total to pay (41 %)")
    assert ranking.reason(SCHEMA, [0.7, 0.0], extracted=True, novelty=0.2).endswith(" (70 %)")
