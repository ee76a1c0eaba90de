"""Documents that a candidate learned from, as judges all the same: each is read by a model that learned without it.

What the champion had not seen either, gold or not, tells who is better. A candidate has learned from the newest
corrections, so they are divided: each part is read by a model that was trained as the candidate was, on everything but
that part. These models know a little less than the candidate, so that it is judged a little too hard, never too softly.
Why: docs/decisions/0006-gate.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from models import label_errors
from models.extractors.base import Example, Extracted

FOLDS = 3  # trainings more; with two each model would know half less of what is new

Says = Callable[[Sequence[Example]], list[Extracted]]


def fresh(learned: Sequence[Example], known: Collection[str]) -> list[Example]:
    """Of what a candidate learned from, the documents confirmed in whole that its opponent hasn't (`known`: keys)."""
    return [each for each in learned if each.key not in known and not each.unconfirmed]


def read_by_others(
    judging: Sequence[Example],
    train: Sequence[Example],
    validation: Sequence[Example],
    taught: Callable[[Sequence[Example], Sequence[Example]], Says],
    seed: int = 0,
) -> tuple[list[Example], list[Extracted]]:
    """The judging documents, and what is said of each by a model that was `taught` the rest of both parts.

    Nothing where they are all alike: near copies are read together. Raises `TrainingFailed`.
    """
    read: list[Example] = []
    said: list[Extracted] = []
    for _, places in label_errors.folds_of(judging, FOLDS, seed):
        part = [judging[place] for place in places]
        out = {each.key for each in part}
        says = taught(
            [each for each in train if each.key not in out],
            [each for each in validation if each.key not in out],
        )
        read += part
        said += says(part)
    return read, said
