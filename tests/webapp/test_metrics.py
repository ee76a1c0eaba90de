"""What Prometheus is told, and what process managers and load balancers ask."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from annotation.models import Job, Schedule
from learner import headlines
from tests.factories import make_document, make_truth, make_type, make_version
from webapp import services
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db


def told(client, user):
    """Every sample: (name, labels in alphabetical order) → value."""
    answer = client.get(reverse("api:prometheus"), HTTP_AUTHORIZATION=f"Bearer {ApiToken.issue(user)}")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_jobs_are_told_by_state_and_how_late_the_oldest_is(client, lea):
    Job.objects.create(
        task="annotation.read_document", subject=1, due_at=timezone.now() - timedelta(minutes=5)
    )
    Job.objects.create(task="annotation.read_document", subject=2, due_at=timezone.now() + timedelta(hours=1))
    Job.objects.create(task="annotation.read_document", subject=3, state="failed")
    found = told(client, lea)
    assert found["docloop_jobs", "waiting"] == 2
    assert found["docloop_jobs", "running"] == 0
    assert found["docloop_jobs", "failed"] == 1
    assert 300 <= found[("docloop_oldest_due_job_seconds",)] < 900


def test_an_installation_in_which_nothing_happened_yet_tells_zeros(client, lea):
    found = told(client, lea)
    assert found[("docloop_oldest_due_job_seconds",)] == 0
    assert found["docloop_corrections_last_hour", "sweep"] == 0


def test_what_only_sweeps_noticed_is_told_apart(client, lea):
    for way in ("webhook", "webhook", "sweep"):
        make_truth(make_document(), noticed_by=way)
    make_truth(make_document(), noticed_by="sweep", recorded_at=timezone.now() - timedelta(hours=2))
    found = told(client, lea)
    assert found["docloop_corrections_last_hour", "webhook"] == 2
    assert found["docloop_corrections_last_hour", "sweep"] == 1


def test_the_age_of_the_last_sweep_is_told(client, lea, settings):
    pause = settings.TIMETABLE["annotation.sweep_all"]
    Schedule.objects.create(
        name="annotation.sweep_all", next_due=timezone.now() + pause - timedelta(minutes=3)
    )
    assert 180 <= told(client, lea)[("docloop_sweep_age_seconds",)] < 600


def test_each_type_tells_of_its_documents_and_quality(client, lea):
    receipts = make_type(name="receipts", retrain_after=40)
    make_truth(make_document(receipts))
    headlines.renew(receipts.pk)
    champion = make_version(receipts, state="champion")
    receipts.champion = champion.name
    receipts.save()
    found = told(client, lea)
    assert found["docloop_documents", "confirmed", "receipts"] == 1
    assert found["docloop_queue", "receipts"] == 0
    assert found["docloop_corrections_until_training", "receipts"] == 39
    assert found["docloop_automation_share", "receipts"] == 0


def test_annotators_and_strangers_are_told_nothing(client, ann):
    assert client.get(reverse("api:prometheus")).status_code == 401
    answer = client.get(reverse("api:prometheus"), HTTP_AUTHORIZATION=f"Bearer {ApiToken.issue(ann)}")
    assert answer.status_code == 403


def test_whether_the_process_lives_is_told_without_sign_in_and_without_the_database(
    client, django_assert_num_queries
):
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"alive": True}


def test_a_process_is_ready_when_the_database_has_its_tables(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "problem": ""})
    MigrationRecorder.Migration.objects.filter(app="annotation").last().delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "migrate" in answer.json()["problem"]


def test_a_process_without_database_is_not_ready(client, monkeypatch):
    def gone(connection):
        raise DatabaseError("host 10.0.0.7 refused user docloop")

    monkeypatch.setattr(services, "MigrationExecutor", gone)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["problem"]) == (503, "the database does not answer")


def test_the_page_health_shows_how_much_only_the_sweep_found(client, lea):
    client.force_login(lea)
    assert "—" in client.get(reverse("health")).content.decode().split('id="notices"')[1][:1500]
    for way in ("webhook", "webhook", "webhook", "sweep"):
        make_truth(make_document(), noticed_by=way)
    for way in ("sweep", "sweep"):
        make_truth(make_document(), noticed_by=way, recorded_at=timezone.now() - timedelta(days=2))
    shares = [
        (title, found.total, found.share) for title, found in client.get(reverse("health")).context["heard"]
    ]
    assert shares == [("the last hour", 4, 0.25), ("the last 7 days", 6, 0.5)]
    assert "25 %" in client.get(reverse("health")).content.decode()
