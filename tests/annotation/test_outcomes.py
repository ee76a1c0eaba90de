"""Every correction that a person makes leaves a row that figures are made from."""

from __future__ import annotations

import pytest

from annotation import inbox, outcomes
from annotation.models import Correction, Document, Outcome
from tests.annotation.stand_in import install, result
from tests.factories import make_document, make_extraction, make_truth

pytestmark = pytest.mark.django_db


@pytest.fixture
def studio(monkeypatch):
    return install(monkeypatch)


def collect(task_id):
    inbox.mark_dirty([task_id], noticed_by="webhook")
    inbox.collect_task(task_id)


def test_a_recorded_correction_leaves_its_outcome_cause_and_confidence(studio):
    document = make_document(audit_probability=0.1)
    make_extraction(document, {"company": ("ACME LTD", 0.9), "total": ("01/02/2024", 0.6)}, version="kind-v3")
    document.refresh_from_db()
    task_id = studio.push(document)
    studio.submit(task_id, result(document, {"company": "ACME LTD", "total": "12.90"}))
    collect(task_id)
    kept = Outcome.objects.get()
    assert kept.correction_id == Document.objects.get().truth_id
    assert (kept.document_type_id, kept.model_version) == (document.document_type_id, "kind-v3")
    assert kept.audited and kept.annotator == Correction.objects.get().annotator
    assert kept.fields["company"] == ["accepted", "", 0.9]
    assert kept.fields["total"] == ["edited", "wrong place", 0.6]
    assert kept.fields["date"] == ["accepted", "", 0.7]  # it is absent, as the machine had said


def test_the_same_correction_told_twice_leaves_one_row(studio):
    document = make_document()
    make_extraction(document)
    task_id = studio.push(document)
    studio.submit(task_id, result(document, {"company": "ACME LTD"}))
    collect(task_id)
    collect(task_id)
    assert Outcome.objects.count() == 1


def test_skips_and_imported_labels_leave_none(studio):
    document = make_document()
    task_id = studio.push(document)
    studio.submit(task_id, [], skipped=True)
    collect(task_id)
    make_truth(make_document(), source="imported")
    assert Correction.objects.count() == 2
    assert not Outcome.objects.exists()


def test_what_was_recorded_before_is_made_up_for_once(monkeypatch):
    monkeypatch.setattr(outcomes, "BATCH", 2)
    document = make_document()
    make_extraction(document)
    for _ in range(3):
        make_truth(document, outcomes={"company": "accepted", "total": "edited"})
    make_truth(make_document(), outcomes={"company": "added"})  # nothing was shown
    Outcome.objects.all().delete()
    assert outcomes.keep_missing() == 4
    assert outcomes.keep_missing() == 0
    first = Outcome.objects.order_by("pk").first()
    assert first.fields == {
        "company": ["accepted", "", 0.9],
        "date": ["", "", 0.7],
        "total": ["edited", "other", 0.6],
    }
    assert Outcome.objects.order_by("pk").last().model_version == ""


def test_of_a_document_of_another_type_the_time_counts_and_its_fields_do_not():
    document = make_document()
    make_extraction(document)
    make_truth(document, outcomes={"total": "removed", "document type": "letter"}, lead_time=4)
    kept = Outcome.objects.get()
    assert (kept.fields, kept.seconds) == ({}, 4)


def test_the_time_of_being_asked_again_is_no_documents_time():
    from annotation.models import Recheck

    document = make_document()
    first = make_truth(document, lead_time=20)
    again = Recheck.objects.create(
        document=document, purpose="overlap", first=first, because="x", shown=[], project_id=1
    )
    make_truth(document, lead_time=9, recheck=again)
    assert list(Outcome.objects.order_by("pk").values_list("seconds", flat=True)) == [20, None]
