"""What a candidate learned from is read by models that learned everything else."""

from __future__ import annotations

from dataclasses import replace

from learner import crossing
from models.extractors.base import Answer, Example, Extracted
from tests.factories import make_page

WORDS = [
    "bread",
    "milk",
    "paper",
    "ink",
    "soap",
    "rice",
    "salt",
    "oil",
    "tea",
    "wine",
    "rope",
    "nail",
    "lamp",
    "coal",
    "wool",
    "silk",
]


def example(number: int, text: str = "", **more) -> Example:
    words = text or " ".join(
        WORDS[(number * step + number) % len(WORDS)] + str(number) for step in range(1, 12)
    )
    return Example(str(number), (make_page(words),), (Answer("total", "1.00"),), **more)


def test_fresh_are_documents_confirmed_in_whole_that_the_opponent_does_not_know():
    partly = replace(example(3), answers=(), unconfirmed=frozenset({"total"}))
    found = crossing.fresh([example(1), example(2), partly, example(4)], {"2"})
    assert [each.key for each in found] == ["1", "4"]


def test_nobody_reads_what_it_learned_and_everything_is_read_once():
    train, validation = [example(n) for n in range(12)], [example(n) for n in range(12, 16)]
    new = [*train[4:], *validation[2:]]
    trainings = []

    def taught(some, rest):
        trainings.append(({each.key for each in some}, {each.key for each in rest}))
        known = trainings[-1][0] | trainings[-1][1]

        def says(documents):
            assert not known & {each.key for each in documents}
            return [Extracted((), {"total": float(each.key) / 100}) for each in documents]

        return says

    read, said = crossing.read_by_others(new, train, validation, taught)
    assert sorted(each.key for each in read) == sorted(each.key for each in new)
    assert [each.absent["total"] for each in said] == [float(each.key) / 100 for each in read]
    assert len(trainings) == crossing.FOLDS
    for some, rest in trainings:
        assert {"0", "1", "2", "3"} <= some and {"12", "13"} <= rest
        assert 16 - 4 <= len(some) + len(rest) <= 16 - 3


def test_near_copies_are_read_together_and_nothing_is_where_all_are():
    alike = [
        example(n, "the same words on every page of this form and nothing else at all") for n in range(6)
    ]
    assert crossing.read_by_others(alike, alike, [], lambda *_: lambda _documents: []) == ([], [])
    assert crossing.read_by_others([], alike, [], lambda *_: lambda _documents: []) == ([], [])
