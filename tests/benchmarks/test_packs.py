"""Packs are divided once and for all."""

from pathlib import Path

from benchmarks.packs import ALL, PACKS, UNSEEN_SHARE, divide, divide_by_layout, rotate, with_pages
from models import grouping
from models.familiarity import LAYOUT
from models.pages import Page
from tests.generated_pack import relabel, write_pack

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


def test_layouts_are_held_back_whole(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "sroie/train", 24)
    relabel(folder, lambda number, labels: labels["meta"].update({LAYOUT: number % 6} if number else {}))
    divided = divide_by_layout(tmp_path, SROIE)
    pool = grouping.flat(divided.pool)
    tested = {each.meta[LAYOUT] for each in divided.test}
    assert len(tested) < 6 and len(divided.test) >= UNSEEN_SHARE * 24
    assert tested.isdisjoint(each.meta.get(LAYOUT) for each in pool)
    assert len({each.key for each in [*divided.test, *pool]}) == 24
    assert divide_by_layout(tmp_path, SROIE).hash == divided.hash


def test_near_copies_of_a_held_back_layout_are_left_out(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "sroie/train", 12)
    relabel(folder, lambda number, labels: labels["meta"].update({LAYOUT: number % 4, "group": number // 4}))
    divided = divide_by_layout(tmp_path, SROIE)
    # each group of four has a document of each layout
    assert len(divided.test) == 3
    assert not divided.pool


def test_tests_that_take_turns_hold_every_document_once(data: Path) -> None:
    rotations = rotate(data, SROIE, 4)
    tested = [each.key for divided in rotations for each in divided.test]
    assert len(tested) == len(set(tested)) == 30
    for divided in rotations:
        rest = {each.key for each in grouping.flat(divided.pool)}
        assert rest.isdisjoint(each.key for each in divided.test)
        assert len(rest) + len(divided.test) == 30
        assert len(divided.test) in (7, 8)
