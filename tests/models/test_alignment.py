import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.alignment import (
    label_words,
    labels_to_learn,
    learn_day_first,
    text_of,
    values_in,
    words_in_box,
)
from models.alignment import (
    place_of as place_in,
)
from models.extractors.base import Answer, Example
from models.finding import LOOKALIKES, How
from models.pages import Box, Page, Place, Word
from models.schema import Field, Kind, Schema
from models.values import normalise_text
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


@pytest.mark.parametrize(
    ("printed", "said", "how"),
    [
        ("Welcome to SDN. BHD. Kedai", "SDN BHD", How.EXACT),
        ("KEDAI MAJU SENDIRIAN BERHAD", "Kedai Maju Sdn Bhd", How.NORMALISED),
        ("between Acme Holdings, Incorporated and", "Acme Holdings Inc.", How.NORMALISED),
        ("Salt & Pepper, Limited", "Salt and Pepper Ltd", How.NORMALISED),
        ("5DN 8HD MAJ0", "SDN BHD MAJO", How.NORMALISED),
        ("ends after three years in all", "3 years", How.NORMALISED),
        ("ends after three (3) years in all", "3 years", How.EXACT),
        ("KEDAI MAJV JAYA", "Kedai Maju Jaya", How.FUZZY),
        ("ends after two years", "3 years", None),
        ("ends in years", "3 years", None),
        ("Kedai Baru", "Kedai Maju Jaya", None),
    ],
)
def test_how_a_text_was_found_is_told(printed, said, how):
    page = make_page(f"First line here\n{printed}\nLast line here")
    assert label_words([page], [Answer("company", said)], SCHEMA).how == (how,)


def test_a_value_behind_a_mark_within_a_word_is_that_word():
    assert labelled(make_page("No:AB-1234 Table 5"), Answer("company", "AB-1234")) == {
        "B-company": ["No:AB-1234"]
    }


def test_an_address_beside_another_column_is_found_in_one_piece():
    rows = [("Acme", 0.1), ("Total:", 0.7), ("12.00", 0.8)], [("Street", 0.1), ("Date:", 0.7), ("5", 0.8)]
    words = [
        Word(text, Box(x, 0.1 + 0.02 * row, x + 0.08, 0.115 + 0.02 * row))
        for row, line in enumerate(rows)
        for text, x in line
    ]
    page = Page(1000, 1400, tuple(words))
    alignment = label_words([page], [Answer("company", "Acme Street")], SCHEMA)
    assert alignment.labels[0] == ("B-company", "O", "O", "I-company", "O", "O")
    assert alignment.how == (How.EXACT,)
    assert values_in(alignment.labels[0]) == [("company", (0, 3))]


def test_two_interrupted_values_of_one_field_stay_two():
    page = make_page("A1 B1 A2 B2")
    answers = [
        Answer("party", "A1 A2", place_in(0, page, (0, 2))),
        Answer("party", "B1 B2", place_in(0, page, (1, 3))),
    ]
    labels = label_words([page], answers, SCHEMA).labels[0]
    assert labels == ("B-party", "B-party", "B-party", "B-party")


def test_labels_are_read_as_values_even_where_one_does_not_begin():
    labels = ("I-party", "O", None, "B-party", "I-party", "I-total", "I-party")
    assert values_in(labels) == [("party", (0,)), ("party", (3, 4, 6)), ("total", (5,))]


def test_of_equal_amounts_the_one_below_its_heading_is_taken():
    page = make_page("Item Total Cash\n9.00 9.00 9.00")
    assert label_words([page], [Answer("total", "9.00")], SCHEMA).labels[0][3:] == (None, "B-total", None)


def test_a_quantity_is_not_taken_for_the_amount_of_the_same_number():
    page = make_page("Total amount 9.00\nTotal items 9")
    assert label_words([page], [Answer("total", "9.00")], SCHEMA).labels[0] == (
        "O",
        "O",
        "B-total",
        "O",
        "O",
        "O",
    )
    assert labelled(make_page("Total RM9"), Answer("total", "9.00")) == {"B-total": ["RM9"]}


def test_a_date_that_another_order_would_make_is_not_taken_for_the_answer():
    page = make_page("Printed 04/03/2018\nDate 03/04/2018")
    places = label_words([page], [Answer("date", "03/04/2018")], SCHEMA).places
    assert places[0] is not None and places[0].words == (3,)


@pytest.mark.parametrize(("other", "taken"), [("12/25/2018", 1), ("25/12/2018", 2), ("1 May 2018", 1)])
def test_the_documents_own_dates_tell_in_which_order_an_iso_date_is_printed(other, taken):
    page = make_page(f"Dates 04/03/2018 03/04/2018\nSigned {other}")
    places = label_words([page], [Answer("date", "2018-04-03")], SCHEMA).places
    assert places[0] is not None and places[0].words == (taken,)


def test_the_order_of_dates_is_learnt_from_confirmed_documents():
    def example(printed: str, iso: str) -> Example:
        return Example(printed, (make_page(f"Date {printed}"),), (Answer("date", iso),))

    american = [example("12/25/2018", "2018-12-25"), example("03/04/2018", "2018-03-04")]
    assert learn_day_first(SCHEMA, american)["date"].day_first is False
    assert learn_day_first(SCHEMA, [example("25.12.18", "25.12.18")])["date"].day_first is True
    assert learn_day_first(SCHEMA, [example("3 April 2018", "2018-04-03")]) == SCHEMA
    said = Schema((Field("date", Kind.DATE, day_first=True),))
    assert learn_day_first(said, american) == said


def test_a_sign_is_found_for_a_chosen_currency():
    schema = Schema((Field("currency", Kind.CHOICE, choices=("EUR", "MYR")),))
    alignment = label_words([make_page("Total RM 5.00")], [Answer("currency", "MYR")], schema)
    assert alignment.labels[0] == ("O", "B-currency", "O")


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


LETTERS = st.text("ACEFHJKMNPRTUVWXY", min_size=2, max_size=7)


@given(
    before=st.lists(LETTERS, max_size=4),
    value=st.lists(st.text("ABDGILOQSZ0123", min_size=3, max_size=7), min_size=2, max_size=6),
    behind=st.lists(LETTERS, max_size=4),
    data=st.data(),
)
def test_a_text_is_found_whatever_reading_did_to_its_words(before, value, behind, data):
    raw = " ".join(value)
    # lookalike characters, words merged, words torn, marks and line breaks between them
    swapped = {"O": "0", "0": "O", "I": "1", "1": "I", "S": "5", "B": "8", "Z": "2", "G": "6"}
    misread = ["".join(swapped.get(c, c) if data.draw(st.booleans()) else c for c in word) for word in value]
    printed = misread[0]
    for word in misread[1:]:
        printed += data.draw(st.sampled_from(["", " ", ", ", " & ", "\n", ".\n"])) + word
    torn = data.draw(st.integers(1, len(misread[0]) - 1))
    printed = data.draw(st.sampled_from([printed, f"{printed[:torn]} {printed[torn:]}"]))
    page = make_page("\n".join([" ".join(before), printed, " ".join(behind)]))
    alignment = label_words([page], [Answer("company", raw)], SCHEMA)
    (place,), (how,) = alignment.places, alignment.how
    assert place is not None and how in (How.EXACT, How.NORMALISED)
    said = normalise_text(text_of(page, place.words))
    assert said.translate(LOOKALIKES) == normalise_text(raw).translate(LOOKALIKES)
    ((_, labelled_words),) = values_in(alignment.labels[0])
    assert labelled_words == place.words


@given(
    value=st.lists(LETTERS.filter(lambda word: len(word) > 3), min_size=3, max_size=6, unique=True),
    data=st.data(),
)
def test_a_text_with_one_character_missing_or_wrong_is_found_nearly(value, data):
    raw = " ".join(value)
    at = data.draw(st.integers(0, len(raw) - 1).filter(lambda i: raw[i] != " "))
    printed = raw[:at] + data.draw(st.sampled_from(["", "§", "4"])) + raw[at + 1 :]
    page = make_page(f"9 9 9 9\n{printed}\n9 9 9 9")
    (place,) = label_words([page], [Answer("company", raw)], SCHEMA).places
    assert place is not None
    assert text_of(page, place.words) == printed


@given(
    cents=st.integers(100, 10**8),
    others=st.lists(st.integers(100, 10**8), max_size=5),
    form=st.sampled_from(["{:,.2f}", "RM{:.2f}", "{:,.2f}-", "$ {:,.2f}"]),
)
def test_an_amount_is_found_where_it_stands_and_no_other_is_told_to_be_none(cents, others, form):
    amounts = [*others, cents]
    page = make_page("\n".join(f"Item {form.format(amount / 100)}" for amount in amounts))
    raw = form.format(cents / 100)
    alignment = label_words([page], [Answer("total", raw)], SCHEMA)
    field = SCHEMA["total"]
    assert alignment.places[0] is not None
    assert field.same(text_of(page, alignment.places[0].words), raw)
    for word, label in zip(page.words, alignment.labels[0], strict=True):
        if field.normalise(word.text) == field.normalise(raw):
            assert label != "O"


@given(st.dates(), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%Y%m%d"]))
def test_an_iso_date_is_found_however_it_is_printed(day, form):
    day = day.replace(year=1970 + day.year % 99, day=min(day.day, 28))
    page = make_page(f"Table 7\nDate {day.strftime(form)} 10:30\nTotal 5.00")
    (place,) = label_words([page], [Answer("date", day.isoformat())], SCHEMA).places
    assert place is not None
    assert text_of(page, place.words) == day.strftime(form)


def test_of_a_doubted_field_only_the_words_in_doubt_are_masked():
    page = make_page("ACME LTD\nDate 01/02/2024\nNet 10.00\nTotal 12.90")
    sure = (Answer("company", "ACME LTD"), Answer("date", "01/02/2024"))
    example = Example(
        "1", (page,), sure, frozenset({"total"}), (Answer("total", "10.00"), Answer("total", "12.90"))
    )
    (labels,) = labels_to_learn(example, SCHEMA)
    told = dict(zip([word.text for word in page.words], labels, strict=True))
    assert {text for text, label in told.items() if label is None} == {"10.00", "12.90"}
    assert told["Net"] == told["Total"] == "O"
    assert (told["ACME"], told["01/02/2024"]) == ("B-company", "B-date")
    more = Example("1", (page,), sure[:1], frozenset({"total", "date"}), example.doubted)
    (labels,) = labels_to_learn(more, SCHEMA)
    assert {label for label in labels if label} == {"B-company", "I-company"}
