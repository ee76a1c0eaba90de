"""What the dashboard and `manage.py status` show is what the rows say."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from annotation.models import Document, DocumentType, LabelTask
from learner import glances, headlines, promotion, quality, reports, snapshots
from learner.audit import audit
from learner.glances import Glance
from learner.models import Decision, ModelVersion, Run
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version

pytestmark = pytest.mark.django_db

State = Document.State


def glance_of(document_type: DocumentType) -> Glance:
    """What the pages tell of a type, with its headline figures as they are now."""
    headlines.renew(document_type.pk)
    return next(each for each in glances.glances() if each.id == document_type.pk)


def test_documents_tasks_and_corrections_are_counted():
    document_type = make_type(retrain_after=5)
    for state in (State.READ, State.READ, State.QUEUED):
        make_document(document_type, state=state)
    queued = Document.objects.get(state=State.QUEUED)
    LabelTask.objects.create(document=queued, project_id=1, task_id=1, state=LabelTask.State.OPEN)
    make_truth(make_document(document_type), lead_time=20)
    make_truth(make_document(document_type), lead_time=40)
    make_truth(make_document())  # of another type
    report = glance_of(document_type)
    assert report.counts | {"read": 2, "queued": 1, "confirmed": 2} == report.counts
    assert (report.documents, report.open_tasks, report.corrections) == (5, 1, 2)
    assert report.median_seconds == 30
    assert (report.new_corrections, report.until_training) == (2, 3)


def test_corrections_in_the_last_snapshot_are_not_new():
    document_type = make_type(retrain_after=25)
    for n in range(10):
        make_truth(make_document(document_type, fingerprint=f"{Random(n).getrandbits(64):016x}"))
    snapshots.take(document_type)
    make_truth(make_document(document_type))
    report = glance_of(document_type)
    assert (report.new_corrections, report.until_training) == (1, 24)


def test_the_champion_comes_with_its_scores_and_the_last_decision_with_its_reasons():
    document_type = make_type()
    score = {"f1": 0.8, "low": 0.7, "high": 0.9, "precision": 0.8, "recall": 0.8}
    old = make_version(document_type, state=ModelVersion.State.CHALLENGER)
    promotion.promote(old, by="the gate", reason="the first")
    new = make_version(
        document_type,
        state=ModelVersion.State.CHALLENGER,
        figures={"documents": 9, "overall": score, "fields": {"total": score}},
    )
    difference = {"before": 0.7, "after": 0.8, "difference": 0.1, "low": 0.0, "high": 0.2}
    Decision.objects.create(
        version=new,
        champion=old,
        promote=True,
        reasons=["Promoted: F1 0.70 → 0.80."],
        figures={"documents": 9, "overall": difference, "fields": {"total": difference}},
    )
    promotion.promote(new, by="the gate", reason="better")
    report = glance_of(document_type)
    assert report.champion is not None
    assert report.champion.name == new.name
    assert report.champion.overall == reports.Score("", 0.8, 0.7, 0.9)
    assert [field.field for field in report.champion.fields] == ["total"]
    assert promotion.previous_champion(document_type) == old
    assert report.last_decision is not None
    assert report.last_decision.reasons == ("Promoted: F1 0.70 → 0.80.",)
    assert [d.field for d in report.last_decision.differences] == ["", "total"]
    assert report.last_decision == reports.decision(new) == report.champion.decision
    assert reports.decision(old) is None
    assert [v.name for v in reports.versions(document_type)] == [new.name, old.name]


def test_a_running_run_says_how_long_it_may_still_take():
    run = Run.objects.create(
        document_type=make_type(),
        state=Run.State.RUNNING,
        stage="training",
        share=0.25,
        started_at=timezone.now() - timedelta(minutes=5),
    )
    report = reports.runs(run.document_type)[0]
    assert report.live
    assert report.minutes_left == pytest.approx(15, rel=0.01)
    live = glance_of(run.document_type).live_run
    assert live is not None
    assert live.id == run.pk


@pytest.mark.parametrize(
    "state", [Run.State.WAITING, Run.State.FINISHED, Run.State.FAILED, Run.State.STOPPED]
)
def test_a_run_that_does_not_run_has_no_minutes_left(state):
    run = Run.objects.create(document_type=make_type(), state=state, share=0.5, started_at=timezone.now())
    assert reports.run_report(run).minutes_left is None


def test_the_audit_slice_is_weighed_by_the_probability_of_being_picked():
    document_type = make_type()

    def audited(probability: float | None, outcomes: dict[str, str]) -> None:
        document = make_document(document_type, audit_probability=probability)
        make_extraction(document)
        make_truth(document, outcomes=outcomes)

    audited(0.1, {"company": "accepted", "total": "edited"})
    audited(0.2, {"company": "accepted", "total": "moved"})
    audited(None, {"company": "edited", "total": "edited"})  # picked by the strategy: measures nothing
    audited(
        0.1, {"company": "edited", "document type": "invoice"}
    )  # of another type: no figure of this one's
    found = audit(quality.audited(document_type), document_type.schema.names)
    assert (found.documents, found.fields) == (2, 4)
    assert found.accuracy == pytest.approx((10 + 5 + 5) / (20 + 10))


def test_an_audited_document_that_somebody_had_open_with_a_part_of_its_fields_measures_nothing():
    document_type = make_type()
    for outcomes in (
        {"company": "accepted", "total": "accepted", "date": "edited"},
        {"company": "assumed", "total": "edited", "date": "edited"},
    ):
        document = make_document(document_type, audit_probability=0.1)
        make_extraction(document)
        make_truth(document, outcomes=outcomes)
    found = audit(quality.audited(document_type), document_type.schema.names)
    assert (found.documents, found.fields) == (1, 3)
    assert found.accuracy == pytest.approx(2 / 3)


def test_the_number_of_queries_does_not_grow_with_documents_or_versions(django_assert_max_num_queries):
    document_type = make_type()
    for _ in range(8):
        make_version(document_type, state=ModelVersion.State.RETIRED)
        make_truth(make_document(document_type))
    with django_assert_max_num_queries(1):
        reports.versions(document_type)
    with django_assert_max_num_queries(1):
        reports.runs(document_type)


def test_the_web_process_needs_no_torch_and_no_mlflow_for_reports_and_promotion():
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'webapp.settings'; django.setup();"
        "from learner import promotion, reports, strategies, triggers;"
        "print({'torch', 'mlflow', 'transformers', 'sklearn', 'modAL'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


class TestWithoutAChampion:
    def test_the_report_says_what_reads_the_type(self):
        for extractor, title in (("combined", "the base alone"), ("rules", "the rules alone"), ("crf", "")):
            assert glance_of(make_type(extractor=extractor)).untaught == title
        promoted = make_type(extractor="rules", champion="kind-v1")
        assert glance_of(promoted).untaught == ""

    def test_a_decision_names_what_the_first_model_was_compared_with(self):
        version = make_version()
        figures = {"before": 0.7, "after": 0.8, "difference": 0.1, "low": 0.0, "high": 0.2}
        Decision.objects.create(
            version=version,
            promote=True,
            reasons=["Promoted."],
            figures={"documents": 9, "overall": figures, "fields": {}, "against": "base-12345678-12345678"},
        )
        told = reports.decision(version)
        assert (told.champion, told.against) == ("", "base-12345678-12345678")
        assert told.differences[0].after == 0.8

    def test_a_decision_from_before_that_was_told_was_against_the_champion(self):
        document_type = make_type()
        old, new = make_version(document_type), make_version(document_type)
        Decision.objects.create(
            version=new, champion=old, promote=False, reasons=["Refused."], figures={"documents": 9}
        )
        assert reports.decision(new).against == old.name
