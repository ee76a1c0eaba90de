"""Labelled documents in; the recorded answers that are probably wrong, the least likely first, out.

Every document is read by a model that learned from the others only (cross-validation), and what that model says is
held against what was recorded. Confident learning (Northcutt, Jiang and Chuang, "Confident Learning: Estimating
Uncertainty in Dataset Labels", JAIR 2021): an answer is in doubt when the model gives another one at least the
probability that it gives, on average, to answers which are recorded, so that a field which the model never is sure of
makes no false alarms. A value's probability is that of its weakest word, which finds wrong labels of words best (Wang and
Mueller, "Detecting Label Errors in Token Classification Data", 2022). Written from the papers: the authors' own library
(cleanlab) is under the AGPL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from models import extractors, similarity
from models.extractors.base import Example, Extracted, Extractor, OnProgress, Progress
from models.extractors.calibrating import calibrated
from models.metrics import is_right
from models.pages import Page
from models.schema import Field, Schema

Read = TypeVar("Read")  # what somebody reads of a document

FOLDS = 5
LEARNER = "crf"  # seconds for a hundred receipts; any extractor's name will do


@dataclass(frozen=True, slots=True)
class Doubt:
    """One recorded answer that the model speaks against."""

    document: int  # position among the examples
    field: str
    likelihood: float  # 0…1, of what was recorded
    says: str  # what stands there by the model; empty: nothing


def find(
    schema: Schema,
    examples: Sequence[Example],
    *,
    learner: str = LEARNER,
    recipe: Mapping[str, Any] | None = None,  # the learner's own settings
    folds: int = FOLDS,
    seed: int = 0,
    on_progress: OnProgress = lambda _: None,
) -> list[Doubt]:
    """`doubts` about the examples by a model trained on the others; none for fewer documents than folds.

    Raises `TrainingFailed`, or what `on_progress` raises.
    """
    said = out_of_fold(
        schema,
        examples,
        learner=learner,
        recipe=recipe or {},
        folds=folds,
        seed=seed,
        on_progress=on_progress,
    )
    return doubts(schema, examples, said) if said else []


def out_of_fold(
    schema: Schema,
    examples: Sequence[Example],
    *,
    learner: str,
    recipe: Mapping[str, Any],
    folds: int,
    seed: int,
    on_progress: OnProgress,
) -> list[Extracted]:
    """What a model says of each example that learned from other folds; empty for fewer groups of documents than folds."""
    return read_by_others(
        schema,
        examples,
        lambda model, documents: model.extract(documents),
        learner=learner,
        recipe=recipe,
        folds=folds,
        seed=seed,
        on_progress=on_progress,
    )


def read_by_others(
    schema: Schema,
    examples: Sequence[Example],
    read: Callable[[Extractor, Sequence[Sequence[Page]]], Sequence[Read]],
    *,
    learner: str,
    recipe: Mapping[str, Any],
    folds: int,
    seed: int,
    on_progress: OnProgress,
) -> list[Read]:
    """What `read` makes of each example with a model that learned from other folds, as in `out_of_fold`.

    Near copies are in one fold: the copy of a wrongly labelled document is often labelled wrongly too.
    """
    kind = extractors.named(learner)
    said: dict[int, Read] = {}
    splits = list(folds_of(examples, folds, seed))
    if len(splits) < folds:
        return []
    for number, (learning, unseen) in enumerate(splits):
        on_progress(Progress("cross-validating", number / folds))
        model = kind.fit(
            schema,
            [examples[at] for at in learning],
            [],
            recipe=recipe,
            on_progress=_within(on_progress, number, folds),
        )
        said |= zip(unseen, read(model, [examples[at].pages for at in unseen]), strict=True)
    return [said[at] for at in range(len(examples))]


def doubts(schema: Schema, examples: Sequence[Example], said: Sequence[Extracted]) -> list[Doubt]:
    """The recorded answers that `said`, by models that had not seen them, speaks against; the least likely first.

    At most one for each document and field; none about fields that nobody confirmed.
    """
    reading = calibrated(schema, examples, said)
    found: list[Doubt] = []
    for field in schema:
        views = [
            _view(field, example, extracted, reading.found[field.name], reading.absent[field.name])
            if field.name not in example.unconfirmed
            else None
            for example, extracted in zip(examples, said, strict=True)
        ]
        usual = {
            absent: _mean([view.recorded for view in views if view and view.recorded_absent == absent])
            for absent in (False, True)
        }
        found += [
            Doubt(at, field.name, 1 - view.other, view.says)
            for at, view in enumerate(views)
            if view and view.other > 0 and view.other >= usual[not view.says]
        ]
    return sorted(found, key=lambda doubt: (doubt.likelihood, doubt.document, doubt.field))


@dataclass(frozen=True, slots=True)
class _View:
    """What a model makes of one field of one document."""

    recorded_absent: bool
    recorded: float  # probability of what was recorded
    other: float  # of the likeliest other answer; 0 if it speaks for none
    says: str  # that answer; empty: that the field is absent


def _view(
    field: Field,
    example: Example,
    extracted: Extracted,
    found: Callable[[float], float],
    absent: Callable[[float], float],
) -> _View:
    answers = [answer.text for answer in example.answers if answer.field == field.name]
    values = [value for value in extracted.values if value.field == field.name]
    strange = [value for value in values if not any(is_right(field, value, text) for text in answers)]
    agreeing = [found(value.confidence) for value in values if value not in strange]
    if strange:
        best = max(strange, key=lambda value: value.confidence)
        other, says = found(best.confidence), best.text
        return _View(not answers, min([1 - other, *agreeing]), other, says)
    if values:
        return _View(False, min(agreeing), 0.0, "")
    gone = absent(extracted.absent.get(field.name, 0.0))
    return _View(True, gone, 0.0, "") if not answers else _View(False, 1 - gone, gone, "")


def _mean(shares: Sequence[float]) -> float:
    """Above any probability where there is nothing to tell from."""
    return float(np.mean(shares)) if shares else 2.0


def folds_of(examples: Sequence[Example], folds: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """(positions to learn from, positions to read) for each fold, near copies together; fewer folds for few groups."""
    groups = similarity.group([similarity.fingerprint(example.pages) for example in examples])
    rng = np.random.default_rng(seed)
    sizes = [0] * folds
    fold_of: dict[int, int] = {}
    leaders = rng.permutation(sorted(set(groups))).tolist()
    for leader in sorted(leaders, key=lambda each: -groups.count(each)):
        fold_of[leader] = sizes.index(min(sizes))
        sizes[fold_of[leader]] += groups.count(leader)
    for fold in range(folds):
        unseen = [at for at, leader in enumerate(groups) if fold_of[leader] == fold]
        learning = [at for at, leader in enumerate(groups) if fold_of[leader] != fold]
        if unseen and learning:
            yield learning, unseen


def _within(on_progress: OnProgress, number: int, folds: int) -> OnProgress:
    return lambda progress: on_progress(Progress("cross-validating", (number + progress.share) / folds))
