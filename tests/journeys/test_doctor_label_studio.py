"""The doctor's looks at a real Label Studio, and its probe through it; the workers' part is done by the test."""

from __future__ import annotations

import httpx
import pytest

from annotation import extraction, jobs, label_studio_about, projects, queueing, reading, sweep
from annotation.models import DocumentType, Job
from learner import selection
from tests.factories import make_type
from tests.journeys.conftest import TOKEN
from webapp.doctor import label_studio_checks, probe
from webapp.doctor.findings import Grade

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

WORK = {
    "annotation.read_document": reading.read_document,
    "annotation.extract_document": extraction.extract_document,
    "learner.rank_pool": selection.rank_pool,
    "annotation.fill_queue": queueing.fill_queue,
    "annotation.sweep_project": sweep.sweep_project,
}


@pytest.fixture
def receipts(configured):
    kind = make_type(name="receipts", project_id=None)
    projects.sync_project(kind.pk)
    kind.refresh_from_db()
    return kind


def graded(findings, grade=Grade.FAILED):
    return [each.check for each in findings if each.grade == grade]


def test_a_label_studio_that_docloop_runs_fails_nowhere(receipts, settings):
    found = list(label_studio_checks.look(settings.CONFIG))
    assert graded(found) == [], found
    assert graded(found, Grade.SKIPPED) == []
    assert label_studio_about.about().webhook_timeout == 3.0  # told by our own page there


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("DELETE", {}),
        ("PATCH", {"is_active": False}),
        ("PATCH", {"headers": {"X-Docloop-Secret": "s" * 40}}),
    ],
)
def test_a_broken_webhook_is_the_only_failure(receipts, settings, label_studio_url, method, body):
    service = httpx.Client(base_url=label_studio_url, headers={"Authorization": f"Token {TOKEN}"}, timeout=60)
    (hook,) = label_studio_about.webhooks_of(receipts.project_id)
    service.request(method, f"/api/webhooks/{hook['id']}/", json=body).raise_for_status()
    assert graded(label_studio_checks.look(settings.CONFIG)) == ["webhook of receipts"]
    projects.sync_project(receipts.pk)  # what --mend does
    assert graded(label_studio_checks.look(settings.CONFIG)) == []


def test_a_probe_goes_through_it_and_nothing_is_left(configured, monkeypatch, label_studio_url):
    def work(_seconds):
        for job in Job.objects.filter(state="waiting", task__in=WORK).order_by("pk"):
            jobs.run(job.pk, WORK[job.task])

    monkeypatch.setattr(probe.time, "sleep", work)
    found = probe.send()
    assert graded(found) == [], found
    assert "probe: webhook" in graded(found, Grade.WELL)
    assert not DocumentType.objects.exists()
    assert not Job.objects.exists()
    service = httpx.Client(base_url=label_studio_url, headers={"Authorization": f"Token {TOKEN}"}, timeout=60)
    titles = [each["title"] for each in service.get("/api/projects").json()["results"]]
    assert not [title for title in titles if "probe" in title]
