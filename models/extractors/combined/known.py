"""Texts that people confirmed, of field after field: what is read nearly so is spelt as they said.

A shop's address stands on each of its receipts. Where readers or printers garbled a letter, or a word too many was
taken for a part of it, what was confirmed of other documents is likelier than what stands there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rapidfuzz import fuzz, process

from models.extractors.base import Example, Extracted, Value
from models.finding import LOOKALIKES
from models.metrics import is_right
from models.schema import Kind, Schema
from models.values import normalise_text

SHORTEST = 25  # letters and digits: COSWAY and ECOSWAY are two shops, but long texts that resemble so are one
RESEMBLES = 92.0  # 0…100
CONFIRMED = 2  # documents; a person mistypes, too


@dataclass(frozen=True, slots=True)
class Known:
    """By field: letters and digits of a text → how it is usually written, in documents of which it was confirmed."""

    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, schema: Schema, examples: Iterable[Example]) -> Known:
        """What was confirmed often enough, of the schema's text fields."""
        spelt: dict[str, dict[str, Counter[str]]] = {
            each.name: {} for each in schema if each.kind is Kind.TEXT
        }
        for example in examples:
            for name, text in {(answer.field, answer.text) for answer in example.answers}:
                letters = normalise_text(text)
                if name in spelt and len(letters) >= SHORTEST:
                    spelt[name].setdefault(letters, Counter())[text] += 1
        return cls(
            {
                name: {
                    letters: texts.most_common(1)[0][0]
                    for letters, texts in found.items()
                    if texts.total() >= CONFIRMED
                }
                for name, found in spelt.items()
            }
        )

    def only(self, names: Collection[str]) -> Known:
        """The same of these fields only."""
        return Known({name: texts for name, texts in self.texts.items() if name in names})

    def respelt(self, schema: Schema, said: Extracted) -> Extracted:
        """The same values at the same places, spelt as confirmed where they are nearly so; none twice."""
        values: list[Value] = []
        for value in said.values:
            text = self._meant(value)
            if text is not None:
                value = replace(value, text=text, normalised=schema[value.field].normalise(text) or None)
            # a field's first value is its surest
            if text is None or not any(
                (other.field, other.normalised) == (value.field, value.normalised) for other in values
            ):
                values.append(value)
        return Extracted(tuple(values), said.absent)

    def _meant(self, value: Value) -> str | None:
        """The confirmed text that a value nearly is, or None."""
        texts = self.texts.get(value.field)
        letters = normalise_text(value.text)
        if not texts or letters in texts or len(letters) < SHORTEST * RESEMBLES / 100:
            return None
        alike = [one for one in texts if _figures(one) & _figures(letters)]
        found = process.extractOne(letters, alike, scorer=fuzz.ratio, score_cutoff=RESEMBLES)
        return texts[found[0]] if found else None

    def to_json(self) -> dict[str, Any]:
        return {name: dict(texts) for name, texts in self.texts.items()}


def trusted(
    schema: Schema, examples: Sequence[Example], before: Sequence[Extracted], after: Sequence[Extracted]
) -> list[str]:
    """The fields of which at least as many values are right after respelling as before."""
    gained: Counter[str] = Counter()
    for example, *both in zip(examples, before, after, strict=True):
        for sign, said in zip((-1, 1), both, strict=True):
            for value in said.values:
                right = any(
                    is_right(schema[value.field], value, answer.text)
                    for answer in example.answers
                    if answer.field == value.field
                )
                gained[value.field] += sign * right
    return [name for name in schema.names if gained[name] >= 0]


def _figures(letters: str) -> set[str]:
    """The digits as they are, and as they are if letters that readers take for digits are some: another number, another house."""
    return {
        "".join(char for char in text if char.isdigit()) for text in (letters, letters.translate(LOOKALIKES))
    }
