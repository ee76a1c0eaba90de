"""How right extractions are: counts per document and field, F1 from them, and intervals by bootstrap.

A value is right when it equals the answer after normalisation. A field without a predicted value is missing (it
lowers recall), not wrong (it leaves precision alone). What repeats is compared as a set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.extractors.base import Answer, Extracted, Value
from models.schema import Field, Schema
from models.values import normalise_text

Counts = NDArray[np.int64]
ROUNDS = 2000  # enough for two digits of a 95 % interval (Efron and Tibshirani 1993, chapter 13, want 1,000)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Scores:
    """Counts of right, predicted and true values; row = document, column = field, in the schema's order."""

    fields: tuple[str, ...]
    right: Counts  # (N, F)
    predicted: Counts  # (N, F)
    true: Counts  # (N, F)

    def __len__(self) -> int:
        return len(self.right)

    def precision(self, field: str | None = None) -> float:
        """Right among predicted, of one field or of all (micro); 1 where nothing was predicted."""
        right, predicted, _ = self.sums(field)
        return right / predicted if predicted else 1.0

    def recall(self, field: str | None = None) -> float:
        """Right among true, of one field or of all (micro); 1 where there is nothing to find."""
        right, _, true = self.sums(field)
        return right / true if true else 1.0

    def f1(self, field: str | None = None) -> float:
        """Harmonic mean of precision and recall, of one field or of all (micro); 1 if nothing is true or predicted."""
        return float(_f1(*map(np.asarray, self.sums(field))))

    def sums(self, field: str | None = None) -> tuple[int, int, int]:
        """How many values are right, predicted and true, of one field or of all."""
        right, predicted, true = self._columns(field)
        return int(right.sum()), int(predicted.sum()), int(true.sum())

    def per_field(self) -> dict[str, dict[str, float]]:
        """`precision`, `recall`, `f1` and `support` (true values) of every field."""
        return {
            field: {
                "precision": self.precision(field),
                "recall": self.recall(field),
                "f1": self.f1(field),
                "support": float(self.sums(field)[2]),
            }
            for field in self.fields
        }

    def interval(
        self, rng: np.random.Generator, field: str | None = None, *, rounds: int = ROUNDS
    ) -> Interval:
        """F1 with its 95 % percentile bootstrap interval over documents; (F1, 0, 1) without documents."""
        return self.intervals(rng, field, rounds=rounds)["f1"]

    def intervals(
        self, rng: np.random.Generator, field: str | None = None, *, rounds: int = ROUNDS
    ) -> dict[str, Interval]:
        """The same for `precision`, `recall` and `f1`, from the same draws of documents."""
        values = {"precision": self.precision(field), "recall": self.recall(field), "f1": self.f1(field)}
        if not len(self):
            return {name: Interval(value, 0.0, 1.0) for name, value in values.items()}
        weights = _resample(len(self), rounds, rng)  # (R, N)
        right, predicted, true = (weights @ column for column in self._columns(field))
        # precision and recall are F1s too: of the predicted with themselves, and of the true with themselves
        drawn = {
            "precision": _f1(right, predicted, predicted),
            "recall": _f1(right, true, true),
            "f1": _f1(right, predicted, true),
        }
        bounds = {name: np.percentile(each, [2.5, 97.5]) for name, each in drawn.items()}
        return {
            name: Interval(value, float(bounds[name][0]), float(bounds[name][1]))
            for name, value in values.items()
        }

    def of(self, rows: NDArray[np.bool_]) -> Scores:
        """The scores of some of the documents: `rows` is (N,)."""
        return Scores(self.fields, self.right[rows], self.predicted[rows], self.true[rows])

    def followed_by(self, other: Scores) -> Scores:
        """These documents and then those of `other`, which has the same fields."""
        tables = zip(
            (self.right, self.predicted, self.true), (other.right, other.predicted, other.true), strict=True
        )
        return Scores(self.fields, *(np.concatenate(pair) for pair in tables))

    def per_document(self, field: str) -> NDArray[np.float64]:
        """F1 of one field in each document: (N,)."""
        return _f1(*self._columns(field))

    def to_json(self) -> dict[str, Any]:  # mixed: names and number tables
        return {
            "fields": list(self.fields),
            "right": self.right.tolist(),
            "predicted": self.predicted.tolist(),
            "true": self.true.tolist(),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Scores:
        shape = (-1, len(stored["fields"]))
        tables = (
            np.asarray(stored[name], dtype=np.int64).reshape(shape) for name in ("right", "predicted", "true")
        )
        return cls(tuple(stored["fields"]), *tables)

    def _columns(self, field: str | None) -> tuple[Counts, Counts, Counts]:
        """Counts per document (N,), of one field or summed over all."""
        tables = (self.right, self.predicted, self.true)
        if field is None:
            return tuple(table.sum(axis=1) for table in tables)
        column = self.fields.index(field)
        return tuple(table[:, column] for table in tables)  # type: ignore[return-value]


def score(schema: Schema, truth: Sequence[Sequence[Answer]], predicted: Sequence[Extracted]) -> Scores:
    """Compares document by document; both sequences have the same order and length."""
    rows = [
        [
            _compare(
                field,
                [answer.text for answer in answers if answer.field == field.name],
                [value for value in extracted.values if value.field == field.name],
            )
            for field in schema
        ]
        for answers, extracted in zip(truth, predicted, strict=True)
    ]
    table = np.asarray(rows, dtype=np.int64).reshape(-1, len(schema.fields), 3)  # (N, F, 3)
    return Scores(schema.names, table[..., 0], table[..., 1], table[..., 2])


def is_right(field: Field, value: Value, answer: str) -> bool:
    """Whether a predicted value means what a person's text says; what can't be normalised is compared as text."""
    wanted = field.normalise(answer)
    if wanted is None or value.normalised is None:
        return normalise_text(answer) == normalise_text(value.text)
    return wanted == value.normalised


def paired_bootstrap(
    champion: Scores,
    candidate: Scores,
    rng: np.random.Generator,
    field: str | None = None,
    *,
    rounds: int = ROUNDS,
    confidence: float = 0.95,
) -> Interval:
    """Candidate's F1 less the champion's, with its interval, both scored on the same documents in the same order.

    Both models are counted on the same resampled documents, so that documents that are hard for both cancel out
    (Koehn 2004, "Statistical significance tests for machine translation evaluation"). Without documents the
    interval is everything: (0, -1, 1).
    """
    if len(champion) != len(candidate) or not np.array_equal(champion.true, candidate.true):
        raise ValueError("the two scores are of different documents; score both on the same ones")
    if not len(champion):
        return Interval(0.0, -1.0, 1.0)
    weights = _resample(len(champion), rounds, rng)  # (R, N)
    one, other = (_f1(*(weights @ column for column in s._columns(field))) for s in (champion, candidate))
    low, high = np.percentile(other - one, [50 * (1 - confidence), 50 * (1 + confidence)])
    return Interval(candidate.f1(field) - champion.f1(field), float(low), float(high))


def paired_bootstraps(one: Scores, other: Scores, rng: np.random.Generator) -> dict[str, Interval]:
    """`paired_bootstrap` of every field, and of all together under "", from the same draws of documents: milliseconds."""
    if len(one) != len(other) or not np.array_equal(one.true, other.true):
        raise ValueError("the two scores are of different documents; score both on the same ones")
    names = ("", *one.fields)
    if not len(one):
        return dict.fromkeys(names, Interval(0.0, -1.0, 1.0))
    # products of floats, which hold these counts exactly, are fifty times as fast as those of integers
    weights = _resample(len(one), ROUNDS, rng).astype(np.float64)  # (R, N)
    drawn = [
        _f1(*(_with_sum(weights @ table) for table in (s.right, s.predicted, s.true))) for s in (one, other)
    ]
    low, high = np.percentile(drawn[1] - drawn[0], [2.5, 97.5], axis=0)  # each (1 + F,)
    return {
        name: Interval(other.f1(name or None) - one.f1(name or None), float(low[n]), float(high[n]))
        for n, name in enumerate(names)
    }


def _with_sum(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """(R, F) → (R, 1 + F): the sum over fields in front."""
    return np.concatenate([drawn.sum(axis=1, keepdims=True), drawn], axis=1)


def _compare(field: Field, answers: Sequence[str], values: Sequence[Value]) -> tuple[int, int, int]:
    """(right, predicted, true) of one field of one document."""
    if not field.repeats:
        # people may mark one value in several places: any of them will do
        right = any(is_right(field, value, answer) for value in values for answer in answers)
        return int(right), len(values), min(1, len(answers))
    wanted = {field.normalise(answer) or normalise_text(answer): answer for answer in answers}
    said = {value.normalised or normalise_text(value.text): value for value in values}
    left = list(wanted.values())
    right_ones = 0
    for value in said.values():
        match = next((answer for answer in left if is_right(field, value, answer)), None)
        if match is not None:
            left.remove(match)
            right_ones += 1
    return right_ones, len(said), len(wanted)


def _resample(n: int, rounds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each document is drawn in each round: (R, N), rows sum to N."""
    return rng.multinomial(n, np.full(n, 1 / n), size=rounds)


def _f1(right: NDArray[Any], predicted: NDArray[Any], true: NDArray[Any]) -> NDArray[np.float64]:
    """2 · right / (predicted + true), elementwise; 1 where nothing is true or predicted."""
    total = np.asarray(predicted + true, dtype=np.float64)
    return np.where(total > 0, 2 * right / np.where(total > 0, total, 1.0), 1.0)
