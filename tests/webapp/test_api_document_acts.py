"""What a program can have done with a document: extracted again, sent to the queue, erased."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from annotation.models import Document, Erasure, Extraction, LabelTask, TrailEntry
from tests.factories import make_document, make_extraction, make_truth, make_type
from webapp.models import ApiToken
from webapp.roles import Role

pytestmark = pytest.mark.django_db


def program(user, most: Role | None = None) -> Client:
    return Client(headers={"Authorization": f"Bearer {ApiToken.issue(user, most=most)}"})


def erase(client: Client, document: Document, filename: str):
    body = json.dumps({"filename": filename, "why": "asked for by its owner"})
    return client.post(f"/api/documents/{document.pk}/erase", body, content_type="application/json")


def test_every_extraction_of_a_document_is_told_the_newest_first(lea):
    document = make_document()
    make_extraction(document, version="v1")
    make_extraction(document, {"total": ("12.90", 0.9)}, version="v2")
    told = program(lea).get(f"/api/documents/{document.pk}/extractions").json()
    assert [each["model_version"] for each in told] == ["v2", "v1"]
    assert [value["field"] for value in told[0]["values"]] == ["total"]
    assert Extraction.objects.count() == 2


def test_a_document_is_extracted_again_by_what_reads_its_type_now(lea, rung):
    document = make_document(make_type(champion="receipts-v1"), state="extracted")
    answer = program(lea).post(f"/api/documents/{document.pk}/extract-again")
    assert (answer.status_code, answer.json()["id"]) == (202, document.pk)
    assert ("annotation.extract_again", document.pk) in rung


def test_a_document_without_words_is_not_extracted_again(lea, rung):
    document = make_document(state="unreadable")
    answer = program(lea).post(f"/api/documents/{document.pk}/extract-again")
    assert answer.status_code == 422
    assert "unreadable" in answer.json()["detail"]
    assert ("annotation.extract_again", document.pk) not in rung


def test_a_document_is_sent_to_the_head_of_the_queue_and_the_queue_tells_why(lea):
    kind = make_type(name="receipts")
    document = make_document(kind, state="extracted")
    answer = program(lea).post(f"/api/documents/{document.pk}/send-to-queue")
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    LabelTask.objects.update(task_id=1, state="open")
    (waiting,) = program(lea).get("/api/document-types/receipts/queue").json()
    assert (waiting["id"], waiting["reason"]) == (document.pk, "asked for by lea")


def test_a_confirmed_document_goes_to_another_person_or_it_is_said_why_not(lea):
    document = make_document()
    make_truth(document)
    answer = program(lea).post(f"/api/documents/{document.pk}/send-to-queue")
    assert answer.status_code == 422
    assert "nobody else has labelled" in answer.json()["detail"]


def test_a_document_is_erased_only_by_an_operator_who_names_its_file(lea, otto, rung):
    document = make_document()
    make_truth(document)
    assert erase(program(lea), document, document.filename).status_code == 403
    assert erase(program(otto, Role.LEAD), document, document.filename).status_code == 403
    assert erase(program(otto), document, "another.pdf").status_code == 422
    assert Document.objects.filter(pk=document.pk).exists()
    answer = erase(program(otto), document, document.filename)
    assert answer.status_code == 202
    said = answer.json()
    assert (said["document"], said["state"], said["by"], said["why"]) == (
        document.pk, "erasing", "otto", "asked for by its owner",
    )  # fmt: skip
    assert not Document.objects.filter(pk=document.pk).exists()
    assert ("annotation.finish_erasure", Erasure.objects.get().pk) in rung
    assert TrailEntry.objects.filter(action="erased", by="otto").count() == 1


def test_an_erasure_is_asked_after_by_asking_again(otto):
    document = make_document()
    erase(program(otto), document, document.filename)
    Erasure.objects.update(state="done")
    answer = erase(program(otto), document, document.filename)
    assert (answer.status_code, answer.json()["state"]) == (202, "done")
    assert Erasure.objects.count() == 1
    missing = Document(pk=document.pk + 1)
    assert erase(program(otto), missing, "x").status_code == 404


def test_a_document_is_moved_to_another_type(lea):
    letters = make_type(name="letters")
    document = make_document(make_type(name="receipts"))
    path = f"/api/documents/{document.pk}/move"
    for _ in range(2):
        answer = program(lea).post(path, {"document_type": "letters"}, content_type="application/json")
        assert (answer.status_code, answer.json()["document_type"]) == (202, "letters")
    document.refresh_from_db()
    assert (document.document_type, document.refilings.count()) == (letters, 1)
    unknown = program(lea).post(path, {"document_type": "bills"}, content_type="application/json")
    assert unknown.status_code == 404 and "receipts" in unknown.json()["detail"]
