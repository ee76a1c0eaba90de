"""The page of documents without a type, and how they come in and go out."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotation import refiling, routing
from annotation.models import Document, RouterAnswer
from annotation.routing_model import UNKNOWN
from tests.factories import make_document, make_pdf, make_type
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


@pytest.fixture
def receipts():
    return make_type(name="receipts", title="Receipts")


def test_a_file_may_be_uploaded_without_a_type(lead, receipts, tmp_path, rung):
    content = make_pdf(tmp_path / "a.pdf").read_bytes()
    lead.post(reverse("upload"), {"type": UNKNOWN, "files": [SimpleUploadedFile("a.pdf", content)]})
    document = Document.objects.get()
    assert document.document_type.unknown
    assert ("annotation.read_document", document.pk) in rung
    assert lead.get(reverse("document", args=[document.pk])).status_code == 200


def test_a_program_may_send_one_without_a_type_and_finds_it_again(lea, receipts, tmp_path):
    program = Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})
    content = make_pdf(tmp_path / "a.pdf").read_bytes()
    sent = program.post("/api/documents", {"file": SimpleUploadedFile("a.pdf", content)})
    assert sent.status_code == 201, sent.content
    assert sent.json()["document"]["document_type"] == UNKNOWN
    make_document(receipts)
    found = program.get("/api/documents", {"document_type": UNKNOWN}).json()["items"]
    assert [each["id"] for each in found] == [sent.json()["document"]["id"]]
    about = program.get(f"/api/documents/{found[0]['id']}").json()
    assert (about["said_by"], about["routed"]) == ("", [])
    moved = program.post(
        f"/api/documents/{found[0]['id']}/move",
        json.dumps({"document_type": "receipts"}),
        content_type="application/json",
    )
    assert (moved.status_code, moved.json()["document_type"]) == (202, "receipts")


def test_the_shell_may_take_files_in_without_a_type_but_not_labels(tmp_path):
    call_command("ingest", str(make_pdf(tmp_path / "a.pdf")))
    assert Document.objects.get().document_type.unknown
    with pytest.raises(CommandError, match="--type"):
        call_command("ingest", str(tmp_path), "--answers")


def test_the_page_shows_what_waits_and_one_click_gives_it_its_type(lead, receipts, rung):
    document = make_document(routing.unknown_type())
    RouterAnswer.objects.create(
        document=document, version=f"{UNKNOWN}-v1", likeliest=receipts, confidence=0.62, familiarity=-9
    )
    shown = lead.get(reverse("unknown")).content.decode()
    assert document.filename in shown and "Receipts, 62 %" in shown
    assert f'name="document_type" value="{receipts.name}"' in shown
    chosen = {"document_type": "receipts", "next": "unknown"}
    answer = lead.post(reverse("move-document", args=[document.pk]), chosen)
    assert answer.url == reverse("unknown")
    document.refresh_from_db()
    assert document.document_type == receipts
    assert ("annotation.extract_document", document.pk) in rung
    assert "None." in lead.get(reverse("unknown")).content.decode()


def test_a_documents_page_tells_who_said_its_type_and_where_the_router_was_wrong(lead, receipts):
    letters = make_type(name="letters", title="Letters")
    document = make_document(routing.unknown_type())
    RouterAnswer.objects.create(
        document=document,
        version=f"{UNKNOWN}-v1",
        answer=receipts,
        likeliest=receipts,
        confidence=0.97,
        familiarity=0,
    )
    refiling.move(document.pk, receipts, by=f"{UNKNOWN}-v1", by_router=True)
    page = lead.get(reverse("document", args=[document.pk])).content.decode()
    assert f"Receipts, by {UNKNOWN}-v1" in page and "97 % sure" in page and ">wrong<" not in page
    refiling.move(document.pk, letters, by="lea")
    page = lead.get(reverse("document", args=[document.pk])).content.decode()
    assert "Letters, by lea" in page and ">wrong<" in page


def test_the_overview_says_that_documents_wait_for_their_type(lead, receipts):
    assert "say of what type" not in lead.get(reverse("overview")).content.decode()
    make_document(routing.unknown_type())
    assert (
        "1 document waits for somebody to say of what type it is"
        in lead.get(reverse("overview")).content.decode()
    )


def test_documents_that_look_alike_are_shown_as_a_kind_and_become_a_type(lead, receipts, rung):
    alike = [
        make_document(routing.unknown_type(), f"Delivery note {n}\nWeight parcels driver signed\nDepot {n}")
        for n in range(6)
    ]
    other = make_document(routing.unknown_type(), "Patient ward nurse\nDiagnosis dose tablet")
    shown = lead.get(reverse("new-kinds"))
    (kind,) = shown.context["kinds"]
    assert {each.pk for each in kind.documents} == {each.pk for each in alike}
    assert (kind.lately, "A new kind of document?" in shown.content.decode()) == (6, True)
    chosen = {"title": "Delivery notes (3)", "document": [each.pk for each in kind.documents]}
    answer = lead.post(reverse("type-of-kind"), chosen)
    assert answer.url == reverse("edit-type", args=["delivery-notes"])
    assert {each.document_type.name for each in Document.objects.filter(pk__in=chosen["document"])} == {
        "delivery-notes"
    }
    assert [each.pk for each in routing.waiting()] == [other.pk]
    assert ("annotation.extract_document", alike[0].pk) in rung
    assert lead.get(reverse("new-kinds")).context["kinds"] == []


@pytest.mark.parametrize("title", ["", "???", "Receipts"])
def test_a_type_that_cant_be_made_takes_no_document_along(lead, receipts, title):
    document = make_document(routing.unknown_type())
    lead.post(reverse("type-of-kind"), {"title": title, "document": [document.pk, "x"]})
    assert routing.waiting().get() == document


def test_viewers_see_what_waits_and_are_offered_no_choice(client, vera, receipts):
    client.force_login(vera)
    document = make_document(routing.unknown_type())
    for page in (reverse("unknown"), reverse("document", args=[document.pk])):
        shown = client.get(page).content.decode()
        assert document.filename in shown
        assert reverse("move-document", args=[document.pk]) not in shown
    assert client.get(reverse("new-kinds")).status_code == 403
