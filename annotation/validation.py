"""A document type's schema and what a person answered, in; what looks wrong with it, in words, out. Pure.

A finding is a question and never a verdict: papers carry dates that are none and sums that don't add up. What is done
with findings is in `annotation.ledger` and `annotation.rechecks`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from annotation.fill_in import text_in
from models.alignment import text_of
from models.extractors.base import Answer
from models.pages import Page
from models.schema import Field, Kind, Schema

ROUNDING = Decimal("0.01")  # of each value of a sum: parts are printed rounded
LONGEST = 40  # characters of a value that are quoted
# what a value of a kind must be; of texts everything may be true
EXPECTED = {
    Kind.DATE: ("is no date", "type the date, such as 31/12/2026"),
    Kind.MONEY: ("is no amount", "type the amount in figures, such as 1,234.50"),
    Kind.NUMBER: ("is no number", "type it in figures"),
    Kind.CHOICE: ("is none of the choices", "type one of them"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that looks wrong: of which field, what it is, and what to do. It quotes the person's answer.

    The same values give an equal finding, so that it is known when somebody has confirmed it.
    """

    field: str
    what: str
    to_do: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Finding:
        return cls(stored["field"], stored["what"], stored["to_do"])

    @property
    def sentence(self) -> str:
        return f"{self.what}: {self.to_do}."


def findings(
    schema: Schema, answers: Sequence[Answer], *, absent: Collection[str] = ()
) -> tuple[Finding, ...]:
    """What looks wrong with a complete set of answers, in the schema's order.

    `absent` are the fields (names) that the person said are not there.
    """
    found = []
    for field in schema:
        texts = [answer.text for answer in answers if answer.field == field.name]
        found += [problem for text in texts if (problem := _of_value(field, text))]
        if texts and field.name in absent:
            found.append(
                Finding(
                    field.name,
                    f"{field.title} was said not to be there, and has a value",
                    "take one of the two back",
                )
            )
        if problem := _of_sum(field, schema, answers):
            found.append(problem)
    return tuple(found)


def misplaced(schema: Schema, moved: Sequence[Answer], pages: Sequence[Page]) -> tuple[Finding, ...]:
    """Which of the answers whose box was moved, but whose text was not touched, say something else than their box holds.

    Where no words are known to lie, such as under handwriting, nothing is found.
    """
    found = []
    for answer in moved:
        if answer.place is None or not answer.place.words:
            continue
        page, field = pages[answer.place.page], schema[answer.field]
        under = text_in(page, answer.place.box, field)
        whole = text_of(page, answer.place.words)
        if not field.same(answer.text, under) and _plain(answer.text) not in _plain(whole):
            found.append(
                Finding(
                    field.name,
                    f"{field.title}: “{_short(answer.text)}” does not stand where its box was put",
                    "type what stands there, or put the box where the value stands",
                )
            )
    return tuple(found)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _of_value(field: Field, text: str) -> Finding | None:
    if field.kind not in EXPECTED or field.normalise(text) is not None:
        return None
    what, to_do = EXPECTED[field.kind]
    if field.choices:
        to_do += f": {', '.join(field.choices)}"
    return Finding(field.name, f"{field.title}: “{_short(text)}” {what}", to_do)


def _of_sum(field: Field, schema: Schema, answers: Sequence[Answer]) -> Finding | None:
    """A sum is looked at where it and every part that is added stand; what is taken away counts as nothing if absent."""
    if not field.sum_of:
        return None
    total = _amounts(field, answers)
    parts = {part: _amounts(schema[part.removeprefix("-")], answers) for part in field.sum_of}
    unknown = any(not amounts for part, amounts in parts.items() if not part.startswith("-"))
    if unknown or len(total) != 1 or any(None in amounts for amounts in (total, *parts.values())):
        return None
    added = sum(
        (
            -amount if part.startswith("-") else amount
            for part, some in parts.items()
            for amount in some
            if amount
        ),
        Decimal(0),
    )
    values = 1 + sum(len(amounts) for amounts in parts.values())
    if total[0] is None or abs(total[0] - added) <= ROUNDING * values:
        return None
    names = " ".join(
        f"{'-' if part.startswith('-') else '+'} {schema[part.removeprefix('-')].title}"
        for part in field.sum_of
    ).removeprefix("+ ")
    return Finding(
        field.name,
        f"{field.title} is {total[0]}, but {names} make {added}",
        "look which of them is wrong",
    )


def _amounts(field: Field, answers: Sequence[Answer]) -> list[Decimal | None]:
    """The field's values as numbers; None for what is none."""
    plain = [field.normalise(answer.text) for answer in answers if answer.field == field.name]
    return [None if each is None else Decimal(each) for each in plain]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
