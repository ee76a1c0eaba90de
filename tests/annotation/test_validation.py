"""Answers that look wrong are found, and what to do is said."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.validation import Finding, findings, misplaced
from models.errors import BadSchema
from models.extractors.base import Answer
from models.pages import Box, Place
from models.schema import Field, Schema
from tests.factories import make_page, place_of

SCHEMA = Schema.from_json(
    [
        {"name": "company"},
        {"name": "date", "kind": "date", "label": "Date of issue"},
        {"name": "net", "kind": "money"},
        {"name": "tax", "kind": "money", "repeats": True},
        {"name": "discount", "kind": "money"},
        {"name": "total", "kind": "money", "label": "Total", "sum_of": "net + tax - discount"},
        {"name": "pieces", "kind": "number"},
        {"name": "currency", "kind": "choice", "choices": ["EUR", "USD"]},
    ]
)


def said(**values: str | list[str]) -> list[Answer]:
    return [
        Answer(name, text)
        for name, texts in values.items()
        for text in (texts if isinstance(texts, list) else [texts])
    ]


def found(**values: str | list[str]) -> list[str]:
    return [finding.field for finding in findings(SCHEMA, said(**values))]


def test_answers_that_fit_are_left_alone() -> None:
    assert not found(
        company="31 of nothing",
        date="3 March 2026",
        net="100.00",
        tax="7.5",
        total="EUR 107.50",
        currency="eur",
    )
    assert not findings(SCHEMA, [])


@pytest.mark.parametrize(
    ("field", "text"),
    [("date", "31/02/2026"), ("net", "free"), ("pieces", "several"), ("currency", "GBP")],
)
def test_a_value_that_is_none_of_its_kind_is_found(field: str, text: str) -> None:
    (problem,) = findings(SCHEMA, [Answer(field, text)])
    assert problem.field == field
    assert text in problem.what
    assert problem.to_do


def test_people_read_the_title_and_what_to_do() -> None:
    (problem,) = findings(SCHEMA, said(date="soon"))
    assert problem.sentence == "Date of issue: “soon” is no date: type the date, such as 31/12/2026."


def test_parts_that_do_not_sum_are_found() -> None:
    (problem,) = findings(SCHEMA, said(net="100.00", tax=["7.00", "0.50"], total="117.50"))
    assert problem.what == "Total is 117.50, but net + tax - discount make 107.50"
    assert not found(net="100.00", tax=["7.00", "0.50"], total="107.50")
    assert not found(net="100.00", tax="7.00", discount="10", total="97.00")
    assert found(net="100.00", tax="7.00", discount="10", total="107.00") == ["total"]


def test_a_sum_with_a_part_that_is_not_printed_is_not_judged() -> None:
    assert not found(net="100.00", total="119.00")
    assert not found(net="100.00", tax="19.00")
    assert found(net="free", tax="19.00", total="119.00") == ["net"]  # the sum can't be worked out


@given(st.lists(st.integers(-(10**8), 10**8), min_size=2, max_size=6))
def test_a_sum_is_right_for_what_adds_up_and_wrong_beyond_rounding(cents: list[int]) -> None:
    def money(amount: int) -> str:
        return f"{Decimal(amount) / 100:.2f}"

    net, *taxes = cents
    exact = sum(cents)
    assert not found(net=money(net), tax=[money(each) for each in taxes], total=money(exact))
    wrong = exact + len(cents) + 2
    assert found(net=money(net), tax=[money(each) for each in taxes], total=money(wrong)) == ["total"]


def test_absent_and_there_contradict_each_other() -> None:
    assert [each.field for each in findings(SCHEMA, said(company="X"), absent=["company"])] == ["company"]
    assert not findings(SCHEMA, [], absent=["company"])


def test_equal_values_give_equal_findings_and_others_do_not() -> None:
    once, again = findings(SCHEMA, said(date="soon")), findings(SCHEMA, said(date="soon"))
    assert once == again
    assert Finding.from_json(once[0].to_json()) == once[0]
    assert once != findings(SCHEMA, said(date="later"))


def test_a_sum_is_written_as_people_write_it_and_changes_no_model() -> None:
    field = Field.from_json({"name": "total", "kind": "money", "sum_of": " net+tax -discount "})
    assert field.sum_of == ("net", "tax", "-discount")
    assert field.to_json()["sum_of"] == "net + tax - discount"
    assert Field.from_json(field.to_json()) == field
    plain = Schema.from_json([each | {"sum_of": ""} for each in SCHEMA.to_json()])
    assert plain.hash == SCHEMA.hash


@pytest.mark.parametrize(
    "wrong", ["net tax", "net +", "2 net", ["net"], "net + nothing", "total", "net + date", "company"]
)
def test_a_sum_that_makes_no_sense_is_refused(wrong: object) -> None:
    with pytest.raises(BadSchema, match="total"):
        Schema.from_json([*SCHEMA.to_json()[:5], {"name": "total", "kind": "money", "sum_of": wrong}])
    with pytest.raises(BadSchema, match="sum_of"):
        Field.from_json({"name": "total", "kind": "text", "sum_of": "net"})


# boxes that were moved

PAGE = make_page("ACME Trading LTD\nDate of issue 01/02/2026\nTotal EUR 12.90")


@pytest.mark.parametrize(
    ("field", "text", "box"),
    [
        ("total", "12.90", "Total EUR 12.90"),
        ("total", "12.9", "12.90"),
        ("date", "2026-02-01", "01/02/2026"),
        ("company", "ACME", "ACME Trading LTD"),
        ("company", "acmetrading", "ACME Trading"),
        ("currency", "EUR", "EUR"),
    ],
)
def test_a_text_that_stands_where_its_box_was_put_is_left_alone(field: str, text: str, box: str) -> None:
    assert misplaced(SCHEMA, [Answer(field, text, place_of(PAGE, box))], [PAGE]) == ()


def test_a_text_that_stands_somewhere_else_is_told() -> None:
    (finding,) = misplaced(SCHEMA, [Answer("total", "12.90", place_of(PAGE, "ACME"))], [PAGE])
    assert finding.field == "total"
    assert finding.sentence == (
        "Total: “12.90” does not stand where its box was put: "
        "type what stands there, or put the box where the value stands."
    )


def test_where_no_words_are_known_nothing_is_told() -> None:
    nowhere = Place(0, Box(0.5, 0.8, 0.6, 0.9), ())
    assert misplaced(SCHEMA, [Answer("total", "12.90", nowhere), Answer("date", "soon")], [PAGE]) == ()
