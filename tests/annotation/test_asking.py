"""Which fields a task asks for: decided when it is made, kept with it, and what comes of it in the ledger."""

import hashlib

import pytest

from annotation import asking, extraction, inbox, queueing
from annotation.labelling import AS_READ
from annotation.models import Correction, Document, LabelTask
from tests.annotation.queue_stand_in import LabelStudioInMemory, stand_in
from tests.annotation.stand_in import install, result
from tests.factories import make_document, make_extraction, make_type

pytestmark = pytest.mark.django_db

SURE = {"company": ("ACME LTD", 0.97), "total": ("12.90", 0.6)}  # the date: absent, 0.7


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> LabelStudioInMemory:
    return stand_in(monkeypatch)


@pytest.fixture
def receipts(studio):
    project = studio.create_project("Receipts", "receipts", "<View/>")
    return make_type(project_id=project, champion="v1", queue_depth=1, assume_above=0.9, whole_share=0.0)


def make_queued(document_type, values=SURE, **more):
    document = make_document(document_type, priority=1, state="extracted", **more)
    make_extraction(document, values)
    queueing.fill_queue(document_type.pk)
    return LabelTask.objects.get(document=document)


def shown(studio, task):
    """What Label Studio shows of a task: the labels of its boxes, and what it asks for."""
    stored = studio.tasks[task.task_id]
    items = stored.predictions[-1]["result"]
    labels = [label for item in items for label in item["value"].get("rectanglelabels", ())]
    return labels, stored.data["asked"], stored.data["unasked"]


def test_a_task_asks_for_what_the_model_doubts_and_keeps_what_it_left_out(studio, receipts):
    task = make_queued(receipts)
    assert task.unasked == ["company"]
    labels, asked, unasked = shown(studio, task)
    assert labels == ["total (doubtful)", f"company{AS_READ}"]
    assert (asked, unasked) == (
        "Check: date, total. Not found: date",
        "Taken as read unless you change them: company",
    )


@pytest.mark.parametrize(
    "more",
    [
        {"assume_above": None},  # the type doesn't want it
        {"champion": ""},  # no confidence was held against what people say yet
        {"whole_share": 1.0},  # drawn by lot to be whole
    ],
)
def test_every_field_is_asked_for_otherwise(studio, receipts, more):
    for name, value in more.items():
        setattr(receipts, name, value)
    receipts.save()
    task = make_queued(receipts)
    assert task.unasked == []
    expected = ["total (doubtful)", "company (sure)"], "Check every field. Not found: date", ""
    assert shown(studio, task) == expected


def test_what_the_base_alone_says_is_never_taken_as_read(studio, receipts):
    untaught = extraction.untaught_of(receipts).version
    document = make_document(receipts, priority=1, state="extracted")
    make_extraction(document, SURE, version=untaught)
    queueing.fill_queue(receipts.pk)
    assert LabelTask.objects.get().unasked == []


def test_an_audited_document_is_always_asked_for_in_whole(studio, receipts):
    assert make_queued(receipts, audit_probability=0.1).unasked == []


def test_the_lots_draw_the_declared_share_whatever_the_audit_draws():
    documents = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(5000)]
    whole = [asking.asked_in_whole(0.2, sha, None) for sha in documents]
    assert 0.17 < sum(whole) / 5000 < 0.23
    assert whole == [asking.asked_in_whole(0.2, sha, None) for sha in documents]
    assert all(asking.asked_in_whole(0.2, sha, 0.1) for sha in documents)


def test_a_task_is_pushed_anew_when_it_takes_for_granted_what_is_doubtful_by_now(studio, receipts):
    task = make_queued(receipts)
    make_extraction(task.document, {"company": ("ACME LTD", 0.5), "total": ("12.90", 0.95)}, version="v2")
    queueing.fill_queue(receipts.pk)
    renewed = LabelTask.objects.get()
    assert studio.pushes == [1, 1]
    assert renewed.unasked == ["total"]
    assert shown(studio, renewed)[0] == ["company (poor)", f"total{AS_READ}"]


def test_a_task_that_asks_for_more_than_it_needs_to_is_left_alone(studio, receipts):
    task = make_queued(receipts)
    make_extraction(task.document, {"company": ("ACME LTD", 0.97), "total": ("12.90", 0.95)}, version="v2")
    queueing.fill_queue(receipts.pk)
    same = LabelTask.objects.get()
    assert (same.task_id, same.unasked) == (task.task_id, ["company"])
    assert set(shown(studio, same)[0]) == {
        f"company{AS_READ}",
        "total (sure)",
    }  # the new prediction, asked as before


def test_a_document_that_is_drawn_for_the_audit_while_it_waits_is_asked_for_in_whole(studio, receipts):
    make_queued(receipts)
    Document.objects.update(audit_probability=0.1)
    queueing.fill_queue(receipts.pk)
    assert LabelTask.objects.get().unasked == []


def test_a_task_that_somebody_has_open_stays_as_they_see_it(studio, receipts):
    task = make_queued(receipts)
    studio.given = frozenset({task.task_id})
    Document.objects.update(audit_probability=0.1)
    queueing.fill_queue(receipts.pk)
    assert LabelTask.objects.get().unasked == ["company"]


class TestTheLedger:
    @pytest.fixture
    def studio(self, monkeypatch):
        return install(monkeypatch)

    @pytest.fixture
    def task_id(self, studio):
        document = make_document(make_type(champion="v1"))
        make_extraction(document, SURE)
        document.refresh_from_db()
        task_id = studio.push(document)
        LabelTask.objects.filter(task_id=task_id).update(unasked=["company", "date"])
        return task_id

    def submit(self, studio, task_id, values, relabelled=()):
        document = LabelTask.objects.get(task_id=task_id).document
        items = result(document, values)
        for item in items:
            for label in item["value"].get("rectanglelabels", ()):
                if label == "company" and label not in relabelled:
                    item["value"]["rectanglelabels"] = [label + AS_READ]
        studio.submit(task_id, items)
        inbox.mark_dirty([task_id], noticed_by="webhook")
        inbox.collect_task(task_id)
        document.refresh_from_db()
        return document.truth

    def test_what_nobody_was_asked_for_or_touched_is_assumed(self, studio, task_id):
        truth = self.submit(studio, task_id, {"company": "ACME LTD", "total": "12.90"})
        assert truth.outcomes == {"company": "assumed", "date": "assumed", "total": "accepted"}
        assert truth.unconfirmed == {"company", "date"}
        assert {answer.field for answer in truth.said} == {"company", "total"}

    def test_what_was_touched_is_told_as_ever(self, studio, task_id):
        truth = self.submit(studio, task_id, {"company": "ACME", "total": "12.90", "date": "01/02/2024"})
        assert truth.outcomes == {"company": "edited", "date": "added", "total": "accepted"}
        assert not truth.unconfirmed

    def test_who_gives_a_region_its_fields_own_label_has_looked_at_it(self, studio, task_id):
        values = {"company": "ACME LTD", "total": "12.90"}
        assert self.submit(studio, task_id, values, relabelled=["company"]).outcomes["company"] == "accepted"

    def test_a_type_that_is_called_assumed_is_no_field(self):
        correction = Correction(outcomes={"document type": "assumed", "total": "accepted"})
        assert not correction.unconfirmed
