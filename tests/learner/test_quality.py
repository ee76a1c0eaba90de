"""How right fields are, why they weren't, and what confidences are worth."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation.causes import Cause
from annotation.labelling import CHOSEN_TYPE
from annotation.models import DocumentType
from learner import automation_answers, cost, quality, savings
from learner.quality import Answered, Which
from tests.factories import FIELDS, make_document, make_extraction, make_truth, make_type

judged = st.lists(st.tuples(st.floats(0, 1).map(lambda c: round(c, 2)), st.booleans()), max_size=400)


def row(number=1, probability=None, **fields):
    return Answered(number, "v1", probability, fields)


class TestFields:
    def test_outcomes_and_causes_are_counted_and_moved_is_right(self):
        found = quality.measure(
            [
                row(total=("accepted", "", 0.9)),
                row(total=("moved", "wrong place", 0.8)),
                row(total=("edited", "misread", 0.7)),
                row(total=("assumed", "", 0.99)),  # nobody looked
            ],
            ["total", "date"],
        )
        total, date = found.fields
        assert (total.judged, total.right) == (3, pytest.approx(2 / 3))
        assert total.low < 2 / 3 < total.high
        assert total.ended == {"accepted": 1, "moved": 1, "edited": 1, "assumed": 1}
        assert total.causes == {"wrong place": 1, "misread": 1}
        assert (date.judged, date.right, date.low) == (0, None, None)
        assert (found.documents, found.changed) == (4, 1)

    def test_fields_that_the_type_no_longer_has_are_left_out(self):
        found = quality.measure([row(gone=("edited", "misread", 0.7))], ["total"])
        assert (found.changed, found.bins, found.off) == (0, (), None)

    def test_the_audits_shares_are_weighed_by_the_probability_of_being_picked(self):
        rows = [row(1, 0.1, total=("accepted", "", 0.9)), row(2, 0.5, total=("edited", "other", 0.9))]
        assert quality.measure(rows, ["total"]).fields[0].right == 0.5
        assert quality.measure(rows, ["total"], weighed=True).fields[0].right == pytest.approx(10 / 12)


class TestBins:
    @given(judged)
    def test_every_field_is_in_one_bin_and_bins_lie_in_order(self, judged):
        found = quality.bins(judged)
        assert sum(each.fields for each in found) == len(judged)
        assert sum(each.fields * each.right for each in found) == pytest.approx(sum(r for _, r in judged))
        assert [each.confidence for each in found] == sorted(each.confidence for each in found)
        assert all(each.low - 1e-9 <= each.right <= each.high + 1e-9 for each in found)
        assert len(found) <= quality.BINS
        if len(judged) >= quality.FEWEST_A_BIN:
            assert all(each.fields >= quality.FEWEST_A_BIN for each in found)

    def test_confidences_that_mean_what_they_say_are_hardly_off(self):
        exact = [(share / 100, n < share) for share in (50, 70, 90) for n in range(100)]
        rows = [row(total=("accepted" if right else "edited", "", sure)) for sure, right in exact]
        assert quality.measure(rows, ["total"]).off == pytest.approx(0)
        too_sure = [row(total=("edited", "other", 0.9)) for _ in range(30)]
        assert quality.measure(too_sure, ["total"]).off == pytest.approx(0.9)


@pytest.mark.django_db
class TestSelection:
    @pytest.fixture
    def receipts(self):
        return make_type(champion="kind-v2")

    def answer(self, document_type: DocumentType, version: str, how: str = "edited", **more):
        document = make_document(document_type, **more)
        make_extraction(document, version=version)
        make_truth(document, outcomes={"total": how})
        return document.pk

    def test_of_the_champion_of_the_audit_and_of_all(self, receipts):
        old = self.answer(receipts, "kind-v1")
        new = self.answer(receipts, "kind-v2", audit_probability=0.2)
        make_truth(make_document(receipts), outcomes={"total": "added"})  # nothing was shown
        self.answer(make_type(), "kind-v2")  # of another type

        def ids(which):
            return {each.document for each in quality.answered(receipts, which)}

        assert ids(Which.ALL) == {old, new}
        assert ids(Which.CHAMPION) == ids(Which.AUDIT) == {new}
        assert quality.of(receipts, Which.AUDIT).documents == 1
        assert quality.of(make_type(), Which.CHAMPION).documents == 0

    def test_an_answer_that_was_changed_counts_as_it_is_now(self, receipts):
        document = make_document(receipts)
        make_extraction(document)
        make_truth(document, outcomes={"total": "edited"})
        make_truth(document, outcomes={"total": "accepted"})
        assert quality.of(receipts).fields[-1].ended == {"accepted": 1}

    def test_only_the_newest_count_and_they_cost_one_query(
        self, receipts, monkeypatch, django_assert_num_queries
    ):
        monkeypatch.setattr(quality, "NEWEST", 2)
        for age, how in ((1, "accepted"), (3, "edited"), (2, "moved")):
            document = make_document(receipts)
            make_extraction(document)
            make_truth(document, outcomes={"total": how}, submitted_at=timezone.now() - timedelta(days=age))
        with django_assert_num_queries(1):
            assert quality.of(receipts).fields[-1].ended == {"accepted": 1, "moved": 1}

    def test_examples_are_the_documents_of_one_field_and_cause(self, receipts):
        document = make_document(receipts)
        make_extraction(document, {"total": ("01/02/2024", 0.6)})
        make_truth(document, {"total": "12.90"}, outcomes={"total": "edited"})
        assert quality.examples(receipts, "total", Cause.WRONG_PLACE) == [document.pk]
        assert quality.examples(receipts, "total", Cause.MISREAD) == []
        assert quality.examples(receipts, "company", Cause.WRONG_PLACE) == []


@pytest.mark.django_db
def test_documents_that_are_said_to_be_of_another_type_count_in_no_figure():
    receipts = make_type()
    for n in range(2):
        document = make_document(receipts, audit_probability=0.1)
        make_extraction(document, version="v1")
        ended = {"total": "removed"} | ({CHOSEN_TYPE: "letters"} if n else {})
        make_truth(document, outcomes=ended, lead_time=9.0)
    assert quality.of(receipts).documents == 1
    assert len(quality.audited(receipts)) == 1
    assert automation_answers.count(receipts, "v1") == 1
    assert cost.timed(receipts).count() == 1
    assert savings._answers(receipts, 0).fields == len(FIELDS)
