"""The simulated person: what they mend, how long it takes, and seconds from a file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner import cost
from learner.rehearsal_person import NoCostModel, Seconds, correct, read_seconds
from models.extractors.base import Answer, Extracted, Value
from models.packs import PackDocument
from models.pages import Box, Place
from models.schema import Field, Kind, Schema
from tests.factories import make_page

SCHEMA = Schema((Field("company"), Field("total", Kind.MONEY), Field("party", repeats=True)))
SECONDS = Seconds(open=100, page=10, field=1, text=5, box=8)
LOOKING = 100 + 10 + 3


def document(*answers: tuple[str, str], unreachable: tuple[str, ...] = ()) -> PackDocument:
    page = make_page("ACME LTD\nTotal 12.90")
    said = tuple(Answer(field, text) for field, text in answers)
    return PackDocument("a", "slip", (page,), (None,), said, frozenset(unreachable), "a")


def said(*values: tuple[str, str], absent: tuple[str, ...] = ()) -> Extracted:
    place = Place(0, Box(0.1, 0.1, 0.5, 0.2), (0,))
    found = tuple(
        Value(field, text, SCHEMA[field].normalise(text), 0.8, place if text else None)
        for field, text in values
    )
    return Extracted(found, dict.fromkeys(absent, 0.9))


TRUE = document(("company", "ACME LTD"), ("total", "12.90"))


def test_a_right_extraction_costs_a_look_and_is_accepted():
    work = correct(TRUE, said(("company", "Acme Ltd."), ("total", "12.90")), SCHEMA, SECONDS)
    assert set(work.outcomes.values()) == {"accepted"}
    assert work.seconds == LOOKING
    assert work.by_hand == LOOKING + 2 * 8


@pytest.mark.parametrize(
    ("company", "outcome", "seconds"),
    [
        ("ACME LTD BRANCH", "edited", 5),  # two of its words are right: so is its place
        ("Thank you", "edited", 8 + 1),  # taken away, and a box drawn elsewhere
        ("", "added", 8),  # nothing said
    ],
)
def test_what_is_wrong_costs_a_text_or_a_box(company, outcome, seconds):
    values = [("total", "12.90"), *([("company", company)] if company else [])]
    work = correct(TRUE, said(*values), SCHEMA, SECONDS)
    assert work.outcomes == {"company": outcome, "total": "accepted", "party": "accepted"}
    assert work.seconds == LOOKING + seconds


def test_a_value_too_many_is_taken_away():
    work = correct(TRUE, said(("company", "ACME LTD"), ("total", "12.90"), ("party", "Bob")), SCHEMA, SECONDS)
    assert work.outcomes["party"] == "removed"
    assert work.seconds == LOOKING + 1


def test_what_does_not_stand_in_the_text_has_to_be_typed():
    hidden = document(("company", "ACME LTD"), unreachable=("company",))
    work = correct(hidden, said(), SCHEMA, SECONDS)
    assert work.seconds == work.by_hand == LOOKING + 8 + 5


def test_of_a_list_every_value_counts_and_the_same_one_twice_counts_once():
    several = document(("party", "Ann"), ("party", "Bob"), ("party", "ANN"))
    work = correct(several, said(("party", "Ann")), SCHEMA, SECONDS)
    assert work.outcomes["party"] == "added"
    assert (work.seconds, work.by_hand) == (LOOKING + 8, LOOKING + 2 * 8)


def test_what_is_not_asked_for_costs_nothing_and_stays_as_it_is_right_or_wrong():
    values = said(("company", "Thank you"), ("total", "12.90"))
    work = correct(TRUE, values, SCHEMA, SECONDS, unasked=("company", "total"))
    assert work.outcomes == {"company": "assumed", "total": "assumed", "party": "accepted"}
    assert work.seconds == LOOKING - 2
    assert work.by_hand == LOOKING + 2 * 8
    assert (work.unseen, work.wrong) == ({"company", "total"}, 1)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["company", "total", "party"]), st.sampled_from(["Ann", "12.90", "7", "A B C"])
        )
    )
)
def test_nobody_is_slower_than_checking_and_mending_everything(values):
    work = correct(TRUE, said(*values), SCHEMA, SECONDS)
    assert LOOKING <= work.seconds <= work.by_hand + len(values) * max(1, SECONDS.text)
    assert set(work.outcomes) == set(SCHEMA.names)


def test_the_usual_seconds_are_those_that_the_ledgers_start_from():
    usual, start = Seconds(), cost.default(4)
    assert (usual.open, usual.page, usual.field, usual.box) == (
        start.open, start.page, start.field, start.error,
    )  # fmt: skip


def test_seconds_come_from_yaml_or_json_and_what_is_left_out_is_usual(tmp_path):
    path = tmp_path / "seconds.yaml"
    path.write_text("open: 2\nbox: 11.5\n")
    assert read_seconds(path) == Seconds(open=2, box=11.5)
    path.write_text(json.dumps(Seconds().to_json()))
    assert read_seconds(path) == read_seconds(None) == Seconds()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "no mapping of seconds"),
        ("{", "neither YAML nor JSON"),
        ("coffee: 3", "no seconds are called 'coffee'; there are: open, page, field, text, box"),
        ("box: -1", "box is a number of seconds, 0 or more"),
        ("box: fast", "box is a number of seconds"),
        ("{open: 0, page: 0, field: 0, text: 0, box: 0}", "nothing can be saved"),
    ],
)
def test_a_file_that_can_not_be_seconds_is_refused_with_a_reason(tmp_path, text, message):
    path = tmp_path / "seconds.yaml"
    path.write_text(text)
    with pytest.raises(NoCostModel, match=message):
        read_seconds(path)
