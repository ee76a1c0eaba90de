"""Agreement between people, against published figures and by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner import agreement
from learner.agreement import Answered, alpha, by_field, with_others

# Krippendorff's own example of nominal data: four observers, twelve units, the last one with a single value
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def test_alpha_is_krippendorffs():
    units = [[value for value in unit if value is not None] for unit in zip(*OBSERVERS, strict=True)]
    assert alpha([unit for unit in units if len(unit) > 1]) == pytest.approx(0.743, abs=0.0005)


def test_alpha_is_unknown_where_everybody_always_says_the_same():
    assert alpha([["a", "a"], ["a", "a"]]) is None


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=2, max_size=4), min_size=1, max_size=20))
def test_alpha_is_one_only_for_full_agreement(units):
    found = alpha(units)
    assert found is None or found <= 1
    assert (found == 1) == (found is not None and all(len(set(unit)) == 1 for unit in units))


def said(document, **by):
    return Answered(document, {who: {"total": (value,)} for who, value in by.items()})


def test_a_document_counts_once_however_many_people_answered_it():
    answered = [said(1, ann="1", amy="1", abe="2"), said(2, ann="5", amy="5")]
    found = by_field(answered, ["total", "date"])
    assert set(found) == {"total"}
    assert (found["total"].documents, found["total"].share) == (2, pytest.approx((1 / 3 + 1) / 2))
    assert found["total"].low < found["total"].share < found["total"].high


def test_what_nobody_confirmed_is_compared_with_nothing():
    answered = [Answered(1, {"ann": {"total": ("1",)}, "amy": {}})]
    assert by_field(answered, ["total"]) == {}
    assert with_others(answered, "ann") is None


def test_a_persons_agreement_is_with_everybody_else():
    answered = [said(1, ann="1", amy="1"), said(2, ann="1", amy="2"), said(3, amy="1", abe="1")]
    assert (with_others(answered, "ann").documents, with_others(answered, "ann").share) == (2, 0.5)
    assert with_others(answered, "abe").share == 1


def test_nothing_is_said_without_two_answers():
    assert agreement.agreement([{"ann": 1}, {}]) is None
