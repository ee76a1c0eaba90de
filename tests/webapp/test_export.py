"""Exports by the API and from the type's page."""

import json

import pytest
from django.test import Client

from annotation.exports import FORMS
from tests.factories import make_document, make_extraction, make_truth, make_type
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db


@pytest.fixture
def receipts():
    document_type = make_type(name="receipts")
    make_truth(make_document(document_type))
    make_extraction(make_document(document_type, state="accepted"))
    return document_type


@pytest.mark.parametrize("form", FORMS)
def test_a_lead_downloads_the_truths(lea, receipts, form):
    program = Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})
    answer = program.get(f"/api/document-types/receipts/export/{form}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="receipts.{FORMS[form].suffix}"'
    assert b"".join(answer.streaming_content)


def test_the_page_offers_every_form_and_its_links_work(lea, receipts, client):
    client.force_login(lea)
    page = client.get("/types/receipts/").content.decode()
    for form in FORMS.values():
        link = f"/api/document-types/receipts/export/{form.name}"
        assert f'href="{link}"' in page
    first = json.loads(b"".join(client.get("/api/document-types/receipts/export/jsonl").streaming_content))
    assert first["fields"]["total"] == "12.90"


def test_truths_are_for_leads(ann, receipts, client):
    assert client.get("/api/document-types/receipts/export/jsonl").status_code == 401
    client.force_login(ann)
    assert client.get("/api/document-types/receipts/export/jsonl").status_code == 403


@pytest.mark.parametrize("path", ["receipts/export/pickle", "invoices/export/jsonl"])
def test_what_there_is_not_is_404(lea, receipts, client, path):
    client.force_login(lea)
    assert client.get(f"/api/document-types/{path}").status_code == 404
