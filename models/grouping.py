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


def digest(example: Example) -> str:
    """SHA-256 in hex of what a model sees and is told: the words with their places, and the answers."""
    essence = [
        [page.to_json() for page in example.pages],
        [answer.to_json() for answer in example.answers],
    ]
    return hashlib.sha256(json.dumps(essence, sort_keys=True).encode()).hexdigest()


def snapshot_hash(schema_hash: str, splits: Iterable[tuple[str, Sequence[Example]]]) -> str:
    """SHA-256 in hex of a schema and of the documents of each named split, in whatever order they come."""
    items = sorted((split, digest(example)) for split, examples in splits for example in examples)
    return hashlib.sha256(json.dumps([schema_hash, items]).encode()).hexdigest()
