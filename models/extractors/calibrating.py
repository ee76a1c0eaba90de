"""How sure an extractor should have been of what it said about documents that it didn't learn from."""

from __future__ import annotations

from collections.abc import Sequence

from models import calibration
from models.calibration import Calibration
from models.extractors.base import Example, Extracted
from models.extractors.fields import Reading
from models.metrics import is_right
from models.schema import Schema

Outcomes = list[tuple[str, float, bool]]  # field, raw score, whether it was right


def calibrated(schema: Schema, examples: Sequence[Example], said: Sequence[Extracted]) -> Reading:
    """The reading that makes the raw scores in `said` probabilities, for every field.

    Of a field with few answers little can be told, so it is expected to be as all fields together are. Documents
    with unconfirmed fields are left out: what people confirm there is what a model doubted, so that all of its fields
    would look more doubtful than they are.
    """
    found: Outcomes = []
    absent: Outcomes = []
    for example, extracted in zip(examples, said, strict=True):
        if example.unconfirmed:
            continue
        answers = {name: [a.text for a in example.answers if a.field == name] for name in schema.names}
        for value in extracted.values:
            right = any(is_right(schema[value.field], value, text) for text in answers[value.field])
            found.append((value.field, value.confidence, right))
        absent += [(name, score, not answers[name]) for name, score in extracted.absent.items()]
    return Reading(_by_field(schema, found), _by_field(schema, absent))


def _by_field(schema: Schema, outcomes: Outcomes) -> dict[str, Calibration]:
    together = calibration.fit([score for _, score, _ in outcomes], [right for _, _, right in outcomes])
    return {
        name: calibration.fit(
            [score for field, score, _ in outcomes if field == name],
            [right for field, _, right in outcomes if field == name],
            expected=together,
        )
        for name in schema.names
    }
