"""Packs of real documents, divided once and for all so that near copies never stand on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models import grouping
from models.familiarity import LAYOUT
from models.grouping import Groups
from models.pack_schema import inferred
from models.packs import PackDocument, read_pack
from models.pages import Page
from models.schema import Schema

# which documents are held back for the test; part of every published figure, so it is no argument
SPLIT_SEED = 20_260
ALL = "all"  # a size: every document that isn't held back
UNSEEN_SHARE = 0.25  # of a pack's documents, about, whose layouts are held back whole


@dataclass(frozen=True, slots=True)
class Pack:
    """A folder `NAME/train` of documents of one type, how many are held back, and the sizes that are trained on."""

    name: str
    title: str
    held_back: int
    sizes: tuple[str, ...]


PACKS = {
    pack.name: pack
    for pack in (
        Pack("sroie", "receipts", 100, ("5", "10", "25", "50", "100", ALL)),
        Pack("adbuy", "ad orders", 90, ("50", "100", ALL)),
        Pack("nda", "agreements", 60, ("50", "100", ALL)),
    )
}


@dataclass(frozen=True, slots=True)
class Divided:
    """A pack's fields, the documents of its test, and the groups that trainings draw from."""

    schema: Schema
    test: list[PackDocument]
    pool: Groups

    @property
    def hash(self) -> str:
        """Of fields and test: figures with the same one can be compared."""
        return grouping.snapshot_hash(self.schema, test=self.test)[:16]

    def labelled(self, size: str, seed: int) -> tuple[list[PackDocument], list[PackDocument]]:
        """(for learning, for validation): `size` documents of the pool, the same for every extractor.

        One order of the documents for each seed: what is drawn for 25 documents is all in what is drawn for 50.
        """
        rng = np.random.default_rng((SPLIT_SEED, seed))
        count = len(grouping.flat(self.pool)) if size == ALL else int(size)
        drawn = grouping.pick(self.pool, count, rng)
        learning, validation = grouping.cut_validation(drawn, rng)
        return grouping.flat(learning), grouping.flat(validation)


def divide(data: Path, pack: Pack, held_back: int | None = None) -> Divided:
    """The pack's documents, the test drawn by whole groups; raises `ReadingFailed` where it isn't in `data`."""
    documents = list(read_pack(data / pack.name / "train"))
    rng = np.random.default_rng(SPLIT_SEED)
    test, pool = grouping.draw(grouping.groups_of(documents), held_back or pack.held_back, rng)
    return Divided(inferred(documents), grouping.flat(test), pool)


def divide_by_layout(data: Path, pack: Pack) -> Divided:
    """Another test: layouts drawn by lot, and every document of theirs, so that no training has seen one like it.

    Layouts are what the pack says (`template_cluster`). Without that there is no test. Near copies that have another
    layout are left out. Raises `ReadingFailed` where the pack isn't in `data`.
    """
    documents = list(read_pack(data / pack.name / "train"))
    layouts: dict[str, list[PackDocument]] = {}
    for document in documents:
        if document.meta.get(LAYOUT) is not None:
            layouts.setdefault(str(document.meta[LAYOUT]), []).append(document)
    rng = np.random.default_rng(SPLIT_SEED)
    test: list[PackDocument] = []
    for position in rng.permutation(len(layouts)):
        if len(test) < UNSEEN_SHARE * len(documents):
            test += layouts[sorted(layouts)[position]]
    tested = {document.key for document in test}
    groups = grouping.groups_of(documents)
    pool = [group for group in groups if tested.isdisjoint(document.key for document in group)]
    return Divided(inferred(documents), test, pool)


def rotate(data: Path, pack: Pack, times: int) -> list[Divided]:
    """The pack divided `times` times, whole groups by lot, so that every document is in one of the tests.

    Raises `ReadingFailed` where the pack isn't in `data`.
    """
    documents = list(read_pack(data / pack.name / "train"))
    groups, schema = grouping.groups_of(documents), inferred(documents)
    tests: list[Groups] = [[] for _ in range(times)]
    rng = np.random.default_rng(SPLIT_SEED)
    # the largest groups first, each into the smallest test
    for position in sorted(rng.permutation(len(groups)).tolist(), key=lambda each: -len(groups[each])):
        min(tests, key=lambda test: len(grouping.flat(test))).append(groups[position])
    return [
        Divided(
            schema, grouping.flat(test), [group for other in tests if other is not test for group in other]
        )
        for test in tests
    ]


def with_pages(divided: Divided, pages_of: Callable[[PackDocument], tuple[Page, ...]]) -> Divided:
    """The same documents on the same sides, but as somebody else read them."""

    def read(documents: list[PackDocument]) -> list[PackDocument]:
        return [replace(document, pages=pages_of(document)) for document in documents]

    return Divided(divided.schema, read(divided.test), [read(group) for group in divided.pool])
