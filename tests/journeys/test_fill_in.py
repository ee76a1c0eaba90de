"""Docloop as the ML backend of a real Label Studio: how it is connected, what it is asked, and that it adds nothing."""

from __future__ import annotations

import httpx
import pytest

from annotation import fill_in_views, label_studio, projects, queueing, sweep
from annotation.label_studio_backend import TITLE
from annotation.models import LabelTask
from models.extractors.base import Answer
from tests.factories import make_document, make_type, place_of
from tests.journeys.annotator import drawn
from tests.journeys.conftest import TOKEN

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def service(label_studio_url):
    """Label Studio's API as Docloop's service account."""
    return httpx.Client(
        base_url=f"{label_studio_url}/api", headers={"Authorization": f"Token {TOKEN}"}, timeout=60
    )


@pytest.fixture
def receipts(configured):
    """A type without a model, with one document in its queue."""
    kind = make_type(project_id=None, queue_depth=1)
    make_document(kind, priority=1, state="extracted")
    projects.sync_project(kind.pk)
    queueing.fill_queue(kind.pk)
    kind.refresh_from_db()
    return kind


def backends(service, kind):
    return service.get("/ml/", params={"project": kind.project_id}).raise_for_status().json()


def test_the_project_is_connected_and_what_label_studio_makes_along_with_it_is_undone(service, receipts):
    (backend,) = backends(service, receipts)
    assert (backend["title"], backend["state"], backend["is_interactive"]) == (TITLE, "CO", True)
    assert backend["url"] == fill_in_views.address(receipts)
    assert fill_in_views.secret() not in str(backend)
    assert label_studio.project(receipts.project_id).model_version == ""
    (webhook,) = service.get("/webhooks/", params={"project": receipts.project_id}).json()
    assert "/ml" not in webhook["url"]


def test_doing_it_again_changes_nothing(service, receipts):
    before = [each["id"] for each in backends(service, receipts)]
    projects.sync_project(receipts.pk)
    assert [each["id"] for each in backends(service, receipts)] == before


def test_the_sweep_connects_it_again(service, receipts):
    (backend,) = backends(service, receipts)
    service.delete(f"/ml/{backend['id']}").raise_for_status()
    sweep.sweep_project(receipts.pk)
    assert [each["state"] for each in backends(service, receipts)] == ["CO"]


def test_a_backend_whose_password_is_not_ours_any_more_is_replaced(service, receipts, settings):
    (old,) = backends(service, receipts)
    settings.SECRET_KEY = "another-one-that-is-long-enough-to-sign-with-0123456789"
    assert backends(service, receipts)[0]["state"] == "DI"
    sweep.sweep_project(receipts.pk)
    (new,) = backends(service, receipts)
    assert (new["state"], new["id"] != old["id"]) == ("CO", True)


def test_a_task_without_predictions_opens_and_gets_none(receipts, ann):
    task = ann.next_task(receipts.project_id)
    assert task["predictions"] == []
    again = ann.client.get(f"/api/tasks/{task['id']}").raise_for_status().json()
    assert again["predictions"] == []


def test_a_drawn_box_comes_back_with_its_text(service, receipts, ann):
    task = ann.next_task(receipts.project_id)
    page = LabelTask.objects.get(task_id=task["id"]).document.word_pages[0]
    region = drawn(Answer("total", "", place_of(page, "Total 12.90")), (1000, 1400))[0]
    (backend,) = backends(service, receipts)
    answer = ann.post(
        f"/api/ml/{backend['id']}/interactive-annotating",
        json={"task": task["id"], "context": {"result": [region]}},
    )
    first, second = answer.raise_for_status().json()["data"]["result"]
    assert first == region
    assert (second["id"], second["value"]["text"]) == (region["id"], ["12.90"])
    assert ann.client.get(f"/api/tasks/{task['id']}").json()["predictions"] == []
