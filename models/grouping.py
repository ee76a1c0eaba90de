"""Documents of a pack → groups of near copies, drawn whole by lot, so that no copy stands on both sides of a split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from models import similarity
from models.extractors.base import Example
from models.packs import PackDocument
from models.pages import Page
from models.schema import Schema

Groups = list[list[PackDocument]]

# What a training holds back to stop in time and to calibrate: as snapshots do, but at most so many documents. Fifty
# tell a calibrated confidence from one that isn't, and every other document is better used for learning.
VALIDATION_SHARE = 0.15
MOST_VALIDATION = 50
LEAST_VALIDATION = 2
LEAST_TO_SPLIT = 6  # with fewer documents than this, all are for learning


def groups_of(documents: Sequence[PackDocument]) -> Groups:
    """The documents, together where the pack or `models.similarity` calls two of them near copies."""
    numbers = similarity.group([similarity.fingerprint(document.pages) for document in documents])
    first_of: dict[str, int] = {}
    for position, document in enumerate(documents):
        one, other = numbers[position], numbers[first_of.setdefault(document.group, position)]
        if one != other:
            numbers = [one if number == other else number for number in numbers]
    groups: Groups = [[] for _ in documents]
    for document, number in zip(documents, numbers, strict=True):
        groups[number].append(document)
    return [group for group in groups if group]


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


def pick(groups: Groups, n: int, rng: np.random.Generator) -> Groups:
    """`n` documents by lot (all, if there are fewer), those that are near copies together.

    Whole groups would make one shop's long series half of a small lot; what people label first is no such thing.
    """
    flattened = [(number, document) for number, group in enumerate(groups) for document in group]
    chosen: dict[int, list[PackDocument]] = {}
    for position in rng.permutation(len(flattened))[:n]:
        number, document = flattened[position]
        chosen.setdefault(number, []).append(document)
    return list(chosen.values())


def cut_validation(groups: Groups, rng: np.random.Generator) -> tuple[Groups, Groups]:
    """(for learning, for validation) of labelled documents; the second is empty where there are too few."""
    count = len(flat(groups))
    if count < LEAST_TO_SPLIT:
        return groups, []
    wanted = min(MOST_VALIDATION, max(LEAST_VALIDATION, round(VALIDATION_SHARE * count)))
    validation, train = draw(groups, wanted, rng)
    return train, validation


def flat(groups: Groups) -> list[PackDocument]:
    """The documents of all groups."""
    return list(chain.from_iterable(groups))


def examples(documents: Iterable[PackDocument]) -> list[Example]:
    """The documents as extractors learn from them."""
    return [document.example for document in documents]


def digest_of_words(pages: Sequence[Page]) -> str:
    """SHA-256 in hex of what stands on the pages, and where: the same document has the same."""
    return _sha256([page.to_json() for page in pages])


def snapshot_hash(schema: Schema, **splits: Sequence[PackDocument]) -> str:
    """SHA-256 in hex of the fields, and of words and answers of the documents of each split, in whatever order."""
    items = sorted(
        [split, digest_of_words(document.pages), sorted((each.field, each.text) for each in document.answers)]
        for split, documents in splits.items()
        for document in documents
    )
    return _sha256([schema.hash, items])


def _sha256(essence: object) -> str:
    return hashlib.sha256(json.dumps(essence).encode()).hexdigest()
