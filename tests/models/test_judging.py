"""Every figure that is told of a model, on answers small enough to count by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from models.extractors.base import Answer, Extracted, Value
from models.judging import BATCH, FEWEST, extract_all, figures, judge, outcomes_of, token_scores
from models.packs import PackDocument
from models.pages import Page
from models.schema import Field, Kind, Schema

SCHEMA = Schema((Field("company"), Field("total", Kind.MONEY), Field("party", repeats=True)))


def value(field: str, text: str, confidence: float = 0.9) -> Value:
    return Value(field, text, SCHEMA[field].normalise(text), confidence)


TRUTH = [
    (
        Answer("company", "ACME LTD."),
        Answer("total", "12.90"),
        Answer("party", "Ann"),
        Answer("party", "Bob"),
    ),
    (Answer("company", "Bolt"),),
    (Answer("total", "7.00"),),
]
SAID = [
    Extracted((value("company", "Acme Ltd"), value("total", "12.9", 0.8), value("party", "Bob", 0.7))),
    Extracted((value("company", "Bolt & Co", 0.6), value("total", "1.00", 0.4)), {"party": 0.9}),
    Extracted((), {"company": 0.8, "total": 0.6, "party": 1.0}),
]


def document(number: int, answers: tuple[Answer, ...], **meta: bool) -> PackDocument:
    unreachable = frozenset({"total"}) if number else frozenset()
    return PackDocument(
        str(number), "x", (Page(10, 10),) * 2, (), answers, unreachable, str(number), meta=meta
    )


def test_a_missing_value_lowers_recall_and_a_wrong_one_precision() -> None:
    found = figures(SCHEMA, TRUTH, SAID, np.random.default_rng(0))
    company, total, party = (found["fields"][name] for name in SCHEMA.names)
    assert [company[name] for name in ("right", "predicted", "true")] == [1, 2, 2]
    assert (total["precision"]["value"], total["recall"]["value"], total["f1"]["value"]) == (0.5, 0.5, 0.5)
    assert (party["right"], party["predicted"], party["true"]) == (1, 1, 2)
    assert found["overall"]["right"] == 3
    assert found["documents"] == 3
    for own in (*found["fields"].values(), found["overall"]):
        for name in ("precision", "recall", "f1"):
            assert own[name]["low"] <= own[name]["value"] <= own[name]["high"]
    json.dumps(found)


def test_confidences_are_judged_by_field_for_values_and_for_absences() -> None:
    outcomes = outcomes_of(SCHEMA, TRUTH, SAID)
    assert outcomes["company"].values == [(0.9, True), (0.6, False)]
    assert outcomes["company"].absences == [(0.8, True)]
    assert outcomes["total"].absences == [(0.6, False)]  # it is not absent
    assert outcomes["party"].absences == [(0.9, True), (1.0, True)]
    told = figures(SCHEMA, TRUTH, SAID, np.random.default_rng(0))["fields"]["company"]["calibration"][
        "values"
    ]
    assert told["error"] == pytest.approx((0.1 + 0.6) / 2)
    assert (told["count"], told["share_right"]) == (2, 0.5)


def test_a_field_of_which_nothing_was_said_has_no_calibration_error() -> None:
    silent = figures(SCHEMA, TRUTH, [Extracted(())] * 3, np.random.default_rng(0))
    assert silent["fields"]["total"]["calibration"]["absences"]["error"] is None
    assert silent["overall"]["f1"]["value"] == 0


def test_token_f1_forgives_an_additional_word_and_exact_match_does_not() -> None:
    scores = token_scores(SCHEMA["company"], TRUTH, SAID)
    assert scores.sums() == (3, 4, 3)  # ACME LTD, and BOLT of BOLT CO
    fields = figures(SCHEMA, TRUTH, SAID, np.random.default_rng(0))["fields"]
    assert fields["company"]["token_f1"]["value"] > fields["company"]["f1"]["value"]
    assert "token_f1" not in fields["total"]


def test_documents_are_handed_over_in_batches_and_pages_are_counted() -> None:
    sizes, done = [], []

    def extract(documents: Sequence[Sequence[Page]]) -> list[Extracted]:
        sizes.append(len(documents))
        return [Extracted(())] * len(documents)

    said = extract_all(extract, [(Page(1, 1),) * 2] * (BATCH + 3), done.append)
    assert (sizes, done) == ([BATCH, 3], [BATCH, BATCH + 3])
    assert (len(said.extracted), said.pages) == (BATCH + 3, 2 * (BATCH + 3))
    assert extract_all(extract, []).seconds_per_page < 1


def test_seen_and_unseen_documents_are_told_apart_and_unreachable_values_counted() -> None:
    documents = [
        document(number, answers, vendor_seen_in_train=number != 1) for number, answers in enumerate(TRUTH)
    ]
    told = judge(lambda _: SAID, SCHEMA, documents, {}, np.random.default_rng(0))
    assert told["pages"] == 6
    parts = told["apart"]["vendor"]
    assert (parts["seen"]["documents"], parts["unseen"]["documents"]) == (2, 1)
    assert parts["unseen"]["fields"]["company"]["right"] == 0
    # in the second document the total is absent, so there is nothing that could not be reached
    assert told["figures"]["fields"]["total"]["unreachable"] == 1
    assert told["figures"]["fields"]["company"]["unreachable"] == 0


def test_what_chance_makes_of_calibration_errors_is_told_of_fields_with_enough_statements() -> None:
    said = [Extracted((Value("company", "ACME", "ACME", 0.7),))] * FEWEST
    truth = [(Answer("company", "ACME"),)] * FEWEST
    told = figures(SCHEMA, truth, said, np.random.default_rng(0))
    own = told["fields"]["company"]["calibration"]["values"]
    assert own["error"] == pytest.approx(0.3)
    assert 0.15 < own["by_chance"] < 0.25  # two standard deviations of 20 statements are 0.2
    assert told["worst_error_by_chance"] == pytest.approx(own["by_chance"], abs=0.05)
    few = figures(SCHEMA, truth[1:], said[1:], np.random.default_rng(0))
    assert few["worst_error_by_chance"] is None
