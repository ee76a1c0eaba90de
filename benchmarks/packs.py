"""Packs of real documents, with their fields, split so that near copies never stand on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models import similarity
from models.alignment import label_words, text_of
from models.extractors.base import Answer, Example
from models.packs import PackDocument, read_pack
from models.schema import Field, Kind, Schema

# which documents are held back; part of every published figure, so it is no argument
SPLIT_SEED = 20_260
VALIDATION_SHARE = 0.2  # of the labelled documents, as snapshots do: 15 for validation beside 65 for training

Groups = list[list[Example]]


@dataclass(frozen=True, slots=True)
class Pack:
    """A folder `NAME/train` of documents of one type, and how many labels its models get unless told otherwise."""

    name: str
    schema: Schema
    sizes: tuple[int, ...]


def _schema(**kinds: Kind) -> Schema:
    return Schema(tuple(Field(name, kind) for name, kind in kinds.items()))


PACKS = {
    pack.name: pack
    for pack in (
        Pack(
            "sroie",
            _schema(company=Kind.TEXT, date=Kind.DATE, address=Kind.TEXT, total=Kind.MONEY),
            (25, 60),
        ),
        # orders of 1,000 words and contracts of 2,800: a training takes ten minutes or more, so only on request
        Pack(
            "adbuy",
            _schema(
                contract_num=Kind.TEXT,
                advertiser=Kind.TEXT,
                gross_amount=Kind.MONEY,
                flight_from=Kind.DATE,
                flight_to=Kind.DATE,
            ),
            (),
        ),
        Pack(
            "nda",
            Schema(
                (
                    Field("effective_date", Kind.DATE),
                    Field("jurisdiction"),
                    Field("party", repeats=True),
                    Field("term"),
                )
            ),
            (),
        ),
    )
}


def read_groups(data: Path, pack: Pack) -> Groups:
    """The pack's documents, near copies together; raises `ReadingFailed` where it isn't in `data`."""
    documents = list(read_pack(data / pack.name / "train"))
    groups: Groups = [[] for _ in documents]
    for document, number in zip(documents, group_numbers(documents), strict=True):
        groups[number].append(as_corrected(document.example, pack.schema))
    return [group for group in groups if group]


def group_numbers(documents: Sequence[PackDocument]) -> list[int]:
    """A number per document, equal where the pack or `models.similarity` calls two documents near copies."""
    numbers = similarity.group([similarity.fingerprint(document.pages) for document in documents])
    first_of: dict[str, int] = {}
    for position, document in enumerate(documents):
        one, other = numbers[position], numbers[first_of.setdefault(document.group, position)]
        if one != other:
            numbers = [one if number == other else number for number in numbers]
    return numbers


def as_corrected(example: Example, schema: Schema) -> Example:
    """The same document with its dates as printed, as a person marks them.

    Packs hold ISO dates. Both sides of a comparison must read 03/04/2020 in the same order of day and month, and
    which one was meant is not what is measured here.
    """
    places = label_words(example.pages, example.answers, schema).places
    answers = tuple(
        Answer(answer.field, text_of(example.pages[place.page], place.words))
        if place and schema[answer.field].kind is Kind.DATE
        else answer
        for answer, place in zip(example.answers, places, strict=True)
    )
    return replace(example, answers=answers)


def draw(groups: Groups, n: int, rng: np.random.Generator) -> tuple[Groups, Groups]:
    """(whole groups by lot with `n` documents together, or as many as fit; the other groups)."""
    taken: Groups = []
    left: Groups = []
    room = n
    for position in rng.permutation(len(groups)):
        group = groups[position]
        if len(group) <= room:
            taken.append(group)
            room -= len(group)
        else:
            left.append(group)
    return taken, left


def flat(groups: Groups) -> list[Example]:
    """The documents of all groups."""
    return [example for group in groups for example in group]
