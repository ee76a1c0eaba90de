"""Why a field had to be changed, told from what was shown and what was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation import causes, labelling
from annotation.causes import Cause
from annotation.labelling import Region
from models.extractors.base import Answer, Value
from models.pages import Box, Page, Place
from models.schema import Schema
from tests.factories import make_page, place_of

SCHEMA = Schema.from_json(
    [
        {"name": "company", "kind": "text"},
        {"name": "date", "kind": "date"},
        {"name": "net", "kind": "money"},
        {"name": "total", "kind": "money"},
        {"name": "reference", "kind": "text", "repeats": True},
    ]
)
PAGE = make_page("ACME TRADING LTD\nInvoice date 03/04/2024\nNet 10.00 Total l2.9O paid 12.90\nRef A-1 A-2")


def value(name: str, text: str, at: str | None = None, confidence: float = 0.9) -> Value:
    return Value(name, text, SCHEMA[name].normalise(text), confidence, place_of(PAGE, at or text))


def answer(name: str, text: str, at: str | None = None) -> Answer:
    return Answer(name, text, place_of(PAGE, at or text))


def cause(shown: list[Value], said: list[Answer], name: str, page: Page = PAGE) -> Cause | None:
    """As it is when a correction is recorded: the outcome is told by the regions, whose ids are the prediction's."""
    before = labelling.shown(shown, SCHEMA)
    ids = {v.field: region_id for region_id, v in before}
    regions = [Region(ids.get(a.field, f"new-{n}"), a) for n, a in enumerate(said)]
    outcomes = labelling.outcomes(before, regions, SCHEMA)
    return causes.of(shown, said, outcomes, [page], SCHEMA).get(name)


@pytest.mark.parametrize(
    ("shown", "said", "name", "why"),
    [
        # as it was
        ([value("company", "ACME TRADING LTD")], [answer("company", "ACME TRADING LTD")], "company", None),
        ([], [], "company", None),
        # the reader took l for 1 and O for 0
        (
            [value("company", "TRADlNG", "TRADING")],
            [answer("company", "TRADING HOUSE", "TRADING")],
            "company",
            Cause.MISREAD,
        ),
        # one word too few: the box was drawn wider, over the words that were left out
        (
            [value("company", "ACME")],
            [answer("company", "ACME TRADING LTD")],
            "company",
            Cause.WRONG_PLACE,
        ),
        # elsewhere
        ([value("total", "10.00")], [answer("total", "12.90")], "total", Cause.WRONG_PLACE),
        # typed without drawing the box where it stands
        ([value("total", "10.00")], [answer("total", "12.90", "10.00")], "total", Cause.WRONG_PLACE),
        # right, but in another place
        ([value("total", "12.90", "Total")], [answer("total", "12.90")], "total", Cause.WRONG_PLACE),
        # the total had the net amount
        (
            [value("total", "10.00")],
            [answer("total", "12.90"), answer("net", "10.00")],
            "total",
            Cause.WRONG_FIELD,
        ),
        (
            [value("total", "10.00")],
            [answer("total", "12.90"), answer("net", "10.00")],
            "net",
            Cause.WRONG_FIELD,
        ),
        ([value("total", "10.00")], [answer("net", "10.00")], "total", Cause.WRONG_FIELD),
        ([], [answer("date", "03/04/2024")], "date", Cause.MISSED),
        ([value("date", "03/04/2024")], [], "date", Cause.SPURIOUS),
        # the same day, written differently
        ([value("date", "03/04/2024")], [answer("date", "2024-04-03", "03/04/2024")], "date", Cause.FORMAT),
        # what the person says can't be seen on the page
        (
            [value("company", "ACME TRADING LTD")],
            [answer("company", "Widgets of Ohio", "ACME TRADING LTD")],
            "company",
            Cause.OTHER,
        ),
    ],
)
def test_a_field_has_the_cause_that_a_person_would_name(shown, said, name, why):
    assert cause(shown, said, name) == why


def test_figures_that_readers_take_for_letters_resemble_them():
    page = make_page("Total l2.9O")
    place = place_of(page, "l2.9O")
    shown = [Value("total", "l2.9O", None, 0.4, place)]
    assert cause(shown, [Answer("total", "17.90", place)], "total", page) == Cause.MISREAD


def test_several_values_are_told_by_those_that_changed():
    shown = [value("reference", "A-1"), value("reference", "A-2")]
    outcomes = {"reference": "edited"}
    said = (answer("reference", "A-1"), answer("reference", "B-22", "A-2"))
    assert causes.of(shown, said, outcomes, [PAGE], SCHEMA) == {"reference": Cause.OTHER}


def test_what_nobody_looked_at_has_no_cause():
    outcomes = {"total": labelling.ASSUMED, labelling.CHOSEN_TYPE: "letters"}
    assert causes.of([value("total", "12.90")], [], outcomes, [PAGE], SCHEMA) == {}


def test_an_answer_on_a_page_that_is_gone_has_the_cause_other():
    gone = Answer("total", "99.00", Place(3, Box(0.1, 0.1, 0.2, 0.2)))
    shown = [Value("total", "12.90", "12.90", 0.9, gone.place)]
    assert causes.of(shown, [gone], {"total": "edited"}, [PAGE], SCHEMA) == {"total": Cause.OTHER}


texts = st.sampled_from(
    ["ACME", "TRADING LTD", "03/04/2024", "10.00", "12.90", "l2.9O", "A-1", "A-2", "gone"]
)
boxes = st.sampled_from([place_of(PAGE, at).box for at in ("ACME", "10.00", "12.90", "A-1 A-2", "Total")])
places = st.builds(Place, st.just(0), boxes)
names = st.sampled_from(SCHEMA.names)
values = st.lists(st.builds(Value, names, texts, st.none(), st.floats(0, 1), places), max_size=6)
answers = st.lists(st.builds(Answer, names, texts, places), max_size=6)

ALLOWED = {
    "accepted": {None, Cause.FORMAT},
    "moved": {Cause.WRONG_PLACE},
    "edited": {Cause.MISREAD, Cause.WRONG_PLACE, Cause.WRONG_FIELD, Cause.OTHER},
    "added": {Cause.MISSED, Cause.WRONG_FIELD},
    "removed": {Cause.SPURIOUS, Cause.WRONG_FIELD},
}


@given(values, answers)
def test_every_change_has_a_cause_that_fits_how_the_field_ended(shown, said):
    before = labelling.shown(shown, SCHEMA)
    ids = [region_id for region_id, _ in before]
    regions = [Region(ids[n] if n < len(ids) else f"new-{n}", each) for n, each in enumerate(said)]
    outcomes = labelling.outcomes(before, regions, SCHEMA)
    found = causes.of(shown, said, outcomes, [PAGE], SCHEMA)
    assert set(found) <= set(SCHEMA.names)
    for name, outcome in outcomes.items():
        assert found.get(name) in ALLOWED[outcome]


@given(values, answers)
def test_pairing_loses_and_doubles_nothing(shown, said):
    for field in SCHEMA:
        own = [each for each in shown if each.field == field.name]
        people = [each for each in said if each.field == field.name]
        paired = causes.pair(own, people, field)
        assert sorted(map(repr, [v for v, _ in paired.pairs] + paired.left)) == sorted(map(repr, own))
        assert sorted(map(repr, [a for _, a in paired.pairs] + paired.new)) == sorted(map(repr, people))
        assert not paired.left or not paired.new
