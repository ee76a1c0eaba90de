"""The extractor for a document type's first day: no label exists, so it goes by field kinds and the fields' own words.

A field's name, label and help text say by which words a document announces it ("total", "due date"). A value is
looked for on the lines that hold such words. Confidences are modest and fixed: they rank, they don't promise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from models.alignment import WRITTEN_DATE, place_of, text_of
from models.errors import RegistryError
from models.extractors import manifest
from models.extractors.base import Example, Extracted, OnProgress, Progress, Value
from models.lines import CUE, cues, lines_of, words_of
from models.pages import Page
from models.schema import Field, Kind, Schema
from models.values import normalise_text

# What documents say for what schemas say; a field's own words always count too.
SYNONYMS = {
    "total": ("total", "amount", "payable", "due", "gross", "summe", "gesamt", "importe"),
    "date": ("date", "dated", "datum", "fecha"),
    "tax": ("tax", "vat", "gst", "mwst", "ust", "iva"),
    "subtotal": ("subtotal", "net", "netto"),
}
# Text fields that stand at the head of a page without any announcement.
HEADLINES = frozenset(
    ["company", "vendor", "seller", "merchant", "supplier", "issuer", "shop", "store", "sender", "firm"]
)
AMOUNT = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,' ]?\d{3})*[.,]\d{2}(?!\d)")  # with cents
DIGIT = re.compile(r"\d")
COMPANY_LINES = 3  # how far down the first page a headline is looked for
WIDE_GAP = 2.5  # line heights between words of one line that belong to different columns

# Shares of right ones seen on real receipts, rounded down: an announced amount or date, an unannounced one, a guess.
ANNOUNCED, PLAIN, GUESSED, ABSENT = 0.55, 0.45, 0.3, 0.3


@dataclass(frozen=True, slots=True)
class Line:
    """A visual line: its page, word indices from left to right, and its lower-case words of letters."""

    number: int
    page: Page
    indices: tuple[int, ...]
    said: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hit:
    """Words that may be a field's value, and how sure that is."""

    line: Line
    indices: tuple[int, ...]
    confidence: float


class RulesExtractor:
    """Rules over lines. Needs no examples; the same for every document type but for its schema."""

    name = "rules"
    learns_from_validation: ClassVar[bool] = False

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    @classmethod
    def settled(cls, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """As it is: rules need none."""
        return dict(recipe)

    @classmethod
    def fit(
        cls,
        schema: Schema,
        train: Sequence[Example],
        validation: Sequence[Example],
        *,
        recipe: Mapping[str, Any],
        on_progress: OnProgress,
        checkpoints: Path | None = None,
    ) -> Self:
        """Ready at once; examples, recipe and checkpoints are not looked at."""
        on_progress(Progress("done", 1.0))
        return cls(schema)

    def extract(self, documents: Sequence[Sequence[Page]]) -> list[Extracted]:
        """One answer per document, in order; one value per field at most, also for fields that repeat."""
        return [self._read(pages) for pages in documents]

    def save(self, folder: Path) -> None:
        """Writes the manifest, which holds the schema: that is all there is."""
        folder.mkdir(parents=True, exist_ok=True)
        manifest.write(folder, self.name, self.schema, {})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what `save` wrote; raises `RegistryError`."""
        stored = manifest.read(folder)
        if stored.extractor != cls.name:
            raise RegistryError(f"{folder} is a model of {stored.extractor!r}, not of {cls.name!r}")
        return cls(stored.schema)

    def _read(self, pages: Sequence[Page]) -> Extracted:
        lines = [
            Line(number, page, tuple(indices), frozenset(words_of(page, indices)))
            for number, page in enumerate(pages)
            for indices in lines_of(page)
        ]
        values = []
        for field in self.schema:
            hit = FINDERS[field.kind](field, lines)
            if hit is not None:
                text = text_of(hit.line.page, hit.indices)
                place = place_of(hit.line.number, hit.line.page, hit.indices)
                values.append(Value(field.name, text, field.normalise(text) or None, hit.confidence, place))
        found = {value.field for value in values}
        return Extracted(tuple(values), {name: ABSENT for name in self.schema.names if name not in found})


def _announcing(field: Field) -> frozenset[str]:
    """The words of the field's name and label, and their synonyms."""
    own = cues(field)
    return own | {word for cue in own for word in SYNONYMS.get(cue, ())}


def _announced(field: Field, lines: Sequence[Line]) -> list[tuple[int, int]]:
    """(how much, line position) of the lines that announce the field; by its help text, if its name does nowhere."""
    own, helping = cues(field), cues(field, with_help=True)
    for wider in (_announcing(field), helping):
        counts = ((2 * len(own & line.said) + len(wider & line.said), i) for i, line in enumerate(lines))
        if ranked := [(count, i) for count, i in counts if count]:
            return ranked
    return []


def _number(field: Field, lines: Sequence[Line]) -> Hit | None:
    """The last number of the best announced line (or of the line below it); else the document's largest amount."""
    is_money = field.kind is Kind.MONEY
    # of equally announced lines the lower one: totals come last
    for _, position in sorted(_announced(field, lines), reverse=True):
        for line in lines[position : position + 2]:
            if numbers := list(_numbers(line, with_cents=is_money)):
                return Hit(line, (numbers[-1],), ANNOUNCED)
    if not is_money:
        return None
    amounts = [
        (float(value), Hit(line, (index,), GUESSED))
        for line in lines
        for index in _numbers(line, with_cents=True)
        if (value := field.normalise(line.page.words[index].text))
    ]
    return max(amounts, key=lambda amount: amount[0])[1] if amounts else None


def _numbers(line: Line, *, with_cents: bool) -> Iterator[int]:
    """Indices of the line's words that hold a number, but for dates and what is mostly letters."""
    for index in line.indices:
        text = line.page.words[index].text
        if WRITTEN_DATE.search(text) or len(CUE.findall(text)) > 1:
            continue
        if AMOUNT.search(text) if with_cents else DIGIT.search(text):
            yield index


def _date(field: Field, lines: Sequence[Line]) -> Hit | None:
    """The first date on an announced line, else the document's first date."""
    best = [i for _, i in sorted(_announced(field, lines), key=lambda found: (-found[0], found[1]))]
    for position in [*best, *range(len(lines))]:
        line = lines[position]
        texts = [line.page.words[i].text for i in line.indices]
        match = WRITTEN_DATE.search(" ".join(texts))
        if match:
            ends = [sum(len(t) + 1 for t in texts[: i + 1]) for i in range(len(texts))]
            words = tuple(
                index
                for index, text, end in zip(line.indices, texts, ends, strict=True)
                if end - 1 > match.start() and end - 1 - len(text) < match.end()
            )
            return Hit(line, words, ANNOUNCED if position in best else PLAIN)
    return None


def _choice(field: Field, lines: Sequence[Line]) -> Hit | None:
    """The first word that is one of the choices."""
    wanted = {normalise_text(choice) for choice in field.choices}
    for line in lines:
        for index in line.indices:
            if normalise_text(line.page.words[index].text) in wanted:
                return Hit(line, (index,), PLAIN)
    return None


def _text(field: Field, lines: Sequence[Line]) -> Hit | None:
    """What follows the announcement on its line; for a company, the first line with letters at the head of the page."""
    if cues(field) & HEADLINES:
        head = next((line for line in lines[:COMPANY_LINES] if line.said), None)
        return None if head is None else Hit(head, head.indices, GUESSED)
    for _, position in sorted(_announced(field, lines), key=lambda found: (-found[0], found[1])):
        following = _following(lines[position], _announcing(field) | cues(field, with_help=True))
        if following:
            return Hit(lines[position], following, GUESSED)
    return None


def _following(line: Line, announcing: frozenset[str]) -> tuple[int, ...]:
    """The words behind the line's last announcing word, up to a gap as wide as between columns."""
    words = line.page.words
    said = [at for at, i in enumerate(line.indices) if set(CUE.findall(words[i].text.lower())) & announcing]
    if not said:
        return ()
    rest = list(line.indices[said[-1] + 1 :])
    while rest and normalise_text(words[rest[0]].text) in ("", "NO", "NR", "NUMBER", "IS"):
        rest.pop(0)
    value: list[int] = []
    for index in rest:
        if value:
            before, box = words[value[-1]].box, words[index].box
            if box.x0 - before.x1 > WIDE_GAP * (box.y1 - box.y0):
                break
        value.append(index)
    return tuple(value)


FINDERS: Mapping[Kind, Callable[[Field, Sequence[Line]], Hit | None]] = {
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.MONEY: _number,
    Kind.NUMBER: _number,
    Kind.CHOICE: _choice,
}
