"""The doctor's probe with its workers in the test and Label Studio in memory: how far it comes, and that nothing stays.

With the real parts: `tests/journeys/test_doctor.py`.
"""

from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest
from django.apps import apps
from django.db.models import Q
from django.db.models.functions import Now
from django.test import Client

from annotation import (
    erasure,
    extraction,
    inbox,
    intake,
    jobs,
    label_studio_about,
    projects,
    queueing,
    reading,
)
from annotation.errors import LabelStudioUnreachable
from annotation.models import Document, DocumentType, Erasure, Job
from annotation.type_settings import PROBE_PREFIX
from learner import selection
from tests.annotation.queue_stand_in import LabelStudioInMemory, stand_in
from tests.factories import make_document, make_type
from webapp.doctor import probe, tidying
from webapp.doctor.findings import Grade

pytestmark = pytest.mark.django_db

WORK = {
    "annotation.read_document": reading.read_document,
    "annotation.extract_document": extraction.extract_document,
    "learner.rank_pool": selection.rank_pool,
    "annotation.fill_queue": queueing.fill_queue,
}


class Killed(BaseException):
    """Not an error that anybody catches: what a kill looks like from inside."""


class LabelStudioWithHands(LabelStudioInMemory):
    """What the probe asks for beyond what the queue does."""

    tells, up = True, True

    def delete_project(self, project_id: int) -> None:
        if not self.up:
            raise LabelStudioUnreachable("down")
        self.projects.pop(project_id, None)
        self.tasks = {pk: task for pk, task in self.tasks.items() if task.project_id != project_id}

    def submit_as_docloop(self, task_id: int) -> None:
        assert task_id in self.tasks
        inbox.mark_dirty([task_id], noticed_by="webhook" if self.tells else "sweep")


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> LabelStudioWithHands:
    monkeypatch.setattr("tests.annotation.queue_stand_in.LabelStudioInMemory", LabelStudioWithHands)
    memory = stand_in(monkeypatch)
    for name in ("delete_project", "submit_as_docloop"):
        monkeypatch.setattr(label_studio_about, name, getattr(memory, name))
    return memory


@pytest.fixture(autouse=True)
def web(monkeypatch: pytest.MonkeyPatch) -> None:
    """Docloop's web process answers in the test."""

    def get(url: str, headers: dict[str, str], timeout: float) -> httpx.Response:
        answer = Client(headers=headers).get(urlsplit(url).path)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return httpx.Response(answer.status_code, content=content)

    monkeypatch.setattr(httpx, "get", get)


@pytest.fixture(autouse=True)
def workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the probe waits, what was rung for is done."""

    def work(_seconds: float) -> None:
        for job in Job.objects.filter(state="waiting", task__in=WORK).order_by("pk"):
            jobs.run(job.pk, WORK[job.task])

    monkeypatch.setattr(probe.time, "sleep", work)
    monkeypatch.setattr(probe, "PATIENCE", 120.0)
    monkeypatch.setattr(probe, "NOTICE", 0.1)


@pytest.fixture
def store_of_its_own(settings, tmp_path):
    storage = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path / "store"}}
    settings.STORAGES = settings.STORAGES | {"default": storage}
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


@pytest.fixture
def held(studio, store_of_its_own):
    """What is kept where, of documents and types that people have, and of anything else."""
    kind = make_type(project_id=None, extractor="rules")
    make_document(kind)
    projects.sync_project(kind.pk)
    Job.objects.update(state="done", finished_at=Now())

    def count():
        tables = [model for model in apps.get_models() if model._meta.label != "annotation.Tally"]
        rows = {model._meta.label: model._base_manager.count() for model in tables}
        files = sorted(path.name for path in store_of_its_own.rglob("*") if path.is_file())
        return rows, files, sorted(studio.projects), sorted(studio.tasks)

    return count


def failed(findings) -> list[str]:
    return [each.check for each in findings if each.grade == Grade.FAILED]


def test_it_goes_round_the_loop_and_nothing_is_left(studio, held):
    before = held()
    found = probe.send()
    assert {each.check: each.said for each in found if each.grade != Grade.WELL} == {}
    assert [each.check.removeprefix("probe: ") for each in found] == [
        "project", "reading", "extraction", "queue", "page image", "webhook", "taken away",
    ]  # fmt: skip
    assert held() == before


def test_a_change_that_only_the_sweep_finds_fails_with_the_settings_to_change(studio, held):
    studio.tells = False
    before = held()
    found = probe.send()
    assert failed(found) == ["probe: webhook"]
    (remedy,) = [each.remedy for each in found if each.remedy]
    assert "USE_DEFAULT_BANNED_SUBNETS" in remedy
    assert held() == before


def test_another_page_image_than_the_stores_is_noticed(studio, held, monkeypatch):
    monkeypatch.setattr(httpx, "get", lambda *_, **__: httpx.Response(200, content=b"another"))
    assert failed(probe.send()) == ["probe: page image"]


def test_a_page_image_that_the_web_process_refuses_is_noticed(studio, held, monkeypatch):
    monkeypatch.setattr("annotation.task_pages.SHOWN", Q(pk=None))
    assert failed(probe.send()) == ["probe: page image"]


@pytest.mark.parametrize(
    ("task", "check", "queue"),
    [
        ("annotation.read_document", "probe: reading", "reading"),
        ("annotation.extract_document", "probe: extraction", "reading"),
        ("annotation.fill_queue", "probe: queue", "light"),
    ],
)
def test_a_step_that_nobody_does_is_named_with_the_worker_that_should(
    studio, held, monkeypatch, task, check, queue
):
    monkeypatch.delitem(WORK, task)
    monkeypatch.setattr(probe, "PATIENCE", 3.0)
    before = held()
    found = probe.send()
    assert failed(found) == [check]
    (stuck,) = [each for each in found if each.check == check]
    assert "waiting" in stuck.said
    assert f"--queues {queue}" in stuck.remedy
    assert held() == before


def test_what_a_killed_probe_left_is_taken_away_by_the_next(studio, held, monkeypatch):
    before = held()

    def kill(_task_id):
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr(label_studio_about, "submit_as_docloop", kill)
        killing.setattr(tidying, "tidy", list)  # a killed process tidies nothing
        with suppress(Killed):
            probe.send()
    assert held() != before
    assert DocumentType.objects.filter(name__startswith=PROBE_PREFIX).exists()
    assert failed(probe.send()) == []
    assert held() == before


def test_what_label_studio_still_holds_is_told_and_found_again(studio, held):
    before = held()
    studio.up = False
    found = probe.send()
    assert failed(found) == ["probe: taken away"]
    studio.up = True
    assert tidying.tidy() == []
    assert held() == before


def test_a_probe_that_somebody_erased_keeps_no_later_one_out(studio, held, monkeypatch):
    before = held()
    monkeypatch.setattr(
        label_studio_about,
        "submit_as_docloop",
        lambda _task_id: erasure.erase(Document.objects.latest("pk"), by="otto", why="", learned_by=[]),
    )
    with pytest.MonkeyPatch.context() as hasty:
        hasty.setattr(probe, "PATIENCE", 1.0)
        assert failed(probe.send()) == ["probe: sweep"]
    assert not Erasure.objects.exists()
    rows, *others = held()
    assert rows.pop("annotation.TrailEntry") == 1  # that somebody did so stays written down
    assert [rows | {"annotation.TrailEntry": 0}, *others] == list(before)


def test_intake_that_fails_is_a_finding(studio, held, monkeypatch):
    from models.errors import ReadingFailed

    def broken(*_args, **_more):
        raise ReadingFailed("no room", permanent=True)

    monkeypatch.setattr(intake, "receive", broken)
    before = held()
    assert failed(probe.send()) == ["probe: intake"]
    assert held() == before
