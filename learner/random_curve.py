"""Audited and chosen documents of a type in; what labelling in random order would have taught, beside what was chosen, out.

The audit slice is a random sample: who learns from parts of it alone, as many documents as of those that the strategy
chose first, is where random order would have led. Both are read by the same quick learner and judged on the same
audited documents, those of the other folds. So the curves stand beside each other, below the versions': those are of
another learner, from more documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Min
from numpy.typing import NDArray

from annotation import jobs, ledger
from annotation.models import Correction, DocumentType
from learner.models import ModelVersion
from learner.suspects import example_of
from models import extractors, similarity
from models.errors import TrainingFailed
from models.extractors.base import Example, Extracted
from models.label_errors import LEARNER
from models.metrics import Interval, score
from models.schema import Schema

FIGURES = "random"  # their name among a version's figures
LEAST_AUDITED = 20
FOLDS = 3
SIZES = (5, 10, 20, 40, 80)  # documents; with more, a training of the quick learner is no longer quick
ROUNDS = 500  # of the bootstrap over documents

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """What so many documents taught the quick learner: F1, by documents picked at random and by chosen ones."""

    documents: int
    random: Interval
    chosen: Interval


@dataclass(frozen=True, slots=True)
class Equal:
    """How many random documents teach as much as `chosen` chosen ones, with its 95 % interval.

    None where they would be more than were measured.
    """

    chosen: int
    random: float | None
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class RandomCurve:
    """Both curves, each from few documents to many; without places where there is too little to measure them."""

    audited: int  # documents
    places: tuple[Place, ...] = ()
    equal: Equal | None = None

    @property
    def most(self) -> int:
        """Documents of the longest measured part."""
        return self.places[-1].documents if self.places else 0

    def to_json(self) -> dict[str, Any]:  # mixed: counts and scores
        return {
            "audited": self.audited,
            "places": [
                [place.documents, place.random.to_json(), place.chosen.to_json()] for place in self.places
            ],
            "equal": [self.equal.chosen, self.equal.random, self.equal.low, self.equal.high]
            if self.equal
            else None,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> RandomCurve:  # mixed, as above
        places = [
            Place(documents, Interval(**random), Interval(**chosen))
            for documents, random, chosen in stored["places"]
        ]
        return cls(stored["audited"], tuple(places), Equal(*stored["equal"]) if stored["equal"] else None)


def compare(type_id: int) -> None:
    """Measure both curves for the newest version of a type, which keeps them; once for each version."""
    document_type = DocumentType.objects.get(pk=type_id)
    version = ModelVersion.objects.filter(document_type=document_type).order_by("-number").first()
    if version is None or FIGURES in version.figures:
        return
    found = measured(document_type.schema, *_documents(document_type), seed=version.number)
    with transaction.atomic():
        jobs.assert_held()
        version.figures[FIGURES] = found.to_json()
        version.save(update_fields=["figures"])


def newest(document_type: DocumentType) -> RandomCurve | None:
    """The curves of the newest version that has any; one query."""
    versions = ModelVersion.objects.filter(document_type=document_type, figures__has_key=FIGURES)
    stored = versions.order_by("-number").values_list(f"figures__{FIGURES}", flat=True).first()
    return RandomCurve.from_json(stored) if stored else None


def measured(
    schema: Schema, audited: Sequence[Example], chosen: Sequence[Example], *, seed: int = 0
) -> RandomCurve:
    """Both curves; `chosen` are in the order in which people answered them. Near copies of what judges teach nothing."""
    if len(audited) < LEAST_AUDITED:
        return RandomCurve(len(audited))
    rng = np.random.default_rng(seed)
    folds = _folds(audited, chosen, rng)
    most = min(min(len(fold.random), len(fold.chosen)) for fold in folds)
    sizes = [size for size in SIZES if size <= most]
    if len(sizes) < 2:
        return RandomCurve(len(audited))
    try:
        said = [
            [_by_size(schema, audited, fold.judging, learning, sizes) for fold, learning in taught]
            for taught in ([(f, f.random) for f in folds], [(f, f.chosen) for f in folds])
        ]
    except TrainingFailed:  # nothing that was recorded stands on the pages
        return RandomCurve(len(audited))
    tables = [
        [_counts(schema, audited, [fold[at] for fold in way]) for at in range(len(sizes))] for way in said
    ]
    drawn = _drawn(np.array(tables), rng)  # (2, S, 1 + R)
    places = tuple(
        Place(size, *(_interval(drawn[way, at]) for way in (0, 1))) for at, size in enumerate(sizes)
    )
    return RandomCurve(len(audited), places, equal(sizes, drawn[0], drawn[1]))


def equal(sizes: Sequence[int], random: Floats, chosen: Floats) -> Equal:
    """How many random documents teach as much as half of the most chosen ones: (S, 1 + R) F1 each, as measured first."""
    at = len(sizes) - 2
    needed = np.array([_reached(sizes, random[:, n], chosen[at, n]) for n in range(random.shape[1])])
    low, high = np.percentile(needed[1:], [2.5, 97.5], method="nearest")
    first = float(needed[0])
    return Equal(
        sizes[at],
        first if np.isfinite(first) else None,
        float(min(low, sizes[-1])),
        float(high) if np.isfinite(high) else None,
    )


def _reached(sizes: Sequence[int], curve: Floats, goal: float) -> float:
    """Where a curve first reaches the goal, between its places as a line on the scale of their logarithms."""
    best = np.maximum.accumulate(curve)
    if best[-1] < goal:
        return float("inf")
    at = int(np.argmax(best >= goal))
    if at == 0 or best[at] == best[at - 1]:
        return float(sizes[at])
    share = (goal - best[at - 1]) / (best[at] - best[at - 1])
    return float(sizes[at - 1] * (sizes[at] / sizes[at - 1]) ** share)


def _documents(document_type: DocumentType) -> tuple[list[Example], list[Example]]:
    """(audited, chosen by the strategy), the chosen ones in the order in which people first answered them."""
    names = set(document_type.schema.names)
    truths = (
        ledger.truths(document_type)
        .select_related("document")
        .prefetch_related("document__pages")
        .annotate(first=Min("document__corrections"))
        .order_by("first")
    )
    rows = list(truths)
    audited = [row for row in rows if row.document.audit_probability and not row.unconfirmed & names]
    chosen = [
        row
        for row in rows
        if row.document.audit_probability is None
        and not row.document.asked_by
        and row.source == Correction.Source.LABEL_STUDIO
    ]
    return [example_of(row, names) for row in audited], [example_of(row, names) for row in chosen]


@dataclass(frozen=True, slots=True)
class _Fold:
    judging: list[int]  # positions among the audited documents
    random: list[Example]  # to learn from
    chosen: list[Example]  # to learn from instead


def _folds(audited: Sequence[Example], chosen: Sequence[Example], rng: np.random.Generator) -> list[_Fold]:
    groups = similarity.group([similarity.fingerprint(each.pages) for each in [*audited, *chosen]])
    leaders = rng.permutation(sorted(set(groups[: len(audited)]))).tolist()
    fold_of = {leader: number % FOLDS for number, leader in enumerate(leaders)}
    mixed = rng.permutation(len(audited)).tolist()
    found = []
    for fold in range(FOLDS):
        judging = [at for at in range(len(audited)) if fold_of[groups[at]] == fold]
        random = [audited[at] for at in mixed if fold_of[groups[at]] != fold]
        others = [
            each
            for each, group in zip(chosen, groups[len(audited) :], strict=True)
            if fold_of.get(group) != fold
        ]
        found.append(_Fold(judging, random, others))
    return found


def _by_size(
    schema: Schema,
    audited: Sequence[Example],
    judging: Sequence[int],
    learning: Sequence[Example],
    sizes: Sequence[int],
) -> list[dict[int, Extracted]]:
    """What the quick learner says of the judging documents after the first documents of `learning`, for each size."""
    kind = extractors.named(LEARNER)
    found = []
    for size in sizes:
        model = kind.fit(schema, learning[:size], [], recipe={}, on_progress=lambda _: None)
        answers = model.extract([audited[at].pages for at in judging])
        found.append(dict(zip(judging, answers, strict=True)))
    return found


def _counts(schema: Schema, audited: Sequence[Example], folds: Sequence[dict[int, Extracted]]) -> Floats:
    """Right, predicted and true values of every audited document, over all folds: (N, 3)."""
    said = {at: answer for fold in folds for at, answer in fold.items()}
    scores = score(
        schema,
        [example.answers for example in audited],
        [said[at] for at in range(len(audited))],
    )
    return np.stack([scores.right, scores.predicted, scores.true], axis=-1).sum(axis=1).astype(np.float64)


def _drawn(tables: Floats, rng: np.random.Generator) -> Floats:
    """F1 of (W, S, N, 3) counts as they are, and of `ROUNDS` draws of the N documents, the same for all: (W, S, 1 + R)."""
    n = tables.shape[2]
    weights = rng.multinomial(n, np.full(n, 1 / n), size=ROUNDS).astype(np.float64)  # (R, N)
    weights = np.vstack([np.ones((1, n)), weights])
    right, predicted, true = np.moveaxis(weights @ tables, -1, 0)  # (W, S, 1 + R) each
    return np.asarray(2 * right / np.maximum(predicted + true, 1))


def _interval(drawn: Floats) -> Interval:
    low, high = np.percentile(drawn[1:], [2.5, 97.5])
    return Interval(float(drawn[0]), float(low), float(high))
