"""Endpoints of other programs, looked after by the API: made, switched, tested, deleted; and their messages."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from annotation.models import TrailEntry
from webapp.models import ApiToken, Delivery, WebhookEndpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(otto):
    return Client(headers={"Authorization": f"Bearer {ApiToken.issue(otto)}"})


def add(client: Client, **body: object):
    return client.post("/api/webhooks", json.dumps(body), content_type="application/json")


@pytest.fixture
def endpoint(operator):
    made = add(operator, url="https://192.0.2.7/hook", events=["version.promoted"])
    assert made.status_code == 201, made.content
    return made.json()


def test_a_new_endpoints_secret_is_told_once(operator, endpoint):
    assert endpoint["secret"].startswith("whsec_")
    assert endpoint["secret"] == WebhookEndpoint.objects.get().secret
    assert "secret" not in operator.get(f"/api/webhooks/{endpoint['id']}").json()
    (listed,) = operator.get("/api/webhooks").json()
    assert (listed["url"], listed["events"], listed["created_by"]) == (
        "https://192.0.2.7/hook", ["version.promoted"], "otto",
    )  # fmt: skip


def test_an_unknown_event_is_refused_with_those_there_are(operator):
    answer = add(operator, url="https://192.0.2.7/hook", events=["moon.risen"])
    assert answer.status_code == 422
    assert "correction.recorded" in answer.json()["detail"]


def test_an_endpoint_is_tested_switched_and_deleted_and_the_trail_knows(operator, endpoint, rung):
    path = f"/api/webhooks/{endpoint['id']}"
    sent = operator.post(f"{path}/test")
    assert (sent.status_code, sent.json()["state"]) == (202, "waiting")
    assert ("webapp.deliver", sent.json()["id"]) in rung
    assert operator.post(f"{path}/off").json()["active"] is False
    assert operator.post(f"{path}/test").status_code == 422
    assert operator.post(f"{path}/on").json()["active"] is True
    assert operator.delete(path).status_code == 204
    assert operator.get(path).status_code == 404
    done = set(TrailEntry.objects.values_list("action", flat=True))
    assert {f"{what} a webhook" for what in ("added", "switched on", "switched off", "deleted")} <= done


def test_messages_come_piece_by_piece_and_are_sent_again(operator, endpoint):
    path = f"/api/webhooks/{endpoint['id']}/deliveries"
    rows = [
        Delivery.objects.create(
            endpoint_id=endpoint["id"], event="version.promoted", about=str(n), payload={}, state="failed"
        )
        for n in range(3)
    ]
    first = operator.get(f"{path}?limit=2&state=failed").json()
    assert [each["about"] for each in first["items"]] == ["2", "1"]
    assert [each["about"] for each in operator.get(f"{path}?before={first['next']}").json()["items"]] == ["0"]
    again = operator.post(f"{path}/{rows[0].pk}/send-again")
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    assert (
        operator.post(f"/api/webhooks/{endpoint['id'] + 1}/deliveries/{rows[0].pk}/send-again").status_code
        == 404
    )


def test_webhooks_are_for_operators(lea):
    lead = Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})
    assert lead.get("/api/webhooks").status_code == 403
