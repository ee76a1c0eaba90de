import pytest

from models.errors import BadSchema
from models.schema import Field, Kind, Schema

BEFORE = Schema((Field("date", Kind.DATE), Field("total", Kind.MONEY), Field("party", repeats=True)))


def test_an_order_of_dates_left_open_changes_neither_what_is_stored_nor_the_hash():
    assert BEFORE.hash == "ca8f3dbcd10fea2c621085512682ca6dc7e6e912c6854cb4c51935f5b4264d73"
    assert all("day_first" not in field for field in BEFORE.to_json())
    said = Schema.from_json([{"name": "date", "kind": "date", "day_first": "auto"}])
    assert said == Schema((Field("date", Kind.DATE),))


@pytest.mark.parametrize("day_first", [True, False])
def test_the_order_of_dates_is_part_of_the_schema(day_first):
    schema = Schema((Field("date", Kind.DATE, day_first=day_first),))
    assert Schema.from_json(schema.to_json()) == schema
    assert len({schema.hash, BEFORE.hash, Schema((Field("date", Kind.DATE),)).hash}) == 3


def test_dates_are_read_in_the_order_of_their_field():
    assert Field("date", Kind.DATE).normalise("03/04/2018") == "2018-04-03"
    assert Field("date", Kind.DATE, day_first=True).normalise("03/04/2018") == "2018-04-03"
    american = Field("date", Kind.DATE, day_first=False)
    assert american.normalise("03/04/2018") == "2018-03-04"
    assert american.same("03/04/18", "2018-03-04") and not american.same("03/04/18", "2018-04-03")


def test_an_order_is_given_to_the_dates_that_leave_it_open():
    schema = Schema((Field("a", Kind.DATE), Field("b", Kind.DATE, day_first=True), Field("c")))
    assert [field.day_first for field in schema.with_day_first(False)] == [False, True, None]
    assert schema.with_day_first(None) == schema


@pytest.mark.parametrize(
    "field",
    [
        {"name": "total", "kind": "money", "day_first": True},
        {"name": "date", "kind": "date", "day_first": "month"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(field):
    with pytest.raises(BadSchema, match="day_first"):
        Schema.from_json([field])


def test_a_currency_is_chosen_by_its_sign_too():
    currency = Field("currency", Kind.CHOICE, choices=("EUR", "MYR"))
    assert currency.normalise("€") == "EUR"
    assert currency.normalise("RM") == "MYR"
    assert currency.normalise("eur") == "EUR"
    assert currency.normalise("$") is None
    assert currency.same("RM", "MYR")


def test_a_choice_that_is_a_sign_is_its_own():
    assert Field("currency", Kind.CHOICE, choices=("EUR", "RM")).normalise("rm") == "RM"


def test_spans_of_time_are_the_same_in_words_and_figures():
    term = Field("term")
    assert term.same("three (3) years", "3 years") and term.same("Three years", "3 years")
    assert not term.same("three years", "3 months")
