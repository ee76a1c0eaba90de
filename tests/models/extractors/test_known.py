import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.extractors.base import Answer, Example, Extracted, Value
from models.extractors.combined.known import CONFIRMED, SHORTEST, Known, trusted
from models.pages import Box, Place
from models.schema import Field, Kind, Schema
from models.values import normalise_text
from tests.factories import make_page

SCHEMA = Schema((Field("address"), Field("party", repeats=True), Field("total", Kind.MONEY)))
ADDRESS = "LOT 1851-A, JALAN KPB 6, KAWASAN BALAKONG, SELANGOR"
OTHER = "NO. 12, JALAN TAMPOI 7/4, 81200 JOHOR BAHRU, JOHOR"
PLACE = Place(0, Box(0.1, 0.1, 0.5, 0.2), (0,))
PAGES = (make_page("some words"),)


def example(*answers: tuple[str, str]) -> Example:
    return Example("document", PAGES, tuple(Answer(field, text) for field, text in answers))


def said(field: str, *texts: str) -> Extracted:
    return Extracted(tuple(Value(field, text, normalise_text(text), 0.9, PLACE) for text in texts), {})


def respelt(known: Known, field: str, *texts: str) -> list[str]:
    return [value.text for value in known.respelt(SCHEMA, said(field, *texts)).values]


KNOWN = Known.of(SCHEMA, [example(("address", ADDRESS), ("party", OTHER))] * CONFIRMED)


@pytest.mark.parametrize(
    "garbled",
    [
        "LOT 1851-A, JALAN KPB 6, KWASAN BALAKANG, SELANGOR",  # letters read wrongly
        "LOT 1851-A, JALAN KP8 6, KAWASAN BALAKONG, SELANGOR",  # a letter read as a figure
        "LOT 1851-A, JALAN KPB 6, KAWASAN BALAKONG, SELANGOR TEL",  # a word too many
    ],
)
def test_a_text_that_nearly_is_a_confirmed_one_is_spelt_like_that(garbled):
    (value,) = KNOWN.respelt(SCHEMA, said("address", garbled)).values
    assert (value.text, value.normalised) == (ADDRESS, normalise_text(ADDRESS))
    assert (value.confidence, value.place) == (0.9, PLACE)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("address", "LOT 1852-A, JALAN KPB 6, KAWASAN BALAKONG, SELANGOR"),  # another house
        ("address", OTHER + " BRANCH"),  # confirmed of another field
        ("party", "LOT 1851-A, JALAN KPB 6, KWASAN BALAKONG, SELANGOR"),
    ],
)
def test_what_means_something_else_stays_as_it_was_read(field, text):
    assert respelt(KNOWN, field, text) == [text]


def test_a_text_confirmed_once_may_be_a_mistake():
    assert Known.of(SCHEMA, [example(("address", ADDRESS))]).texts["address"] == {}
    assert Known.of(SCHEMA, [example(("party", ADDRESS), ("party", ADDRESS))]).texts["party"] == {}


def test_short_texts_that_resemble_each_other_are_different_ones():
    known = Known.of(SCHEMA, [example(("party", "ECOSWAY SDN BHD"))] * CONFIRMED)
    assert respelt(known, "party", "COSWAY SDN BHD") == ["COSWAY SDN BHD"]


def test_two_readings_of_one_text_become_one_value():
    assert respelt(KNOWN, "party", OTHER + " A", OTHER + " B", "Acme") == [OTHER, "Acme"]


def test_it_is_spelt_as_most_people_wrote_it():
    known = Known.of(SCHEMA, [example(("address", text)) for text in (ADDRESS.lower(), ADDRESS, ADDRESS)])
    assert known.texts["address"] == {normalise_text(ADDRESS): ADDRESS}


def test_fields_that_respelling_harms_are_not_trusted():
    examples = [example(("address", ADDRESS), ("party", OTHER))]
    before = [Extracted((*said("address", ADDRESS + " X").values, *said("party", OTHER).values))]
    after = [Extracted((*said("address", ADDRESS).values, *said("party", OTHER + " X").values))]
    assert trusted(SCHEMA, examples, before, after) == ["address", "total"]
    assert set(KNOWN.only(["address"]).texts) == {"address"}


@given(st.text("ABC 12.", max_size=80))
def test_letters_that_people_confirmed_are_never_changed(text):
    known = Known.of(SCHEMA, [example(("address", text)), example(("address", ADDRESS))] * CONFIRMED)
    assert (normalise_text(text) in known.texts["address"]) == (len(normalise_text(text)) >= SHORTEST)
    assert respelt(known, "address", text) == [text] or len(normalise_text(text)) < SHORTEST
    assert Known(json.loads(json.dumps(known.to_json()))) == known
