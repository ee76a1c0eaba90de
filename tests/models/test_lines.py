import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.lines import Neighbours, column_order, lines_of, parted
from models.pages import Box, Page, Word
from tests.factories import make_page


def test_a_slightly_turned_scan_still_gives_whole_lines():
    words = [
        Word(f"{row}{column}", Box(0.1 * column, y, 0.1 * column + 0.05, y + 0.02))
        for column in range(6)
        for row in range(3)
        for y in [0.1 + 0.03 * row + 0.004 * column]
    ]
    lines = lines_of(Page(1000, 1000, tuple(words)))
    assert [[words[i].text for i in line] for line in lines] == [
        [f"{row}{column}" for column in range(6)] for row in range(3)
    ]


def test_columns_are_read_one_after_the_other():
    words = [
        Word(text, Box(x, y, x + 0.1, y + 0.02))
        for y, line in ((0.1, ("Left", "Right")), (0.13, ("left", "right")), (0.16, ("end", None)))
        for x, text in zip((0.1, 0.6), line, strict=True)
        if text
    ]
    page = Page(1000, 1000, tuple(words))
    assert [page.words[i].text for i in column_order(page)] == ["Left", "left", "end", "Right", "right"]


def test_a_page_of_one_column_is_read_as_it_is():
    page = make_page("one two three\nfour five six\nseven")
    assert column_order(page) == list(range(7))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("05/08/20-05/12/20", ["05/08/20-", "05/12/20"]),
        ("BHD(728384-M)", ["BHD", "(728384-M)"]),
        ("Date:25/12/2018", ["Date:", "25/12/2018"]),
        ("BOOK(S)", ["BOOK(S)"]),
        ("10:30:15", ["10:30:15"]),
        ("https://acme.test", ["https://acme.test"]),
        ("25/12/2018", ["25/12/2018"]),
        ("(M)", ["(M)"]),
    ],
)
def test_a_word_with_two_things_in_it_becomes_two_words(text, parts):
    page = parted(Page(1000, 1000, (Word(text, Box(0.1, 0.1, 0.9, 0.2), 0.7),)))
    assert [word.text for word in page.words] == parts
    assert all(word.confidence == 0.7 for word in page.words)
    assert Box.around(word.box for word in page.words).x1 == pytest.approx(0.9)
    for one, other in zip(page.words, page.words[1:], strict=False):
        assert one.box.x1 == pytest.approx(other.box.x0)


def test_what_stands_beside_and_above_may_announce():
    page = make_page("Item Total Cash\nTea 9.00 9.00\nCake 5.00 5.00\n\n\n\n\nfar 1.00 1.00")
    beside, above = Neighbours(page).announcing(4)
    assert [page.words[i].text for i in beside] == ["Tea", "9.00", "9.00"]
    assert [page.words[i].text for i in above] == ["Total"]
    assert Neighbours(page).announcing(10)[1] == []


COORDINATE = st.floats(0, 1)


@given(
    st.lists(
        st.tuples(
            st.text("a1:/()-0", min_size=1, max_size=20), COORDINATE, COORDINATE, COORDINATE, COORDINATE
        ),
        max_size=15,
    )
)
def test_no_word_is_lost_and_none_comes_twice(words):
    page = Page(
        500,
        700,
        tuple(Word(text, Box(min(x, u), min(y, v), max(x, u), max(y, v))) for text, x, y, u, v in words),
    )
    everything = list(range(len(page.words)))
    assert sorted(index for line in lines_of(page) for index in line) == everything
    assert sorted(column_order(page)) == everything
    assert "".join(word.text for word in parted(page).words) == "".join(word.text for word in page.words)
