"""Documents of a benchmark: drawn by whole groups, near copies together."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.packs import as_corrected, draw, flat, group_numbers
from models.extractors.base import Answer, Example
from models.packs import PackDocument
from models.pages import Box, Page, Word
from models.schema import Field, Kind, Schema


def page(text: str) -> Page:
    parts = text.split()
    step = 1 / len(parts)
    return Page(
        800,
        1000,
        tuple(Word(part, Box(i * step, 0.1, (i + 0.9) * step, 0.12)) for i, part in enumerate(parts)),
    )


def in_pack(key: str, text: str, group: str) -> PackDocument:
    return PackDocument(key, "receipt", (page(text),), (None,), (), frozenset(), group)


def groups_of(*sizes: int) -> list[list[Example]]:
    return [[Example(f"{number}/{i}", (), ()) for i in range(size)] for number, size in enumerate(sizes)]


def test_documents_belong_together_by_the_pack_or_by_their_words_or_by_way_of_others() -> None:
    same = "one two three four five six seven eight nine ten"
    numbers = group_numbers(
        [
            in_pack("a", same, "a"),
            in_pack("b", same, "shop"),
            in_pack("c", "entirely other words stand on this receipt of another day", "shop"),
            in_pack("d", "nothing like it anywhere else in all of the pack", "d"),
        ]
    )
    assert numbers[0] == numbers[1] == numbers[2] != numbers[3]


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_drawn_whole_and_none_is_lost(seed: int) -> None:
    groups = groups_of(1, 1, 1, 1, 3, 4, 9)
    taken, left = draw(groups, 8, np.random.default_rng(seed))
    keys = [example.key for example in flat(taken) + flat(left)]
    assert 0 < len(flat(taken)) <= 8
    assert sorted(keys) == sorted(example.key for example in flat(groups))
    assert not {e.key.split("/")[0] for e in flat(taken)} & {e.key.split("/")[0] for e in flat(left)}


def test_single_documents_fill_a_draw_to_the_number_asked_for() -> None:
    taken, left = draw(groups_of(*[1] * 30), 12, np.random.default_rng(0))
    assert (len(flat(taken)), len(flat(left))) == (12, 18)


def test_dates_are_answered_as_printed_and_the_rest_is_left_alone() -> None:
    schema = Schema((Field("day", Kind.DATE), Field("advertiser"), Field("end", Kind.DATE)))
    answers = (Answer("day", "2020-03-04"), Answer("advertiser", "ACME"), Answer("end", "2021-01-01"))
    example = Example("x", (page("Acme Flight 03/04/20 on air"),), answers)
    told = as_corrected(example, schema).answers
    assert [answer.text for answer in told] == ["03/04/20", "ACME", "2021-01-01"]


def test_a_folder_that_is_not_there_is_told_of_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks.__main__ import main

    assert main(["--data", str(tmp_path / "nowhere")]) == 2
    said = capsys.readouterr().err
    assert "DATA=FOLDER" in said
    assert said.count("\n") == 1
