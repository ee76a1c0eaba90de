"""The page and the API where a lead brings another Label Studio project."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import DocumentType, Job, LabelImport
from tests.factories import make_type
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    make_type(name="receipts")
    return client


def files(labels: bytes = b"[]") -> dict[str, SimpleUploadedFile]:
    return {
        "labels": SimpleUploadedFile("project-3.json", labels),
        "pictures": SimpleUploadedFile("files.zip", b"PK"),
    }


def test_an_upload_waits_for_a_worker_and_is_followed(lead, rung):
    page = lead.post(reverse("import-labels"), {"type": "receipts"} | files(), follow=True)
    begun = LabelImport.objects.get()
    assert ("annotation.import_labels", begun.pk) in rung
    assert page.redirect_chain[-1][0] == reverse("import", args=[begun.pk])
    assert "hx-get" in page.content.decode() and "waits for a worker" in page.content.decode()
    LabelImport.objects.update(
        state="done", tasks=2, received=1, refused=1, problems=[["task 2", "its file is missing"]]
    )
    done = lead.get(reverse("import-live", args=[begun.pk])).content.decode()
    assert "its file is missing" in done and "hx-get" not in done
    assert "project-3.json" in lead.get(reverse("import-labels")).content.decode()


def test_an_import_tells_how_long_it_still_takes(lead):
    receipts = DocumentType.objects.get(name="receipts")
    begun = LabelImport.objects.create(
        document_type=receipts, filename="export.json", by="lea", state="running", tasks=8, received=2
    )
    part = reverse("import-live", args=[begun.pk])
    assert "Task 2 of 8, time left not known yet" in lead.get(part).content.decode()
    Job.objects.create(
        task="annotation.import_labels",
        subject=begun.pk,
        state="running",
        share=0.25,
        claimed_at=timezone.now() - timedelta(minutes=4),
    )
    assert "Task 2 of 8, about 12 minutes left" in lead.get(part).content.decode()


def test_both_files_are_needed(lead):
    page = lead.post(reverse("import-labels"), {"type": "receipts"}).content.decode()
    assert "Choose both files" in page
    assert not LabelImport.objects.exists()


def test_what_is_too_large_is_told_with_the_way_that_takes_it(lead, monkeypatch):
    monkeypatch.setattr("webapp.label_imports.MOST_LABELS", 0)
    page = lead.post(reverse("import-labels"), {"type": "receipts"} | files()).content.decode()
    assert "manage.py import_label_studio" in page


def test_an_import_by_api(lead, lea, rung):
    program = Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})
    answer = program.post("/api/imports", {"document_type": "receipts"} | files(json.dumps([]).encode()))
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert program.get(f"/api/imports/{answer.json()['id']}").json()["filename"] == "project-3.json"
    assert len(program.get("/api/imports").json()["items"]) == 1
