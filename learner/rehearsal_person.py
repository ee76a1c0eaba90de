"""A simulated person: a document, its true values and what a model says of it in; their correction and its seconds out.

They open the document, look at its pages, check every field, put right what is wrong in a value whose place is right,
and draw a box around a value that was not found. How each field ended is told by the code that tells it of real people's
corrections (`annotation.labelling`).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import yaml

from annotation import labelling
from annotation.labelling import Region
from learner import cost
from models.alignment import PIECE
from models.errors import DocloopError
from models.extractors.base import Answer, Extracted, Value
from models.metrics import is_right
from models.packs import PackDocument
from models.schema import Field, Schema
from models.values import normalise_text

ALIKE = (
    0.5  # of their words that a value and an answer share, from which the value's place is taken to be right
)
_USUAL = cost.default(0)


class NoCostModel(DocloopError):
    """A file of seconds that can't be one; the message says which names there are."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """What each part of the work costs, in seconds. What the ledger's times start from (`cost.default`), apart from `text`.

    Not learned from anybody: time a colleague on ten documents and give your own.
    """

    open: float = _USUAL.open  # a document, whatever is in it
    page: float = _USUAL.page
    field: float = _USUAL.field  # checking one; also taking away a value that shouldn't be there
    text: float = 5.0  # setting right what a value says: fewer strokes than finding it, and no box to draw
    box: float = (
        _USUAL.error
    )  # finding a value, drawing a box around it, naming its field; its words are filled in

    def to_json(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Work:
    """A correction: how every field ended, the seconds it took, and those it would have taken without a model.

    `unseen` are the fields that nobody looked at, `wrong` how many of them weren't right.
    """

    outcomes: Mapping[str, str]
    seconds: float
    by_hand: float
    unseen: frozenset[str] = frozenset()
    wrong: int = 0


def read_seconds(path: Path | None) -> Seconds:
    """The seconds in a YAML or JSON file, a mapping of `Seconds`' names; what it leaves out is as usual.

    Raises `NoCostModel`, and `OSError` where the file can't be read.
    """
    if path is None:
        return Seconds()
    try:
        stored = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError):
        raise NoCostModel(f"{path} is neither YAML nor JSON") from None
    names = [each.name for each in fields(Seconds)]
    known = json.dumps(Seconds().to_json())
    if not isinstance(stored, dict):
        raise NoCostModel(f"{path} is no mapping of seconds, such as {known}")
    if unknown := [name for name in stored if name not in names]:
        raise NoCostModel(f"{path}: no seconds are called {unknown[0]!r}; there are: {', '.join(names)}")
    for name, value in stored.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < math.inf:
            raise NoCostModel(f"{path}: {name} is a number of seconds, 0 or more, not {value!r}")
    if not any(stored.get(name, 1) for name in names):
        raise NoCostModel(f"{path}: if nothing costs any time, nothing can be saved")
    return Seconds(**{name: float(value) for name, value in stored.items()})


def correct(
    document: PackDocument,
    extracted: Extracted,
    schema: Schema,
    seconds: Seconds,
    unasked: Collection[str] = (),
) -> Work:
    """What a person makes of a document that is shown with these values.

    Fields that are `unasked` for (`annotation.asking`) are left as they are, and cost nothing.
    """
    shown = labelling.shown(extracted.values, schema)
    said: list[Region] = []
    texts = boxes = removed = wrong = 0
    for field in schema:
        answers = _answers(document, field)
        own = [(region, value) for region, value in shown if value.field == field.name]
        if field.name in unasked:
            said += [
                Region(region, Answer(field.name, value.text, value.place), as_read=True)
                for region, value in own
            ]
            _, others, missing = _kept(field, own, answers)
            wrong += bool(others or missing)
            continue
        kept, own, answers = _kept(field, own, answers)
        fixed, own, answers = _fixed(own, answers)
        drawn = [Region(f"drawn-{field.name}-{n}", answer) for n, answer in enumerate(answers)]
        said += [*kept, *fixed, *drawn]
        # what doesn't stand in the text has to be typed
        typed = len(drawn) if field.name in document.unreachable else 0
        texts, boxes, removed = texts + len(fixed) + typed, boxes + len(drawn), removed + len(own)
    opening = seconds.open + seconds.page * len(document.pages)
    every = len(schema.fields)
    values = [(field, len(_answers(document, field))) for field in schema]
    found_by_hand = sum(
        n * (seconds.box + (seconds.text if field.name in document.unreachable else 0)) for field, n in values
    )
    outcomes = labelling.outcomes(shown, said, schema, unasked=unasked)
    checking = seconds.field * (every - len(unasked) + removed)
    return Work(
        outcomes,
        opening + checking + seconds.text * texts + seconds.box * boxes,
        opening + seconds.field * every + found_by_hand,
        frozenset(name for name, outcome in outcomes.items() if outcome == labelling.ASSUMED),
        wrong,
    )


def _answers(document: PackDocument, field: Field) -> list[Answer]:
    """The true values of a field, each once."""
    different: dict[str, Answer] = {}
    for answer in document.answers:
        if answer.field == field.name:
            different.setdefault(field.normalise(answer.text) or normalise_text(answer.text), answer)
    return list(different.values())


Shown = list[tuple[str, Value]]


def _kept(field: Field, shown: Shown, answers: Sequence[Answer]) -> tuple[list[Region], Shown, list[Answer]]:
    """(what is left as it is, the other values, the other answers)."""
    left, kept, others = list(answers), [], []
    for region, value in shown:
        match = next((answer for answer in left if is_right(field, value, answer.text)), None)
        if match is None:
            others.append((region, value))
        else:
            left.remove(match)
            kept.append(Region(region, Answer(field.name, value.text, value.place)))
    return kept, others, left


def _fixed(shown: Shown, answers: Sequence[Answer]) -> tuple[list[Region], Shown, list[Answer]]:
    """The same of values whose place is right, and only their text is put right."""
    left, fixed, others = list(answers), [], []
    for region, value in shown:
        match = max(left, key=lambda answer: _alike(value.text, answer.text), default=None)
        if match is None or _alike(value.text, match.text) < ALIKE:
            others.append((region, value))
        else:
            left.remove(match)
            fixed.append(Region(region, Answer(match.field, match.text, value.place)))
    return fixed, others, left


def _alike(one: str, other: str) -> float:
    """F1 of the words of two texts, 0…1."""
    first, second = (Counter(map(normalise_text, PIECE.findall(text))) for text in (one, other))
    return 2 * (first & second).total() / max(1, first.total() + second.total())
