"""A pack's labels in; the fields they have out, for a pack whose document type nobody has described.

Kinds are told by what the values parse as. Whole numbers stay texts: most are identifiers (`0042`), which as numbers
would lose their zeros.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from models.dates import written_dates
from models.errors import BadSchema
from models.packs import PackDocument
from models.schema import Field, Kind, Schema
from models.values import normalise_money

# people mistype: a kind is believed when so many of the values are written like it
LIKE_THE_KIND = 0.9
# an amount: cents behind either mark, with at most a currency before or behind
WRITTEN_AMOUNT = re.compile(
    r"[^\W\d]{0,3}[^\w\s]{0,2}\s*[-(]?\d[\d.,' ]*[.,]\d{2}\)?\s*(?:[^\W\d]{3}|[^\w\s])?"
)


def inferred(documents: Sequence[PackDocument]) -> Schema:
    """The fields that have a value in some document, in the order of the labels; a list makes a field repeat.

    Raises `BadSchema` where no field has a value, or a name is none that a field can have.
    """
    names = labelled(documents)
    values = {
        name: [answer.text.strip() for each in documents for answer in each.answers if answer.field == name]
        for name in names
    }
    lists = {name for each in documents for name, value in each.labels.items() if isinstance(value, list)}
    fields = tuple(
        Field(name, kind_of(values[name]), repeats=name in lists) for name in names if values[name]
    )
    if not fields:
        raise BadSchema(
            f"none of the {len(documents)} documents has a value in its labels: there is nothing to extract"
        )
    return Schema(fields)


def labelled_part(schema: Schema, documents: Sequence[PackDocument], whose: str) -> tuple[Schema, list[str]]:
    """(the fields that the pack has labels for, what to know of the others in sentences).

    A field that nobody looked for is neither learned nor judged: its absence in the labels says nothing. `whose`
    fields these are is for the messages. Raises `BadSchema` if none of them is labelled.
    """
    names = labelled(documents)
    fields = tuple(field for field in schema if field.name in names)
    if not fields:
        raise BadSchema(
            f"this pack has labels for {', '.join(names) or 'nothing'}, and {whose} has the fields "
            f"{', '.join(schema.names)}: give the pack of this type, or the type of this pack"
        )
    notes = []
    if missing := [name for name in schema.names if name not in names]:
        notes.append(f"not labelled in this pack, so left out: {', '.join(missing)}")
    answered = {answer.field for document in documents for answer in document.answers}
    if unknown := [name for name in names if name not in schema and name in answered]:
        notes.append(f"labelled in this pack, but no field of {whose}: {', '.join(unknown)}")
    if empty := [name for name in names if name not in answered]:
        notes.append(f"without a value in any document: {', '.join(empty)}")
    return Schema(fields), notes


def labelled(documents: Iterable[PackDocument]) -> tuple[str, ...]:
    """The names of all fields that were looked for, whether or not a document has a value."""
    return tuple(dict.fromkeys(name for document in documents for name in document.labels))


def kind_of(values: Sequence[str]) -> Kind:
    """DATE or MONEY where nearly all values are written like one, else TEXT."""

    def nearly_all(holds: Callable[[str], bool]) -> bool:
        return sum(map(holds, values)) >= LIKE_THE_KIND * len(values) > 0

    if nearly_all(lambda value: any(each.end - each.start == len(value) for each in written_dates(value))):
        return Kind.DATE
    if nearly_all(lambda value: bool(WRITTEN_AMOUNT.fullmatch(value) and normalise_money(value))):
        return Kind.MONEY
    return Kind.TEXT
