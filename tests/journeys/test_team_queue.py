"""A team's queue in a real Label Studio: so many tasks for each person, no near copies side by side, nothing moved that
somebody holds; what is skipped goes to another person, or comes back; reasons are renewed.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation import inbox, label_studio, projects, queueing, sweep
from annotation.models import Correction, DirtyTask, Document, LabelTask
from learner import selection
from models.similarity import THRESHOLD, distance, fingerprint
from tests.conftest import person
from tests.factories import make_document, make_extraction, make_truth, make_type
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


def collected(kind) -> None:
    sweep.sweep_project(kind.pk)
    for task_id in DirtyTask.objects.values_list("task_id", flat=True):
        inbox.collect_task(task_id)


def document_of(task) -> Document:
    return Document.objects.get(pk=int(task["data"]["doc_id"]))


def skip_next(person, kind) -> Document:
    task = person.next_task(kind.project_id)
    person.skip(task, shown_prediction(task)["result"])
    collected(kind)
    return document_of(task)


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


@pytest.fixture
def team():
    """Ann and Amy have accounts in Docloop too: the queue is as deep as two people need."""
    return [person(name, "annotator") for name in ("ann", "amy")]


def make_ranked(kind, confidences: list[float], text: str = "ACME LTD\nTotal 12.90") -> list[Document]:
    """Documents of the pool, of whose total the champion is so sure."""
    documents = []
    for confidence in confidences:
        document = make_document(kind, text, state="extracted")
        make_extraction(document, {"total": ("12.90", confidence), "company": ("ACME LTD", 0.99)})
        documents.append(document)
    return documents


@pytest.fixture
def least_sure_first(configured, team):
    """A type with a task for each of two people, ranked by nothing but confidence."""
    kind = make_type(
        project_id=None, queue_depth=1, champion="v1", strategy="least-confident", audit_share=0,
        fields=[{"name": "company", "kind": "text"}, {"name": "total", "kind": "money"}],
    )  # fmt: skip
    projects.sync_project(kind.pk)
    kind.refresh_from_db()
    return kind


def test_two_people_are_not_given_near_copies_of_one_document(least_sure_first, ann, amy):
    body = " ".join(f"clause{n} of the agreement between the parties" for n in range(12))
    copies = make_ranked(least_sure_first, [0.1], f"{body}\nACME LTD\nTotal 12.90")
    copies += make_ranked(least_sure_first, [0.2], f"{body}\nACME LTD\nTotal 12.90 again")
    (other,) = make_ranked(least_sure_first, [0.9], "Hotel zur Post\nACME LTD\nTotal 12.90")
    for document in [*copies, other]:
        Document.objects.filter(pk=document.pk).update(fingerprint=f"{fingerprint(document.word_pages):016x}")
    assert distance(*(fingerprint(each.word_pages) for each in copies)) <= THRESHOLD
    selection.rank_pool(least_sure_first.pk)
    queueing.fill_queue(least_sure_first.pk)
    given = [each.next_task(least_sure_first.project_id) for each in (ann, amy)]
    assert [document_of(task) for task in given] == [copies[0], other]
    ann.submit(given[0], shown_prediction(given[0])["result"])
    collected(least_sure_first)
    queueing.fill_queue(least_sure_first.pk)
    # nobody has the first copy open any more, so the second one's turn comes
    assert document_of(ann.next_task(least_sure_first.project_id)) == copies[1]


def test_new_documents_that_are_worth_more_push_out_what_nobody_holds(least_sure_first, ann, amy):
    (done,) = make_ranked(
        least_sure_first, [0.9], "Hotel zur Post\nZimmer Kurtaxe Gast\nACME LTD\nSumme 12.90"
    )
    make_truth(done, {"total": "12.90", "company": "ACME LTD"})
    old = make_ranked(least_sure_first, [0.7, 0.8])
    selection.rank_pool(least_sure_first.pk)
    queueing.fill_queue(least_sure_first.pk)
    held = ann.next_task(least_sure_first.project_id)
    assert document_of(held) == old[0]
    assert held["data"]["reason"] == "least sure of total (70 %); new layout"

    new = make_ranked(least_sure_first, [0.1, 0.2, 0.3, 0.4, 0.5])
    selection.rank_pool(least_sure_first.pk)
    queueing.fill_queue(least_sure_first.pk)
    states = Document.objects.in_bulk([each.pk for each in old])
    assert [states[each.pk].state for each in old] == ["queued", "extracted"]
    assert document_of(amy.next_task(least_sure_first.project_id)) == new[0]

    # she goes on as if nothing had happened
    assert ann.next_task(least_sure_first.project_id)["id"] == held["id"]
    ann.submit(held, shown_prediction(held)["result"])
    collected(least_sure_first)
    assert document_of(held).state == "confirmed"


def test_every_person_has_as_many_tasks_as_the_queue_is_deep(least_sure_first, team):
    make_ranked(least_sure_first, [0.1 * n for n in range(1, 8)])
    selection.rank_pool(least_sure_first.pk)
    type(least_sure_first).objects.update(queue_depth=2)
    queueing.fill_queue(least_sure_first.pk)
    assert len(list(label_studio.inventory(least_sure_first.project_id))) == 2 * len(team)
