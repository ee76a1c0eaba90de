"""Label probabilities of words → field values with text, place and confidence.

Pure: arrays and pages in, values out. W words of a page, L labels: `O`, then `B-` and `I-` of each field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.alignment import OUTSIDE, place_of, text_of
from models.calibration import Calibration
from models.extractors.base import Extracted, Value
from models.pages import Page
from models.schema import Field, Schema

Floats = NDArray[np.float64]
# A field without a decoded value gets the likeliest words if they are so likely: a person corrects a wrong guess
# faster than an empty field, and on receipts every second such guess is right.
GUESS_FROM = 0.2


@dataclass(frozen=True, slots=True)
class Reading:
    """How probabilities become confidences; learned on the validation documents, kept with the weights."""

    found: Calibration = field(default_factory=Calibration)
    absent: Calibration = field(default_factory=Calibration)


def labels_of(schema: Schema) -> tuple[str, ...]:
    """The network's labels, in order."""
    return (OUTSIDE, *(f"{prefix}-{f.name}" for f in schema for prefix in "BI"))


def decode(log_probs: Floats) -> NDArray[np.intp]:
    """The likeliest labels (W,) of which every `I-` follows a `B-` or `I-` of its field (Viterbi 1967).

    `log_probs` is (W, L) with labels ordered as `labels_of` gives them.
    """
    n_words, n_labels = log_probs.shape
    if not n_words:
        return np.empty(0, dtype=np.intp)
    allowed = np.zeros((n_labels, n_labels))  # from, to
    inner = np.arange(2, n_labels, 2)
    allowed[:, inner] = -np.inf
    allowed[inner - 1, inner] = allowed[inner, inner] = 0.0
    best = log_probs[0].copy()
    best[inner] = -np.inf
    came_from = np.zeros((n_words, n_labels), dtype=np.intp)
    for word in range(1, n_words):
        paths = best[:, None] + allowed
        came_from[word] = paths.argmax(axis=0)
        best = paths.max(axis=0) + log_probs[word]
    labels = np.empty(n_words, dtype=np.intp)
    labels[-1] = best.argmax()
    for word in range(n_words - 1, 0, -1):
        labels[word - 1] = came_from[word, labels[word]]
    return labels


def read_fields(
    pages: Sequence[Page], log_probs: Sequence[Floats], schema: Schema, reading: Reading
) -> Extracted:
    """All values of a document from its pages' (W, L) label log-probabilities.

    A field that doesn't repeat gives its best value at most; one that repeats gives each different value once.
    `absent` holds every field without a value.
    """
    candidates = _candidates(pages, log_probs, schema)
    values: list[Value] = []
    absent: dict[str, float] = {}
    for number, each in enumerate(schema):
        found = _different(each, candidates[each.name])
        if not found and not each.repeats:
            guess = _guess(each, number, pages, log_probs)
            found = [guess] if guess is not None else []
        if not found:
            strongest = max(
                (float(np.exp(p[:, 1 + 2 * number].max())) for p in log_probs if len(p)), default=0.0
            )
            absent[each.name] = reading.absent(1 - strongest)
        kept = found if each.repeats else found[:1]
        values.extend(_with_confidence(value, reading.found(value.confidence)) for value in kept)
    return Extracted(tuple(values), absent)


def _candidates(
    pages: Sequence[Page], log_probs: Sequence[Floats], schema: Schema
) -> Mapping[str, list[Value]]:
    """Every decoded span as a value with its raw score, by field."""
    found: dict[str, list[Value]] = {name: [] for name in schema.names}
    for number, (page, probs) in enumerate(zip(pages, log_probs, strict=True)):
        labels = decode(probs)
        starts = [i for i, label in enumerate(labels) if label % 2 == 1]
        for start in starts:
            which = (int(labels[start]) - 1) // 2
            end = start + 1
            while end < len(labels) and labels[end] == labels[start] + 1:
                end += 1
            each = schema.fields[which]
            found[each.name].append(
                _value(each, number, page, (start, end), _score(probs, which, start, end))
            )
    return found


def _score(log_probs: Floats, which: int, start: int, end: int) -> float:
    """The least certain of the span's words, and of the word after it not belonging to it.

    A span is as right as its weakest word; a product would call every long address doubtful.
    """
    inner = 2 + 2 * which
    words = np.concatenate([log_probs[start : start + 1, inner - 1], log_probs[start + 1 : end, inner]])
    score = float(np.exp(words.min()))
    if end < len(log_probs):
        score = min(score, 1 - float(np.exp(log_probs[end, inner])))
    return min(1.0, max(0.0, score))


def _value(each: Field, number: int, page: Page, span: tuple[int, int], score: float) -> Value:
    indices = range(*span)
    text = text_of(page, indices)
    normalised = each.normalise(text)
    if normalised is None or not normalised:
        score /= 2  # words that are no value of the field's kind are wrong, or badly read
    return Value(each.name, text, normalised or None, score, place_of(number, page, indices))


def _different(each: Field, values: Sequence[Value]) -> list[Value]:
    """Each different value once, the best first: at its strongest place, and surer for every place that repeats it."""
    by_value: dict[str, list[Value]] = {}
    for value in values:
        by_value.setdefault(value.normalised or value.text, []).append(value)
    merged = []
    for same in by_value.values():
        best = max(same, key=lambda value: value.confidence)
        doubt = float(np.prod([1 - value.confidence for value in same]))
        merged.append(_with_confidence(best, 1 - doubt))
    return sorted(merged, key=lambda value: -value.confidence)


def _guess(each: Field, which: int, pages: Sequence[Page], log_probs: Sequence[Floats]) -> Value | None:
    """The likeliest start of a field that decoding passed over, extended while that is likelier than stopping."""
    begin, inner = 1 + 2 * which, 2 + 2 * which
    chances = [(float(probs[:, begin].max()), number) for number, probs in enumerate(log_probs) if len(probs)]
    if not chances:
        return None
    chance, number = max(chances)
    if np.exp(chance) < GUESS_FROM:
        return None
    probs = log_probs[number]
    start = int(probs[:, begin].argmax())
    end = start + 1
    while end < len(probs) and probs[end, inner] > probs[end, 0]:
        end += 1
    return _value(each, number, pages[number], (start, end), _score(probs, which, start, end))


def _with_confidence(value: Value, confidence: float) -> Value:
    return Value(value.field, value.text, value.normalised, confidence, value.place)
