"""What a document will cost a person is learned from what documents did cost."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learner import cost
from learner.cost import CostModel, Row
from tests.factories import make_document, make_extraction, make_truth, make_type

TRUE = CostModel(open=12.0, page=6.0, field=1.5, error=20.0, spread=0.3, fields=4)
PACE = {"ann": 1.0, "bob": 1.5, "cy": 0.7}


def done(n: int, rng: np.random.Generator, *, breaks: float = 0.0, true: CostModel = TRUE) -> list[Row]:
    """What people with their paces took; with probability `breaks` they went for a coffee meanwhile."""
    found = []
    for _ in range(n):
        pages, errors = int(rng.integers(1, 6)), float(rng.uniform(0, 4))
        annotator = str(rng.choice(list(PACE)))
        parts = true.open + true.page * pages + true.field * true.fields + true.error * errors
        seconds = parts * PACE[annotator] * np.exp(rng.normal(0, true.spread))
        if rng.random() < breaks:
            seconds += rng.uniform(600, 7200)
        found.append(Row(float(seconds), pages, true.fields, errors, annotator))
    return found


def expected(pages: float, errors: float) -> float:
    """Seconds for one document by `TRUE`, at the mean pace of rows drawn evenly from the three."""
    pace = float(np.exp(np.mean(np.log(list(PACE.values())))))
    return float(TRUE.seconds(np.array([errors]), np.array([pages]))[0]) * pace


def test_before_anybody_did_anything_it_is_the_default():
    assert cost.fit([], fields=4) == cost.default(4)
    assert cost.default(4).rows == 0


def test_a_few_slow_documents_move_the_default_but_do_not_replace_it():
    slow = [Row(400.0, 1, 4, 0.5, "ann")] * 2
    usual, learned = cost.default(4), cost.fit(slow, fields=4)
    at = np.array([0.5]), np.array([1.0])
    assert usual.seconds(*at)[0] * 1.5 < learned.seconds(*at)[0] < 400 * 1.3
    assert learned.rows == 2


@pytest.mark.parametrize("breaks", [0.0, 0.05])
def test_the_seconds_of_every_part_are_learned_whoever_went_for_a_coffee(breaks):
    model = cost.fit(done(600, np.random.default_rng(1), breaks=breaks), fields=4)
    for pages, errors in [(1.0, 0.0), (1.0, 4.0), (5.0, 0.0), (5.0, 4.0)]:
        learned = model.seconds(np.array([errors]), np.array([pages]))[0]
        assert learned == pytest.approx(expected(pages, errors), rel=0.15)
    assert model.error == pytest.approx(20 * float(np.exp(np.mean(np.log(list(PACE.values()))))), rel=0.2)


def test_a_slow_person_who_gets_the_hard_documents_does_not_make_hard_documents_look_harder():
    rng = np.random.default_rng(2)
    everybody = done(400, rng)
    hard = [
        replace(row, seconds=row.seconds * 2, annotator="dee")
        for row in done(800, rng)
        if row.expected_errors > 3
    ]
    easy = [replace(row, seconds=row.seconds * 2, annotator="dee") for row in done(20, rng)]
    model = cost.fit(everybody + hard + easy, fields=4)
    ratio = model.seconds(np.array([4.0, 0.0]), np.array([1.0, 1.0]))
    wanted = expected(1, 4) / expected(1, 0)
    assert ratio[0] / ratio[1] == pytest.approx(wanted, rel=0.2)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.builds(
            Row,
            st.floats(0.01, 1e6),
            st.integers(1, 50),
            st.integers(1, 20),
            st.floats(0, 20),
            st.sampled_from(["ann", "bob", ""]),
        ),
        max_size=20,
    )
)
def test_whatever_was_recorded_more_work_never_costs_less_and_nothing_is_free(rows):
    model = cost.fit(rows, fields=4)
    seconds = model.seconds(np.array([0.0, 1.0, 1.0, 4.0]), np.array([1.0, 1.0, 3.0, 3.0]))
    assert np.isfinite(seconds).all()
    assert seconds[0] > 0
    assert (np.diff(seconds) > 0).all()
    assert model.by_hand(np.array([3.0]))[0] == pytest.approx(seconds[3])


def test_a_model_is_json_and_back():
    model = cost.fit(done(30, np.random.default_rng(3)), fields=4)
    assert CostModel.from_json(json.loads(json.dumps(model.to_json()))) == model


@pytest.mark.django_db
class TestTheLedger:
    def test_gives_times_with_what_was_known_before(self, django_assert_num_queries):
        document_type = make_type()
        document = make_document(document_type)
        make_extraction(document, {"company": ("ACME LTD", 0.9), "total": ("12.90", 0.6)})
        make_truth(document, lead_time=40, annotator="ann@example.org")
        make_truth(make_document(document_type), lead_time=90, annotator="bob@example.org")
        with django_assert_num_queries(1):
            newest, oldest = cost.rows(document_type)
        assert newest == Row(
            90, 1, 3, 3.0, "bob@example.org"
        )  # nothing was shown: everything had to be filled in
        assert (oldest.seconds, oldest.pages, oldest.fields) == (40, 1, 3)
        assert oldest.expected_errors == pytest.approx(0.1 + 0.4 + 0.3)

    def test_counts_only_the_fields_that_somebody_looked_at(self):
        document_type = make_type()
        document = make_document(document_type)
        make_extraction(document, {"company": ("ACME LTD", 0.96), "total": ("12.90", 0.6)})
        make_truth(
            document, outcomes={"company": "assumed", "total": "edited", "date": "accepted"}, lead_time=9
        )
        (row,) = cost.rows(document_type)
        assert row.fields == 2
        assert row.expected_errors == pytest.approx(0.4 + 0.3)

    def test_people_are_asked_for_doubtful_fields_and_of_some_documents_for_all(self):
        confidence = [[0.95, 0.5, 0.2], [0.95, 0.99, 0.92], [0.0, 0.0, 0.0], [0.95, 0.5, 0.95]]
        documents = [("a", None), ("b", None), ("c", None), ("d", 0.1)]

        def asked(**more):
            return cost.fields_asked(make_type(**more), confidence, documents).tolist()

        assert asked(assume_above=0.9, whole_share=0, champion="v1") == [2, 1, 3, 3]
        assert asked(assume_above=0.9, whole_share=1, champion="v1") == [3, 3, 3, 3]
        assert asked(assume_above=0.9, whole_share=0) == [3, 3, 3, 3]  # no champion
        assert asked(champion="v1") == [3, 3, 3, 3]  # the type doesn't want it

    def test_a_document_with_fewer_questions_is_cheaper_by_as_much_as_checking_them_takes(self):
        model = replace(cost.default(4), spread=0)
        one, two = (model.seconds(np.array([1.0]), np.array([1.0]), np.array([n]))[0] for n in (1.0, 4.0))
        assert two - one == pytest.approx(3 * model.field)
        assert two == pytest.approx(model.seconds(np.array([1.0]), np.array([1.0]))[0])

    def test_counts_no_imported_labels_no_other_types_and_no_times_that_are_not_known(self):
        document_type = make_type()
        make_truth(make_document(document_type), lead_time=None)
        make_truth(make_document(document_type), lead_time=0)
        make_truth(make_document(document_type), lead_time=40, source="imported")
        make_truth(make_document(), lead_time=40)
        assert cost.rows(document_type) == []
        assert cost.of(document_type) == cost.default(3)
