"""What the machine said of a document and what a person said of it, in; why each field had to be changed, out.

Pure: the stored values, answers and outcomes tell it, so a cause can be worked out when a correction is recorded and
for corrections of long ago alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from annotation import labelling
from models.alignment import text_of, words_in_box
from models.extractors.base import Answer, Value
from models.finding import Words, certain, resemblance
from models.pages import Page, Place
from models.schema import Field, Schema

RESEMBLES = (
    50.0  # of 100, letters and digits only: less alike than this, a person didn't mend a reading fault
)


class Cause(StrEnum):
    """Why a field was not as the machine had it."""

    MISREAD = "misread"  # the right words, which the reader had read wrongly
    WRONG_PLACE = "wrong place"  # other words of the page: elsewhere, too many or too few
    WRONG_FIELD = "wrong field"  # the words belong to another field, or were given to another field
    MISSED = "missed"  # nothing was said where there is something
    SPURIOUS = "spurious"  # something was said where there is nothing
    FORMAT = "format"  # the same value, written differently: no error, but somebody's time
    OTHER = "other"  # the words are as read, and the person says something else


@dataclass(frozen=True, slots=True)
class Pairing:
    """A field's values beside the answers that took their places; what is left on either side."""

    pairs: list[tuple[Value, Answer]]
    left: list[Value]
    new: list[Answer]


def of(
    values: Sequence[Value],
    answers: Sequence[Answer],
    outcomes: Mapping[str, str],
    pages: Sequence[Page],
    schema: Schema,
) -> dict[str, Cause]:
    """The cause for every field that has one.

    `values` are what the model said, `answers` what the person did, `outcomes` how each field ended
    (`labelling.outcomes`). A field that was accepted as it stood, or that nobody looked at, has no cause.
    """
    shown = [value for _, value in labelling.shown(values, schema)]
    found = {}
    for field in schema:
        paired = pair(
            [value for value in shown if value.field == field.name],
            [answer for answer in answers if answer.field == field.name],
            field,
        )
        other_values = [value for value in shown if value.field != field.name]
        other_answers = [answer for answer in answers if answer.field != field.name]
        match outcomes.get(field.name):
            case "accepted":
                cause = Cause.FORMAT if any(_rewritten(*each) for each in paired.pairs) else None
            case "moved":
                cause = Cause.WRONG_PLACE
            case "edited":
                cause = _of_edited(paired, other_answers, pages, field)
            case "added":
                taken = any(_lies_on(answer, other_values) for answer in paired.new)
                cause = Cause.WRONG_FIELD if taken else Cause.MISSED
            case "removed":
                other = any(_lies_on(value, other_answers) for value in paired.left)
                cause = Cause.WRONG_FIELD if other else Cause.SPURIOUS
            case _:
                cause = None
        if cause:
            found[field.name] = cause
    return found


def pair(values: Sequence[Value], answers: Sequence[Answer], field: Field) -> Pairing:
    """Each value with the answer that says the same, else with one in the same place, else with whatever is left."""
    left, new = list(values), list(answers)
    pairs = []

    def same_text(value: Value, answer: Answer) -> bool:
        return field.same(value.text, answer.text)

    def same_place(value: Value, answer: Answer) -> bool:
        return not labelling.moved(value.place, answer.place)

    for alike in (
        lambda value, answer: same_text(value, answer) and same_place(value, answer),
        same_text,
        same_place,
        lambda _value, _answer: True,
    ):
        for value in list(left):
            found = next((answer for answer in new if alike(value, answer)), None)
            if found:
                pairs.append((value, found))
                left.remove(value)
                new.remove(found)
    return Pairing(pairs, left, new)


def _of_edited(paired: Pairing, others: Sequence[Answer], pages: Sequence[Page], field: Field) -> Cause:
    for value, answer in paired.pairs:
        if not field.same(value.text, answer.text):
            return _of_different(value, answer, others, pages, field)
    # every value is there, but they changed places
    return (
        Cause.WRONG_PLACE if any(labelling.moved(v.place, a.place) for v, a in paired.pairs) else Cause.OTHER
    )


def _of_different(
    value: Value, answer: Answer, others: Sequence[Answer], pages: Sequence[Page], field: Field
) -> Cause:
    """Of a value and the answer that stands for it, which don't say the same."""
    if labelling.moved(value.place, answer.place):
        return Cause.WRONG_FIELD if _lies_on(value, others) else Cause.WRONG_PLACE
    if answer.place is None or answer.place.page >= len(pages):  # read anew since, into fewer pages
        return Cause.OTHER
    page = pages[answer.place.page]
    words = words_in_box(page, answer.place.box)
    # the words say what the person does: the machine took more, fewer or others of them. Or the person has typed what
    # stands elsewhere without drawing the box there
    if field.same(text_of(page, words), answer.text) or _stands_elsewhere(
        answer.text, answer.place, pages, field
    ):
        return Cause.WRONG_PLACE
    alike = resemblance(Words(page, words), answer.text)
    return Cause.MISREAD if words and alike >= RESEMBLES else Cause.OTHER


def _stands_elsewhere(text: str, place: Place, pages: Sequence[Page], field: Field) -> bool:
    for number, page in enumerate(pages):
        _, runs = certain(Words(page), text, field)
        under = set(words_in_box(page, place.box)) if number == place.page else set()
        if any(not under & set(run) for run in runs):
            return True
    return False


def _lies_on(one: Value | Answer, others: Sequence[Value | Answer]) -> bool:
    return one.place is not None and any(not labelling.moved(one.place, other.place) for other in others)


def _rewritten(value: Value, answer: Answer) -> bool:
    return value.text.split() != answer.text.split()
