"""Rechecks without Label Studio: what its answers do to the ledger, and what never enters it."""

import pytest

from annotation import inbox, rechecks
from annotation.models import Correction, DirtyTask, Document, Recheck
from tests.annotation.stand_in import ANN, install, result
from tests.factories import make_document, make_type

pytestmark = pytest.mark.django_db

AMY = "amy@example.org"
TRUTH = {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}


@pytest.fixture
def labels(monkeypatch):
    return install(monkeypatch)


def collect(task_id: int) -> None:
    inbox.mark_dirty([task_id], noticed_by="webhook")
    inbox.collect_task(task_id)
    assert not DirtyTask.objects.exists()


@pytest.fixture
def asked(labels):
    """Makes a recheck of a document of Ann's, open in Label Studio; Amy labels too."""
    kind = make_type()

    def make(purpose: str, **more) -> Recheck:
        for who in (AMY, ANN):
            document = make_document(kind)
            task = labels.push(document)
            labels.submit(task, result(document, TRUTH), completed_by=who)
            collect(task)
        document.refresh_from_db()
        recheck = rechecks.ask(document, Recheck.Purpose(purpose), because="x", shown=(), **more)
        recheck.task_id = labels.add_task(kind.project_id, None)
        recheck.state = "open"
        recheck.save()
        return recheck

    return make


def said(document: Document) -> dict[str, str]:
    document.refresh_from_db()
    return {answer.field: answer.text for answer in document.truth.said}


def test_a_second_opinion_counts_until_it_is_deleted(asked, labels):
    recheck = asked("second opinion", fields=["total"])
    other = TRUTH | {"total": "LTD"}
    annotation = labels.submit(recheck.task_id, result(recheck.document, other), completed_by=AMY)
    collect(recheck.task_id)
    recheck.refresh_from_db()
    assert (recheck.state, recheck.annotator, said(recheck.document)) == ("done", AMY, other)
    labels.delete(recheck.task_id, annotation)
    collect(recheck.task_id)
    recheck.refresh_from_db()
    assert (recheck.state, said(recheck.document)) == ("open", TRUTH)


def test_what_is_said_to_a_probe_never_enters_the_ledger_and_counts_once(asked, labels):
    recheck = asked("probe", fields=["total"])
    before = Correction.objects.count()
    for total in ("LTD", "12.90"):
        labels.submit(recheck.task_id, result(recheck.document, TRUTH | {"total": total}), completed_by=AMY)
        collect(recheck.task_id)
    assert Correction.objects.count() == before
    recheck.refresh_from_db()
    assert (recheck.state, recheck.untouched, said(recheck.document)) == ("done", False, TRUTH)
    labels.delete_task(recheck.task_id)
    collect(recheck.task_id)
    recheck.refresh_from_db()
    assert recheck.state == "done"


def test_a_skip_gives_no_second_opinion_and_the_task_stays_for_others(asked, labels):
    recheck = asked("overlap")
    labels.submit(recheck.task_id, [], completed_by=AMY, skipped=True)
    collect(recheck.task_id)
    recheck.refresh_from_db()
    assert (recheck.state, said(recheck.document)) == ("open", TRUTH)


@pytest.mark.parametrize("purpose", ["overlap", "second opinion", "probe"])
def test_who_answered_before_gives_no_second_opinion_and_others_are_given_a_new_task(asked, labels, purpose):
    recheck = asked(purpose)
    task_id = recheck.task_id
    for _ in range(2):  # Label Studio may tell of it twice before the task is pushed anew
        labels.submit(task_id, result(recheck.document, TRUTH | {"total": "LTD"}), completed_by=ANN)
        collect(task_id)
        recheck.refresh_from_db()
        assert (recheck.state, recheck.task_id, said(recheck.document)) == ("pushing", task_id, TRUTH)
    labels.delete_task(task_id)
    collect(task_id)  # it tells of the deletion too
    recheck.refresh_from_db()
    assert (recheck.state, recheck.task_id) == ("pushing", None)


def test_an_answer_that_counts_stays_when_who_may_not_answer_adds_one(asked, labels):
    recheck = asked("overlap")
    other = TRUTH | {"total": "LTD"}
    labels.submit(recheck.task_id, result(recheck.document, other), completed_by=AMY)
    labels.submit(recheck.task_id, result(recheck.document, TRUTH), completed_by=ANN)
    collect(recheck.task_id)
    recheck.refresh_from_db()
    assert (recheck.state, recheck.annotator, said(recheck.document)) == ("done", AMY, other)


def test_a_document_is_asked_about_once_at_a_time_and_once_for_each_call(asked):
    recheck = asked("overlap")
    assert rechecks.ask(recheck.document, Recheck.Purpose.PROBE, because="y", shown=()) is None
    Recheck.objects.update(state="done")
    assert rechecks.ask(recheck.document, Recheck.Purpose.OVERLAP, because="x", shown=()) is None
