"""The page of drift: what is watched, what changed with figures and examples, and the way to close an alarm."""

from __future__ import annotations

import gzip

import pytest
from django.urls import reverse

from annotation.models import TrailEntry
from learner import drift_alarms
from learner.models import DriftAlarm
from tests.factories import make_document, make_type
from tests.streams import changed
from webapp import notifications
from webapp.models import WebhookEndpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def kind():
    kind = make_type(name="receipts", title="Receipts")
    make_document(kind)
    return kind


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_before_there_are_enough_documents_it_says_how_many_are_missing(client, vera, kind):
    client.force_login(vera)
    assert "when 100 documents were extracted" in text(client.get("/types/receipts/drift/"))


def test_an_alarm_says_what_moved_how_sure_that_is_and_shows_documents_of_before_and_now(client, vera, kind):
    alarm, window = changed(kind)
    client.force_login(vera)
    shown = text(client.get("/types/receipts/drift/"))
    assert f"layout {window.pk} changed since" in shown.lower()
    assert "at most once in 250 where nothing has changed" in shown
    assert (
        '<td data-label="Before" class="number">150</td><td data-label="Now" class="number">300</td>' in shown
    )
    preview = reverse("page-preview", args=[alarm.after[0], 0])
    assert shown.count(preview) == 2
    assert "docloop-chart" in shown
    assert reverse("drift-report", args=["receipts", window.pk]) in shown
    assert "curl" in shown
    assert "Close it" not in shown  # she only reads


def test_input_concept_and_operations_are_told_apart(client, vera, kind):
    changed(kind)
    client.force_login(vera)
    shown = text(client.get("/types/receipts/drift/live/"))
    order = [shown.index(name) for name in ("Input drift", "Concept drift", "Operations drift")]
    assert order == sorted(order)
    told = [shown[start : start + 120] for start in order]
    assert ["1 open alarm" in each for each in told] == [True, False, False]


def test_a_lead_closes_an_alarm_with_the_reason_and_the_page_keeps_it(client, lea, kind):
    alarm, _ = changed(kind)
    client.force_login(lea)
    address = reverse("close-alarm", args=["receipts", alarm.pk])
    shown = text(client.post(address, {"why": "a supplier's new form"}, follow=True))
    assert "The alarm is closed." in shown
    assert "A supplier&#x27;s new form, lea" in shown
    alarm.refresh_from_db()
    assert (alarm.closed_by, alarm.why_closed) == ("lea", "a supplier's new form")
    assert "closed already" in text(client.post(address, {"why": "again"}, follow=True))


def test_a_report_is_shown_in_a_sandbox_that_reaches_nothing(client, vera, kind):
    _, window = changed(kind)
    client.force_login(vera)
    address = reverse("drift-report", args=["receipts", window.pk])
    plain = client.get(address)
    assert plain.content == b"<!doctype html><p>What moved</p>"
    packed = client.get(address, headers={"accept-encoding": "gzip, br"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    policy = plain["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy  # nothing may be sent anywhere


def test_a_report_that_is_no_longer_kept_is_not_found(client, vera, kind):
    _, window = changed(kind)
    type(window).objects.filter(pk=window.pk).update(report="")
    client.force_login(vera)
    assert client.get(reverse("drift-report", args=["receipts", window.pk])).status_code == 404


def test_the_overview_says_what_changed_and_where_to_look(client, vera, kind):
    changed(kind)
    drift_alarms.renew_headline(kind)
    client.force_login(vera)
    shown = text(client.get("/"))
    assert "changed since" in shown
    assert 'href="/types/receipts/drift/"' in shown


def test_the_api_has_the_state_the_alarms_and_the_way_to_close_one(client, lea, kind):
    alarm, _ = changed(kind)
    client.force_login(lea)
    state = client.get("/api/document-types/receipts/drift").json()
    assert (state["watching"], state["reference"], len(state["alarms"])) == (True, 100, 1)
    assert state["alarms"][0]["moved"][0]["title"] == "words"
    [told] = client.get("/api/document-types/receipts/drift/alarms").json()["items"]
    assert told["open"]
    address = f"/api/document-types/receipts/drift/alarms/{alarm.pk}/close"
    closed = client.post(address, {"why": "read well"}, content_type="application/json")
    assert closed.status_code == 200, closed.content
    assert closed.json()["why_closed"] == "read well"
    again = client.post(address, {"why": "read well"}, content_type="application/json")
    assert again.status_code == 422
    assert DriftAlarm.objects.filter(closed_at__isnull=True).count() == 0
    assert TrailEntry.objects.filter(action="closed a drift alarm", by="lea").count() == 1


def test_listeners_are_told_of_an_alarm_once(kind, rung):
    endpoint = WebhookEndpoint.objects.create(
        url="https://hooks.example.org/", events=["drift.detected"], salt="s", created_by="otto"
    )
    alarm, _ = changed(kind)
    notifications.announce_drift(kind.pk)
    notifications.announce_drift(kind.pk)
    delivery = endpoint.deliveries.get()
    said = delivery.payload["data"]
    assert (said["kind"], said["alarm_id"], said["document_type"]) == ("input", alarm.pk, "receipts")
    assert said["reason"] == drift_alarms.reason(alarm)
    assert said["page"].endswith("/types/receipts/drift/")
