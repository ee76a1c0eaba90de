"""The API against one table: operation × role, about objects that are there, that are another's, and that are not.

The pages' table is in `test_roles.py`.
"""

import json
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotation.models import Job
from learner.models import Suspect
from tests.factories import make_document, make_source, make_truth, make_type, make_version
from tests.streams import changed
from webapp.api.app import api
from webapp.models import ApiToken, Delivery, WebhookEndpoint
from webapp.roles import ANY, Role, role_of

pytestmark = pytest.mark.django_db

# operation: the least role that may, or several
TABLE = {
    "GET /api/me": ANY,
    "POST /api/documents": Role.LEAD,
    "GET /api/documents": Role.VIEWER,
    "GET /api/documents/{document_id}": Role.VIEWER,
    "GET /api/documents/{document_id}/file": Role.VIEWER,
    "GET /api/documents/{document_id}/pages": Role.VIEWER,
    "GET /api/documents/{document_id}/pages/{number}/image": Role.VIEWER,
    "POST /api/documents/{document_id}/read-again": Role.LEAD,
    "GET /api/documents/{document_id}/extractions": Role.VIEWER,
    "POST /api/documents/{document_id}/extract-again": Role.LEAD,
    "POST /api/documents/{document_id}/send-to-queue": Role.LEAD,
    "POST /api/documents/{document_id}/move": Role.LEAD,
    "POST /api/documents/{document_id}/erase": Role.OPERATOR,
    "GET /api/document-types": Role.VIEWER,
    "POST /api/document-types": Role.LEAD,
    "GET /api/document-types/{name}": Role.VIEWER,
    "PUT /api/document-types/{name}": Role.LEAD,
    "GET /api/document-types/{name}/yaml": Role.VIEWER,
    "GET /api/document-types/{name}/export/{form}": Role.VIEWER,
    "GET /api/document-types/{name}/automation": Role.VIEWER,
    "POST /api/document-types/{name}/automation/on": Role.LEAD,
    "POST /api/document-types/{name}/automation/off": Role.LEAD,
    "POST /api/document-types/{name}/automation/again": Role.LEAD,
    "GET /api/document-types/{name}/trial": Role.VIEWER,
    "POST /api/document-types/{name}/trial/stop": Role.LEAD,
    "GET /api/document-types/{name}/drift": Role.VIEWER,
    "GET /api/document-types/{name}/drift/alarms": Role.VIEWER,
    "POST /api/document-types/{name}/drift/alarms/{alarm_id}/close": Role.LEAD,
    "GET /api/document-types/{name}/queue": Role.VIEWER,
    "GET /api/document-types/{name}/progress": Role.VIEWER,
    "GET /api/document-types/{name}/worth": Role.VIEWER,
    "GET /api/document-types/{name}/quality": Role.VIEWER,
    "GET /api/document-types/{name}/quality/examples": Role.VIEWER,
    "GET /api/document-types/{name}/label-quality": Role.VIEWER,
    "GET /api/document-types/{name}/suspects": Role.VIEWER,
    "POST /api/document-types/{name}/suspects/{suspect_id}/dismiss": Role.LEAD,
    "POST /api/document-types/{name}/suspects/{suspect_id}/ask": Role.LEAD,
    "GET /api/document-types/{name}/doubts": Role.VIEWER,
    "GET /api/document-types/{name}/set-aside": Role.VIEWER,
    "GET /api/document-types/{name}/misfiled": Role.VIEWER,
    "POST /api/imports": Role.LEAD,
    "GET /api/imports": Role.VIEWER,
    "GET /api/imports/{import_id}": Role.VIEWER,
    "GET /api/corrections": Role.VIEWER,
    "GET /api/corrections/{correction_id}": Role.VIEWER,
    "GET /api/runs": Role.VIEWER,
    "POST /api/runs": Role.LEAD,
    "GET /api/runs/{run_id}": Role.VIEWER,
    "POST /api/runs/{run_id}/stop": Role.LEAD,
    "GET /api/versions": Role.VIEWER,
    "POST /api/versions/roll-back": Role.LEAD,
    "GET /api/versions/{name}": Role.VIEWER,
    "POST /api/versions/{name}/promote": Role.LEAD,
    "GET /api/versions/{name}/against/{other}": Role.VIEWER,
    "GET /api/people": Role.LEAD,
    "POST /api/people": Role.LEAD,
    "GET /api/people/{user_id}": Role.LEAD,
    "PUT /api/people/{user_id}": Role.LEAD,
    "POST /api/people/{user_id}/password-link": Role.LEAD,
    "GET /api/sources": Role.VIEWER,
    "POST /api/sources": Role.OPERATOR,
    "GET /api/sources/{source_id}": Role.VIEWER,
    "PUT /api/sources/{source_id}": Role.OPERATOR,
    "DELETE /api/sources/{source_id}": Role.OPERATOR,
    "GET /api/sources/{source_id}/settings": Role.OPERATOR,
    "POST /api/sources/{source_id}/on": Role.OPERATOR,
    "POST /api/sources/{source_id}/off": Role.OPERATOR,
    "POST /api/sources/{source_id}/look": Role.LEAD,
    "GET /api/sources/{source_id}/arrivals": Role.VIEWER,
    "POST /api/sources/{source_id}/try-again": Role.LEAD,
    "POST /api/sources/{source_id}/arrivals/{arrival_id}/try-again": Role.LEAD,
    "POST /api/sources/{source_id}/arrivals/{arrival_id}/set-aside": Role.LEAD,
    "GET /api/webhooks": Role.OPERATOR,
    "POST /api/webhooks": Role.OPERATOR,
    "GET /api/webhooks/{endpoint_id}": Role.OPERATOR,
    "DELETE /api/webhooks/{endpoint_id}": Role.OPERATOR,
    "POST /api/webhooks/{endpoint_id}/on": Role.OPERATOR,
    "POST /api/webhooks/{endpoint_id}/off": Role.OPERATOR,
    "POST /api/webhooks/{endpoint_id}/test": Role.OPERATOR,
    "GET /api/webhooks/{endpoint_id}/deliveries": Role.OPERATOR,
    "POST /api/webhooks/{endpoint_id}/deliveries/{delivery_id}/send-again": Role.OPERATOR,
    "GET /api/status": Role.VIEWER,
    "GET /api/health": Role.VIEWER,
    "GET /api/metrics": Role.VIEWER,
    "GET /api/doctor": Role.OPERATOR,
    "POST /api/doctor": Role.OPERATOR,
    "GET /api/jobs/failed": Role.VIEWER,
    "POST /api/jobs/{job_id}/try-again": Role.OPERATOR,
}


def needed(operation: str) -> tuple[Role, ...]:
    """The least roles that may."""
    least = TABLE[operation]
    return least if isinstance(least, tuple) else (least,)


METHODS = {"get", "post", "put", "patch", "delete"}
CHANGING = [operation for operation in TABLE if not operation.startswith("GET")]
ABOUT_ONE = [operation for operation in TABLE if "{" in operation]
# within another object: each has the second of these in place of its own
NESTED = {
    "GET /api/documents/{document_id}/pages/{number}/image": "number",
    "POST /api/document-types/{name}/suspects/{suspect_id}/dismiss": "suspect_id",
    "POST /api/document-types/{name}/suspects/{suspect_id}/ask": "suspect_id",
    "POST /api/webhooks/{endpoint_id}/deliveries/{delivery_id}/send-again": "delivery_id",
    "POST /api/sources/{source_id}/arrivals/{arrival_id}/try-again": "arrival_id",
    "POST /api/sources/{source_id}/arrivals/{arrival_id}/set-aside": "arrival_id",
    "POST /api/document-types/{name}/drift/alarms/{alarm_id}/close": "alarm_id",
}


def described() -> dict[str, set[str]]:
    """Path → methods, as the API's own description has it."""
    paths = api.get_openapi_schema(path_prefix="/api/")["paths"]
    return {path: set(operations) & METHODS for path, operations in paths.items()}


def test_the_table_has_every_operation_and_no_other():
    assert set(TABLE) == {
        f"{method.upper()} {path}" for path, methods in described().items() for method in methods
    }


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """No service is asked over the network, and nobody calls too often."""
    monkeypatch.setattr("webapp.services.check", list)
    cache.clear()


@pytest.fixture
def there(otto):
    """One of everything, and under `foreign` what belongs to another one of its kind."""
    receipts, invoices = make_type(name="receipts"), make_type(name="invoices")
    document, other = make_document(receipts), make_document(invoices)
    versions = [make_version(receipts), make_version(receipts)]
    endpoints = [
        WebhookEndpoint.objects.create(
            url="https://hooks.example.org/", events=["correction.recorded"], salt="s"
        )
        for _ in range(2)
    ]
    deliveries = [
        Delivery.objects.create(endpoint=each, event="ping", about="1", payload={}) for each in endpoints
    ]
    suspects = [suspect(each) for each in (document, other)]
    sources = [make_source(), make_source()]
    alarms = [changed(each)[0] for each in (receipts, invoices)]
    values = {
        "source_id": sources[0].pk,
        "arrival_id": sources[0].arrivals.get().pk,
        "alarm_id": alarms[0].pk,
        "document_id": document.pk,
        "number": 0,
        "name": "receipts",
        "form": "jsonl",
        "suspect_id": suspects[0].pk,
        "import_id": 1,
        "correction_id": document.corrections.get().pk,
        "run_id": versions[0].run_id,
        "user_id": otto.pk,
        "endpoint_id": endpoints[0].pk,
        "delivery_id": deliveries[0].pk,
        "job_id": Job.objects.create(task="annotation.read_document", subject=document.pk, state="failed").pk,
    }
    values["version"], values["other"] = versions[0].name, versions[1].name
    values["foreign"] = {
        "number": 7,
        "arrival_id": sources[1].arrivals.get().pk,
        "suspect_id": suspects[1].pk,
        "delivery_id": deliveries[1].pk,
        "alarm_id": alarms[1].pk,
    }
    return values


def suspect(document):
    truth = make_truth(document)
    return Suspect.objects.create(
        correction=truth, document=document, field="total", likelihood=0.1, says="99.00"
    )


def address(operation: str, values) -> str:
    path = operation.split()[1]
    if "/versions/" in path:
        values = values | {"name": values["version"]}
    asked = "?field=total&cause=misread" if path.endswith("/examples") else ""
    return path.format(**values) + asked


def call(client: Client, operation: str, values):
    """With a body that is as it should be."""
    method = operation.split()[0].lower()
    path = address(operation, values)
    body = {
        "POST /api/document-types": {"name": "orders", "fields": [{"name": "total", "kind": "money"}]},
        "PUT /api/document-types/{name}": {
            "name": "receipts",
            "fields": [{"name": "total", "kind": "money"}],
        },
        "POST /api/document-types/{name}/drift/alarms/{alarm_id}/close": {"why": "read well"},
        "POST /api/document-types/{name}/trial/stop": {"why": "complaints"},
        "POST /api/documents/{document_id}/move": {"document_type": "receipts"},
        "POST /api/documents/{document_id}/erase": {"filename": "another than it has"},
        "POST /api/runs": {"document_type": "receipts"},
        "POST /api/versions/roll-back": {"document_type": "receipts"},
        "POST /api/people": {"email": "new@example.org"},
        "PUT /api/people/{user_id}": {"role": "annotator"},
        "POST /api/sources": {"name": "scans", "settings": {"kind": "folder", "path": "/srv/scans"}},
        "PUT /api/sources/{source_id}": {"settings": {"kind": "folder", "path": "/srv/scans"}},
        "POST /api/webhooks": {"url": "https://hooks.example.org/2/", "events": ["correction.recorded"]},
        "POST /api/versions/{name}/promote": {"champion": "receipts-v1", "why": "because"},
    }.get(operation, {})
    if operation in ("POST /api/documents", "POST /api/imports"):
        file = SimpleUploadedFile("a.txt", b"neither a PDF nor an export")
        return client.post(path, {"document_type": "receipts", "file": file})
    send = partial(getattr(client, method), path)
    return send() if method == "get" else send(json.dumps(body), content_type="application/json")


def program(user: User, most: Role | None = None) -> Client:
    return Client(headers={"Authorization": f"Bearer {ApiToken.issue(user, most=most)}"})


@pytest.fixture
def cast(ann, vera, lea, otto, ada, eve):
    """Everybody with a token, and the role that it has."""
    return [(user, role_of(user)) for user in (eve, ann, vera, lea, otto, ada)]


@pytest.mark.parametrize("operation", TABLE)
def test_an_operation_answers_those_of_its_role_and_nobody_else(operation, there, cast):
    least = needed(operation)
    for user, role in cast:
        # leads and operators may not change each other: the operation is open to them all the same
        about = there | {"user_id": cast[1][0].pk}
        answer = call(program(user), operation, about)
        if not role.may(*least):
            assert answer.status_code == 403, f"{operation} for {user}"
            assert answer.json()["title"] == "Forbidden"
        else:
            assert answer.status_code in {200, 201, 202, 204, 404, 409, 422}, f"{operation} for {user}"


def statuses(operations, ask) -> dict[str, int]:
    return {operation: ask(operation).status_code for operation in operations}


def all_are(status: int, answered: dict[str, int]) -> bool:
    assert {operation: got for operation, got in answered.items() if got != status} == {}
    return bool(answered)


def test_a_stranger_is_told_to_sign_in(there):
    assert all_are(401, statuses(TABLE, lambda operation: call(Client(), operation, there)))


def test_a_token_made_for_less_may_do_less_than_its_user(there, otto):
    for most in (role for role in Role if role and not role.may(Role.OPERATOR)):
        low = program(otto, most=most)
        above = [operation for operation in TABLE if not most.may(*needed(operation))]
        assert all_are(403, statuses(above, lambda each, low=low: call(low, each, there)))


def test_what_changes_something_is_not_for_viewers(there, vera):
    assert all_are(403, statuses(CHANGING, lambda operation: call(program(vera), operation, there)))


def test_a_page_of_another_site_changes_nothing_with_a_readers_sign_in(there, otto):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(otto)
    assert all_are(403, statuses(CHANGING, lambda operation: call(browser, operation, there)))


def test_what_is_not_there_is_not_found(there, otto):
    nowhere = {"name": "nothing", "version": "nothing-v9", "other": "nothing-v8", "form": "jsonl"}
    about = {name: nowhere.get(name, 2**31 - 2) for name in there}
    otto = program(otto)
    assert all_are(404, statuses(ABOUT_ONE, lambda operation: call(otto, operation, about)))


def test_what_belongs_to_another_object_is_not_found(there, otto):
    otto = program(otto)
    for operation, part in NESTED.items():
        foreign = there | {part: there["foreign"][part]}
        assert call(otto, operation, foreign).status_code == 404, operation


def test_no_other_method_is_answered(there, otto):
    otto = program(otto)
    for path, methods in described().items():
        for method in {"get", "head", "post", "put", "patch", "delete", "options", "trace"} - methods:
            answer = getattr(otto, method)(address(f"- {path}", there))
            assert answer.status_code == 405, f"{method} {path}"
