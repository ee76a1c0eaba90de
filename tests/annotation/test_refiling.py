"""A document of the wrong type gets its right one; what was said of it as the other stays on record and counts no more."""

from __future__ import annotations

import pytest

from annotation import audit_trail, extraction, inbox, ledger, refiling, sweep
from annotation.errors import LabelStudioUnreachable, Refused
from annotation.models import (
    CurrentAnnotation,
    DirtyTask,
    Document,
    GivenLabels,
    LabelTask,
    Recheck,
    Refiling,
    TrailEntry,
)
from learner import suspects
from learner.models import Suspect
from models.extractors.base import Extracted
from tests.annotation import queue_stand_in
from tests.annotation.stand_in import install, result
from tests.factories import FIELDS, make_document, make_extraction, make_truth, make_type

State = Document.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def studio(monkeypatch):
    return install(monkeypatch)


@pytest.fixture
def receipts():
    return make_type(name="receipts", title="Receipts")


@pytest.fixture
def letters():
    return make_type(name="letters", title="Letters", fields=[*FIELDS, {"name": "sender", "kind": "text"}])


@pytest.fixture
def document(receipts):
    document = make_document(receipts, priority=0.7, reason="unsure", audit_probability=0.1)
    make_extraction(document)
    document.refresh_from_db()
    return document


def collect(task_id):
    inbox.mark_dirty([task_id], noticed_by="webhook")
    inbox.collect_task(task_id)


def strayed(document, name):
    """What the front end sends of a document that is said to be of the type `name`."""
    choice = {
        "id": "type",
        "from_name": "document_type",
        "to_name": "pages",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": [name]},
    }
    return [*result(document, {"total": "12.90"}), choice]


def said_to_be(studio, document, name, **more):
    task_id = studio.push(document)
    studio.submit(task_id, strayed(document, name), **more)
    collect(task_id)
    return task_id


def test_it_waits_for_its_new_type_and_keeps_what_was_said_on_record(studio, document, letters, rung):
    task_id = said_to_be(studio, document, "letters")
    old = Document.objects.get(pk=document.pk)
    moved = refiling.move(document.pk, letters, by="lea", why="it is a letter")
    now = Document.objects.get(pk=document.pk)
    assert (now.document_type, now.state, now.truth, now.extraction) == (letters, State.READ, None, None)
    assert (now.priority, now.reason, now.audit_probability) == (None, "", None)
    assert [each.pk for each in now.corrections.all()] == [old.truth_id]
    assert [each.pk for each in now.extractions.all()] == [old.extraction_id]
    assert now.moves.last().reason == "moved from Receipts to Letters by lea"
    assert LabelTask.objects.get(task_id=task_id).state == "withdrawn"
    assert ("annotation.extract_document", document.pk) in rung
    assert ("annotation.finish_refiling", moved.pk) in rung
    assert ("learner.rank_pool", old.document_type_id) in rung
    entry = TrailEntry.objects.get()
    assert (entry.by, entry.action, entry.subject, entry.why) == (
        "lea",
        "moved to another type",
        f"document {document.pk}",
        "from receipts to letters: it is a letter",
    )
    assert audit_trail.verify().sound


def test_to_move_it_where_it_is_changes_nothing(document, receipts, letters):
    assert refiling.move(document.pk, receipts, by="lea") is None
    assert refiling.move(document.pk, letters, by="lea") is not None
    assert refiling.move(document.pk, letters, by="lea") is None
    assert (Refiling.objects.count(), TrailEntry.objects.count()) == (1, 1)


@pytest.mark.parametrize("state", State)
def test_it_may_be_moved_whatever_its_state(receipts, letters, state, rung):
    document = make_document(receipts, state=state)
    refiling.move(document.pk, letters, by="lea")
    document.refresh_from_db()
    unread = state in ("received", "unreadable")
    assert (document.document_type, document.state) == (letters, state if unread else "read")
    # an unread one is extracted when it is read
    assert (("annotation.extract_document", document.pk) in rung) != unread


def test_with_labels_that_wait_to_be_recorded_it_is_not_moved(document, letters):
    GivenLabels.objects.create(document=document, items=[], values=[], by="lea")
    with pytest.raises(Refused, match="came with labels for Receipts"):
        refiling.move(document.pk, letters, by="lea")
    assert Document.objects.get().document_type.name == "receipts"


def test_what_is_said_to_its_old_task_from_then_on_is_not_taken(studio, document, letters):
    task_id = studio.push(document)
    refiling.move(document.pk, letters, by="lea")
    studio.submit(task_id, result(document, {"total": "12.90"}))
    collect(task_id)
    sweep.sweep_project(letters.pk)
    sweep.sweep_project(document.document_type_id)
    assert not DirtyTask.objects.exists()  # nor is it asked for with every sweep
    document.refresh_from_db()
    assert (document.truth, document.state) == (None, State.READ)
    assert not CurrentAnnotation.objects.exists()
    answer = studio.push(document)  # as a letter
    studio.submit(answer, [])
    collect(answer)
    assert [each.document for each in ledger.truths(letters)] == [document]


def test_an_answer_to_its_old_task_that_counted_counts_for_neither_type(studio, document, receipts, letters):
    task_id = studio.push(document)
    annotation = studio.submit(task_id, result(document, {"total": "12.90"}))
    collect(task_id)
    refiling.move(document.pk, letters, by="lea")
    studio.edit(task_id, annotation, result=result(document, {"total": "01/02/2024"}))
    collect(task_id)
    assert not ledger.truths(receipts).exists() and not ledger.truths(letters).exists()


def test_further_tasks_for_it_count_no_more_and_its_doubts_are_settled(studio, document, letters):
    truth = make_truth(document)
    doubt = Suspect.objects.create(correction=truth, document=document, field="total", likelihood=0.1)
    recheck = Recheck.objects.create(
        document=document,
        purpose="overlap",
        first=truth,
        because="x",
        shown=[],
        project_id=document.document_type.project_id,
        task_id=studio.add_task(document.document_type.project_id, None),
        state="open",
    )
    moved = refiling.move(document.pk, letters, by="lea")
    studio.submit(recheck.task_id, result(document, {"total": "12.90"}), completed_by="amy@example.org")
    collect(recheck.task_id)
    suspects.close_doubts(moved.pk)
    recheck.refresh_from_db()
    doubt.refresh_from_db()
    assert (recheck.state, doubt.state, doubt.closed_by) == ("withdrawn", "dismissed", "Docloop")
    assert Document.objects.get().truth is None


def test_an_extraction_under_way_does_not_reach_the_moved_document(document, letters, monkeypatch):
    class Slow:
        def extract(self, documents):
            refiling.move(document.pk, letters, by="lea")
            return [Extracted((), {}) for _ in documents]

    kind = document.document_type
    kind.champion = "receipts-v1"
    monkeypatch.setattr(extraction, "in_use", lambda _: Slow())
    extraction._extract([document], kind)
    document.refresh_from_db()
    assert (document.extraction, document.state) == (None, State.READ)
    assert document.extractions.filter(model_version="receipts-v1").exists()


class TestItsTasksInLabelStudio:
    @pytest.fixture
    def labels(self, monkeypatch):
        return queue_stand_in.stand_in(monkeypatch)

    def task(self, labels, document, project_id, **more):
        pk = 900 + len(labels.tasks)
        labels.tasks[pk] = queue_stand_in.Task(project_id, {"doc_id": str(document.pk)}, [], **more)
        return pk

    def test_those_that_nobody_touched_are_taken_out_known_or_not(self, labels, document, letters):
        old = document.document_type.project_id
        self.task(labels, document, old)  # of a push that was cut short: in no row of ours
        drafted = self.task(labels, document, old, touched=True)
        moved = refiling.move(document.pk, letters, by="lea")
        own = self.task(labels, document, letters.project_id)
        for _ in range(2):
            refiling.finish(moved.pk)
        assert set(labels.tasks) == {drafted, own}
        assert Refiling.objects.get().done_at is not None

    def test_it_waits_for_a_label_studio_that_is_down(self, labels, document, letters, monkeypatch):
        pk = self.task(labels, document, document.document_type.project_id)
        moved = refiling.move(document.pk, letters, by="lea")

        def down(*_):
            raise LabelStudioUnreachable("down")

        with monkeypatch.context() as outage:
            outage.setattr(refiling.label_studio, "tasks_by_document", down)
            with pytest.raises(LabelStudioUnreachable):
                refiling.finish(moved.pk)
        assert Refiling.objects.get().done_at is None
        refiling.finish(moved.pk)
        assert pk not in labels.tasks

    def test_moved_back_meanwhile_it_keeps_its_new_task(self, labels, document, receipts, letters):
        there = refiling.move(document.pk, letters, by="lea")
        refiling.move(document.pk, receipts, by="lea")
        pk = self.task(labels, document, receipts.project_id)
        refiling.finish(there.pk)
        assert pk in labels.tasks


class TestAnAnswerThatNamesAType:
    def test_moves_the_document_there_once(self, studio, document, letters, rung):
        said_to_be(studio, document, "letters")
        assert ("annotation.follow_correction", document.pk) in rung
        for _ in range(2):
            refiling.follow(document.pk)
        document.refresh_from_db()
        assert (document.document_type, document.truth) == (letters, None)
        moved = Refiling.objects.get()
        assert moved.by == "Docloop"
        assert moved.why.startswith("ann@example.org chose it in Label Studio (correction ")

    def test_does_not_if_there_is_no_such_type(self, studio, document):
        said_to_be(studio, document, "letters")
        refiling.follow(document.pk)
        assert not Refiling.objects.exists()

    @pytest.mark.parametrize("other", ["receipts", "orders"])
    def test_does_not_if_somebody_else_says_something_else(self, studio, document, letters, other):
        make_type(name="orders")
        task_id = said_to_be(studio, document, "letters")
        studio.submit(task_id, strayed(document, other), completed_by="amy@example.org")
        collect(task_id)
        refiling.follow(document.pk)
        assert not Refiling.objects.exists()

    def test_does_not_send_it_back_to_where_it_was_taken_from(self, studio, document, receipts, letters):
        refiling.move(document.pk, letters, by="lea")
        document.refresh_from_db()
        said_to_be(studio, document, "receipts")
        refiling.follow(document.pk)
        document.refresh_from_db()
        assert (document.document_type, document.truth.misfiled) == (letters, "receipts")

    def test_does_not_if_it_was_taken_back_before(self, studio, document, letters):
        task_id = studio.push(document)
        annotation = studio.submit(task_id, strayed(document, "letters"))
        collect(task_id)
        studio.edit(task_id, annotation, result=strayed(document, "receipts"))
        collect(task_id)
        refiling.follow(document.pk)
        assert not Refiling.objects.exists()
