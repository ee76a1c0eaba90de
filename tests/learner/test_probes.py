"""Probes: what is planted, and who is found to accept blindly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner import probes
from models.extractors.base import Answer
from models.schema import Schema
from tests.factories import FIELDS, make_page, place_of

SCHEMA = Schema.from_json(FIELDS)
PAGE = make_page("ACME LTD\nDate 01/02/2024\nDue 08/02/2024\nNet 10.00\nTax 2.90\nTotal 12.90")


def answers(**said: str) -> list[Answer]:
    return [Answer(name, text, place_of(PAGE, text)) for name, text in said.items()]


TRUTH = answers(company="ACME LTD", date="01/02/2024", total="12.90")


@given(st.integers(0, 10_000))
def test_one_date_or_amount_is_another_of_the_same_document_and_all_else_is_right(seed):
    planted = probes.plant(SCHEMA, [PAGE], TRUTH, {"total": 0.7}, np.random.default_rng(seed))
    assert planted.field in {"date", "total"}
    for value, answer in zip(planted.values, TRUTH, strict=True):
        same = SCHEMA[value.field].same(value.text, answer.text)
        assert same == (value.field != planted.field)
        assert value.text == " ".join(PAGE.words[i].text for i in value.place.words)
    assert {value.confidence for value in planted.values if value.field == "total"} == {0.7}


def test_a_document_without_another_amount_or_date_is_no_probe():
    page = make_page("ACME LTD\nTotal 12.90")
    said = [Answer("total", "12.90", place_of(page, "12.90"))]
    assert probes.plant(SCHEMA, [page], said, {}, np.random.default_rng(1)) is None


def test_answers_from_elsewhere_are_shown_where_their_text_stands():
    shown = probes.known(SCHEMA, [PAGE], [Answer("total", "12.90"), Answer("company", "Nowhere")], {})
    assert [(value.field, value.place.words) for value in shown] == [("total", place_of(PAGE, "12.90").words)]


def test_who_misses_every_probe_is_found_after_a_handful():
    assert probes.found_after([True] * 40) == 4


@pytest.mark.parametrize("misses", [[], [False] * 200, [True, *[False] * 19] * 10])
def test_who_misses_one_now_and_then_is_not_found(misses):
    assert probes.found_after(misses) is None
    assert not probes.judge(misses).blind


def test_who_begins_to_accept_blindly_after_a_careful_year_is_found_as_fast():
    assert probes.found_after([False] * 500 + [True] * 10) == 504


@given(st.lists(st.booleans(), max_size=80), st.lists(st.booleans(), max_size=20))
def test_who_is_found_stays_found_and_another_miss_never_clears_anybody(missed, later):
    found = probes.found_after(missed)
    if found is not None:
        assert probes.found_after(missed + later) == found
    worse = probes.found_after([True, *missed])
    assert found is None or (worse is not None and worse <= found + 1)


def test_a_verdict_counts_and_gives_the_interval_of_the_misses():
    verdict = probes.judge([True, False, False, False])
    assert (verdict.probes, verdict.missed, verdict.noticed) == (4, 1, 3)
    assert 0 < verdict.low < 0.25 < verdict.high < 1
