"""Messages to other programs, sent to a real HTTP server and checked by the reference library and by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from django.conf import settings
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from annotation import doorbell, jobs
from annotation.errors import Refused, Unreachable
from annotation.models import Job
from learner import automation, automation_watch, promotion
from learner.models import AcceptanceRule, ModelVersion
from tests import audited
from tests.factories import make_document, make_truth, make_type, make_version
from webapp import notifications, posting
from webapp.models import Delivery, WebhookEndpoint

pytestmark = pytest.mark.django_db

TEXT = "Secret Widgets Ltd"


class Receiver(ThreadingHTTPServer):
    """Somebody else's program: answers as it is told, and keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.status = 200
        self.said = b"thanks"
        self.headers: dict[str, str] = {}
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Answering(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({key.lower(): value for key, value in self.headers.items()}, content))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.said)))
        self.end_headers()
        self.wfile.write(self.server.said)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages may go to this machine, as the tests' receiver is on it."""
    monkeypatch.setattr(settings, "CONFIG", settings.CONFIG.model_copy(update={"private_webhooks": True}))


@pytest.fixture
def endpoint(receiver: Receiver) -> WebhookEndpoint:
    return notifications.add_endpoint(receiver.url, notifications.EVENTS, by="otto")


def corrected(**more: object):
    document = make_document(text=f"{TEXT}\nDate 01/02/2024\nTotal 12.90")
    said = {"company": TEXT, "total": "12.90"}
    outcomes = {"company": "edited", "date": "accepted", "total": "accepted"}
    return make_truth(document, said, outcomes, annotator="ann@docloop.example", **more)


def announced(endpoint: WebhookEndpoint, **more: object) -> Delivery:
    correction = corrected(**more)
    notifications.announce_correction(correction.document_id)
    return endpoint.deliveries.get(event="correction.recorded")


# --- what is said


def test_a_correction_arrives_signed_as_the_standard_has_it(receiver, endpoint, rung):
    delivery = announced(endpoint)
    assert ("webapp.deliver", delivery.pk) in rung
    notifications.deliver(delivery.pk)

    ((headers, content),) = receiver.got
    payload = Webhook(endpoint.secret).verify(content, headers)
    assert payload["type"] == "correction.recorded"
    assert payload["data"]["counts"] == {"edited": 1, "accepted": 2}
    key = base64.b64decode(endpoint.secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{content.decode()}".encode()
    by_hand = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{by_hand}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert headers["content-type"] == "application/json"

    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.said, delivery.attempts) == (
        "delivered",
        200,
        "thanks",
        1,
    )


def test_no_message_holds_a_documents_text_or_an_address_of_a_person(endpoint):
    told = json.dumps(announced(endpoint).payload)
    assert TEXT not in told and "12.90" not in told and "ann@" not in told


def test_a_promotion_is_told_with_its_reason(receiver, endpoint):
    version = make_version(state=ModelVersion.State.CHALLENGER)
    promotion.promote(version, by="the gate", reason="better in every field")
    notifications.announce_champion(version.document_type_id)
    notifications.deliver(endpoint.deliveries.get().pk)
    data = json.loads(receiver.got[0][1])["data"]
    assert (data["version"], data["reason"], data["went_back"]) == (
        version.name,
        "better in every field",
        False,
    )
    assert data["page"].startswith(settings.CONFIG.url)


def test_nobody_is_told_twice_of_one_correction(endpoint):
    delivery = announced(endpoint)
    document = delivery.payload["data"]["document_id"]
    notifications.announce_correction(document)
    assert Delivery.objects.count() == 1


def test_every_row_of_a_ledger_is_told_even_if_two_came_before_the_job(endpoint):
    correction = corrected()
    make_truth(correction.document, {"company": TEXT})
    notifications.announce_correction(correction.document_id)
    assert endpoint.deliveries.count() == 2


def test_an_endpoint_is_told_what_it_asked_for_and_from_its_beginning_on(receiver):
    before = corrected()
    promotions = notifications.add_endpoint(receiver.url, ["version.promoted"], by="otto")
    corrections = notifications.add_endpoint(receiver.url, ["correction.recorded"], by="otto")
    WebhookEndpoint.objects.update(created_at=timezone.now() + timedelta(seconds=1))
    notifications.announce_correction(before.document_id)
    assert not Delivery.objects.exists()
    after = corrected(recorded_at=timezone.now() + timedelta(seconds=2))
    notifications.announce_correction(after.document_id)
    assert (promotions.deliveries.count(), corrections.deliveries.count()) == (0, 1)


def test_a_skipped_document_was_not_corrected(endpoint):
    correction = corrected(skipped=True)
    notifications.announce_correction(correction.document_id)
    assert not Delivery.objects.exists()


# --- when it doesn't arrive


def test_a_message_waits_until_it_is_answered_and_is_the_same_with_every_try(receiver, endpoint):
    receiver.status, receiver.said = 503, b"not now"
    delivery = announced(endpoint)
    with pytest.raises(Unreachable):
        notifications.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.said) == ("waiting", 503, "not now")

    receiver.status = 204
    WebhookEndpoint.objects.update(quiet_until=None)
    notifications.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 2)
    (first, body), (second, same_body) = receiver.got
    assert body == same_body and first["webhook-id"] == second["webhook-id"]


def test_the_job_of_a_message_waits_for_its_next_try(receiver, endpoint):
    receiver.status = 500
    delivery = announced(endpoint)
    job = Job.objects.get(task="webapp.deliver", subject=delivery.pk)
    jobs.run(job.pk, notifications.deliver)
    job.refresh_from_db()
    assert (job.state, job.failures) == ("waiting", 0)
    assert job.due_at > timezone.now()


def test_a_dead_endpoint_is_asked_once_in_a_while_however_many_messages_wait(receiver, endpoint):
    receiver.status = 500
    for _ in range(3):
        corrected_now = corrected()
        notifications.announce_correction(corrected_now.document_id)
    for delivery in endpoint.deliveries.all():
        with pytest.raises(Unreachable):
            notifications.deliver(delivery.pk)
    assert len(receiver.got) == 1


def test_the_first_message_that_arrives_again_rings_for_those_that_wait(receiver, endpoint, rung):
    first, second = announced(endpoint), None
    notifications.announce_correction(corrected().document_id)
    second = endpoint.deliveries.exclude(pk=first.pk).get()
    Job.objects.all().delete()
    WebhookEndpoint.objects.update(failures=3, failing_since=timezone.now())
    notifications.deliver(first.pk)
    assert ("webapp.deliver", second.pk) in rung
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)


def test_an_endpoint_that_is_gone_is_switched_off_with_a_notice(receiver, endpoint):
    receiver.status = 410
    delivery = announced(endpoint)
    notifications.deliver(delivery.pk)
    endpoint.refresh_from_db()
    delivery.refresh_from_db()
    assert not endpoint.active and "410" in endpoint.notice
    assert delivery.state == "failed"
    corrected_later = corrected()
    notifications.announce_correction(corrected_later.document_id)
    assert endpoint.deliveries.count() == 1


def test_an_endpoint_that_fails_for_days_is_switched_off_and_what_waits_is_sent_once_it_is_on(
    receiver, endpoint, rung
):
    receiver.status = 500
    delivery = announced(endpoint)
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=3, hours=1), failures=9)
    with pytest.raises(Unreachable):
        notifications.deliver(delivery.pk)
    endpoint.refresh_from_db()
    assert not endpoint.active and "3 days" in endpoint.notice
    Job.objects.all().delete()
    notifications.deliver(delivery.pk)  # nothing is sent to it while it is off
    assert len(receiver.got) == 1

    receiver.status = 200
    notifications.switch(endpoint, on=True)
    assert ("webapp.deliver", delivery.pk) in rung
    notifications.deliver(delivery.pk)
    assert len(receiver.got) == 2


def test_a_message_is_given_up_after_days_and_can_be_sent_again_by_hand(receiver, endpoint, rung):
    receiver.status = 500
    delivery = announced(endpoint)
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=4))
    notifications.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == "failed"

    receiver.status = 200
    notifications.send_again(delivery)
    assert ("webapp.deliver", delivery.pk) in rung
    notifications.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


def test_a_redirect_is_not_followed(receiver, endpoint):
    receiver.status, receiver.headers = 307, {"Location": receiver.url}
    with pytest.raises(Unreachable):
        notifications.deliver(announced(endpoint).pk)
    assert len(receiver.got) == 1


def test_of_a_long_answer_only_the_beginning_is_kept(receiver, endpoint):
    receiver.said = b"<b>" + b"x" * 1_000_000
    delivery = announced(endpoint)
    notifications.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert len(delivery.said) <= 300


def test_a_test_message_needs_no_event(receiver, endpoint):
    delivery = notifications.ping(endpoint)
    notifications.deliver(delivery.pk)
    assert json.loads(receiver.got[0][1])["type"] == "webhook.test"


def test_old_messages_are_forgotten_but_none_that_waits(endpoint):
    waiting, done = announced(endpoint), None
    notifications.announce_correction(corrected().document_id)
    done = endpoint.deliveries.exclude(pk=waiting.pk).get()
    Delivery.objects.filter(pk=done.pk).update(state="delivered")
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=40))
    assert notifications.forget_deliveries() == 1
    assert Delivery.objects.get() == waiting


# --- where it may go


def not_private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CONFIG", settings.CONFIG.model_copy(update={"private_webhooks": False}))


def test_messages_don_t_go_to_this_machine_unless_a_setting_says_so(receiver, endpoint, monkeypatch):
    not_private(monkeypatch)
    notifications.deliver(announced(endpoint).pk)
    endpoint.refresh_from_db()
    assert not receiver.got
    assert not endpoint.active and "DOCLOOP_PRIVATE_WEBHOOKS" in endpoint.notice


def as_found(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names are looked up in `answers`, one after the other; answers the hosts that were looked up."""
    asked: list[str] = []
    really = socket.getaddrinfo

    def look_up(host: str, port: int, *more: int, **named: int) -> list[tuple[object, ...]]:
        if host.replace(".", "").isdigit():  # an address is no name
            return list(really(host, port, *more, **named))
        asked.append(host)
        return [(2, 1, 6, "", (address, port)) for address in answers[len(asked) - 1]]

    monkeypatch.setattr(posting.socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fd00::1",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::a00:1",
        "224.0.0.1",
    ],
)
def test_no_address_of_an_inner_network_is_gone_to(address, monkeypatch):
    not_private(monkeypatch)
    as_found(monkeypatch, [address])
    with pytest.raises(Refused, match="private network"):
        posting.address_of("example.org", 443)


def test_one_inner_address_among_several_is_enough_to_refuse(monkeypatch):
    not_private(monkeypatch)
    as_found(monkeypatch, ["93.184.215.14", "127.0.0.1"])
    with pytest.raises(Refused):
        posting.address_of("example.org", 443)


def test_the_address_that_was_judged_is_the_one_that_is_gone_to(receiver, monkeypatch):
    """A name that leads elsewhere the second time is not looked up a second time."""
    asked = as_found(monkeypatch, ["127.0.0.1"])
    answer = posting.post(f"http://rebinding.example:{receiver.server_port}/", b"{}", {})
    assert (answer.status, asked) == (200, ["rebinding.example"])
    assert receiver.got[0][0]["host"] == f"rebinding.example:{receiver.server_port}"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "example.org",
        "http://",
        "http://name:word@example.org/",
        "http://[::1",
        "http://example.org:99999/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_is_refused_when_it_is_typed(url):
    with pytest.raises(Refused):
        notifications.add_endpoint(url, ["version.promoted"], by="otto")


@pytest.mark.parametrize("events", [[], ["drift.noticed"]])
def test_an_endpoint_asks_for_events_that_there_are(events):
    with pytest.raises(Refused, match="correction.recorded"):
        notifications.add_endpoint("https://example.org/hook", events, by="otto")


def test_a_program_that_speaks_a_byte_at_a_time_is_left(monkeypatch):
    monkeypatch.setattr(posting, "PATIENCE", 0.6)
    over = threading.Event()

    class Dripping(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.1):
                try:
                    self.wfile.write(b"x")
                except OSError:
                    return

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        with pytest.raises(Unreachable, match="within"):
            posting.post(f"http://127.0.0.1:{server.server_port}/", b"{}", {})
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_secret_is_not_in_the_database(endpoint):
    stored = [str(value) for value in WebhookEndpoint.objects.values_list().get()]
    assert not [value for value in stored if endpoint.secret in value]
    assert len(base64.b64decode(endpoint.secret.removeprefix("whsec_"))) == 32


def test_a_fact_of_the_loop_wakes_the_announcement(rung):
    doorbell.ring("correction recorded", 7)
    doorbell.ring("champion changed", 8)
    assert ("webapp.announce_correction", 7) in rung and ("webapp.announce_champion", 8) in rung


def test_without_an_endpoint_a_correction_costs_one_question(django_assert_num_queries):
    with django_assert_num_queries(1):
        notifications.announce_correction(1)


# --- what the audit finds


def test_that_the_audit_proved_a_promise_broken_is_told_once_and_says_what_drifted(endpoint, rung):
    """Answers that are really wrong, watched by the part that watches them: no row is written by hand."""
    kind = make_type(name="receipts", champion="v1", audit_share=0.1, target_error=0.05)
    audited.answered(kind, *audited.model(np.random.default_rng(1), 250))
    automation.switch_on(kind, by="lea")
    automation.work_out(kind.pk)
    *_, last = audited.answered(kind, [[0.99999] * 3] * 40, [[True] * 3] * 40)
    assert ("webapp.announce_drift", kind.pk) not in rung
    automation_watch.watch(last.pk)
    assert ("webapp.announce_drift", kind.pk) in rung

    notifications.announce_drift(kind.pk)
    notifications.announce_drift(kind.pk)
    delivery = endpoint.deliveries.get(event="drift.detected")
    said = delivery.payload["data"]
    assert (said["kind"], said["document_type"], said["version"]) == ("accuracy", "receipts", "v1")
    assert "surely more than the target of 5.00%" in said["reason"]
    assert said["page"].endswith("/types/receipts/automation/")
    rule = AcceptanceRule.objects.get(broken_at__isnull=False)
    assert delivery.payload["timestamp"] == rule.broken_at.isoformat()


def test_a_promise_that_broke_before_an_endpoint_was_there_is_not_told(endpoint):
    kind = make_type(name="receipts", champion="v1")
    earlier = endpoint.created_at - timedelta(hours=1)
    AcceptanceRule.objects.create(
        document_type=kind, version="v1", target_error=0.05, field_targets={}, thresholds={}, answered=9,
        risk=0.025, by="docloop", why="", broken_at=earlier, broken_since=earlier,
    )  # fmt: skip
    notifications.announce_drift(kind.pk)
    assert not endpoint.deliveries.exists()
