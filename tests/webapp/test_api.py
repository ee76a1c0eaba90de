"""The API's contract: who may, what comes back, and how errors read."""

import gzip
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotation.models import Document, DocumentType
from learner.models import ModelVersion, Run, VersionMove
from tests.factories import make_document, make_extraction, make_pdf, make_truth, make_type, make_version
from webapp.models import ApiToken, Examination

pytestmark = pytest.mark.django_db

YAML = """\
name: receipts
title: Receipts
fields:
  - name: total
    kind: money
retraining:
  after: 40
"""


@pytest.fixture
def lead(lea):
    """Lea's program, with a token."""
    return Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})


def post(client: Client, path: str, **body: object):
    return client.post(path, json.dumps(body), content_type="application/json")


# --- who may


def test_without_a_sign_in_the_answer_is_401(client):
    answer = client.get("/api/documents")
    assert answer.status_code == 401
    assert "/tokens/" in answer.json()["remedy"]
    assert post(client, "/api/runs", document_type="receipts").status_code == 401


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic bGVhOmE=", "nonsense"])
def test_a_wrong_token_is_401(header):
    assert Client(headers={"Authorization": header}).get("/api/status").status_code == 401


def test_a_token_may_do_what_its_user_may(ann, eve):
    for user in (ann, eve):
        program = Client(headers={"Authorization": f"Bearer {ApiToken.issue(user)}"})
        answer = program.get("/api/status")
        assert answer.status_code == 403
        assert "role viewer" in answer.json()["detail"]


def test_a_token_ends_with_its_user(lead, lea):
    assert lead.get("/api/status").status_code == 200
    lea.is_active = False
    lea.save()
    assert lead.get("/api/status").status_code == 401


def test_a_token_is_kept_as_a_hash_only(lea):
    token = ApiToken.issue(lea)
    stored = ApiToken.objects.values_list().get()
    assert token not in map(str, stored)
    assert ApiToken.find(token).user == lea


def test_a_session_needs_its_csrf_token_to_change_something(lea):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(lea)
    assert browser.get("/api/status").status_code == 200
    answer = post(browser, "/api/runs", document_type="receipts")
    assert (answer.status_code, answer.json()["detail"]) == (403, "CSRF check Failed")
    browser.get("/")
    token = browser.cookies["docloop_csrf"].value
    answer = browser.post(
        "/api/runs",
        json.dumps({"document_type": "receipts"}),
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )
    assert answer.status_code == 404  # past the guards: there is no such type


# --- documents


def send(client: Client, content: bytes, name: str = "bill.pdf", document_type: str = "receipts"):
    return client.post(
        "/api/documents", {"document_type": document_type, "file": SimpleUploadedFile(name, content)}
    )


def test_a_file_is_received_once(lead, tmp_path, rung):
    make_type(name="receipts")
    content = make_pdf(tmp_path / "a.pdf").read_bytes()
    first, second = send(lead, content), send(lead, content, "copy.pdf")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["new"] and not second.json()["new"]
    document = first.json()["document"]
    assert second.json()["document"]["id"] == document["id"]
    assert (document["uploaded_by"], document["document_type"]) == ("lea", "receipts")
    assert ("annotation.read_document", document["id"]) in rung


def test_a_file_that_is_refused_is_named(lead):
    make_type(name="receipts")
    answer = send(lead, b"%PDF-1.7\nnothing more", "bill 7.pdf")
    assert answer.status_code == 422
    assert "bill 7.pdf" in answer.json()["detail"]
    assert not Document.objects.exists()


def test_a_file_of_an_unknown_type_is_404(lead):
    answer = send(lead, b"%PDF-1.7", document_type="letters")
    assert answer.status_code == 404
    assert "detail" in answer.json()


def test_documents_are_listed_page_by_page(lead, django_assert_max_num_queries):
    document_type = make_type(name="receipts")
    rows = [make_document(document_type).pk for _ in range(5)]
    with django_assert_max_num_queries(5):  # the token, its use, groups, the type, documents
        first = lead.get("/api/documents", {"limit": 3, "document_type": "receipts"}).json()
    assert [each["id"] for each in first["items"]] == rows[:1:-1]
    second = lead.get("/api/documents", {"limit": 3, "before": first["next"]}).json()
    assert [each["id"] for each in second["items"]] == rows[1::-1]
    assert second["next"] is None


def test_documents_are_narrowed_by_state(lead):
    make_document(state="read")
    wanted = make_document(state="queued")
    assert [each["id"] for each in lead.get("/api/documents?state=queued").json()["items"]] == [wanted.pk]
    assert lead.get("/api/documents?state=lost").status_code == 422


@pytest.mark.parametrize("query", ["document_type=%00", "limit=0", "limit=9999", "before=x"])
def test_a_question_that_makes_no_sense_is_422(lead, query):
    answer = lead.get(f"/api/documents?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_document_comes_with_its_extraction_and_its_truth(lead):
    document = make_document()
    make_extraction(document, {"total": ("12.90", 0.6)})
    make_truth(document, {"total": "12.90"})
    answer = lead.get(f"/api/documents/{document.pk}").json()
    assert answer["extraction"]["values"][0]["text"] == "12.90"
    assert answer["extraction"]["absent"] == {"company": 0.7, "date": 0.7}
    assert answer["truth"]["answers"][0]["field"] == "total"
    assert answer["pages"] == 1


@pytest.mark.parametrize("path", ["documents/999", f"documents/{10**30}", "runs/999", "document-types/none"])
def test_what_is_not_there_is_404(lead, path):
    answer = lead.get(f"/api/{path}")
    assert answer.status_code == 404
    assert "detail" in answer.json()


# --- document types


@pytest.mark.parametrize("kind", ["application/yaml", "application/json"])
def test_a_document_type_is_made_from_yaml_and_from_json(lead, kind):
    body = (
        YAML
        if kind == "application/yaml"
        else json.dumps({"name": "receipts", "fields": [{"name": "total"}]})
    )
    answer = lead.post("/api/document-types", body, content_type=kind)
    assert answer.status_code == 201
    assert answer.json()["fields"][0]["name"] == "total"
    assert DocumentType.objects.get().name == "receipts"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("name: receipts\nfields: [{name: Total}]", "small letter"),
        ("name: receipts\nfields: [", "line"),
        ("name: receipts\nfields: [{name: total}]\nthreshold: 1", "unknown setting 'threshold'"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_document_type_that_is_wrong_is_refused_with_the_reason(lead, body, says):
    answer = lead.post("/api/document-types", body, content_type="application/yaml")
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert not DocumentType.objects.exists()


def test_a_document_type_is_changed(lead, rung):
    document_type = make_type(name="receipts")
    answer = lead.put(
        "/api/document-types/receipts", "retraining: {after: 40}", content_type="application/yaml"
    )
    assert (answer.status_code, answer.json()["retrain_after"]) == (200, 40)
    assert ("annotation.sync_project", document_type.pk) in rung


def test_a_document_type_comes_back_as_the_yaml_it_can_be_made_from(lead):
    lead.post("/api/document-types", YAML, content_type="application/yaml")
    text = lead.get("/api/document-types/receipts/yaml").content.decode()
    DocumentType.objects.all().delete()
    assert lead.post("/api/document-types", text, content_type="application/yaml").status_code == 201
    assert DocumentType.objects.get().retrain_after == 40


# --- corrections, runs, versions, status


def test_the_ledger_is_read_from_where_one_left_off(lead):
    document_type = make_type(name="receipts")
    documents = [make_document(document_type) for _ in range(3)]
    for document in documents:
        make_truth(document, {"total": "12.90"})
    first = lead.get("/api/corrections?limit=2").json()
    assert [each["document_id"] for each in first["items"]] == [document.pk for document in documents[:2]]
    assert all(each["current"] for each in first["items"])
    second = lead.get(f"/api/corrections?after={first['next']}&document_type=receipts").json()
    assert [each["document_id"] for each in second["items"]] == [documents[2].pk]
    assert second["next"] is None


def test_a_training_without_enough_corrections_is_refused(lead):
    make_type(name="receipts")
    answer = post(lead, "/api/runs", document_type="receipts")
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_run_is_followed_and_stopped(lead):
    run = Run.objects.create(
        document_type=make_type(name="receipts"), state="running", share=0.5, stage="tuning"
    )
    assert lead.get(f"/api/runs/{run.pk}").json()["share"] == 0.5
    assert lead.get("/api/runs?document_type=receipts").json()["items"][0]["id"] == run.pk
    answer = lead.post(f"/api/runs/{run.pk}/stop")
    assert (answer.status_code, answer.json()["stop_asked"]) == (200, True)
    Run.objects.filter(pk=run.pk).update(state="finished")
    assert lead.post(f"/api/runs/{run.pk}/stop").status_code == 422


def champion_after_another() -> tuple[DocumentType, ModelVersion, ModelVersion]:
    document_type = make_type(name="receipts")
    old = make_version(document_type, state="retired")
    VersionMove.objects.create(
        version=old, before="challenger", after="champion", reason="first", by="the gate"
    )
    new = make_version(document_type, state="champion")
    DocumentType.objects.filter(pk=document_type.pk).update(champion=new.name)
    return document_type, old, new


def test_a_champion_is_rolled_back(lead, rung):
    document_type, old, new = champion_after_another()
    answer = post(lead, "/api/versions/roll-back", document_type="receipts", champion=new.name)
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["state"]) == (old.name, "champion")
    listed = lead.get("/api/versions?document_type=receipts").json()["items"]
    assert [(each["name"], each["state"]) for each in listed] == [
        (new.name, "retired"),
        (old.name, "champion"),
    ]
    assert VersionMove.objects.get(version=old, before="retired").by == "lea"
    assert ("annotation.extract_pool", document_type.pk) in rung


def test_a_roll_back_from_another_champion_than_the_caller_thinks_is_409(lead):
    _, old, new = champion_after_another()
    answer = post(lead, "/api/versions/roll-back", document_type="receipts", champion=old.name)
    assert answer.status_code == 409
    assert new.name in answer.json()["detail"]


def test_the_status_has_every_type(lead):
    make_document(make_type(name="receipts"))
    report = lead.get("/api/status").json()[0]
    assert (report["name"], report["documents"], report["counts"]["read"]) == ("receipts", 1, 1)


def test_a_version_is_promoted_by_hand_with_a_reason(lead, rung):
    document_type, old, new = champion_after_another()
    path = f"/api/versions/{old.name}/promote"
    assert post(lead, path, champion=new.name, why="").status_code == 422
    assert post(lead, path, champion=old.name, why="the new one reads dates wrong").status_code == 409
    answer = post(lead, path, champion=new.name, why="the new one reads dates wrong")
    assert (answer.status_code, answer.json()["state"]) == (200, "champion")
    assert "reads dates wrong" in VersionMove.objects.get(version=old, before="retired").reason
    assert ("webapp.announce_champion", document_type.pk) in rung


def test_one_version_is_told_by_its_name(lead):
    version = make_version()
    assert lead.get(f"/api/versions/{version.name}").json()["id"] == version.pk
    assert lead.get("/api/versions/none-v1").status_code == 404


def test_every_operation_is_described_with_its_errors(client, lea):
    client.force_login(lea)
    paths = client.get("/api/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            assert {"401", "403", "422", "429"} <= set(operation["responses"]), f"{method} {path}"
            assert "{" not in path or "404" in operation["responses"], f"{method} {path}"
            assert operation["description"], f"{method} {path}"


def test_the_documentation_page_loads_nothing_from_elsewhere(client, lea):
    client.force_login(lea)
    page = io.StringIO(client.get("/api/docs").content.decode())
    assert not [line for line in page if "https://" in line or "http://" in line]


def weight(client: Client, url: str) -> int:
    """Bytes that a browser fetches for a file of ours, which WhiteNoise compresses where that helps."""
    answer = client.get(url, headers={"Accept-Encoding": "gzip"})
    content = b"".join(answer) if answer.streaming else answer.content
    assert answer.status_code == 200, url
    return min(len(content), len(gzip.compress(content))) if url.startswith("/static/") else len(content)


def test_the_documentation_page_with_all_it_loads_is_light(client, lea):
    client.force_login(lea)
    page = client.get("/api/docs").content.decode()
    loaded = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)) | {"/api/openapi.json"}
    assert len(loaded) >= 3
    assert len(page) + sum(weight(client, url) for url in loaded) < 500_000


def test_only_the_description_is_compressed_for_it_holds_no_secret(client, lea):
    client.force_login(lea)
    asked = {"headers": {"Accept-Encoding": "gzip"}}
    plain, packed = client.get("/api/openapi.json"), client.get("/api/openapi.json", **asked)
    assert packed["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.content)) == plain.json()
    assert "Content-Encoding" not in plain
    for url in ("/api/docs", "/api/status", "/api/me", "/", "/tokens/"):
        assert "Content-Encoding" not in client.get(url, **asked), url
    assert "Content-Encoding" not in Client().get("/api/openapi.json", **asked)  # to the sign-in


def test_the_doctor_is_asked_for_by_operators_and_tells_what_it_found(lead, otto):
    assert lead.get("/api/doctor").status_code == 403
    operator = Client(headers={"Authorization": f"Bearer {ApiToken.issue(otto)}"})
    assert operator.get("/api/doctor").json() == {"awaited": False, "at": None, "findings": []}
    answer = operator.post("/api/doctor")
    assert (answer.status_code, answer.json()["awaited"]) == (202, True)
    found = {"check": "database", "grade": "failed", "said": "It is full.", "remedy": "Make room."}
    Examination.objects.create(findings=[found])
    assert operator.get("/api/doctor").json()["findings"] == [found]
