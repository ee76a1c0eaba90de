"""Operators ask the doctor on a page; a job looks, and the page shows what was found, and when."""

import pytest
from django.urls import reverse

from annotation.models import Job, TrailEntry
from webapp.doctor import asked, examination
from webapp.doctor.findings import failed, warning, well
from webapp.models import Examination

pytestmark = pytest.mark.django_db

FOUND = [
    well("disk", "9 GB free"),
    warning("encryption", "none", "a proxy"),
    failed("debug pages", "on", "remove it"),
]


@pytest.fixture
def page(client, otto):
    client.force_login(otto)

    def read():
        return client.get(reverse("doctor")).content.decode()

    return read


def test_asking_writes_one_job_and_answers_at_once(page, client, rung):
    for _ in range(2):
        assert client.post(reverse("ask-doctor"))["Location"] == reverse("doctor")
    assert ("webapp.examine", asked.NOBODY) in rung
    assert Job.objects.count() == 1
    assert TrailEntry.objects.filter(action="asked the doctor", by="otto").exists()
    assert "asked for, or at work" in page()


def test_the_last_result_is_shown_with_the_worst_first_and_what_to_do(page, monkeypatch):
    assert "not asked yet" in page()
    monkeypatch.setattr(examination, "examine", lambda _config: iter(FOUND))
    asked.examine(asked.NOBODY)
    shown = page()
    assert shown.index("remove it") < shown.index("a proxy") < shown.index("9 GB free")
    assert "1 failed" in shown
    assert "<time" in shown


def test_old_results_are_forgotten(monkeypatch):
    monkeypatch.setattr(examination, "examine", lambda _config: iter(FOUND))
    for _ in range(asked.KEPT + 2):
        asked.examine(asked.NOBODY)
    assert Examination.objects.count() == asked.KEPT


def test_leads_are_not_offered_what_they_may_not_do(client, lea):
    client.force_login(lea)
    assert reverse("doctor") not in client.get(reverse("health")).content.decode()
