"""Known answers with one wrong value in; and who submits such a thing untouched, who accepts without looking, out.

Pure, no database. A probe is a document whose answers are known, shown as if the machine had read one value wrongly:
another amount or date of the same document. Whoever looks puts it right; a person misses one now and then.

Whether somebody misses too many is told by a sequential test after each probe: the sum of log-likelihood ratios of
"misses `CARELESS` of the probes" against "misses `HONEST`" (Wald 1945), never below 0, so that people who begin to accept
blindly after a careful start are found as fast as others (Page's CUSUM, 1954). `ALARM` is chosen for false alarms: see
docs/decisions/0020-label-quality.md, and the simulation in `benchmarks.label_quality`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from learner.audit import wilson
from models.alignment import TYPED, label_words, place_of, runs_like, text_of
from models.extractors.base import Answer, Value
from models.pages import Page
from models.schema import Field, Schema

HONEST = 0.10  # share of probes that somebody who looks misses at most
CARELESS = 0.50  # and somebody who doesn't look, at least
ALARM = math.log(500)
MISSED = math.log(CARELESS / HONEST)
NOTICED = math.log((1 - CARELESS) / (1 - HONEST))
SURE = 0.95  # shown for a value of which no model said how sure it is


@dataclass(frozen=True, slots=True)
class Planted:
    """What a probe shows: all values, of which that of `field` is wrong."""

    field: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one person's probes tell, in the order in which they were answered."""

    probes: int
    missed: int
    low: float  # 95 % interval of the share that they miss, 0…1
    high: float
    blind: bool  # they accept without looking, as far as can be told

    @property
    def noticed(self) -> int:
        return self.probes - self.missed


def plant(
    schema: Schema,
    pages: Sequence[Page],
    answers: Sequence[Answer],
    confidences: Mapping[str, float],
    rng: np.random.Generator,
) -> Planted | None:
    """The answers as values, one of them replaced by another date, amount or number of the document.

    `confidences` are shown beside the fields' values, so that nothing tells a probe from any other task. None if no
    field has another value of its kind on the pages.
    """
    placed = _placed(schema, pages, answers)
    at_home = [value for value in placed if schema[value.field].kind in TYPED]
    choices = [
        (value, wrong)
        for value in at_home
        if not schema[value.field].repeats
        for wrong in _others(schema[value.field], pages, value)
    ]
    fields = sorted({value.field for value, _ in choices})
    if not fields:
        return None
    field = fields[int(rng.integers(len(fields)))]
    of_field = [choice for choice in choices if choice[0].field == field]
    victim, wrong = of_field[int(rng.integers(len(of_field)))]
    shown = [wrong if value is victim else value for value in placed]
    return Planted(field, tuple(_sure(value, confidences.get(value.field, SURE)) for value in shown))


def known(
    schema: Schema, pages: Sequence[Page], answers: Sequence[Answer], confidences: Mapping[str, float]
) -> tuple[Value, ...]:
    """Answers as values that can be shown; those whose place nobody knows are left out."""
    placed = _placed(schema, pages, answers)
    return tuple(_sure(value, confidences.get(value.field, SURE)) for value in placed)


def judge(missed: Sequence[bool]) -> Verdict:
    """Of one person's probes, oldest first, whether each was missed. Who is found once stays found."""
    n, count = len(missed), sum(missed)
    low, high = wilson(count / n, n) if n else (0.0, 1.0)
    return Verdict(n, count, low, high, found_after(missed) is not None)


def found_after(missed: Sequence[bool]) -> int | None:
    """After how many probes the test finds that a person accepts blindly; None if it doesn't."""
    level = 0.0
    for number, each in enumerate(missed, start=1):
        level = max(0.0, level + (MISSED if each else NOTICED))
        if level >= ALARM:
            return number
    return None


def _placed(schema: Schema, pages: Sequence[Page], answers: Sequence[Answer]) -> list[Value]:
    own = [answer for answer in answers if answer.field in schema]
    found = label_words(pages, own, schema).places
    places = [answer.place or each for answer, each in zip(own, found, strict=True)]
    return [
        Value(answer.field, answer.text, schema[answer.field].normalise(answer.text), SURE, place)
        for answer, place in zip(own, places, strict=True)
        if place is not None
    ]


def _others(field: Field, pages: Sequence[Page], value: Value) -> list[Value]:
    """Other values of the field's kind that stand on the pages, each once."""
    found: dict[str, Value] = {}
    for number, page in enumerate(pages):
        for run in runs_like(page, field):
            text = text_of(page, run)
            normalised = field.normalise(text)
            if normalised is not None and normalised != value.normalised:
                place = place_of(number, page, run)
                found.setdefault(normalised, Value(field.name, text, normalised, SURE, place))
    return list(found.values())


def _sure(value: Value, confidence: float) -> Value:
    return Value(value.field, value.text, value.normalised, confidence, value.place)
