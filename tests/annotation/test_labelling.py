import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation import labelling
from annotation.errors import Refused
from annotation.labelling import AS_READ, Region
from models.extractors.base import Answer, Value
from models.pages import Box, Page, Place, Word
from models.schema import Schema
from tests.factories import FIELDS, make_page, place_of

SCHEMA = Schema.from_json(FIELDS)
PAGE = make_page("ACME LTD\nDate 01/02/2024\nTotal 12.90")


def value(field, text, place=None, confidence=0.9):
    return Value(field, text, SCHEMA[field].normalise(text), confidence, place or place_of(PAGE, text))


def predict(values, pages=(PAGE,)):
    return labelling.prediction(
        values, pages, SCHEMA, document_type="receipt", model_version="v1", score=0.6
    )["result"]


def read(result, pages=(PAGE,)):
    return labelling.read_annotation(result, pages, SCHEMA)


def drawn(field="total", text="", **more):
    """A region drawn by hand, in percent."""
    place = {"x": 5.0, "y": 5.0, "width": 90.0, "height": 2.0, "rotation": 0} | more.pop("place", {})
    common = {"id": "hand", "to_name": "pages", "item_index": 0, "origin": "manual"} | more
    items = [
        common
        | {"from_name": "field", "type": "rectanglelabels", "value": place | {"rectanglelabels": [field]}}
    ]
    if text:
        items.append(
            common | {"from_name": "transcription", "type": "textarea", "value": place | {"text": [text]}}
        )
    return items


# what goes out


def test_an_occurrence_is_two_items_with_one_id_and_its_confidence():
    _type, box, text = predict([value("total", "12.90", confidence=0.6)])
    assert box["id"] == text["id"] == "total-0"
    assert box["score"] == text["score"] == 0.6
    assert box["value"]["rectanglelabels"] == ["total (doubtful)"]
    assert text["value"]["text"] == ["12.90"]
    assert box["value"]["x"] == text["value"]["x"] == pytest.approx(50.0)
    assert (box["original_width"], box["original_height"], box["item_index"]) == (1000, 1400, 0)


def test_regions_of_a_field_are_numbered_in_the_extractions_order():
    shown = labelling.shown(
        [value("total", "12.90"), value("company", "ACME"), value("total", "12.90")], SCHEMA
    )
    assert [region_id for region_id, _ in shown] == ["total-0", "company-0", "total-1"]


def test_a_value_without_a_place_is_not_shown():
    nowhere = Value("total", "12.90", "12.90", 0.9, None)
    dot = Value("total", "12.90", "12.90", 0.9, Place(0, Box(0.5, 0.5, 0.5, 0.6), ()))
    assert labelling.shown([nowhere, dot], SCHEMA) == []
    assert [item["id"] for item in predict([nowhere])] == ["document_type"]


def test_the_document_type_goes_along():
    assert predict([])[0]["value"] == {"choices": ["receipt"]}
    assert read(predict([])) == ((), "receipt")


def test_a_task_carries_our_documents_id_as_text():
    data = labelling.task_data(12, ["/a.jpg"], reason="", title="Receipts")
    assert data["doc_id"] == "12"
    assert data["pages"] == ["/a.jpg"]
    assert data["reason"]


# what comes back


@st.composite
def documents(draw):
    """Pages of words that don't overlap, and values on some of them."""
    pages, values = [], []
    for number in range(draw(st.integers(1, 3))):
        count = draw(st.integers(0, 12))
        words = tuple(
            Word(
                draw(st.text(string.ascii_letters + string.digits + ".,/-€", min_size=1, max_size=8)),
                Box(0.05, 0.05 + row * 0.07, 0.05 + draw(st.floats(0.05, 0.9)), 0.1 + row * 0.07),
            )
            for row in range(count)
        )
        page = Page(draw(st.integers(200, 4000)), draw(st.integers(200, 4000)), words)
        for first in (
            draw(st.lists(st.integers(0, max(0, count - 1)), max_size=3, unique=True)) if count else []
        ):
            last = draw(st.integers(first, min(count - 1, first + 2)))
            indices = tuple(range(first, last + 1))
            place = Place(number, Box.around(words[i].box for i in indices), indices)
            text = " ".join(words[i].text for i in indices)
            values.append(
                Value(draw(st.sampled_from(SCHEMA.names)), text, None, draw(st.floats(0, 1)), place)
            )
        pages.append(page)
    return pages, values


@given(documents())
def test_what_is_submitted_as_shown_comes_back_as_it_was_said(document):
    pages, values = document
    regions, chosen = read(predict(values, pages), pages)
    assert chosen == "receipt"
    listed = sorted(values, key=lambda each: each.confidence)  # the least certain stands first
    assert [(region.answer.field, region.answer.text) for region in regions] == [
        (each.field, each.text) for each in listed
    ]
    for region, each in zip(regions, listed, strict=True):
        assert region.answer.place.page == each.place.page
        assert region.answer.place.words == each.place.words
        assert region.answer.place.box.to_json() == pytest.approx(each.place.box.to_json())
    assert set(labelling.outcomes(labelling.shown(values, SCHEMA), regions, SCHEMA).values()) == {"accepted"}


def test_a_region_without_text_says_what_stands_under_it():
    (region,), _ = read(drawn("company"))
    assert region == Region("hand", region.answer)
    assert (region.answer.text, region.answer.place.words) == ("ACME LTD", (0, 1))


def test_a_persons_own_text_counts_more_than_the_words_under_it():
    (region,), _ = read(drawn("company", text=" Acme Limited "))
    assert region.answer.text == "Acme Limited"


@pytest.mark.parametrize("text", ["ACME", ["AC", "ME"]])
def test_text_may_be_a_string_or_a_list(text):
    items = drawn("company", text="x")
    items[1]["value"]["text"] = text
    assert read(items)[0][0].answer.text.replace(" ", "") == "ACME"


def test_a_turned_rectangle_becomes_the_upright_box_around_it():
    # 200 x 100 pixels, turned by 90° clockwise about its top left corner (500, 700): 100 wide to the left, 200 down
    place = {"x": 50.0, "y": 50.0, "width": 20.0, "height": 100 / 14, "rotation": 90}
    (region,), _ = read(drawn(text="x", place=place))
    assert region.answer.place.box.to_json() == pytest.approx([0.4, 0.5, 0.5, 0.5 + 200 / 1400])


def test_a_box_lies_in_the_upright_page_however_the_person_had_turned_the_picture():
    (upright,), _ = read(drawn("company"))
    (turned,), _ = read(drawn("company", image_rotation=90))
    assert turned == upright


def said_absent(*fields):
    value = {"choices": list(fields)}
    return {
        "id": "a",
        "from_name": "absent",
        "to_name": "pages",
        "type": "choices",
        "origin": "manual",
        "value": value,
    }


def test_a_field_that_is_said_to_be_absent_has_nothing_of_what_the_person_was_shown():
    shown = predict([value("total", "12.90"), value("company", "ACME LTD")])
    regions, _ = read([*shown, said_absent("total")])
    assert [each.answer.field for each in regions] == ["company"]
    assert labelling.absent_in([*shown, said_absent("total")]) == {"total"}
    # but what they drew themselves stays, and contradicts it
    assert [each.answer.field for each in read([*drawn(), said_absent("total")])[0]] == ["total"]


def test_what_is_wrong_with_the_whole_document_is_read():
    assert labelling.problem_in(predict([])) == ""
    problem = said_absent("unreadable") | {"from_name": "problem"}
    assert labelling.problem_in([*predict([]), problem]) == "unreadable"
    assert labelling.problem_in([{"from_name": "problem", "value": "nonsense"}]) == ""


def test_the_least_certain_stands_first_and_what_is_taken_as_read_last():
    values = [
        value("company", "ACME LTD", confidence=0.2),
        value("total", "12.90", confidence=0.95),
        value("date", "01/02/2024", confidence=0.5),
    ]
    items = labelling.prediction(
        values,
        [PAGE],
        SCHEMA,
        document_type="receipt",
        model_version="v1",
        score=0.2,
        unasked=["company"],
    )["result"]
    labels = [each["value"]["rectanglelabels"][0] for each in items if "rectanglelabels" in each["value"]]
    assert labels == ["date (poor)", "total (sure)", f"company{AS_READ}"]


def test_a_task_is_never_empty_without_a_word():
    nothing = labelling.task_data(12, [], reason="", title="", asked=["Total"], found_nothing=True)
    assert nothing["asked"] == "The model found nothing on this document: draw what is there"
    partly = labelling.task_data(12, [], reason="", title="", asked=["Total", "Date"], missing=["Date"])
    assert partly["asked"] == "Check every field. Not found: Date"


def test_what_is_drawn_over_the_edge_is_cut_off():
    (region,), _ = read(drawn(text="x", place={"x": -5.0, "width": 200.0}))
    assert (region.answer.place.box.x0, region.answer.place.box.x1) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("items", "why"),
    [
        (drawn("nonsense"), "no field|nonsense"),
        (drawn(place={"x": "5"}), "no geometry"),
        (drawn(place={"width": float("nan")}), "no geometry"),
        (drawn(place={"height": None}), "no geometry"),
        (drawn(place={"width": 0}), "covers nothing"),
        (drawn(place={"x": 120.0}), "covers nothing"),
        (drawn(item_index=1), "page 1"),
        (drawn(item_index="0"), "page '0'"),
        (drawn(place={"y": 90.0}), "no text"),
        (drawn(text="x")[1:], "no field"),
    ],
)
def test_a_region_that_cant_be_taken_is_refused_by_its_id(items, why):
    with pytest.raises(Refused, match=why) as refusal:
        read(items)
    assert "'hand'" in str(refusal.value)


def test_other_peoples_tags_and_relations_are_passed_over():
    relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right"}
    remark = {"id": "r", "from_name": "remark", "type": "textarea", "value": {"text": ["hm"]}}
    assert read([relation, remark]) == ((), None)


def test_the_type_that_was_chosen_comes_back():
    items = predict([])
    items[0]["value"]["choices"] = ["invoice"]
    assert read(items) == ((), "invoice")


# how each field ended


def told(seen, said):
    return labelling.outcomes(labelling.shown(seen, SCHEMA), said, SCHEMA)


def region(region_id, field, text, place=None):
    return Region(region_id, Answer(field, text, place or place_of(PAGE, "12.90")))


SEEN = [value("total", "12.90")]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([region("total-0", "total", "12.90")], "accepted"),
        ([region("total-0", "total", "RM 12.9")], "accepted"),  # the same amount
        ([region("total-0", "total", "12.95")], "edited"),
        ([region("total-0", "total", "12.90", place_of(PAGE, "ACME"))], "moved"),
        ([region("total-0", "total", "12.90", Place(1, place_of(PAGE, "12.90").box))], "moved"),
        ([], "removed"),
        ([region("total-0", "total", "12.90"), region("hand", "total", "1.00")], "added"),
        ([region("hand", "total", "12.90")], "accepted"),  # deleted and drawn anew in the same place
        ([region("hand", "total", "12.90", place_of(PAGE, "ACME"))], "moved"),
        ([region("hand", "total", "9.99")], "edited"),  # deleted, and the right one drawn elsewhere
    ],
)
def test_a_field_is_told_against_what_the_person_saw(said, outcome):
    assert told(SEEN, said) == {"company": "accepted", "date": "accepted", "total": outcome}


def test_a_field_that_the_person_found_was_added():
    assert told([], [region("hand", "total", "12.90")])["total"] == "added"


def test_a_field_that_is_absent_for_both_is_accepted():
    assert told([], []) == dict.fromkeys(SCHEMA.names, "accepted")


def test_a_region_given_to_another_field_is_removed_from_one_and_added_to_the_other():
    ended = told(SEEN, [region("total-0", "company", "12.90")])
    assert (ended["total"], ended["company"]) == ("removed", "added")


def test_a_box_drawn_a_little_wider_was_not_moved():
    place = place_of(PAGE, "12.90")
    wider = Place(0, Box(place.box.x0 - 0.01, place.box.y0, place.box.x1 + 0.01, place.box.y1), ())
    assert told(SEEN, [region("total-0", "total", "12.90", wider)])["total"] == "accepted"


def test_of_several_occurrences_the_gravest_outcome_counts():
    seen = [value("total", "12.90"), value("total", "12.90")]
    said = [region("total-0", "total", "12.90"), region("total-1", "total", "1.00")]
    assert told(seen, said)["total"] == "edited"
    assert told(seen, said[:1])["total"] == "removed"


# selective labelling: what a person is asked for


def not_asked(values, absent=None, above=0.9):
    return labelling.unasked(values, absent or {}, SCHEMA, assume_above=above)


def test_fields_that_are_sure_of_their_values_or_of_their_absence_are_not_asked_for():
    values = [value("company", "ACME LTD", confidence=0.95), value("total", "12.90", confidence=0.6)]
    assert not_asked(values, {"date": 0.97}) == ("company", "date")
    assert not_asked(values, {"date": 0.8}) == ("company",)


def test_a_field_is_as_sure_as_its_least_certain_value():
    values = [value("total", "12.90", confidence=0.99), value("total", "ACME", confidence=0.5)]
    assert not_asked(values) == ()


def test_a_field_of_which_nothing_was_said_is_asked_for():
    assert not_asked([value("total", "12.90", confidence=0.99)], above=0.5) == ("total",)


def test_a_field_with_a_value_that_cant_be_shown_is_asked_for():
    nowhere = Value("total", "12.90", "12.90", 0.99, None)
    assert not_asked([nowhere], {"company": 0.99}) == ("company",)


def test_somebody_who_is_asked_at_all_is_asked_for_the_least_sure_field():
    values = [value("company", "ACME LTD", confidence=0.99), value("total", "12.90", confidence=0.97)]
    assert not_asked(values, {"date": 0.98}) == ("company", "date")


@given(documents(), st.dictionaries(st.sampled_from(SCHEMA.names), st.floats(0, 1)), st.floats(0.5, 1))
def test_every_field_that_is_not_asked_for_is_sure_and_at_least_one_is_asked_for(document, absent, above):
    _pages, values = document
    found = labelling.unasked(values, absent, SCHEMA, assume_above=above)
    assert set(found) < set(SCHEMA.names)
    for name in found:
        own = [each.confidence for each in values if each.field == name]
        assert min(own or [absent[name]]) >= above


def test_what_is_not_asked_for_is_drawn_with_a_label_of_its_own_and_comes_back_as_its_field():
    items = labelling.prediction(
        [value("total", "12.90"), value("company", "ACME LTD")],
        [PAGE],
        SCHEMA,
        document_type="receipt",
        model_version="v1",
        score=0.6,
        unasked=["company"],
    )["result"]
    drawn_labels = [each["value"]["rectanglelabels"] for each in items if "rectanglelabels" in each["value"]]
    assert drawn_labels == [["total (sure)"], [f"company{AS_READ}"]]
    regions, _ = read(items)
    assert [(each.answer.field, each.as_read) for each in regions] == [("total", False), ("company", True)]


def test_the_task_says_what_to_check_and_what_is_taken_as_read():
    told_data = labelling.task_data(12, [], reason="", title="", asked=["Total"], unasked=["Date", "Shop"])
    assert told_data["asked"] == "Check: Total"
    assert told_data["unasked"] == "Taken as read unless you change them: Date, Shop"
    whole = labelling.task_data(12, [], reason="", title="", asked=["Total"])
    assert (whole["asked"], whole["unasked"]) == ("Check every field", "")


def told_selectively(seen, said, unasked):
    return labelling.outcomes(labelling.shown(seen, SCHEMA), said, SCHEMA, unasked=unasked)


def as_read(region_id, field, text, place=None):
    return replace(region(region_id, field, text, place), as_read=True)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([as_read("total-0", "total", "12.90")], "assumed"),
        ([region("total-0", "total", "12.90")], "accepted"),  # given the field's own label: looked at
        ([region("hand", "total", "12.90")], "accepted"),  # deleted, and drawn anew in the same place
        ([as_read("total-0", "total", "12.95")], "edited"),
        ([as_read("total-0", "total", "12.90", place_of(PAGE, "ACME"))], "moved"),
        ([as_read("total-0", "total", "12.90"), region("hand", "total", "1.00")], "added"),
        ([], "removed"),
    ],
)
def test_what_was_not_asked_for_is_assumed_unless_somebody_touched_it(said, outcome):
    assert told_selectively(SEEN, said, ["total"])["total"] == outcome


def test_an_absent_field_that_was_not_asked_for_is_assumed_absent():
    ended = told_selectively(SEEN, [region("total-0", "total", "12.90")], ["date"])
    assert ended == {"company": "accepted", "date": "assumed", "total": "accepted"}


@given(documents(), st.sets(st.sampled_from(SCHEMA.names)))
def test_who_submits_what_they_were_shown_confirms_what_they_were_asked_for_and_nothing_else(
    document, unasked
):
    pages, values = document
    items = labelling.prediction(
        values, pages, SCHEMA, document_type="receipt", model_version="v1", score=0.6, unasked=unasked
    )["result"]
    regions, _ = read(items, pages)
    ended = told_selectively(values, regions, unasked)
    assert ended == {name: "assumed" if name in unasked else "accepted" for name in SCHEMA.names}
