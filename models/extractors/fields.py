"""Label probabilities of words → field values with text, place and confidence.

Pure: arrays and pages in, values out. W words of a page, L labels: `O`, then `B-` and `I-` of each field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.alignment import OUTSIDE, TYPED, place_of, runs_like, text_of, values_in
from models.calibration import Calibration
from models.extractors.base import Extracted, Value
from models.finding import Run, looks_typed
from models.pages import Page
from models.schema import Field, Kind, Schema

Floats = NDArray[np.float64]
# A field without a decoded value gets the likeliest words if they are so likely: a person corrects a wrong guess
# faster than an empty field, and on receipts such guesses are right more often than not.
GUESS_FROM = 0.1
LIKELY = 0.5
GAP = 12  # words of another column that may stand within a text: as many as a line of one holds
RESUMING = 1.5  # what going on behind such words costs (a log-probability): most values are not interrupted
ONE_NUMBER = re.compile(r"\D*\d+(?:[.,']\d{3})*(?:[.,]\d+)?\D*")


@dataclass(frozen=True, slots=True)
class Reading:
    """How raw scores become confidences, by field: of values, and of absences. Kept with the weights."""

    found: Mapping[str, Calibration] = field(default_factory=dict)
    absent: Mapping[str, Calibration] = field(default_factory=dict)

    def to_json(self) -> dict[str, dict[str, dict[str, float]]]:
        return {
            "found": {name: each.to_json() for name, each in self.found.items()},
            "absent": {name: each.to_json() for name, each in self.absent.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Mapping[str, dict[str, float]]]) -> Reading:
        return cls(
            {name: Calibration.from_json(each) for name, each in stored["found"].items()},
            {name: Calibration.from_json(each) for name, each in stored["absent"].items()},
        )


AS_IT_IS = Calibration()


def labels_of(schema: Schema) -> tuple[str, ...]:
    """The network's labels, in order."""
    return (OUTSIDE, *(f"{prefix}-{f.name}" for f in schema for prefix in "BI"))


def decode(log_probs: Floats, schema: Schema) -> NDArray[np.intp]:
    """The likeliest labels (W,) of which every `I-` goes on with a `B-` or `I-` of its field (Viterbi 1967).

    `log_probs` is (W, L) with labels ordered as `labels_of` gives them. A text that doesn't repeat may be interrupted by up
    to `GAP` words outside, as `alignment.label_words` labels what stands beside another column. A field that doesn't repeat can't
    begin anew within itself: training never shows that, and an address cut in two would be two wrong ones.
    """
    n_words, n_labels = log_probs.shape
    if not n_words:
        return np.empty(0, dtype=np.intp)
    allowed = np.zeros((n_labels, n_labels))  # from, to
    inner = np.arange(2, n_labels, 2)
    allowed[:, inner] = -np.inf
    allowed[inner - 1, inner] = allowed[inner, inner] = 0.0
    for end in inner[[not each.repeats for each in schema]]:
        allowed[[end - 1, end], end - 1] = -np.inf
    labels = log_probs.argmax(axis=1)
    if labels[0] not in inner and not allowed[labels[:-1], labels[1:]].any():
        return labels  # each word's likeliest label: the usual case, and nothing can be likelier
    # of a list a piece that stands apart is rather another value
    texts = np.asarray([each.kind not in TYPED and not each.repeats for each in schema])
    return _likeliest(log_probs, allowed, np.where(texts, -RESUMING, -np.inf))


def _likeliest(log_probs: Floats, allowed: Floats, resuming: Floats) -> NDArray[np.intp]:
    """The labels (W,) of the likeliest path; `allowed` (from, to) and `resuming` (F,) behind a gap are 0 or a cost."""
    n_words, n_labels = log_probs.shape
    columns, inner = np.arange(n_labels), np.arange(2, n_labels, 2)
    best = np.empty((n_words, n_labels))  # of the paths up to a word that end with a label
    best[0] = log_probs[0]
    best[0, inner] = -np.inf
    came_from = np.zeros((n_words, n_labels), dtype=np.intp)
    gaps = np.zeros((n_words, n_labels), dtype=np.intp)  # how many words outside stand before
    outside = np.cumsum(log_probs[:, 0])
    for word in range(1, n_words):
        paths = best[word - 1][:, None] + allowed
        came_from[word] = paths.argmax(axis=0)
        best[word] = paths[came_from[word], columns]
        first = max(0, word - 1 - GAP)
        if first < word - 1:
            ends = best[first : word - 1]
            ends = (
                np.maximum(ends[:, inner - 1], ends[:, inner]) - outside[first : word - 1, None]
            )  # (gaps, F)
            nearest = first + ends.argmax(axis=0)
            resumed = ends.max(axis=0) + outside[word - 1] + resuming
            better = resumed > best[word, inner]
            best[word, inner[better]] = resumed[better]
            gaps[word, inner[better]] = word - 1 - nearest[better]
        best[word] += log_probs[word]
    labels = np.zeros(n_words, dtype=np.intp)
    word, label = n_words - 1, int(best[-1].argmax())
    while word >= 0:
        labels[word] = label
        if gap := int(gaps[word, label]):
            word -= gap + 1
            label -= int(best[word, label - 1] > best[word, label])
        else:
            label = int(came_from[word, label])
            word -= 1
    return labels


def read_fields(
    pages: Sequence[Page], log_probs: Sequence[Floats], schema: Schema, reading: Reading
) -> Extracted:
    """All values of a document from its pages' (W, L) label log-probabilities.

    A field that doesn't repeat gives its best value at most; one that repeats gives each different value once.
    `absent` holds every field without a value.
    """
    spans = [_spans(decode(probs, schema), schema) for probs in log_probs]
    values: list[Value] = []
    absent: dict[str, float] = {}
    for which, each in enumerate(schema):
        found = [
            value
            for number, (page, probs) in enumerate(zip(pages, log_probs, strict=True))
            for value in _on_page(each, which, number, page, probs, spans[number][each.name])
        ]
        if not found and each.kind not in TYPED and not each.repeats:
            guess = _guess(each, which, pages, log_probs)
            found = [guess] if guess is not None else []
        if not found:
            begins = [float(np.exp(probs[:, 1 + 2 * which].max())) for probs in log_probs if len(probs)]
            calibration = reading.absent.get(each.name, AS_IT_IS)
            absent[each.name] = calibration(1 - max(begins, default=0.0))
        different = _different(found)
        kept = different if each.repeats else different[:1]
        calibration = reading.found.get(each.name, AS_IT_IS)
        values.extend(_with_confidence(value, calibration(value.confidence)) for value in kept)
    return Extracted(tuple(values), absent)


def _spans(labels: NDArray[np.intp], schema: Schema) -> Mapping[str, list[Run]]:
    """The words of every decoded value, by field."""
    spans: dict[str, list[Run]] = {name: [] for name in schema.names}
    names = labels_of(schema)
    words = np.flatnonzero(labels)
    for name, run in values_in([names[labels[word]] for word in words]):
        spans[name].append(tuple(int(words[position]) for position in run))
    return spans


def _on_page(
    each: Field, which: int, number: int, page: Page, probs: Floats, spans: Sequence[Run]
) -> Iterator[Value]:
    """The field's values on one page with their raw scores.

    Texts are the decoded spans. Dates and numbers are known by their form, so all words of that form are weighed,
    and a span only counts where it is one number in several words (`RM 1 234.50`).
    """
    if each.kind not in TYPED:
        for span in spans:
            yield _value(each, number, page, span, _score(probs, which, span))
        return
    belongs = np.exp(probs[:, 1 + 2 * which]) + np.exp(probs[:, 2 + 2 * which])  # (W,)
    threshold = LIKELY if each.repeats else GUESS_FROM
    likely = np.flatnonzero(belongs >= threshold)
    if not len(likely):
        return  # most pages, of most fields: nothing that would count
    if each.kind is Kind.DATE:
        # what is written like a date is one value, so its surest word speaks for all: `05 MAR 2018`
        scored = [(run, belongs[list(run)].max()) for run in runs_like(page, each)]
    else:
        torn = [span for span in spans if ONE_NUMBER.fullmatch(_joined(page, span))]
        alone = [(int(i),) for i in likely if looks_typed(page.words[i].text, each)]
        whole = [run for run in alone if not any(set(run) <= set(span) for span in torn)]
        scored = [(tuple(run), belongs[list(run)].min()) for run in (*torn, *whole)]
    for run, belonging in scored:
        score = min(1.0, float(belonging))
        if score >= threshold:
            yield _value(each, number, page, run, score)


def _joined(page: Page, run: Iterable[int]) -> str:
    return "".join(page.words[i].text for i in run)


def _score(log_probs: Floats, which: int, run: Run) -> float:
    """The least certain of the value's words, and of those behind it, and in a gap, not belonging to it.

    A value is as right as its weakest word; a product would call every long address doubtful.
    """
    inner = 2 + 2 * which
    words = np.append(log_probs[run[0], inner - 1], log_probs[list(run[1:]), inner])
    score = float(np.exp(words.min()))
    behind = [word + 1 for word in run if word + 1 not in run and word + 1 < len(log_probs)]
    if behind:
        score = min(score, 1 - float(np.exp(log_probs[behind, inner].max())))
    return min(1.0, max(0.0, score))


def _value(each: Field, number: int, page: Page, indices: Iterable[int], score: float) -> Value:
    words = tuple(indices)
    text = text_of(page, words)
    normalised = each.normalise(text) or None
    if normalised is None:
        score /= 2  # words that are no value of the field's kind are wrong, or badly read
    return Value(each.name, text, normalised, score, place_of(number, page, words))


def _different(values: Sequence[Value]) -> list[Value]:
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
    run = tuple(range(start, end))
    return _value(each, number, pages[number], run, _score(probs, which, run))


def _with_confidence(value: Value, confidence: float) -> Value:
    return Value(value.field, value.text, value.normalised, confidence, value.place)
