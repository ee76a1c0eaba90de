"""Nobody is asked twice about one document, whatever happens while tasks are on their way."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction

from annotation import inbox, ledger, queueing
from annotation.models import Document, LabelTask
from models.extractors.base import Answer
from tests.annotation.queue_stand_in import LabelStudioInMemory, stand_in
from tests.factories import make_document, make_extraction, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> LabelStudioInMemory:
    return stand_in(monkeypatch)


@pytest.fixture
def document(studio):
    project = studio.create_project("Receipts", "receipts", "<View/>")
    document = make_document(make_type(queue_depth=1, project_id=project), state="extracted", priority=1.0)
    make_extraction(document)
    return document


def test_a_task_whose_row_was_withdrawn_on_its_way_does_not_stay_in_label_studio(
    studio, document, monkeypatch
):
    push = studio.push_tasks

    def push_and_lose_the_row(project_id, tasks):
        ids = push(project_id, tasks)
        LabelTask.objects.filter(document=document).update(state=LabelTask.State.WITHDRAWN)
        return ids

    monkeypatch.setattr("annotation.label_studio.push_tasks", push_and_lose_the_row)
    queueing.fill_queue(document.document_type_id)
    assert not studio.tasks


def test_a_document_that_is_confirmed_by_imported_labels_leaves_the_queue(studio, document):
    queueing.fill_queue(document.document_type_id)
    assert studio.documents() == [document.pk]
    ledger.import_answers(document, [Answer("total", "12.90")], by="the accountants")
    queueing.fill_queue(document.document_type_id)
    assert not studio.tasks
    document.refresh_from_db()
    assert (document.state, document.tasks.get().state) == ("confirmed", "withdrawn")


def test_somebodys_work_on_a_confirmed_document_is_not_taken_away(studio, document):
    queueing.fill_queue(document.document_type_id)
    (task,) = studio.tasks.values()
    task.touched = True
    ledger.import_answers(document, [Answer("total", "12.90")], by="the accountants")
    queueing.fill_queue(document.document_type_id)
    assert studio.documents() == [document.pk]


@pytest.mark.django_db(transaction=True)
def test_the_news_that_an_old_task_is_gone_does_not_withdraw_the_new_one(studio, document):
    """The queue deletes a task and pushes the document anew; Label Studio's notice of the first comes in between."""
    queueing.fill_queue(document.document_type_id)
    row = LabelTask.objects.get()
    news = threading.Thread(target=take_the_news, args=[row.task_id])
    with transaction.atomic():
        LabelTask.objects.filter(pk=row.pk).update(task_id=None, state=LabelTask.State.PUSHING)
        news.start()
        while not somebody_waits():
            assert news.is_alive(), "the news was taken without regard to the queue"
            time.sleep(0.01)
    news.join()
    row.refresh_from_db()
    assert (row.state, row.task_id) == ("pushing", None)
    assert Document.objects.get().state == "queued"


def take_the_news(task_id: int) -> None:
    try:
        with transaction.atomic():
            inbox._gone(task_id)
    finally:
        connection.close()


def somebody_waits() -> bool:
    """Whether a transaction waits for a lock of another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
