"""A pack's documents and a seed in; the two sides of a rehearsal out: documents to label, and documents that judge."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learner import ranking
from models import grouping, similarity
from models.alignment import learn_day_first
from models.extractors.base import Extracted
from models.grouping import Groups
from models.metrics import Scores, score
from models.packs import PackDocument
from models.schema import Schema


@dataclass(frozen=True, slots=True)
class Scene:
    """A pack's documents on two sides, for one seed: those that may be labelled, and those that judge."""

    schema: Schema
    truth: Schema  # the same fields, with dates read as all labels together say
    pool: list[PackDocument]
    fingerprints: list[int]  # of the pool, see `models.similarity`
    test: list[PackDocument]
    looks: list[bytes]  # of the pool
    shas: list[str]  # of the pool: each document's own, for its lots
    seed: int

    def judged(self, said: Sequence[Extracted]) -> Scores:
        """What was said of every document of the test, held against the truth."""
        return score(self.truth, [document.answers for document in self.test], said)


def scene(schema: Schema, groups: Groups, test: int, seed: int) -> Scene:
    """`test` documents by whole groups of near copies are held back, by the seed's lot."""
    held, left = grouping.draw(groups, test, np.random.default_rng((seed, 1)))
    pool = grouping.flat(left)
    return Scene(
        schema,
        learn_day_first(schema, grouping.examples(grouping.flat(groups))),
        pool,
        [similarity.fingerprint(document.pages) for document in pool],
        grouping.flat(held),
        [ranking.look(document.pages, None).tobytes() for document in pool],
        [_sha(document) for document in pool],
        seed,
    )


def _sha(document: PackDocument) -> str:
    """What stands for the file's SHA-256: two files differ, even with the same words."""
    essence = f"{document.key} {grouping.digest_of_words(document.pages)}"
    return hashlib.sha256(essence.encode()).hexdigest()
