import threading
from dataclasses import replace

import pytest
from django.db import connection

from annotation import inbox, jobs
from annotation.errors import LabelStudioUnreachable, Refused
from annotation.models import (
    Correction,
    CurrentAnnotation,
    DirtyTask,
    Document,
    Job,
    LabelTask,
)
from tests.annotation.stand_in import ANN, SERVICE_ACCOUNT, install, result
from tests.factories import make_document, make_extraction

pytestmark = pytest.mark.django_db

SAID = {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}


@pytest.fixture
def studio(monkeypatch):
    return install(monkeypatch)


@pytest.fixture
def queued(studio):
    """A document with an extraction, in the queue, and its Label Studio task."""
    document = make_document()
    make_extraction(document)
    document.refresh_from_db()
    task_id = studio.push(document)
    return document, task_id


def collect(task_id, noticed_by="webhook"):
    inbox.mark_dirty([task_id], noticed_by=noticed_by)
    inbox.collect_task(task_id)


def task_of(task_id):
    return LabelTask.objects.get(task_id=task_id)


class TestMarking:
    def test_every_notice_counts_and_one_job_is_enough(self, rung):
        inbox.mark_dirty([7, 8], noticed_by="webhook")
        inbox.mark_dirty([8], noticed_by="webhook")
        assert dict(DirtyTask.objects.values_list("task_id", "seq")) == {7: 1, 8: 2}
        assert rung.all() == {("annotation.collect_task", 7), ("annotation.collect_task", 8)}

    @pytest.mark.parametrize("order", [("webhook", "sweep"), ("sweep", "webhook")])
    def test_what_a_webhook_told_of_was_not_found_by_the_sweep(self, order):
        for noticed_by in order:
            inbox.mark_dirty([7], noticed_by=noticed_by)
        assert DirtyTask.objects.get().noticed_by == "webhook"

    def test_nothing_is_marked_for_nothing(self):
        inbox.mark_dirty([], noticed_by="sweep")
        assert not DirtyTask.objects.exists() and not Job.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_notices_at_the_same_time_are_all_counted(self):
        start = threading.Barrier(4)

        def notify(tasks):
            start.wait()
            for _ in range(10):
                inbox.mark_dirty(tasks, noticed_by="webhook")
            connection.close()

        orders = [[1, 2, 3], [3, 2, 1], [2, 3, 1], [1, 3, 2]]
        threads = [threading.Thread(target=notify, args=[order]) for order in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(DirtyTask.objects.values_list("seq", flat=True)) == {40}


class TestCollecting:
    def test_a_submitted_annotation_confirms_its_document(self, studio, queued, rung):
        document, task_id = queued
        annotation = studio.submit(task_id, result(document, SAID | {"total": "Total 12.90"}))
        collect(task_id)
        document.refresh_from_db()
        correction = document.truth
        assert document.state == "confirmed"
        assert {answer.field: answer.text for answer in correction.said} == SAID | {"total": "Total 12.90"}
        assert (correction.annotation_id, correction.annotator, correction.lead_time) == (annotation, ANN, 8)
        assert correction.extraction == document.extraction
        assert correction.outcomes["company"] == "accepted"
        assert correction.outcomes["date"] == "added"
        assert document.moves.last().reason == f"corrected by {ANN}"
        assert task_of(task_id).state == "done"
        assert not DirtyTask.objects.exists()
        assert ("learner.learn_from_correction", document.pk) in rung

    def test_collecting_twice_changes_nothing(self, studio, queued, rung):
        document, task_id = queued
        studio.submit(task_id, result(document, SAID))
        collect(task_id)
        Job.objects.all().delete()
        collect(task_id)
        assert Correction.objects.count() == 1
        assert ("learner.learn_from_correction", document.pk) not in rung

    def test_a_job_that_comes_after_all_is_collected_asks_nobody(self, studio):
        inbox.collect_task(4711)
        assert studio.fetched == []

    def test_a_notice_during_the_fetch_is_not_lost(self, studio, queued, rung):
        document, task_id = queued
        studio.submit(task_id, result(document, SAID))

        def meanwhile():
            studio.during_fetch = lambda: None
            studio.submit(task_id, result(document, {"total": "12.90"}))
            inbox.mark_dirty([task_id], noticed_by="webhook")

        studio.during_fetch = meanwhile
        collect(task_id)
        assert DirtyTask.objects.get().seq == 2
        Job.objects.all().delete()
        inbox.mark_dirty([task_id], noticed_by="webhook")
        inbox.collect_task(task_id)
        document.refresh_from_db()
        assert [answer.field for answer in document.truth.said] == ["total"]
        assert not DirtyTask.objects.exists()

    def test_a_notice_during_the_fetch_rings_again(self, studio, queued, rung):
        _document, task_id = queued
        inbox.mark_dirty([task_id], noticed_by="webhook")
        job = Job.objects.get(task="annotation.collect_task")

        def meanwhile():
            DirtyTask.objects.update(seq=2)  # as if its own ring had been lost

        studio.during_fetch = meanwhile
        jobs.run(job.pk, inbox.collect_task)
        assert ("annotation.collect_task", task_id) in rung

    def test_an_unreachable_label_studio_leaves_the_task_dirty(self, studio, queued):
        _document, task_id = queued
        studio.up = False
        with pytest.raises(LabelStudioUnreachable):
            collect(task_id)
        assert DirtyTask.objects.filter(task_id=task_id).exists()

    def test_a_zombie_records_nothing(self, studio, queued):
        document, task_id = queued
        studio.submit(task_id, result(document, SAID))
        inbox.mark_dirty([task_id], noticed_by="webhook")
        job = Job.objects.get(task="annotation.collect_task")
        studio.during_fetch = lambda: Job.objects.filter(pk=job.pk).update(attempt=2)
        jobs.run(job.pk, inbox.collect_task)
        assert not Correction.objects.exists()
        assert DirtyTask.objects.filter(task_id=task_id).exists()

    def test_a_correction_knows_whether_a_webhook_told_of_it(self, studio, queued):
        document, task_id = queued
        for noticed_by in ("webhook", "sweep"):
            studio.submit(task_id, result(document, SAID))
            collect(task_id, noticed_by)
        assert list(Correction.objects.order_by("pk").values_list("noticed_by", flat=True)) == [
            "webhook",
            "sweep",
        ]

    def test_a_skip_sets_the_document_aside_and_has_the_queue_filled(self, studio, queued, rung):
        document, task_id = queued
        studio.submit(task_id, result(document, SAID), skipped=True)
        collect(task_id)
        document.refresh_from_db()
        assert (document.state, document.truth) == ("skipped", None)
        assert Correction.objects.get().answers == []  # what was filled in, nobody said
        assert task_of(task_id).state == "done"
        assert ("annotation.fill_queue", document.document_type_id) in rung
        assert ("learner.learn_from_correction", document.pk) not in rung

    def test_who_skips_after_another_answered_changes_no_truth(self, studio, queued):
        document, task_id = queued
        studio.submit(task_id, result(document, SAID))
        studio.submit(task_id, [], skipped=True)
        collect(task_id)
        document.refresh_from_db()
        assert document.state == "confirmed" and document.truth is not None

    def test_a_deleted_annotation_puts_the_document_back_into_the_queue(self, studio, queued, rung):
        document, task_id = queued
        annotation = studio.submit(task_id, result(document, SAID))
        collect(task_id)
        studio.delete(task_id, annotation)
        Job.objects.all().delete()
        collect(task_id)
        document.refresh_from_db()
        assert (document.state, document.truth, task_of(task_id).state) == ("queued", None, "open")
        assert CurrentAnnotation.objects.get().correction is None
        assert Correction.objects.count() == 1
        assert ("learner.learn_from_correction", document.pk) in rung

    def test_a_deleted_task_gives_its_document_back_to_the_pool(self, studio, queued, rung):
        document, task_id = queued
        studio.submit(task_id, result(document, SAID))
        collect(task_id)
        studio.delete_task(task_id)
        collect(task_id)
        document.refresh_from_db()
        assert (document.state, document.truth, task_of(task_id).state) == ("extracted", None, "withdrawn")
        assert ("learner.rank_pool", document.document_type_id) in rung
        assert not DirtyTask.objects.exists()

    def test_an_unanswered_task_that_was_deleted_leaves_the_queue_too(self, studio, queued, rung):
        document, task_id = queued
        studio.delete_task(task_id)
        collect(task_id)
        document.refresh_from_db()
        assert (document.state, task_of(task_id).state) == ("extracted", "withdrawn")
        assert ("annotation.fill_queue", document.document_type_id) in rung

    def test_an_edit_after_a_withdrawal_still_counts(self, studio, queued):
        document, task_id = queued
        LabelTask.objects.update(state="withdrawn")
        Document.objects.update(state="extracted")
        studio.submit(task_id, result(document, SAID))
        collect(task_id)
        document.refresh_from_db()
        assert (document.state, task_of(task_id).state) == ("confirmed", "done")


class TestTroublesome:
    def test_what_cannot_be_read_is_told_and_stays_to_be_done(self, studio, queued):
        document, task_id = queued
        broken = studio.submit(task_id, _mislabelled(document))
        inbox.mark_dirty([task_id], noticed_by="webhook")
        jobs.run(Job.objects.get().pk, inbox.collect_task)
        failed = Job.objects.get(task="annotation.collect_task")
        assert failed.state == "failed"
        assert f"annotation {broken} of Label Studio's task {task_id}" in failed.problem
        assert "ACME" not in failed.problem
        assert DirtyTask.objects.filter(task_id=task_id).exists()
        document.refresh_from_db()
        assert document.state == "queued"

    def test_a_broken_annotation_keeps_no_other_from_counting(self, studio, queued):
        document, task_id = queued
        studio.submit(task_id, _mislabelled(document))
        studio.submit(task_id, result(document, SAID))
        with pytest.raises(Refused):
            collect(task_id)
        document.refresh_from_db()
        assert document.state == "confirmed"

    def test_once_mended_the_trouble_is_over(self, studio, queued):
        document, task_id = queued
        broken = studio.submit(task_id, _mislabelled(document))
        inbox.mark_dirty([task_id], noticed_by="webhook")
        jobs.run(Job.objects.get().pk, inbox.collect_task)
        studio.edit(task_id, broken, result=result(document, SAID))
        inbox.mark_dirty([task_id], noticed_by="webhook")
        jobs.run(Job.objects.get(task="annotation.collect_task", state="waiting").pk, inbox.collect_task)
        document.refresh_from_db()
        assert document.state == "confirmed"
        assert not DirtyTask.objects.exists() and not Job.objects.filter(state="failed").exists()

    def test_predictions_turned_into_annotations_are_no_persons_word(self, studio, queued):
        """Label Studio's bulk action 'Create Annotations From Predictions': nobody looked."""
        document, task_id = queued
        studio.submit(task_id, result(document, SAID), lead_time=None, parent_prediction=3)
        with pytest.raises(Refused, match="nobody looked at it"):
            collect(task_id)
        assert not Correction.objects.exists()
        studio.edit(task_id, studio.task(task_id).annotations[0].id, lead_time=4.0)  # somebody looked
        collect(task_id)
        document.refresh_from_db()
        assert document.state == "confirmed"

    def test_what_docloops_own_account_submits_is_no_persons_word(self, studio, queued):
        document, task_id = queued
        studio.submit(task_id, result(document, SAID), completed_by=SERVICE_ACCOUNT)
        with pytest.raises(Refused, match="the account of Docloop itself"):
            collect(task_id)
        assert not Correction.objects.exists()
        assert DirtyTask.objects.filter(task_id=task_id).exists()

    def test_another_document_type_that_a_person_chose_is_kept(self, studio, queued):
        document, task_id = queued
        choice = {
            "id": "type",
            "from_name": "document_type",
            "to_name": "pages",
            "type": "choices",
            "value": {"choices": ["letter"]},
        }
        studio.submit(task_id, [choice, *result(document, SAID)])
        collect(task_id)
        assert Correction.objects.get().outcomes["document type"] == "letter"


class TestStrangeTasks:
    def test_a_task_of_no_document_of_ours_is_let_be(self, studio, queued):
        project = queued[0].document_type.project_id
        for document_id in (None, 999_999, 10**30):
            foreign = studio.add_task(project, document_id)
            studio.submit(foreign, [])
            collect(foreign)
        assert not Correction.objects.exists() and not DirtyTask.objects.exists()

    def test_a_task_we_lost_is_adopted(self, studio, queued):
        document, task_id = queued
        LabelTask.objects.all().delete()
        Document.objects.update(state="extracted")
        collect(task_id)
        document.refresh_from_db()
        assert (document.state, task_of(task_id).state) == ("queued", "open")

    def test_an_answer_to_a_push_that_was_cut_finds_its_row(self, studio, queued):
        document, task_id = queued
        LabelTask.objects.update(task_id=None, state="pushing")
        studio.submit(task_id, result(document, SAID))
        collect(task_id)
        row = LabelTask.objects.get()
        assert (row.task_id, row.state, row.extraction) == (task_id, "done", document.extraction)

    def test_a_second_task_of_a_document_counts_without_being_live(self, studio, queued):
        document, task_id = queued
        double = studio.add_task(document.document_type.project_id, document.pk)
        studio.submit(double, result(document, SAID))
        collect(double)
        document.refresh_from_db()
        assert document.state == "confirmed"
        assert (task_of(task_id).state, task_of(double).state) == ("open", "withdrawn")
        studio.delete_task(double)
        collect(double)
        document.refresh_from_db()
        assert (document.state, document.truth) == ("queued", None)

    def test_an_annotation_that_moves_to_another_task_moves_its_truth(self, studio, queued):
        """Label Studio's bulk action 'Remove Duplicated Tasks' moves annotations."""
        document, task_id = queued
        other = make_document(document.document_type)
        target = studio.push(other)
        annotation = studio.submit(task_id, result(document, SAID))
        collect(task_id)
        moved = studio.task(task_id).annotations[0]
        studio.delete(task_id, annotation)
        studio._annotate(target, [moved])
        collect(target)
        document.refresh_from_db()
        assert document.truth is None  # at once, not only when its own task is fetched
        collect(task_id)
        document.refresh_from_db()
        other.refresh_from_db()
        assert (document.truth, document.state) == (None, "queued")
        assert (other.truth.document_id, other.state) == (other.pk, "confirmed")

    def test_a_label_studio_that_began_anew_may_use_old_task_numbers(self, studio, queued):
        document, task_id = queued
        studio.submit(task_id, result(document, SAID))
        collect(task_id)
        other = make_document(document.document_type)
        project = studio.projects[document.document_type.project_id]
        project[task_id] = replace(
            project[task_id], document_id=other.pk, updated_at=studio.now(), annotations=()
        )
        collect(task_id)
        document.refresh_from_db()
        other.refresh_from_db()
        assert (document.state, document.truth) == ("extracted", None)
        assert (other.state, task_of(task_id).document_id) == ("queued", other.pk)


def _mislabelled(document):
    items = result(document, SAID)
    for item in items:
        if "rectanglelabels" in item["value"]:
            item["value"]["rectanglelabels"] = ["no such field"]
    return items
