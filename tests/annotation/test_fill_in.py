"""What is filled in for a box that somebody draws: reading order, kinds of fields, and nothing lost of what was drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.fill_in import filled, text_in
from annotation.labelling import outcomes, read_annotation
from models.alignment import words_in_box
from models.extractors.base import Answer
from models.pages import Box, Page, Word
from models.schema import Field, Kind, Schema
from tests.factories import make_page, place_of
from tests.journeys.annotator import drawn

TOTAL = Field("total", Kind.MONEY)
DATE = Field("date", Kind.DATE)
NAME = Field("company")
CURRENCY = Field("currency", Kind.CHOICE, choices=("EUR", "USD"))
SCHEMA = Schema((NAME, DATE, TOTAL, CURRENCY))
EVERYTHING = Box(0, 0, 1, 1)


def rectangle(field: str = "total", **more) -> dict:
    """A region as Label Studio sends it right after it was drawn: without a text."""
    page = make_page("Total RM 12.90")
    return drawn(Answer(field, "", place_of(page, "12.90")), (1000, 1400))[0] | more


# the text


@pytest.mark.parametrize(
    ("line", "field", "text"),
    [
        ("12.90", TOTAL, "12.90"),
        ("Total RM 12.90", TOTAL, "12.90"),
        ("Total 1 234.50 EUR", TOTAL, "1 234.50"),
        ("( 12.90 )", TOTAL, "( 12.90 )"),  # less words would make a debt a claim
        ("Two for 12.90", TOTAL, "12.90"),
        ("no number", TOTAL, "no number"),
        ("Date 25/12/2018 10:33", DATE, "25/12/2018"),
        ("Date: 25 December 2018", DATE, "25 December 2018"),
        ("01/02/2018 to 03/04/2018", DATE, "01/02/2018 to 03/04/2018"),
        ("soon", DATE, "soon"),
        ("ACME Trading LTD", NAME, "ACME Trading LTD"),
        ("€", CURRENCY, "EUR"),
        ("usd", CURRENCY, "USD"),
        ("Yen", CURRENCY, "Yen"),
    ],
)
def test_the_text_is_what_an_extractor_would_say_of_these_words(line, field, text):
    assert text_in(make_page(line), EVERYTHING, field) == text


def test_lines_are_read_from_top_to_bottom_and_left_to_right_whatever_the_order_of_the_words():
    page = make_page("ACME LTD\n12 High Street\nBath")
    mixed = Page(page.width, page.height, tuple(reversed(page.words)))
    assert text_in(mixed, EVERYTHING, NAME) == "ACME LTD 12 High Street Bath"


def test_only_what_the_box_covers_is_read():
    page = make_page("ACME LTD\n12 High Street\nBath")
    assert text_in(page, place_of(page, "12 High Street").box, NAME) == "12 High Street"


def test_a_box_drawn_into_a_word_means_that_word():
    page = make_page("Bath")
    word = page.words[0].box
    inside = Box(word.x0 + 0.1, word.y0 + 0.005, word.x0 + 0.2, word.y0 + 0.01)
    assert text_in(page, inside, NAME) == "Bath"


def test_no_words_no_text():
    assert text_in(make_page("Bath"), Box(0.5, 0.5, 0.6, 0.6), NAME) == ""


shares = st.floats(0, 1)
boxes = st.builds(
    lambda x, y, right, down: Box(min(x, right), min(y, down), max(x, right), max(y, down)),
    *[shares] * 4,
)
texts = st.sampled_from(["12.90", "Total", "25/12/2018", "RM", "€", "-", "ACME", "(", "1.234,00", "2018"])
pages = st.builds(
    lambda words: Page(1000, 1400, tuple(words)), st.lists(st.builds(Word, texts, boxes), max_size=8)
)


@given(pages, boxes, st.sampled_from(list(SCHEMA)))
def test_a_box_has_a_text_exactly_if_words_lie_under_it_and_says_nothing_else(page, box, field):
    text = text_in(page, box, field)
    under = [page.words[index].text for index in words_in_box(page, box)]
    assert bool(text) == bool(under)
    if field.kind is not Kind.CHOICE:
        assert set(text.split()) <= set(under)
    if field.kind is Kind.TEXT:
        assert sorted(text.split()) == sorted(under)


# the answer


def answer(*items: dict) -> list[dict]:
    page = make_page("Total RM 12.90")
    return filled(items, SCHEMA, lambda number, box, field: text_in(page, box, field) if number == 0 else "")


def test_a_drawn_region_comes_back_with_its_text_under_the_same_id_and_at_the_same_place():
    region = rectangle()
    same, text = answer(region)
    assert same == region
    assert (text["from_name"], text["type"], text["value"]["text"]) == (
        "transcription",
        "textarea",
        ["12.90"],
    )
    for name in ("id", "to_name", "item_index", "original_width", "original_height", "origin"):
        assert text[name] == region[name]
    assert {name: text["value"][name] for name in ("x", "y", "width", "height", "rotation")} == {
        name: region["value"][name] for name in ("x", "y", "width", "height", "rotation")
    }


def test_a_region_that_nothing_can_be_read_for_comes_back_as_it_was():
    for region in (
        rectangle(item_index=7),
        rectangle(item_index="x"),
        rectangle("unknown"),
        rectangle(value={}),
        rectangle(value={"x": float("nan"), "y": 1, "width": 1, "height": 1, "rectanglelabels": ["total"]}),
        rectangle(value={"x": 1, "y": 1, "width": 1, "height": 1, "rectanglelabels": []}),
    ):
        assert answer(region) == [region]


def test_a_models_box_that_was_moved_is_read_like_one_that_was_drawn():
    region = rectangle("total (as read)")
    assert answer(region)[1]["value"]["text"] == ["12.90"]


def test_what_was_typed_is_kept():
    region = rectangle()
    typed = region | {"from_name": "transcription", "type": "textarea", "value": {"text": ["13.90"]}}
    assert answer(region, typed) == [region, typed]


def test_a_models_regions_are_left_as_they_are():
    assert answer(rectangle(origin="prediction"), rectangle(origin="prediction-changed")) == []


def test_a_picture_that_was_turned_changes_nothing():
    assert answer(rectangle(image_rotation=90))[1]["value"]["text"] == ["12.90"]


# and back: what Label Studio 1.23.2 submitted for a box that was filled in


def test_a_field_that_was_filled_in_is_added_with_its_text_and_place():
    page = make_page("Total RM 12.90")
    submitted = [
        item | {"id": "i3GgYiR7b9", "origin": "manual", "item_index": 0} for item in answer(rectangle())
    ]
    regions, _ = read_annotation(submitted, [page], SCHEMA)
    (region,) = regions
    assert (region.answer.field, region.answer.text) == ("total", "12.90")
    assert region.answer.place.words == place_of(page, "12.90").words
    assert outcomes([], regions, SCHEMA)["total"] == "added"
