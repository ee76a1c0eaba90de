import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.alignment import label_words, text_of, values_in, words_in_box
from models.extractors.base import Answer
from models.pages import Box, Page, Place, Word
from models.schema import Field, Kind, Schema
from tests.factories import make_page, place_of

SCHEMA = Schema(
    (
        Field("company"),
        Field("date", Kind.DATE),
        Field("total", Kind.MONEY),
        Field("party", repeats=True),
    )
)


def labelled(page: Page, *answers: Answer) -> dict[str, list[str]]:
    """Texts of the labelled words by label, those masked under 'masked'."""
    found: dict[str, list[str]] = {}
    alignment = label_words([page], answers, SCHEMA)
    for word, label in zip(page.words, alignment.labels[0], strict=True):
        if label != "O":
            found.setdefault(label or "masked", []).append(word.text)
    return found


def test_a_value_of_several_words_is_labelled_from_its_beginning():
    page = make_page("ACME TRADING LTD\nTotal 12.90")
    assert labelled(page, Answer("company", "Acme Trading Ltd.")) == {
        "B-company": ["ACME"],
        "I-company": ["TRADING", "LTD"],
    }


@pytest.mark.parametrize("raw", ["12.90", "RM 12.9", "12,90", "$12.90"])
def test_an_amount_is_found_however_it_is_written(raw):
    assert labelled(make_page("Cash 20.00\nTotal: RM12.90"), Answer("total", raw)) == {"B-total": ["RM12.90"]}


def test_an_amount_torn_apart_by_reading_is_found_whole():
    found = labelled(make_page("Total 1 234 .50"), Answer("total", "1,234.50"))
    assert found == {"B-total": ["1"], "I-total": ["234", ".50"]}


def test_an_amount_one_digit_off_is_another_amount():
    assert labelled(make_page("Total 12.80"), Answer("total", "12.90")) == {}


@pytest.mark.parametrize(
    "written", ["3 April 2018", "03/04/2018", "Apr 3, 2018", "Date:03.04.2018", "04/03/2018"]
)
def test_a_date_is_found_however_it_is_written(written):
    found = labelled(make_page(f"Printed {written} 12:30"), Answer("date", "2018-04-03"))
    assert " ".join(found["B-date"] + found.get("I-date", [])) == written


def test_misread_and_merged_words_are_found():
    page = make_page("B00K SHOP 5DN BHD\nNo: 7")
    assert labelled(page, Answer("company", "BOOK SHOP SDN BHD"))["B-company"] == ["B00K"]
    page = make_page("welcome to\nGREENFIELDMARKET LTO\nNo: 7")
    assert labelled(page, Answer("company", "Greenfield Market Ltd")) == {
        "B-company": ["GREENFIELDMARKET"],
        "I-company": ["LTO"],
    }


def test_a_value_over_two_lines_is_one_value():
    page = make_page("12 High Street\n4711 Old Town\nTotal 1.00")
    found = labelled(page, Answer("company", "12 High Street, 4711 Old Town"))
    assert (len(found["B-company"]), len(found["I-company"])) == (1, 5)


def test_other_occurrences_of_a_pointed_at_value_are_masked():
    page = make_page("Item 9.00\nTotal 9.00\nCash 9.00")
    place = Place(0, page.words[3].box)
    alignment = label_words([page], [Answer("total", "9.00", place)], SCHEMA)
    assert alignment.labels[0] == ("O", None, "O", "B-total", "O", None)
    assert alignment.places[0] is not None and alignment.places[0].words == (3,)


def test_without_a_box_the_occurrence_that_is_announced_is_taken():
    page = make_page("Item 9.00\nTotal 9.00\nCash 9.00")
    assert label_words([page], [Answer("total", "9.00")], SCHEMA).labels[0][3] == "B-total"


def test_of_a_box_drawn_too_large_only_the_value_is_labelled():
    page = make_page("Total amount 9.00 incl. tax")
    assert labelled(page, Answer("total", "9.00", Place(0, Box(0, 0, 1, 1)))) == {"B-total": ["9.00"]}


def test_badly_read_words_under_a_box_are_taught():
    page = make_page("AGHE TRAD1NC LTO")
    place = place_of(page, "AGHE TRAD1NC LTO")
    assert labelled(page, Answer("company", "ACME TRADING LTD", place))["B-company"] == ["AGHE"]


def test_words_under_a_box_that_say_something_else_are_masked():
    page = make_page("COMPLETELY DIFFERENT\nTotal 9.00")
    place = place_of(page, "COMPLETELY DIFFERENT")
    assert labelled(page, Answer("company", "ACME TRADING LTD", place)) == {
        "masked": ["COMPLETELY", "DIFFERENT"]
    }


def test_a_value_interrupted_by_another_column_is_one_value():
    page = make_page("ACME Invoice LTD")
    place = Place(0, Box(0, 0, 1, 0.1), (0, 2))
    alignment = label_words([page], [Answer("company", "ACME LTD", place)], SCHEMA)
    assert alignment.labels[0] == ("B-company", "O", "I-company")
    assert values_in(alignment.labels[0]) == [("company", (0, 2))]


def test_words_without_letters_within_a_value_are_part_of_it():
    page = make_page("SALT & PEPPER / DELI\nTotal 1.00")
    place = Place(0, Box.around(word.box for word in page.words[:5]))
    for answer in (Answer("company", "Salt & Pepper/Deli"), Answer("company", "Salt & Pepper/Deli", place)):
        assert labelled(page, answer) == {"B-company": ["SALT"], "I-company": ["&", "PEPPER", "/", "DELI"]}


def test_two_fields_with_one_value_take_a_word_each_and_never_the_same():
    page = make_page("Invoice date 01/02/2024\nTotal 5.00")
    both = [Answer("date", "01/02/2024"), Answer("company", "01/02/2024")]
    labels = label_words([page], both, SCHEMA).labels[0]
    assert sum(label not in ("O", None) for label in labels) == 1


def test_answers_that_stand_nowhere_and_unknown_fields_teach_nothing():
    page = make_page("Total 9.00")
    answers = [
        Answer("company", "Nowhere Ltd"),
        Answer("iban", "9.00"),
        Answer("total", "", Place(5, page.words[0].box)),
    ]
    alignment = label_words([page], answers, SCHEMA)
    assert alignment.labels == (("O", "O"),)
    assert alignment.places == (None, None, None)


def test_a_box_within_a_long_word_means_that_word():
    page = Page(100, 100, (Word("Total:9.00", Box(0.1, 0.1, 0.9, 0.2)), Word("x", Box(0.1, 0.5, 0.2, 0.6))))
    assert words_in_box(page, Box(0.7, 0.1, 0.85, 0.2)) == (0,)
    assert words_in_box(page, Box(0.7, 0.8, 0.85, 0.9)) == ()


TEXTS = st.text("AB01 .,:/-äß漢①", min_size=1, max_size=8).filter(str.strip)
COORDINATE = st.floats(0, 1)


@st.composite
def pages(draw: st.DrawFn) -> Page:
    words = []
    for text in draw(st.lists(TEXTS, max_size=12)):
        x = sorted((draw(COORDINATE), draw(COORDINATE)))
        y = sorted((draw(COORDINATE), draw(COORDINATE)))
        words.append(Word(text, Box(x[0], y[0], x[1], y[1])))
    return Page(100, 100, tuple(words))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    x = sorted((draw(COORDINATE), draw(COORDINATE)))
    place = Place(
        draw(st.integers(0, 2)),
        Box(x[0], x[0], x[1], x[1]),
        tuple(draw(st.lists(st.integers(0, 14), max_size=3))),
    )
    return Answer(
        draw(st.sampled_from([*SCHEMA.names, "gone"])), draw(TEXTS), draw(st.none() | st.just(place))
    )


@given(st.lists(pages(), max_size=2), st.lists(answers(), max_size=4))
def test_labels_are_always_well_formed(document, given_answers):
    alignment = label_words(document, given_answers, SCHEMA)
    assert [len(labels) for labels in alignment.labels] == [len(page.words) for page in document]
    assert len(alignment.places) == len(given_answers)
    for labels in alignment.labels:
        for index, label in enumerate(labels):
            if label and label.startswith("I-"):
                assert f"B-{label[2:]}" in labels[:index]


@given(
    st.lists(st.text("ABCDEFG123", min_size=3, max_size=8), min_size=1, max_size=20, unique=True), st.data()
)
def test_a_text_that_stands_on_the_page_is_found_there(words, data):
    page = make_page("\n".join(" ".join(words[i : i + 4]) for i in range(0, len(words), 4)))
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    text = " ".join(words[start:end])
    (place,) = label_words([page], [Answer("company", text)], SCHEMA).places
    assert place is not None
    assert text_of(page, place.words) == text or len(text.replace(" ", "")) < 8
