"""What nobody confirmed is learned by no extractor: neither what was assumed, nor that there is nothing."""

import dataclasses

import pytest

from models.alignment import OUTSIDE, label_words, labels_to_learn
from models.calibration import Calibration
from models.extractors import named
from models.extractors.base import Answer, Example, Extracted, Value
from models.extractors.calibrating import calibrated
from models.metrics import score
from models.schema import Schema
from tests.factories import place_of

LEARNING = ["crf", *(pytest.param(name, marks=pytest.mark.slow) for name in ("tagger", "combined"))]


def cash(example: Example) -> str:
    """What stands beside CASH: an amount that a model may well take for the total."""
    words = [word.text for word in example.pages[0].words]
    return words[words.index("CASH") + 1]


def with_total(example: Example, text: str | None) -> Example:
    """The same with another total, or with none."""
    answers = [answer for answer in example.answers if answer.field != "total"]
    if text is not None:
        answers.append(Answer("total", text, place_of(example.pages[0], text)))
    return dataclasses.replace(example, answers=tuple(answers))


def unconfirmed(example: Example, *fields: str) -> Example:
    """The same document as if nobody had looked at these fields."""
    answers = tuple(answer for answer in example.answers if answer.field not in fields)
    return Example(example.key, example.pages, answers, frozenset(fields))


@pytest.fixture(scope="module")
def with_cash(receipts):
    return [each for each in receipts if "CASH" in each.pages[0].text]


def fit(name, schema: Schema, train, validation):
    return named(name).fit(schema, train, validation, recipe={}, on_progress=lambda _: None)


def right_totals(model, documents) -> float:
    schema = Schema((model.schema["total"],))
    truth = [[answer for answer in each.answers if answer.field == "total"] for each in documents]
    said = [
        Extracted(tuple(value for value in each.values if value.field == "total"), {})
        for each in model.extract([each.pages for each in documents])
    ]
    return score(schema, truth, said).f1()


@pytest.mark.parametrize("name", LEARNING)
def test_a_wrong_value_that_was_assumed_is_not_learned(name, schema, with_cash):
    whole, partly, validation, test = with_cash[:6], with_cash[6:28], with_cash[28:32], with_cash[32:]
    assumed = [with_total(each, cash(each)) for each in partly]
    masked = [unconfirmed(each, "total") for each in assumed]
    assert (
        right_totals(fit(name, schema, [*whole, *assumed], validation), test) < 0.5
    )  # what it would come to
    model = fit(name, schema, [*whole, *masked], validation)
    assert right_totals(model, test) > 0.8
    # and what was confirmed beside it is learned
    assert {value.field for each in model.extract([e.pages for e in test]) for value in each.values} == {
        "company",
        "date",
        "total",
    }


@pytest.mark.parametrize("name", LEARNING)
def test_a_value_that_nobody_was_asked_for_is_not_learned_as_absent(name, schema, with_cash):
    whole, partly, validation, test = with_cash[:6], with_cash[6:28], with_cash[28:32], with_cash[32:]
    masked = [unconfirmed(each, "total") for each in partly]
    absent = [with_total(each, None) for each in partly]
    naive = right_totals(fit(name, schema, [*whole, *absent], validation), test)
    assert right_totals(fit(name, schema, [*whole, *masked], validation), test) > max(0.8, naive + 0.1)


def test_the_model_is_the_same_whatever_was_assumed(schema, with_cash):
    """Byte for byte: nothing of an assumed value reaches a learner."""
    one = [unconfirmed(each, "total") for each in with_cash[:8]]
    other = [unconfirmed(with_total(each, cash(each)), "total") for each in with_cash[:8]]
    models = [fit("crf", schema, [*with_cash[8:14], *some], with_cash[14:18]) for some in (one, other)]
    assert models[0].tagger.model == models[1].tagger.model


def test_an_example_cannot_hold_an_answer_that_nobody_confirmed(receipts):
    with pytest.raises(ValueError, match="total is unconfirmed"):
        dataclasses.replace(receipts[0], unconfirmed=frozenset({"total"}))


def test_only_confirmed_values_are_labelled_where_a_field_is_unconfirmed(schema, receipts):
    for example in receipts:
        partly = unconfirmed(example, "total")
        everything = label_words(example.pages, partly.answers, schema).labels
        (labels,) = labels_to_learn(partly, schema)
        assert labels == tuple(None if label == OUTSIDE else label for label in everything[0])
        assert {label[2:] for label in labels if label} == {"company", "date"}
        assert labels_to_learn(example, schema) == label_words(example.pages, example.answers, schema).labels


def test_a_field_that_the_type_has_no_more_masks_nothing(schema, receipts):
    example = dataclasses.replace(receipts[0], unconfirmed=frozenset({"currency"}))
    assert labels_to_learn(example, schema) == labels_to_learn(receipts[0], schema)


def test_confidences_are_held_against_whole_documents_only(schema, receipts):
    def said(total: str, confidence: float) -> Extracted:
        return Extracted((Value("total", total, schema["total"].normalise(total), confidence),), {})

    whole, partly = receipts[:20], [unconfirmed(each, "company") for each in receipts[20:60]]
    totals = [next(answer.text for answer in each.answers if answer.field == "total") for each in whole]
    answers = [said(total, 0.9) for total in totals] + [said("0.01", 0.9) for _ in partly]
    reading = calibrated(schema, [*whole, *partly], answers)
    alone = calibrated(schema, whole, answers[:20])
    assert reading == alone
    assert reading.found["total"](0.9) > 0.8
    assert calibrated(schema, partly, answers[20:]).found["total"] == Calibration()
