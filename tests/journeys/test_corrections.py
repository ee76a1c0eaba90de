"""People correct documents in a real Label Studio; with its webhooks and without, the ledger ends up as it is there.

Its webhooks come over HTTP to a live server of the test, and the jobs that are rung for are done by the test.
"""

from __future__ import annotations

import pytest
from django.db.models.functions import Now
from pydantic import SecretStr

from annotation import inbox, jobs, label_studio, projects, queueing, sweep
from annotation.models import (
    Correction,
    CurrentAnnotation,
    DirtyTask,
    Document,
    Job,
    LabelTask,
)
from tests.factories import make_answers, make_document, make_extraction, make_type
from tests.journeys.annotator import corrected, shown_prediction

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

ANN = "ann@example.org"  # see conftest
TRUTH = {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}

WORK = {
    "annotation.sync_project": projects.sync_project,
    "annotation.fill_queue": queueing.fill_queue,
    "annotation.collect_task": inbox.collect_task,
    "annotation.sweep_project": sweep.sweep_project,
}


@pytest.fixture(params=["webhooks", "sweep only"])
def told(request, configured):
    """Whether webhooks tell of what people do; without a secret there are none."""
    if request.param == "sweep only":
        configured.CONFIG = configured.CONFIG.model_copy(update={"webhook_secret": SecretStr("")})
    return request.param == "webhooks"


def make_queue(documents=3):
    """A type with documents in its queue; what the model says of them is partly wrong."""
    kind = make_type(project_id=None, queue_depth=documents, champion="v1")
    for _ in range(documents):
        make_extraction(make_document(kind), {"company": ("ACME LTD", 0.9), "total": ("Date", 0.4)})
    projects.sync_project(kind.pk)
    queueing.fill_queue(kind.pk)
    work()
    kind.refresh_from_db()
    assert set(kind.documents.values_list("state", flat=True)) == {"queued"}
    return kind


def work():
    """Do all jobs that wait, as the workers would; each must succeed."""
    while job := Job.objects.filter(state="waiting", task__in=WORK).order_by("pk").first():
        Job.objects.filter(pk=job.pk).update(due_at=Now())
        jobs.run(job.pk, WORK[job.task])
    assert not Job.objects.filter(state="failed").exists(), list(Job.objects.values_list("task", "problem"))


def learn_of_it(told, *, announced=True):
    """Bring what people did home: by the webhooks if there are any and they tell of it, else by the sweep."""
    if told and announced:
        assert DirtyTask.objects.exists() or Job.objects.filter(task="annotation.sweep_project").exists()
    else:
        assert not DirtyTask.objects.exists()
        sweep.sweep_all()
    work()
    assert not DirtyTask.objects.exists()


def answer(ann, kind):
    """Ann corrects the next document; the document and her annotation's id."""
    task = ann.next_task(kind.project_id)
    document = Document.objects.get(pk=int(task["data"]["doc_id"]))
    result = corrected(task, make_answers(document, TRUTH), kind.schema)
    return document, ann.submit(task, result, seconds=12.5)


def values_of(document):
    document.refresh_from_db()
    return {said.field: said.text for said in document.truth.said} if document.truth else None


def test_what_a_person_submits_becomes_the_truth(told, ann):
    kind = make_queue()
    document, annotation = answer(ann, kind)
    learn_of_it(told)
    assert values_of(document) == TRUTH
    correction = document.truth
    assert document.state == "confirmed"
    assert (correction.annotation_id, correction.annotator, correction.lead_time) == (annotation, ANN, 12.5)
    assert correction.noticed_by == ("webhook" if told else "sweep")
    assert correction.extraction.model_version == "v1"
    assert correction.outcomes == {"company": "accepted", "date": "added", "total": "edited"}
    assert LabelTask.objects.get(document=document).state == "done"


def test_what_is_known_is_not_fetched_again(told, ann, monkeypatch):
    kind = make_queue()
    answer(ann, kind)
    learn_of_it(told)
    monkeypatch.setattr(label_studio, "fetch_task", lambda task_id: pytest.fail(f"task {task_id} is known"))
    sweep.sweep_all()
    work()


def test_an_answer_is_edited_back_skipped_and_deleted(told, ann, label_studio_url):
    kind = make_queue(1)
    task = ann.next_task(kind.project_id)
    document = Document.objects.get(pk=int(task["data"]["doc_id"]))
    first = corrected(task, make_answers(document, TRUTH), kind.schema)
    second = corrected(task, make_answers(document, TRUTH | {"company": "ACME"}), kind.schema)
    annotation = ann.submit(task, first)
    learn_of_it(told)
    for result, company in ((second, "ACME"), (first, "ACME LTD")):
        change(ann, annotation, result=result, lead_time=20.0)
        learn_of_it(told)
        assert values_of(document)["company"] == company
    assert Correction.objects.count() == 2
    change(ann, annotation, was_cancelled=True)
    learn_of_it(told)
    assert (values_of(document), document.state) == (None, "skipped")
    send(ann, "DELETE", f"/api/annotations/{annotation}/")
    learn_of_it(told)
    assert (values_of(document), document.state) == (None, "queued")
    assert LabelTask.objects.get(document=document).state == "open"


def test_a_skipped_document_is_set_aside(told, ann):
    kind = make_queue()
    task = ann.next_task(kind.project_id)
    ann.skip(task, shown_prediction(task)["result"])
    learn_of_it(told)
    document = Document.objects.get(pk=int(task["data"]["doc_id"]))
    assert (document.state, values_of(document)) == ("skipped", None)
    assert Correction.objects.get().answers == []


class TestSilentChanges:
    """Changes that Label Studio announces to nobody: only the sweep finds them."""

    def test_an_annotation_made_a_draft_no_longer_counts(self, told, ann):
        kind = make_queue()
        document, annotation = answer(ann, kind)
        learn_of_it(told)
        send(ann, "POST", f"/api/annotations/{annotation}/convert-to-draft", json={})
        learn_of_it(told, announced=False)
        assert (values_of(document), document.state) == (None, "queued")

    def test_propagated_annotations_count(self, told, ann):
        kind = make_queue()
        document, annotation = answer(ann, kind)
        learn_of_it(told)
        others = LabelTask.objects.exclude(document=document).values_list("task_id", flat=True)
        act(ann, kind, "propagate_annotations", others, source_annotation_id=annotation)
        learn_of_it(told, announced=False)
        assert set(kind.documents.values_list("state", flat=True)) == {"confirmed"}

    def test_when_all_tasks_are_deleted_nothing_counts_and_all_is_in_the_pool(
        self, told, ann, label_studio_url
    ):
        kind = make_queue()
        document, _annotation = answer(ann, kind)
        learn_of_it(told)
        send(ann, "DELETE", f"/api/projects/{kind.project_id}/tasks/")
        assert not DirtyTask.objects.exists()
        collect_without_filling_the_queue()
        assert values_of(document) is None
        assert set(kind.documents.values_list("state", flat=True)) == {"extracted"}
        assert set(LabelTask.objects.values_list("state", flat=True)) == {"withdrawn"}
        assert not CurrentAnnotation.objects.filter(correction__isnull=False).exists()

    def test_a_deleted_project_is_made_anew_and_filled(self, told, ann):
        kind = make_queue()
        document, _annotation = answer(ann, kind)
        learn_of_it(told)
        before = kind.project_id
        send(ann, "DELETE", f"/api/projects/{before}/")
        sweep.sweep_all()
        work()
        kind.refresh_from_db()
        assert kind.project_id != before
        assert set(kind.documents.values_list("state", flat=True)) == {"queued"}
        assert len(list(label_studio.inventory(kind.project_id))) == 3

    def test_tasks_that_come_with_annotations_are_taken(self, told, ann):
        kind = make_queue(1)
        document = make_document(kind)
        task = ann.next_task(kind.project_id)
        imported = {
            "data": task["data"] | {"doc_id": str(document.pk)},
            "annotations": [{"result": corrected(task, make_answers(document, TRUTH), kind.schema)}],
        }
        send(ann, "POST", f"/api/projects/{kind.project_id}/import", json=[imported])
        learn_of_it(told, announced=False)
        assert (values_of(document), document.state) == (TRUTH, "confirmed")

    def test_a_ground_truth_that_another_annotation_becomes_is_none_any_more(self, told, ann):
        """Label Studio tells of the new one alone, and takes the flag off the old one by itself."""
        kind = make_queue(1)
        task = ann.next_task(kind.project_id)
        document = Document.objects.get(pk=int(task["data"]["doc_id"]))
        result = corrected(task, make_answers(document, TRUTH), kind.schema)
        first = ann.submit(task, result)
        learn_of_it(told)
        unflagged = row_of(first)
        change(ann, first, ground_truth=True)
        learn_of_it(told)
        assert row_of(first) != unflagged
        second = {"result": result, "ground_truth": True, "lead_time": 5.0}
        send(ann, "POST", f"/api/tasks/{task['id']}/annotations/", json=second)
        learn_of_it(told)
        assert row_of(first) == unflagged
        assert CurrentAnnotation.objects.filter(correction__isnull=False).count() == 2

    def test_annotations_of_duplicates_that_were_merged_count_on(self, told, ann):
        kind = make_queue(1)
        task = ann.next_task(kind.project_id)
        document = Document.objects.get(pk=int(task["data"]["doc_id"]))
        ann.submit(task, corrected(task, make_answers(document, TRUTH), kind.schema))
        learn_of_it(told)
        newer = corrected(task, make_answers(document, TRUTH | {"company": "ACME"}), kind.schema)
        double = {"data": task["data"], "annotations": [{"result": newer}]}
        send(ann, "POST", f"/api/projects/{kind.project_id}/import", json=[double])
        learn_of_it(told, announced=False)
        assert values_of(document)["company"] == "ACME"
        tasks = list(LabelTask.objects.order_by("task_id").values_list("task_id", flat=True))
        act(ann, kind, "remove_duplicates", tasks)
        work()  # of the duplicate that is gone the webhook tells, and not where its annotation went
        sweep.sweep_all()
        work()
        assert values_of(document)["company"] == "ACME"
        present = CurrentAnnotation.objects.filter(correction__isnull=False)
        assert list(present.values_list("task_id", flat=True)) == [tasks[0]] * 2


def row_of(annotation):
    """The row of the ledger that an annotation's present content has."""
    return CurrentAnnotation.objects.get(annotation_id=annotation).correction_id


def test_predictions_made_annotations_in_bulk_are_no_answers(told, ann):
    kind = make_queue()
    act(ann, kind, "predictions_to_annotations", LabelTask.objects.values_list("task_id", flat=True))
    if not told:
        sweep.sweep_all()
    with pytest.raises(AssertionError, match="nobody looked at it"):
        work()
    for _ in range(2):  # one refusal a task
        with pytest.raises(AssertionError):
            work()
    assert not Correction.objects.exists()
    assert set(kind.documents.values_list("state", flat=True)) == {"queued"}
    assert DirtyTask.objects.count() == 3


def test_a_webhook_that_somebody_deleted_is_made_again(configured, ann):
    kind = make_queue()
    for webhook in ann.client.get("/api/webhooks/", params={"project": kind.project_id}).json():
        send(ann, "DELETE", f"/api/webhooks/{webhook['id']}/")
    answer(ann, kind)
    assert not DirtyTask.objects.exists()
    learn_of_it(told=False)
    answer(ann, kind)
    learn_of_it(told=True)
    assert set(Correction.objects.values_list("noticed_by", flat=True)) == {"sweep", "webhook"}


def test_an_outage_of_docloop_loses_nothing(configured, ann):
    """Label Studio sends each notice once, to whoever answers or not."""
    kind = make_queue()
    address = configured.CONFIG.url
    configured.CONFIG = configured.CONFIG.model_copy(update={"url": "http://127.0.0.1:9"})
    sweep.sweep_project(kind.pk)  # the webhook now leads nowhere
    document, _annotation = answer(ann, kind)
    configured.CONFIG = configured.CONFIG.model_copy(update={"url": address})
    learn_of_it(told=False)
    assert values_of(document) == TRUTH


def collect_without_filling_the_queue():
    """Do what collecting needs and leave the rest waiting, so that its outcome can be seen."""
    sweep.sweep_all()
    for task in ("annotation.sweep_project", "annotation.collect_task"):
        for job in Job.objects.filter(state="waiting", task=task):
            jobs.run(job.pk, WORK[task])


def send(ann, method, path, **more):
    """What the front end's other buttons send."""
    headers = {"X-CSRFToken": ann.csrf_token, "Referer": str(ann.client.base_url)}
    answer = ann.client.request(method, path, headers=headers, **more)
    assert answer.is_success, (path, answer.status_code, answer.text[:500])


def change(ann, annotation, **more):
    send(ann, "PATCH", f"/api/annotations/{annotation}/", json=more)


def act(ann, kind, action, task_ids, **more):
    """An action of the Data Manager on some tasks."""
    chosen = {"selectedItems": {"all": False, "included": list(task_ids)}, "ordering": []}
    send(
        ann, "POST", "/api/dm/actions", params={"id": action, "project": kind.project_id}, json=chosen | more
    )
