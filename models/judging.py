"""What a model said of documents whose truth is known in, every figure we tell of it out: one place for all who judge.

`manage.py evaluate`, `manage.py train` and the benchmarks report from here, so their figures mean the same.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import familiarity
from models.alignment import PIECE
from models.calibration import errors_by_chance, expected_calibration_error
from models.extractors.base import Answer, Extracted
from models.metrics import Scores, is_right, score
from models.packs import PackDocument
from models.pages import Page
from models.schema import Field, Kind, Schema
from models.values import normalise_text

BATCH = (
    32  # documents that a model gets at a time: enough for batches of like length, and progress can be told
)
FEWEST = 20  # statements from which a calibration error says something
CHANCE = 95  # per cent of perfectly calibrated models whose error is smaller than what is told as chance

Extract = Callable[[Sequence[Sequence[Page]]], list[Extracted]]
Truth = Sequence[Sequence[Answer]]
Outcome = tuple[float, bool]  # a confidence, and whether what was said with it is right
Figures = dict[str, Any]  # JSON: counts, figures with intervals, by field


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said of each document, and how long that took for all their pages."""

    extracted: list[Extracted]
    pages: int
    seconds: float

    @property
    def seconds_per_page(self) -> float:
        return self.seconds / max(1, self.pages)


def extract_all(
    extract: Extract, documents: Sequence[Sequence[Page]], on_done: Callable[[int], None] = lambda _: None
) -> Said:
    """Let a model extract all documents; `on_done` is told after each batch how many are done."""
    extracted: list[Extracted] = []
    began = time.perf_counter()
    for start in range(0, len(documents), BATCH):
        extracted += extract(documents[start : start + BATCH])
        on_done(len(extracted))
    seconds = time.perf_counter() - began
    return Said(extracted, sum(map(len, documents)), seconds)


def judge(
    extract: Extract,
    schema: Schema,
    documents: Sequence[PackDocument],
    known: Mapping[str, set[str]],
    rng: np.random.Generator,
    on_done: Callable[[int], None] = lambda _: None,
) -> Figures:
    """Everything there is to tell of a model on a pack's documents: time, figures, seen and unseen apart.

    `known` are the marks of its training (see `familiarity`). How many values do not stand in the text, so that no
    model can find them, is counted by field; they count as missed all the same.
    """
    said = extract_all(extract, [document.pages for document in documents], on_done)
    truth = [document.answers for document in documents]
    found = figures(schema, truth, said.extracted, rng)
    for name, own in found["fields"].items():
        own["unreachable"] = sum(
            name in document.unreachable and any(answer.field == name for answer in document.answers)
            for document in documents
        )
    return {
        "pages": said.pages,
        "seconds": said.seconds,
        "seconds_per_page": said.seconds_per_page,
        "figures": found,
        "apart": apart(schema, truth, said.extracted, familiarity.seen(documents, known), rng),
    }


def figures(schema: Schema, truth: Truth, said: Sequence[Extracted], rng: np.random.Generator) -> Figures:
    """Precision, recall and F1 with their 95 % intervals, overall (micro) and per field, and how honest the confidences are.

    Text fields have a token F1 besides, which forgives a missing or an additional word.
    """
    scores = score(schema, truth, said)
    outcomes = outcomes_of(schema, truth, said)
    every = Outcomes(
        [one for each in outcomes.values() for one in each.values],
        [one for each in outcomes.values() for one in each.absences],
    )
    fields = {}
    for field in schema:
        own: Figures = {"kind": field.kind.value, "repeats": field.repeats} | _counted(
            scores, rng, field.name
        )
        if field.kind is Kind.TEXT:
            own["token_f1"] = token_scores(field, truth, said).interval(rng).to_json()
        fields[field.name] = own | {"calibration": outcomes[field.name].to_json()}
    return {
        "documents": len(scores),
        "overall": _counted(scores, rng, None) | {"calibration": every.to_json()},
        "fields": fields,
        "worst_error_by_chance": _worst_by_chance(outcomes.values()),
    }


def apart(
    schema: Schema,
    truth: Truth,
    said: Sequence[Extracted],
    familiar: Mapping[str, NDArray[Any]],
    rng: np.random.Generator,
) -> dict[str, dict[str, Figures]]:
    """For each mark (see `familiarity.seen`) the figures of the `seen` and of the `unseen` documents, as far as told."""
    scores = score(schema, truth, said)
    return {
        mark: {
            name: _part(scores.of(told == number), rng)
            for name, number in (("seen", 1), ("unseen", 0))
            if (told == number).any()
        }
        for mark, told in familiar.items()
    }


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What was said of a field in all documents: its values, and that it is absent."""

    values: list[Outcome]
    absences: list[Outcome]

    def to_json(self) -> Figures:
        """The expected calibration error of both, with what it is made of."""
        return {"values": _calibration(self.values), "absences": _calibration(self.absences)}


def outcomes_of(schema: Schema, truth: Truth, said: Sequence[Extracted]) -> dict[str, Outcomes]:
    """By field: every confidence, and whether it was right to say so. An absence is right where there is no answer."""
    found = {name: Outcomes([], []) for name in schema.names}
    for answers, extracted in zip(truth, said, strict=True):
        texts = {name: [each.text for each in answers if each.field == name] for name in schema.names}
        for value in extracted.values:
            if value.field in found:
                right = any(is_right(schema[value.field], value, text) for text in texts[value.field])
                found[value.field].values.append((value.confidence, right))
        for name, confidence in extracted.absent.items():
            if name in found:
                found[name].absences.append((confidence, not texts[name]))
    return found


def token_scores(field: Field, truth: Truth, said: Sequence[Extracted]) -> Scores:
    """Counts of words instead of whole values: right is how many the answers and the values share."""
    rows = []
    for answers, extracted in zip(truth, said, strict=True):
        wanted = _tokens(answer.text for answer in answers if answer.field == field.name)
        given = _tokens(value.text for value in extracted.values if value.field == field.name)
        rows.append(((wanted & given).total(), given.total(), wanted.total()))
    table = np.asarray(rows, dtype=np.int64).reshape(-1, 1, 3)  # (N, 1, 3)
    return Scores((field.name,), table[..., 0], table[..., 1], table[..., 2])


def _tokens(texts: Iterable[str]) -> Counter[str]:
    return Counter(normalise_text(piece) for text in texts for piece in PIECE.findall(text))


def _counted(scores: Scores, rng: np.random.Generator, field: str | None) -> Figures:
    right, predicted, true = scores.sums(field)
    intervals = scores.intervals(rng, field)
    return {
        "right": right,
        "predicted": predicted,
        "true": true,
        **{name: interval.to_json() for name, interval in intervals.items()},
    }


def _part(scores: Scores, rng: np.random.Generator) -> Figures:
    return {
        "documents": len(scores),
        "overall": _counted(scores, rng, None),
        "fields": {field: _counted(scores, rng, field) for field in scores.fields},
    }


def _calibration(outcomes: Sequence[Outcome]) -> Figures:
    sure = [confidence for confidence, _ in outcomes]
    right = [was_right for _, was_right in outcomes]
    return {
        "error": expected_calibration_error(sure, right) if outcomes else None,
        "by_chance": _percentile(errors_by_chance(sure, _lot())) if outcomes else None,
        "count": len(outcomes),
        "mean_confidence": float(np.mean(sure)) if outcomes else None,
        "share_right": float(np.mean(right)) if outcomes else None,
    }


def _worst_by_chance(outcomes: Iterable[Outcomes]) -> float | None:
    """The worst calibration error that fields show whose every confidence is true: the largest of many is a large one."""
    rng = _lot()
    drawn = [
        errors_by_chance([confidence for confidence, _ in each], rng)
        for own in outcomes
        for each in (own.values, own.absences)
        if len(each) >= FEWEST
    ]
    return _percentile(np.max(drawn, axis=0)) if drawn else None


def _lot() -> np.random.Generator:
    """The same lots for every model, and none that other figures draw from."""
    return np.random.default_rng(0)


def _percentile(errors: NDArray[np.float64]) -> float:
    return float(np.percentile(errors, CHANCE))
