"""Documents in groups of near copies: tests and validations are drawn by whole groups, labelled documents one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.extractors.base import Answer
from models.grouping import (
    LEAST_TO_SPLIT,
    MOST_VALIDATION,
    Groups,
    cut_validation,
    draw,
    flat,
    groups_of,
    pick,
    snapshot_hash,
)
from models.packs import PackDocument
from models.pages import Box, Page, Word
from models.schema import Field, Schema


def page(text: str) -> Page:
    parts = text.split()
    step = 1 / max(1, len(parts))
    boxes = [Box(i * step, 0.1, (i + 0.9) * step, 0.12) for i in range(len(parts))]
    return Page(800, 1000, tuple(Word(part, box) for part, box in zip(parts, boxes, strict=True)))


def in_pack(key: str, text: str = "", group: str = "", **answers: str) -> PackDocument:
    said = tuple(Answer(field, value) for field, value in answers.items())
    return PackDocument(key, "receipt", (page(text),), (None,), said, frozenset(), group or key)


def sized(*sizes: int) -> Groups:
    return [[in_pack(f"{number}/{i}") for i in range(size)] for number, size in enumerate(sizes)]


def keys(groups: Groups) -> list[str]:
    return [document.key for document in flat(groups)]


def test_documents_belong_together_by_the_pack_or_by_their_words_or_by_way_of_others() -> None:
    same = "one two three four five six seven eight nine ten"
    groups = groups_of(
        [
            in_pack("a", same, "a"),
            in_pack("b", same, "shop"),
            in_pack("c", "entirely other words stand on this receipt of another day", "shop"),
            in_pack("d", "nothing like it anywhere else in all of the pack", "d"),
        ]
    )
    assert [[document.key for document in group] for group in groups] == [["a", "b", "c"], ["d"]]


@given(st.lists(st.integers(1, 9), max_size=20), st.integers(0, 60), st.integers(0, 9))
def test_groups_are_drawn_whole_and_none_is_lost(sizes: list[int], n: int, seed: int) -> None:
    groups = sized(*sizes)
    taken, left = draw(groups, n, np.random.default_rng(seed))
    assert len(flat(taken)) <= n
    assert sorted(keys(taken) + keys(left)) == sorted(keys(groups))
    assert not {key.split("/")[0] for key in keys(taken)} & {key.split("/")[0] for key in keys(left)}


def test_single_documents_fill_a_draw_to_the_number_asked_for() -> None:
    taken, left = draw(sized(*[1] * 30), 12, np.random.default_rng(0))
    assert (len(flat(taken)), len(flat(left))) == (12, 18)


@pytest.mark.parametrize(
    ("documents", "held_back"),
    [(LEAST_TO_SPLIT - 1, 0), (LEAST_TO_SPLIT, 2), (100, 15), (1000, MOST_VALIDATION)],
)
def test_few_documents_are_held_back_for_validation_and_none_of_very_few(
    documents: int, held_back: int
) -> None:
    train, validation = cut_validation(sized(*[1] * documents), np.random.default_rng(1))
    assert (len(flat(train)), len(flat(validation))) == (documents - held_back, held_back)


def test_a_snapshots_hash_knows_fields_words_answers_and_sides_but_no_order() -> None:
    schema = Schema((Field("total"),))
    one, two = in_pack("a", "Total 12.90", total="12.90"), in_pack("b", "Total 7.00", total="7.00")
    known = snapshot_hash(schema, train=[one, two], validation=[])
    assert known == snapshot_hash(schema, train=[two, one], validation=[])
    others = [
        snapshot_hash(schema, train=[one], validation=[two]),
        snapshot_hash(schema, train=[one, in_pack("b", "Total 7.00", total="8.00")]),
        snapshot_hash(schema, train=[one, in_pack("b", "Total 8.00", total="7.00")]),
        snapshot_hash(Schema((Field("sum"),)), train=[one, two]),
    ]
    assert len({known, *others}) == 5


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(0, 50), st.integers(0, 2**32 - 1))
def test_documents_are_picked_one_by_one_and_copies_stay_together(sizes, n, seed):
    picked = pick(sized(*sizes), n, np.random.default_rng(seed))
    keys = [document.key for document in flat(picked)]
    assert len(keys) == len(set(keys)) == min(n, sum(sizes))
    shops = [{key.partition("/")[0] for key in (document.key for document in group)} for group in picked]
    assert all(len(shop) == 1 for shop in shops) and len(shops) == len(set.union(set(), *shops))
