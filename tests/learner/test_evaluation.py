"""Models are scored by what stands on the page, all by one schema."""

from __future__ import annotations

import pytest

from learner import evaluation
from models.extractors.base import Answer, Example, Extracted, Value
from models.schema import Field, Kind, Schema

DAY = Schema((Field("date", Kind.DATE), Field("total", Kind.MONEY)))
MONTH = DAY.with_day_first(False)


class Saying:
    """A model that says this of every document; it takes dates for what `schema` makes of them."""

    name = "saying"

    def __init__(self, schema: Schema, **said: str) -> None:
        self.schema = schema
        self.said = said

    def extract(self, documents):
        values = tuple(
            Value(name, text, self.schema[name].normalise(text) or None, 0.9)
            for name, text in self.said.items()
        )
        return [Extracted(values) for _ in documents]


def example(**answers: str) -> Example:
    return Example("1", (), tuple(Answer(name, text) for name, text in answers.items()))


@pytest.mark.parametrize("own", [DAY, MONTH])
@pytest.mark.parametrize("judging", [DAY, MONTH])
def test_a_date_that_was_found_is_right_in_whichever_order_the_model_takes_it(own, judging):
    scores = evaluation.measure(Saying(own, date="03/04/2024"), [example(date="03/04/2024")], judging)
    assert scores.f1("date") == 1


@pytest.mark.parametrize("own", [DAY, MONTH])
def test_what_an_iso_date_means_is_told_by_the_schema_that_judges(own):
    gold = [example(date="2024-03-04")]
    assert evaluation.measure(Saying(own, date="03/04/2024"), gold, MONTH).f1("date") == 1
    assert evaluation.measure(Saying(own, date="03/04/2024"), gold, DAY).f1("date") == 0


def test_a_field_that_the_model_does_not_know_is_missing_and_one_that_is_gone_does_not_count():
    old = Saying(Schema((Field("total", Kind.MONEY), Field("gone"))), total="1.00", gone="away")
    scores = evaluation.measure(old, [example(date="03/04/2024", total="1.00")], DAY)
    assert (scores.f1("date"), scores.f1("total"), scores.predicted.sum()) == (0, 1, 1)


def test_figures_are_told_overall_and_by_field_and_flat_for_mlflow():
    import numpy as np

    scores = evaluation.measure(Saying(DAY, total="1.00"), [example(date="03/04/2024", total="1.00")], DAY)
    found = evaluation.figures(scores, np.random.default_rng(0))
    assert (found["documents"], set(found["fields"])) == (1, {"date", "total"})
    assert evaluation.flat(found) | {"gold_total_f1": 1.0, "gold_documents": 1.0} == evaluation.flat(found)
