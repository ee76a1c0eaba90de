"""What 8 bits may cost."""

import pytest

from models.extractors.base import Answer, Example, Extracted, Value
from models.extractors.precision import cost_of
from models.schema import Field, Schema

SCHEMA = Schema((Field("company"),))
DOCUMENTS = [Example(str(n), (), (Answer("company", "ACME"),)) for n in range(100)]


def said(*wrong):
    """What is said of all documents, with nonsense about those."""
    texts = ["?" if n in wrong else "ACME" for n in range(100)]
    return [Extracted((Value("company", text, text, 0.9),)) for text in texts]


@pytest.mark.parametrize(
    ("in_32", "in_8", "too_much"),
    [
        ([], [], False),
        ([], [1], False),  # a point, but of one document
        ([], [1, 2], True),
        ([1, 2], [3, 4, 5], False),
        ([1, 2], [3, 4, 5, 6, 7, 8], True),
        ([1, 2], [], False),
    ],
)
def test_32_bits_are_taken_for_what_is_more_than_chance(in_32, in_8, too_much):
    cost = cost_of(SCHEMA, DOCUMENTS, said(*in_32), said(*in_8))
    assert (cost.lost, cost.won) == (len(in_8), len(in_32))
    assert cost.f1 == pytest.approx((len(in_8) - len(in_32)) / 100)
    assert cost.too_much is too_much


def test_less_than_a_fifth_of_a_point_is_no_reason():
    many = DOCUMENTS * 20
    assert not cost_of(SCHEMA, many, said() * 20, said(1) + said(2) + said() * 18).too_much
    assert cost_of(SCHEMA, many, said() * 20, said(1, 2) + said(3, 4) + said() * 18).too_much


def test_what_they_cost_is_told_in_words():
    cost = cost_of(SCHEMA, DOCUMENTS, said(1), said(2, 3))
    assert str(cost) == "8 bits cost 1.00 F1 points (2 values lost, 1 won)"
