"""Page images for Label Studio's page: who gets them, and for how long."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import inbox, label_studio, projects, queueing, task_pages
from annotation.models import Document, LabelTask, Recheck
from learner import erasing
from tests.annotation.queue_stand_in import stand_in
from tests.annotation.stand_in import install, result
from tests.factories import make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db

STUDIO = "https://label.example.org"
IMAGE = b"\xff\xd8 a page \xff\xd9"


@pytest.fixture(autouse=True)
def addresses(settings):
    settings.CONFIG = settings.CONFIG.model_copy(
        update={"label_studio_public_url": STUDIO, "url": "https://docloop.example.org"}
    )


def waiting(document_type=None, **more) -> LabelTask:
    document = make_document(document_type, state="queued")
    default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(IMAGE))
    task_id = 1000 + document.pk
    return LabelTask.objects.create(
        document=document, **{"project_id": 7, "task_id": task_id, "state": "open"} | more
    )


def path(task, **other) -> str:
    wanted = {"key": task.page_key, "document_id": task.document_id, "number": 0} | other
    return reverse("task-page", kwargs=wanted)


def got(address: str, origin: str | None = STUDIO, **headers) -> tuple[int, bytes]:
    """Status and every byte of the answer to a browser that signed in nowhere."""
    answer = Client(headers=({"Origin": origin} if origin is not None else {}) | headers).get(address)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.status_code, content


def test_label_studios_page_gets_a_page_of_a_task_that_waits():
    task = waiting()
    (address,) = task_pages.addresses(task)
    assert address == "https://docloop.example.org" + path(task)
    assert got(path(task)) == (200, IMAGE)


def test_nobody_keeps_it_and_it_runs_nothing():
    answer = Client(headers={"Origin": STUDIO}).get(path(waiting()))
    assert answer["Access-Control-Allow-Origin"] == STUDIO
    assert "Access-Control-Allow-Credentials" not in answer
    assert answer["Vary"] == "Origin"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "image/jpeg"
    assert "Content-Disposition" not in answer or answer["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "https://docloop.example.org",
        "http://label.example.org",
        STUDIO + ":8443",
        STUDIO + ".evil",
    ],
)
def test_no_other_page_gets_it(origin):
    assert got(path(waiting()), origin) == (403, b"")


def test_another_site_may_not_read_what_it_is_told(settings):
    answer = Client(headers={"Origin": "https://evil.example"}).get(path(waiting()))
    assert "Access-Control-Allow-Origin" not in answer


def test_on_one_machine_label_studio_may_be_called_by_either_name(settings):
    settings.CONFIG = settings.CONFIG.model_copy(
        update={"label_studio_public_url": "", "label_studio_url": "http://127.0.0.1:8080"}
    )
    task = waiting()
    for origin, status in (
        ("http://127.0.0.1:8080", 200),
        ("http://localhost:8080", 200),
        ("http://localhost:8081", 403),
    ):
        assert got(path(task), origin)[0] == status


def altered(task):
    last = "A" if task.page_key[-1] != "A" else "B"
    return [task.page_key[:-1] + last, task.page_key[:-1], task.page_key + "A", task.page_key.swapcase(), "x"]


def test_an_altered_key_opens_nothing():
    task = waiting()
    for key in altered(task):
        assert got(path(task, key=key)) == (404, b"")


def test_a_key_opens_its_own_document_alone():
    receipts, invoices = make_type(name="receipts", project_id=7), make_type(name="invoices", project_id=8)
    task = waiting(receipts)
    for other in (waiting(receipts), waiting(invoices, project_id=8)):
        assert got(path(task, document_id=other.document_id)) == (404, b"")
    assert got(path(task, number=1)) == (404, b"")


@pytest.mark.parametrize("state", ["withdrawn", "done"])
def test_the_key_of_a_task_that_is_over_is_dead(state):
    assert got(path(waiting(state=state))) == (404, b"")


def test_a_task_without_a_key_has_no_address_that_opens_it():
    """Tasks from before there were keys."""
    task = waiting(page_key="")
    assert (
        Client(headers={"Origin": STUDIO}).get(f"/task-pages//pages/{task.document_id}/0.jpg").status_code
        == 404
    )


def test_an_hour_after_the_answer_the_key_expires(monkeypatch):
    task = waiting(state="done", shown_until=timezone.now() + timedelta(minutes=1))
    assert got(path(task)) == (200, IMAGE)
    LabelTask.objects.filter(pk=task.pk).update(shown_until=timezone.now() - timedelta(seconds=1))
    assert got(path(task)) == (404, b"")


def test_who_has_just_answered_may_go_back_to_the_page(monkeypatch):
    studio = install(monkeypatch)
    document = make_document(make_type(name="invoices"))
    default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(IMAGE))
    task_id = studio.push(document)
    studio.submit(task_id, result(document, {"total": "12.90"}))
    inbox.mark_dirty([task_id], noticed_by="webhook")
    inbox.collect_task(task_id)
    task = document.tasks.get()
    assert task.state == "done"
    left = task.shown_until - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert got(path(task)) == (200, IMAGE)


def test_a_link_of_ours_shows_a_finished_task_once_more(client, lea, settings):
    settings.CONFIG = settings.CONFIG.model_copy(update={"label_studio_sign_in": "own"})
    task = waiting(state="done")
    client.force_login(lea)
    client.get(reverse("label-document", args=[task.document_id]))
    assert got(path(task)) == (200, IMAGE)


def test_an_erased_document_is_shown_by_no_key(lea):
    task = waiting()
    erasing.erase(task.document_id, by="lea", why="")
    assert got(path(task)) == (404, b"")
    assert not Document.objects.filter(pk=task.document_id).exists()


def test_an_image_that_is_gone_from_the_store_is_not_found():
    task = waiting()
    default_storage.delete(f"pages/{task.document_id}/0.jpg")
    assert got(path(task)) == (404, b"")


def test_further_tasks_for_a_document_have_keys_of_their_own():
    document = make_document(state="confirmed")
    default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(IMAGE))
    recheck = Recheck.objects.create(
        document=document, purpose="overlap", state="open", first=make_truth(document), because="x", shown=[],
        project_id=7,
    )  # fmt: skip
    assert got(path(recheck)) == (200, IMAGE)
    Recheck.objects.filter(pk=recheck.pk).update(state="withdrawn")
    assert got(path(recheck)) == (404, b"")


def test_looking_is_all_that_is_answered():
    task = waiting()
    for method in ("post", "put", "patch", "delete", "options"):
        assert getattr(Client(headers={"Origin": STUDIO}), method)(path(task)).status_code == 405


class TestTasksFromBeforeThereWereKeys:
    @pytest.fixture
    def studio(self, monkeypatch):
        return stand_in(monkeypatch)

    @pytest.fixture
    def receipts(self, studio):
        kind = make_type(name="receipts", project_id=None, queue_depth=3)
        projects.sync_project(kind.pk)
        kind.refresh_from_db()
        return kind

    def queue(self, receipts, studio):
        for priority in range(3):
            make_extraction(make_document(receipts, priority=priority))
        queueing.fill_queue(receipts.pk)
        LabelTask.objects.update(page_key="")
        return set(studio.tasks)

    def test_they_are_pushed_anew_with_a_key(self, receipts, studio):
        before = self.queue(receipts, studio)
        for _ in range(3):
            queueing.fill_queue(receipts.pk)
        keyed = LabelTask.objects.exclude(page_key="")
        assert keyed.exists()
        for task in keyed:
            assert task.task_id not in before
            assert studio.tasks[task.task_id].data["pages"] == task_pages.addresses(task)

    def test_label_studio_shows_the_store_until_none_waits(self, receipts, studio):
        self.queue(receipts, studio)
        studio.forgotten.clear()
        projects.sync_project(receipts.pk)
        assert studio.forgotten == []
        LabelTask.objects.update(state="withdrawn")
        projects.sync_project(receipts.pk)
        assert studio.forgotten == [receipts.project_id]

    def test_the_migration_gives_keys_to_what_is_on_its_way(self):
        pushing, shown = waiting(state="pushing", page_key=""), waiting(page_key="")
        migration = import_module("migrations.annotation.0027_page_keys")
        migration.give_keys_to_what_is_on_its_way(apps, None)
        pushing.refresh_from_db()
        shown.refresh_from_db()
        assert len(pushing.page_key) == 43
        assert shown.page_key == ""


def test_label_studios_storage_of_the_store_is_deleted(monkeypatch):
    asked = []

    def request(method, path, what, **more):
        asked.append((method, path))
        return (
            [{"id": 3, "path": "/store/pages"}, {"id": 4, "path": "/somebody/elses"}]
            if method == "GET"
            else None
        )

    monkeypatch.setattr(label_studio, "request", request)
    label_studio.forget_storage(7, "/store/pages")
    assert asked == [("GET", "storages/localfiles"), ("DELETE", "storages/localfiles/3")]
