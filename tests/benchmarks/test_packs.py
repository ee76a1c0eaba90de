"""Packs are divided once and for all."""

from pathlib import Path

from benchmarks.packs import ALL, PACKS, divide, with_pages
from models import grouping
from models.pages import Page

SROIE = PACKS["sroie"]


def test_the_test_is_always_the_same_and_shares_no_document_with_the_rest(data: Path) -> None:
    one, again = divide(data, SROIE, 8), divide(data, SROIE, 8)
    assert one.hash == again.hash
    assert [each.key for each in one.test] == [each.key for each in again.test]
    tested, rest = {each.key for each in one.test}, {each.key for each in grouping.flat(one.pool)}
    assert (len(tested), len(rest), tested & rest) == (8, 22, set())
    assert divide(data, SROIE, 9).hash != one.hash


def test_a_larger_training_has_nearly_all_documents_of_a_smaller_one(data: Path) -> None:
    divided = divide(data, SROIE, 8)
    drawn = {
        size: {each.key for part in divided.labelled(size, 1) for each in part} for size in ("5", "10", ALL)
    }
    assert [len(keys) for keys in drawn.values()] == [5, 10, 22]
    assert len(drawn["5"] & drawn["10"]) >= 4
    assert drawn[ALL] == {each.key for each in grouping.flat(divided.pool)}
    assert {each.key for part in divided.labelled("5", 2) for each in part} != drawn["5"]


def test_learning_and_validation_are_apart(data: Path) -> None:
    learning, validation = divide(data, SROIE, 8).labelled("20", 1)
    assert len(validation) == 3
    assert not {each.key for each in learning} & {each.key for each in validation}


def test_read_by_somebody_else_the_same_documents_stand_on_the_same_sides(data: Path) -> None:
    divided = divide(data, SROIE, 8)
    read = with_pages(divided, lambda document: (Page(10, 10),))
    assert [each.key for each in read.test] == [each.key for each in divided.test]
    assert read.test[0].answers == divided.test[0].answers
    assert grouping.flat(read.pool)[0].pages == (Page(10, 10),)
