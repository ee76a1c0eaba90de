"""What is to be extracted: fields and their kinds, and how values of a kind are normalised and compared.

A schema is versioned by its hash, so that a model knows for which fields it was trained.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from models.errors import BadSchema
from models.values import (
    currency_of,
    normalise_date,
    normalise_money,
    normalise_number,
    normalise_period,
    normalise_text,
)

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Kind(StrEnum):
    """What sort of value a field holds; decides how it is normalised and compared."""

    TEXT = "text"
    DATE = "date"
    MONEY = "money"
    NUMBER = "number"
    CHOICE = "choice"


ADDED = (Kind.MONEY, Kind.NUMBER)  # what can be a sum, or a part of one
PART = re.compile(r"([+-]?)\s*([a-z][a-z0-9_]*)\s*")


@dataclass(frozen=True, slots=True)
class Field:
    """One named value to extract.

    `day_first` tells how the documents print dates in figures: True 25/12/2018, False 12/25/2018. None leaves it
    open ("auto"): then 03/04/2018 is read with the day first, and places are looked for in both orders.

    `sum_of` names the fields that add up to this one, those that are taken away with a minus in front:
    `("subtotal", "tax", "-discount")`. It checks what people answer, and no model depends on it.
    """

    name: str
    kind: Kind = Kind.TEXT
    label: str = ""
    help: str = ""
    required: bool = False
    repeats: bool = False
    choices: tuple[str, ...] = ()
    day_first: bool | None = None
    sum_of: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise BadSchema(
                f"field name {self.name!r}: use a small letter, then small letters, digits and _ (40 at most)"
            )
        if (self.kind is Kind.CHOICE) != bool(self.choices):
            raise BadSchema(f"field {self.name!r}: 'choices' belongs to kind 'choice', and only to it")
        if self.day_first is not None and self.kind is not Kind.DATE:
            raise BadSchema(f"field {self.name!r}: 'day_first' belongs to kind 'date' only")
        if self.sum_of and self.kind not in ADDED:
            raise BadSchema(f"field {self.name!r}: 'sum_of' belongs to the kinds 'money' and 'number' only")

    @property
    def title(self) -> str:
        """What people see: the label, else the name with blanks."""
        return self.label or self.name.replace("_", " ")

    def normalise(self, raw: str) -> str | None:
        """The comparable form of `raw`; None if it is no value of the kind.

        ISO date, plain decimal, one of the choices (also for a currency's sign, where the choices are codes), or
        upper-case letters and digits, a span of time in figures.
        """
        match self.kind:
            case Kind.DATE:
                return normalise_date(raw, day_first=self.day_first is not False)
            case Kind.MONEY:
                return normalise_money(raw)
            case Kind.NUMBER:
                return normalise_number(raw)
            case Kind.CHOICE:
                wanted = normalise_text(raw)
                chosen = next((c for c in self.choices if normalise_text(c) == wanted), None)
                return chosen or currency_of(raw, self.choices)
            case Kind.TEXT:
                return normalise_period(raw) or normalise_text(raw)

    def same(self, left: str, right: str) -> bool:
        """Whether two raw values mean the same; what can't be normalised is compared as text."""
        one, other = self.normalise(left), self.normalise(right)
        if one is None or other is None:
            return normalise_text(left) == normalise_text(right)
        return one == other

    def to_json(self) -> dict[str, Any]:  # mixed: text, flags, choices
        return {
            "name": self.name,
            "kind": self.kind.value,
            "label": self.label,
            "help": self.help,
            "required": self.required,
            "repeats": self.repeats,
            "choices": list(self.choices),
        } | {
            name: value
            for name, value in (("day_first", self.day_first), ("sum_of", sum_in_words(self.sum_of)))
            if value not in (None, "")
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Field:
        """From a dict such as a YAML file gives; raises `BadSchema` naming the field and what is wrong."""
        if not isinstance(stored, dict) or not isinstance(stored.get("name"), str):
            raise BadSchema(f"a field is a mapping with a 'name', not {stored!r}")
        known = {"name", "kind", "label", "help", "required", "repeats", "choices", "day_first", "sum_of"}
        if unknown := set(stored) - known:
            raise BadSchema(
                f"field {stored['name']!r}: unknown {', '.join(sorted(map(str, unknown)))}; "
                f"there are: {', '.join(sorted(known))}"
            )
        kind = stored.get("kind", "text")
        if kind not in list(Kind):
            raise BadSchema(f"field {stored['name']!r}: no kind {kind!r}; there are: {', '.join(Kind)}")
        day_first = stored.get("day_first")
        if day_first not in (True, False, None, "auto"):
            raise BadSchema(
                f"field {stored['name']!r}: 'day_first' is true, false or auto, not {day_first!r}"
            )
        return cls(
            name=stored["name"],
            kind=Kind(kind),
            label=str(stored.get("label", "")),
            help=str(stored.get("help", "")),
            required=bool(stored.get("required", False)),
            repeats=bool(stored.get("repeats", False)),
            choices=tuple(str(choice) for choice in stored.get("choices", ())),
            day_first=None if day_first in (None, "auto") else bool(day_first),
            sum_of=_parts(stored["name"], stored.get("sum_of") or ""),
        )


def sum_in_words(parts: tuple[str, ...]) -> str:
    """`("subtotal", "tax", "-discount")` → `subtotal + tax - discount`."""
    return " ".join(f"- {part[1:]}" if part.startswith("-") else f"+ {part}" for part in parts).removeprefix(
        "+ "
    )


def _parts(field: str, told: Any) -> tuple[str, ...]:
    """`subtotal + tax - discount` → `("subtotal", "tax", "-discount")`; raises `BadSchema` for anything else."""
    text = told.strip() if isinstance(told, str) else "?"
    parts = PART.findall(text)
    told_whole = "".join(sign + name for sign, name in parts) == re.sub(r"\s", "", text)
    if not told_whole or any(not sign for sign, _ in parts[1:]):
        raise BadSchema(f"field {field!r}: 'sum_of' is written as subtotal + tax - discount, not {told!r}")
    return tuple(f"-{name}" if sign == "-" else name for sign, name in parts)


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of one document type, in the order in which people see them."""

    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        if not self.fields:
            raise BadSchema("a document type has at least one field")
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise BadSchema(f"every field name is used once, but these are: {', '.join(names)}")
        for field in self.fields:
            for part in field.sum_of:
                name = part.removeprefix("-")
                if name not in names or name == field.name or self[name].kind not in ADDED:
                    raise BadSchema(
                        f"field {field.name!r}: {name!r} can't be part of its sum: name other fields of kind money or number"
                    )

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __getitem__(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(field.name == name for field in self.fields)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @property
    def hash(self) -> str:
        """SHA-256 of what a model depends on: names, kinds, repeats, choices, order of dates (not labels and helps).

        What is left open adds nothing, so that models from before the option existed stay valid.
        """
        essence = [
            [f.name, f.kind.value, f.repeats, list(f.choices)]
            + ([] if f.day_first is None else [f"day_first={f.day_first}"])
            for f in self.fields
        ]
        return hashlib.sha256(json.dumps(essence).encode()).hexdigest()

    def with_day_first(self, day_first: bool | None) -> Schema:
        """The same schema with that order for the date fields which leave it open."""
        return Schema(
            tuple(
                replace(f, day_first=day_first) if f.kind is Kind.DATE and f.day_first is None else f
                for f in self.fields
            )
        )

    def to_json(self) -> list[dict[str, Any]]:
        return [field.to_json() for field in self.fields]

    @classmethod
    def from_json(cls, stored: list[dict[str, Any]]) -> Schema:
        if not isinstance(stored, list):
            raise BadSchema(f"'fields' is a list of fields, not {type(stored).__name__}")
        return cls(tuple(Field.from_json(each) for each in stored))
