"""Where a value stands a second time, its words teach nothing: they are never told to be no field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.alignment import label_words
from models.extractors.base import Answer
from models.pages import Box, Page, Place, Word
from models.schema import Field, Kind, Schema
from tests.factories import make_page

SCHEMA = Schema((Field("company"), Field("total", Kind.MONEY)))
LETTERS = st.text("ACEFHJKMNPRTUVWXY", min_size=4, max_size=7)


def test_other_occurrences_of_a_pointed_at_value_are_masked():
    page = make_page("Item 9.00\nTotal 9.00\nCash 9.00")
    place = Place(0, page.words[3].box)
    alignment = label_words([page], [Answer("total", "9.00", place)], SCHEMA)
    assert alignment.labels[0] == ("O", None, "O", "B-total", "O", None)
    assert alignment.places[0] is not None and alignment.places[0].words == (3,)


@pytest.mark.parametrize(
    ("label", "elsewhere"),
    [
        ("GREEN HARBOUR MARKET", "GREEN HARB0UR MARKEI"),  # exactly, and badly read
        ("GREEN HARB0UR MARKET", "CREEN HARBOUR MARKET"),  # but for lookalikes, and badly read
        ("GREEN HARBOUR MARKEI", "CREENHARBOUR MARKET"),  # badly read twice
        ("GREEN HARBOUR MARKET", "GREEN HARB0UR MARKET"),
    ],
)
def test_a_badly_read_second_occurrence_is_masked(label, elsewhere):
    page = make_page(f"{label}\nTotal 9.00\n{elsewhere}\nThank you")
    labels = label_words([page], [Answer("company", "GREEN HARBOUR MARKET")], SCHEMA).labels[0]
    named = set(labels[:3]), set(labels[5:-2])
    assert named in (
        ({"B-company", "I-company"}, {None}),
        ({None}, {"B-company", "I-company"}),
    )
    assert labels[3:5] == labels[-2:] == ("O", "O")


def test_a_second_occurrence_in_its_long_form_or_across_columns_is_masked():
    page = make_page("Acme Holdings Ltd\nTotal 9.00\nACME HOLDINGS, LIMITED")
    labels = label_words([page], [Answer("company", "Acme Holdings Ltd")], SCHEMA).labels[0]
    assert labels == ("B-company", "I-company", "I-company", "O", "O", None, None, None)
    rows = [("Acme", 0.1), ("Total:", 0.7), ("12.00", 0.8)], [("Street", 0.1), ("Date:", 0.7), ("5", 0.8)]
    rows += ([("Acme", 0.1), ("Street", 0.2)],)
    words = [
        Word(text, Box(x, 0.1 + 0.02 * row, x + 0.08, 0.115 + 0.02 * row))
        for row, line in enumerate(rows)
        for text, x in line
    ]
    labels = label_words([Page(1000, 1400, tuple(words))], [Answer("company", "Acme Street")], SCHEMA).labels[
        0
    ]
    assert labels == (None, "O", "O", None, "O", "O", "B-company", "I-company")


def test_what_merely_resembles_an_amount_or_a_period_is_no_field():
    page = make_page("Total 1212.90\nCash 1212.80\nends in 3 years, not in 4 years")
    answers = [Answer("total", "1212.90"), Answer("company", "3 years")]
    labels = label_words([page], answers, SCHEMA).labels[0]
    assert [page.words[i].text for i, label in enumerate(labels) if label != "O"] == [
        "1212.90",
        "3",
        "years,",
    ]


@given(
    value=st.lists(LETTERS, min_size=3, max_size=5, unique=True),
    data=st.data(),
)
def test_no_occurrence_of_a_text_is_told_to_be_none_whatever_reading_did_to_it(value, data):
    raw = " ".join(value)
    lines = []
    for _ in range(data.draw(st.integers(2, 4))):
        at = data.draw(st.integers(0, len(raw) - 1).filter(lambda i: raw[i] != " "))
        misread = raw[:at] + data.draw(st.sampled_from([raw[at], "", "4"])) + raw[at + 1 :]
        cut = data.draw(
            st.sampled_from([misread, misread.replace(" ", "", 1), misread.replace(" ", "\n", 1)])
        )
        lines.append(cut.strip())
    page = make_page("\n9 9 9 9 9 9\n".join(lines))
    labels = label_words([page], [Answer("company", raw)], SCHEMA).labels[0]
    assert labels.count("B-company") == 1
    for word, label in zip(page.words, labels, strict=True):
        assert (label == "O") == (word.text == "9")
