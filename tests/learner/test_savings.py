"""What labelling has brought so far, and whether more of it pays, is what the rows say."""

from __future__ import annotations

import numpy as np
import pytest

from annotation.models import Document, DocumentType, Recheck
from learner import cost, savings
from learner.forecast import Advice
from learner.models import ModelVersion, Run, Snapshot
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version

pytestmark = pytest.mark.django_db

State = Document.State
ANN, AMY = "ann@example.org", "amy@example.org"


def trained(document_type: DocumentType, documents: int, f1: float, **more) -> ModelVersion:
    """A version of a snapshot of so many documents."""
    items = [[n, "train"] for n in range(documents)]
    taken = Snapshot.objects.create(
        document_type=document_type, hash=f"{document_type.pk} {documents}", items=items, fields=[]
    )
    score = {"f1": f1, "low": f1 - 0.02, "high": f1 + 0.02}
    run = Run.objects.create(document_type=document_type, state="finished", snapshot=taken)
    figures = {"documents": documents // 5, "overall": score, "fields": {"company": score, "total": score}}
    return make_version(document_type, run=run, figures=figures, **more)


def test_a_new_type_has_neither_saved_anything_nor_a_forecast():
    found = savings.of(make_type())
    assert (found.confirmed, found.waiting, found.points, found.forecast) == (0, 0, (), None)
    assert (found.time.corrections, found.time.saved, found.next_hours) == (0, 0.0, 0.0)
    assert found.model == cost.default(3)


def test_versions_stand_by_the_documents_that_they_were_trained_on():
    document_type = make_type()
    trained(document_type, 25, 0.7)
    trained(document_type, 60, 0.8)
    trained(document_type, 90, 0.9, schema_hash="of other fields")
    make_version(document_type)  # without a snapshot and without figures
    found = savings.of(document_type).points
    assert [(point.documents, point.f1, point.gold, point.fields) for point in found] == [
        (25, 0.7, 5, 2),
        (60, 0.8, 12, 2),
    ]


def test_the_audit_of_a_version_is_of_the_documents_that_people_saw_with_it():
    document_type = make_type()
    version = trained(document_type, 25, 0.7)
    for shown in (version.name, "another"):
        document = make_document(document_type, audit_probability=0.1)
        make_extraction(document, version=shown)
        make_truth(document, outcomes={"company": "accepted", "total": "edited"})
    (point,) = savings.of(document_type).audit_points
    assert (point.version, point.documents, point.audited, point.accuracy) == (version.name, 25, 1, 0.5)


def test_the_forecast_is_about_no_more_documents_than_wait():
    document_type = make_type()
    trained(document_type, 25, 0.7)
    assert savings.of(document_type).forecast is None
    for _ in range(3):
        make_extraction(make_document(document_type, state=State.EXTRACTED, priority=1.0))
    found = savings.of(document_type)
    assert found.forecast is not None
    assert (found.waiting, found.forecast.corrections, found.forecast.advice) == (3, 3, Advice.EARLY)
    each = float(found.model.seconds(np.array([0.1 + 0.3 + 0.4]), np.array([1.0]))[0])
    assert found.next_hours == pytest.approx(3 * each / 3600)


def test_hours_saved_are_those_by_hand_less_those_spent_and_a_coffee_break_is_not_work():
    document_type = make_type()
    for seconds in [30.0] * 20 + [7200.0]:
        document = make_document(document_type)
        make_extraction(
            document, {"company": ("ACME LTD", 0.95), "date": ("01/02/2024", 0.95), "total": ("12.90", 0.95)}
        )
        make_truth(document, lead_time=seconds, annotator="ann@example.org")
    make_document(document_type, state=State.ACCEPTED)
    time = savings.of(document_type).time
    assert (time.corrections, time.unseen) == (21, 1)
    assert 20 * 30 / 3600 < time.spent < 2 * 21 * 30 / 3600
    assert time.by_hand > time.spent
    assert time.unseen_by_hand == pytest.approx(time.by_hand / 21)
    assert time.saved == pytest.approx(time.by_hand + time.unseen_by_hand - time.spent)


def labelled(document_type: DocumentType, seconds: float = 30.0, **more) -> Document:
    """A document that Ann has answered."""
    document = make_document(document_type)
    make_extraction(document)
    make_truth(document, lead_time=seconds, annotator=ANN, **more)
    document.refresh_from_db()
    return document


def asked_again(document: Document, seconds: float, purpose: str, because: str = "x") -> Recheck:
    """Amy has answered it again."""
    return Recheck.objects.create(
        document=document,
        purpose=purpose,
        first=document.truth,
        because=because,
        shown=[],
        project_id=1,
        state="done",
        lead_time=seconds,
    )


def test_a_document_that_a_second_person_answered_keeps_its_hours_and_the_second_look_adds_to_them():
    document_type = make_type()
    document = [labelled(document_type) for _ in range(20)][-1]
    before = savings.of(document_type).time
    assert (before.rechecks, before.rechecking) == (0, 0.0)
    recheck = asked_again(document, 20.0, "second opinion")
    make_truth(document, lead_time=20, annotator=AMY, recheck=recheck)
    after = savings.of(document_type).time
    assert (after.corrections, after.by_hand) == (20, pytest.approx(before.by_hand))
    assert (after.rechecks, after.rechecking) == (1, pytest.approx(20 / 3600))
    assert after.spent == pytest.approx(before.spent + 20 / 3600)
    assert after.saved == pytest.approx(before.saved - 20 / 3600)


def test_who_is_asked_again_and_goes_for_a_coffee_is_counted_as_little_as_others():
    document_type = make_type()
    documents = [labelled(document_type) for _ in range(20)]
    for number, document in enumerate(documents[:5]):
        asked_again(document, 10.0, "probe", f"{number}")
    asked_again(documents[5], 7200.0, "probe")
    time = savings.of(document_type).time
    assert time.rechecks == 6
    assert 50 / 3600 < time.rechecking < 1.0


def test_a_document_whose_answer_was_edited_counts_once_with_all_its_time():
    document_type = make_type()
    document = labelled(document_type, 20.0)
    make_truth(document, lead_time=50, annotator=ANN)
    time = savings.of(document_type).time
    assert (time.corrections, time.spent) == (1, pytest.approx(50 / 3600))


def test_answers_that_nobody_had_to_type_are_those_left_as_they_were_and_those_of_unseen_documents():
    document_type = make_type()
    document = labelled(document_type, outcomes={"company": "accepted", "date": "assumed", "total": "edited"})
    make_truth(
        document,
        annotator=AMY,
        recheck=asked_again(document, 9.0, "second opinion"),
        outcomes={"company": "edited", "date": "edited", "total": "edited"},
    )
    nothing_shown = make_document(document_type)
    make_truth(nothing_shown, outcomes=dict.fromkeys(["company", "date", "total"], "accepted"))
    make_document(document_type, state=State.ACCEPTED)
    answers = savings.of(document_type).answers
    assert (answers.untyped, answers.fields) == (2 + 3, 9)


def test_queries_do_not_grow_with_documents_or_versions(django_assert_max_num_queries):
    document_type = make_type()
    for n in range(6):
        trained(document_type, 25 * (n + 1), 0.7)
        make_truth(make_document(document_type), lead_time=30)
        make_extraction(make_document(document_type, state=State.EXTRACTED))
    with django_assert_max_num_queries(10):
        savings.of(document_type)
