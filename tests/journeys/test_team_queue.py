"""A team's queue in a real Label Studio: what is skipped goes to another person, or comes back; reasons are renewed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation import inbox, projects, queueing, sweep
from annotation.models import Correction, DirtyTask, Document, LabelTask
from tests.factories import make_document, make_extraction, make_type
from tests.journeys.annotator import shown_prediction

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def queue(configured):
    """A type with two documents in its queue."""
    kind = make_type(project_id=None, queue_depth=2, champion="v1")
    for priority in (2, 1):
        make_extraction(make_document(kind, priority=priority, state="extracted", reason="total 0.60"))
    projects.sync_project(kind.pk)
    queueing.fill_queue(kind.pk)
    kind.refresh_from_db()
    return kind


def skip_next(person, kind) -> Document:
    task = person.next_task(kind.project_id)
    person.skip(task, shown_prediction(task)["result"])
    sweep.sweep_project(kind.pk)
    for task_id in DirtyTask.objects.values_list("task_id", flat=True):
        inbox.collect_task(task_id)
    return Document.objects.get(pk=int(task["data"]["doc_id"]))


def offered(person, kind) -> set[int]:
    """Every document that the person is given, one after the other, when they skip them all."""
    found = set()
    while task := person.next_task(kind.project_id):
        found.add(int(task["data"]["doc_id"]))
        person.skip(task, shown_prediction(task)["result"])
    return found


def test_what_somebody_skipped_is_offered_to_their_colleague_and_not_to_them(queue, ann, amy):
    document = skip_next(ann, queue)
    assert document.state == "skipped"
    assert document.pk not in offered(ann, queue)
    assert document.pk in offered(amy, queue)


def test_what_was_skipped_long_ago_is_offered_to_the_same_person_again(queue, ann, monkeypatch):
    document = skip_next(ann, queue)
    monkeypatch.setattr(queueing, "SKIPPED_FOR", timedelta(0))
    queueing.fill_queue(queue.pk)
    document.refresh_from_db()
    assert document.state == "queued"
    assert document.pk in offered(ann, queue)
    assert Correction.objects.get(document=document).skipped


def test_an_untouched_task_shows_its_new_reason_and_one_that_is_given_keeps_its_own(queue, ann, amy):
    given = ann.next_task(queue.project_id)
    Document.objects.update(reason="total 0.60; new layout")
    for _ in range(2):
        queueing.fill_queue(queue.pk)
    assert given["data"]["reason"] == "total 0.60"
    assert LabelTask.objects.get(task_id=given["id"]).reason == "total 0.60"
    other = amy.next_task(queue.project_id)
    assert other["data"]["reason"] == "total 0.60; new layout"
    assert other["data"]["doc_id"] != given["data"]["doc_id"]
    ann.submit(given, shown_prediction(given)["result"])  # her work is not lost
