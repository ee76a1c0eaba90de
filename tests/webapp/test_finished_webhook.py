"""Other programs are told of each document that is done, and sent its values where somebody chose that."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from annotation import doorbell, erasure, lifecycle
from annotation.models import Document
from tests.factories import make_document, make_extraction, make_truth
from tests.webapp.test_notifications import private, receiver  # noqa: F401  # fixtures: the same receiver
from webapp import notifications
from webapp.models import ApiToken, Delivery, WebhookEndpoint

pytestmark = pytest.mark.django_db

TEXT = "Secret Widgets Ltd"


@pytest.fixture
def endpoint(receiver) -> WebhookEndpoint:  # noqa: F811
    return notifications.add_endpoint(receiver.url, ["document.finished"], by="otto", with_fields=True)


def accepted() -> Document:
    document = make_document(text=f"{TEXT}\nTotal 12.90 13.90 14.90", state=Document.State.EXTRACTED)
    make_extraction(document, {"company": (TEXT, 0.99), "total": ("12.90", 0.98)})
    lifecycle.move(document.pk, Document.State.ACCEPTED, reason="accepted unseen")
    return document


def sent(receiver, endpoint) -> dict:  # noqa: F811
    """What arrived last, once all that waits was sent."""
    for delivery in endpoint.deliveries.filter(state="waiting"):
        notifications.deliver(delivery.pk)
    return json.loads(receiver.got[-1][1])


def test_a_document_that_is_accepted_unseen_is_told_with_its_values(receiver, endpoint):  # noqa: F811
    document = accepted()
    notifications.announce_finished(document.pk)
    payload = sent(receiver, endpoint)
    assert payload["type"] == "document.finished"
    told = payload["data"]
    assert (told["document_id"], told["how"], told["model_version"]) == (document.pk, "accepted", "v1")
    assert told["fields"] == {"company": TEXT, "date": None, "total": "12.90"}
    assert told["filename"] == document.filename
    assert told["unconfirmed"] == ["company", "date", "total"]


def test_a_confirmed_document_is_told_once_for_each_correction(receiver, endpoint):  # noqa: F811
    document = accepted()
    make_truth(document, {"company": TEXT, "total": "13.90"})
    for _ in range(2):
        notifications.announce_finished(document.pk)
    assert sent(receiver, endpoint)["data"]["fields"]["total"] == "13.90"
    assert len(receiver.got) == 1
    make_truth(document, {"company": TEXT, "total": "14.90"})
    notifications.announce_finished(document.pk)
    assert sent(receiver, endpoint)["data"]["fields"]["total"] == "14.90"


def test_values_are_kept_in_no_row_and_not_sent_of_what_was_erased(receiver, endpoint):  # noqa: F811
    document = accepted()
    notifications.announce_finished(document.pk)
    assert TEXT not in str(Delivery.objects.values())
    erasure.erase(document, by="otto", why="asked for", learned_by=[])
    told = sent(receiver, endpoint)["data"]
    assert told["document_id"] == document.pk and "fields" not in told and "filename" not in told


def test_an_endpoint_that_was_not_chosen_for_it_is_sent_no_values(receiver, endpoint):  # noqa: F811
    WebhookEndpoint.objects.update(with_fields=False)
    document = accepted()
    notifications.announce_finished(document.pk)
    payload = sent(receiver, endpoint)
    assert "fields" not in payload["data"]
    assert TEXT not in str(payload) and document.filename not in str(payload)


def test_what_is_not_done_or_was_done_before_is_not_told(endpoint):
    notifications.announce_finished(make_document().pk)
    document = accepted()
    document.moves.update(at=endpoint.created_at.replace(year=2020))
    notifications.announce_finished(document.pk)
    assert not endpoint.deliveries.exists()


def test_both_ways_to_be_done_wake_the_announcement(rung):
    doorbell.ring("correction recorded", 7)
    doorbell.ring("document accepted", 8)
    assert ("webapp.announce_finished", 7) in rung and ("webapp.announce_finished", 8) in rung


def test_fields_leave_docloop_only_where_an_operator_says_so(otto, client):
    client.force_login(otto)
    form = {"url": "https://example.org/hook", "events": ["document.finished"]}
    client.post(reverse("webhooks"), form)
    client.post(reverse("webhooks"), form | {"with_fields": "on"})
    program = Client(headers={"Authorization": f"Bearer {ApiToken.issue(otto)}"})
    program.post("/api/webhooks", json.dumps(form), content_type="application/json")
    assert [each["with_fields"] for each in program.get("/api/webhooks").json()] == [False, True, False]
    assert (
        "with the values of fields"
        in client.get(
            reverse("webhook", args=[WebhookEndpoint.objects.get(with_fields=True).pk])
        ).content.decode()
    )
