"""What happened in, messages to other programs out, as Standard Webhooks has it (https://www.standardwebhooks.com).

In `webapp` and not beside the ledger, since events come from both the ledger and the models' lives, and what they say
(addresses of pages and of the API) is the web app's. Messages hold ids, names of fields, counts and addresses: never a
document's text, so that an endpoint that is somebody else's learns nothing that it could not ask the API for. Only one
that was chosen for it (`with_fields`) is sent the values of finished documents: they are put in when a message is sent,
and kept in no row, so that what is erased is gone.

A fact (`webapp.wiring`) has a `Delivery` row written for every endpoint that asked for the event; each is sent by a job
of its own (`annotation.jobs`), which tries again until it is answered, and is given up after `GIVE_UP`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from annotation import doorbell, finished, jobs
from annotation.errors import Refused, Unreachable
from annotation.labelling import CHOSEN_TYPE
from annotation.models import Correction
from learner import drift_alarms
from learner.models import AcceptanceRule, Automation, DriftAlarm, ModelVersion, VersionMove
from webapp import posting
from webapp.models import Delivery, WebhookEndpoint

EVENTS = {
    "correction.recorded": "Somebody corrected a document, or confirmed it",
    "document.finished": "A document is done: confirmed by a person, or accepted unseen",
    "version.promoted": "Another model version reads a document type's documents now, also after going back",
    "drift.detected": "Documents are not as they were, more is wrong than was, or Docloop is slower; or auto-accept gave up",
}
TEST = "webhook.test"

GIVE_UP = timedelta(days=3)
KEEP = timedelta(days=30)
AT_ONCE = 1000
GONE = 410  # the endpoint wants nothing any more

Data = dict[str, Any]  # JSON


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `at`; `about` names it, so that nobody is told twice."""

    name: str
    about: str
    at: datetime
    data: Data

    @property
    def payload(self) -> Data:
        return {"type": self.name, "timestamp": self.at.isoformat(), "data": self.data}


# --- what happened


def announce_correction(document_id: int) -> None:
    """Tell of the rows that a document's ledger has got; a skipped document was not corrected."""
    for endpoint in listeners("correction.recorded"):
        rows = Correction.objects.filter(
            document=document_id, skipped=False, recorded_at__gte=endpoint.created_at
        )
        related = rows.select_related("document__document_type").order_by("pk")
        announce(endpoint, (correction_event(correction) for correction in related))


def announce_finished(document_id: int) -> None:
    """Tell that a document is done, if it is; of another correction, or another version's extraction, anew."""
    told = list(listeners("document.finished"))
    done = finished.of_document(document_id) if told else None
    for endpoint in told:
        if done and done.at >= endpoint.created_at:
            announce(endpoint, [finished_event(done)])


def announce_champion(type_id: int) -> None:
    """Tell of the versions of a type that became its champion."""
    for endpoint in listeners("version.promoted"):
        moves = VersionMove.objects.filter(
            version__document_type=type_id, after=ModelVersion.State.CHAMPION, at__gte=endpoint.created_at
        )
        related = moves.select_related("version__document_type").order_by("pk")
        announce(endpoint, (promotion_event(move) for move in related))


def announce_drift(type_id: int) -> None:
    """Tell of a type's alarms, and of promises of its auto-accept that the audit showed not to be kept any more."""
    for endpoint in listeners("drift.detected"):
        broken = AcceptanceRule.objects.filter(document_type=type_id, broken_at__gte=endpoint.created_at)
        related = broken.select_related("document_type").order_by("pk")
        announce(endpoint, (drift_event(rule) for rule in related))
        raised = DriftAlarm.objects.filter(document_type=type_id, opened_at__gte=endpoint.created_at)
        alarms = raised.select_related("document_type").order_by("pk")
        announce(endpoint, (alarm_event(alarm) for alarm in alarms))


def correction_event(correction: Correction) -> Event:
    document = correction.document
    outcomes = {name: ended for name, ended in correction.outcomes.items() if name != CHOSEN_TYPE}
    data = {
        "correction_id": correction.pk,
        "document_id": document.pk,
        "document_type": document.document_type.name,
        "source": correction.source,
        "current": document.truth_id == correction.pk,
        "outcomes": outcomes,
        "counts": dict(Counter(outcomes.values())),
        "page": address("document", document.pk),
        "api": address("api:document", document.pk),
    }
    return Event("correction.recorded", str(correction.pk), correction.recorded_at, data)


def finished_event(done: finished.Finished) -> Event:
    data = {
        "document_id": done.document_id,
        "document_type": done.document.document_type.name,
        "sha256": done.document.sha256,
        "how": done.how,
        "model_version": done.model_version,
        "unconfirmed": list(done.unconfirmed),
        "page": address("document", done.document_id),
        "api": address("api:document", done.document_id),
    }
    return Event("document.finished", f"{done.document_id} {done.about}", done.at, data)


def promotion_event(move: VersionMove) -> Event:
    version = move.version
    data = {
        "document_type": version.document_type.name,
        "version": version.name,
        "reason": move.reason,
        "went_back": move.before == ModelVersion.State.RETIRED,
        "page": address("type", version.document_type.name),
        "api": f"{address('api:versions')}?document_type={version.document_type.name}",
    }
    return Event("version.promoted", str(move.pk), move.at, data)


def drift_event(rule: AcceptanceRule) -> Event:
    """`kind` tells what drifted: "accuracy" is what people found in audited documents."""
    name, at = rule.document_type.name, rule.broken_at
    assert at is not None  # of broken ones only
    # what it says is of the last time that it switched itself off, which may be a later one by now
    state = Automation.objects.filter(document_type=rule.document_type, by_watch=True, on=False).first()
    data = {
        "kind": "accuracy",
        "document_type": name,
        "version": rule.version,
        "target_error": rule.target_error,
        "kept_until": rule.broken_since.isoformat() if rule.broken_since else None,
        "reason": state.why if state and state.changed_at >= at else "",
        "page": address("automation", name),
        "api": address("api:automation", name),
    }
    return Event("drift.detected", str(rule.pk), at, data)


def alarm_event(alarm: DriftAlarm) -> Event:
    """`kind` is that of the alarm: new layout, input, concept or operations."""
    name = alarm.document_type.name
    data = {
        "kind": alarm.kind,
        "alarm_id": alarm.pk,
        "document_type": name,
        "version": alarm.version,
        "reason": drift_alarms.reason(alarm),
        "chance": alarm.chance,
        "since": alarm.since.isoformat(),
        "moved": alarm.moved,
        "documents": alarm.after,
        "page": address("drift", name),
        "api": address("api:drift", name),
    }
    return Event("drift.detected", f"alarm {alarm.pk}", alarm.opened_at, data)


def address(name: str, *arguments: Any) -> str:  # whatever the address takes
    """Where a page or a part of the API is, for somebody outside."""
    return settings.CONFIG.url.rstrip("/") + reverse(name, args=arguments)


# --- endpoints


def listeners(event: str) -> QuerySet[WebhookEndpoint]:
    """The endpoints that are on and asked for `event`."""
    return WebhookEndpoint.objects.filter(active=True, events__contains=[event])


def add_endpoint(url: str, events: Iterable[str], *, by: str, with_fields: bool = False) -> WebhookEndpoint:
    """A new endpoint, told of what happens from now on; raises `Refused` for an address or event that can't be."""
    posting.check(url)
    wanted = list(dict.fromkeys(events))
    if not wanted or (unknown := [name for name in wanted if name not in EVENTS]):
        named = f"there is no event {unknown[0]!r}" if wanted else "choose at least one event"
        raise Refused(f"{named}; there are: {', '.join(EVENTS)}")
    if len(url) > 500:
        raise Refused("the address is longer than 500 characters")
    salt = WebhookEndpoint.fresh_salt()
    return WebhookEndpoint.objects.create(
        url=url, events=wanted, with_fields=with_fields, salt=salt, created_by=by[:150]
    )


@transaction.atomic
def switch(endpoint: WebhookEndpoint, *, on: bool) -> None:
    """Switch an endpoint on, and send what waits for it; or off, so that what waits goes on waiting."""
    endpoint.active, endpoint.notice, endpoint.failures = on, "", 0
    endpoint.failing_since = endpoint.quiet_until = None
    endpoint.save()
    if on:
        _ring(endpoint.deliveries.filter(state=Delivery.State.WAITING))


def ping(endpoint: WebhookEndpoint) -> Delivery:
    """Send a message that says nothing, to see whether it arrives; raises `Refused` if the endpoint is off."""
    if not endpoint.active:
        raise Refused("this endpoint is switched off: switch it on first")
    now = timezone.now()
    event = Event(TEST, now.isoformat(), now, {"endpoint_id": endpoint.pk})
    with transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(quiet_until=None)
        announce(endpoint, [event])
    return endpoint.deliveries.get(event=TEST, about=event.about)


@transaction.atomic
def send_again(delivery: Delivery) -> None:
    """Send a message another time, whatever became of it; raises `Refused` if its endpoint is off."""
    if not delivery.endpoint.active:
        raise Refused("its endpoint is switched off: switch it on first")
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(quiet_until=None)
    Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.WAITING)
    doorbell.ring("message due", delivery.pk)


# --- deliveries


@transaction.atomic
def announce(endpoint: WebhookEndpoint, events: Iterable[Event]) -> None:
    """Write down each event that the endpoint wasn't told of yet, with the job that sends it."""
    rows = [
        Delivery(endpoint=endpoint, event=event.name, about=event.about, payload=event.payload)
        for event in events
    ]
    told = {(row.event, row.about) for row in rows}
    known = endpoint.deliveries.filter(about__in=[about for _, about in told]).values_list("event", "about")
    told -= set(known)
    fresh = [row for row in rows if (row.event, row.about) in told]
    # of two workers that announce the same, one's rows are the other's conflicts
    Delivery.objects.bulk_create(fresh, ignore_conflicts=True)
    _ring(endpoint.deliveries.filter(message__in=[row.message for row in fresh]))


def _ring(deliveries: QuerySet[Delivery]) -> None:
    found = list(deliveries.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(found), AT_ONCE):
        doorbell.ring("message due", *found[start : start + AT_ONCE])


def deliver(delivery_id: int) -> None:
    """Send one message. Raises `Unreachable` while another try can help: the job waits for it."""
    waiting = Delivery.objects.filter(pk=delivery_id, state=Delivery.State.WAITING, endpoint__active=True)
    delivery = waiting.select_related("endpoint").first()
    if delivery is None:  # was sent, given up, or its endpoint is off: switching it on rings again
        return
    endpoint, now = delivery.endpoint, timezone.now()
    if endpoint.quiet_until and endpoint.quiet_until > now:
        # a dead endpoint costs one try in a while, however many messages wait for it
        raise Unreachable(f"{endpoint} failed just now, this message waits with the others")
    try:
        answer = posting.post(endpoint.url, *_signed(delivery, now))
    except (Refused, Unreachable) as problem:
        _failed(delivery, None, str(problem), for_good=isinstance(problem, Refused))
    else:
        if 200 <= answer.status < 300:
            _delivered(delivery, answer)
        else:
            _failed(delivery, answer.status, answer.text, for_good=answer.status == GONE)


def _signed(delivery: Delivery, now: datetime) -> tuple[bytes, dict[str, str]]:
    """The message's bytes and headers; every try is signed with its own time."""
    message = f"msg_{delivery.message.hex}"
    content = json.dumps(_whole(delivery), separators=(",", ":"), ensure_ascii=False)
    return content.encode(), {
        "Content-Type": "application/json",
        "User-Agent": "Docloop",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(delivery.endpoint.secret).sign(message, now, content),
    }


def _whole(delivery: Delivery) -> Data:
    """What is sent: the payload, and the values of a finished document where they were asked for and are still its own."""
    payload: Data = delivery.payload
    if delivery.event != "document.finished" or not delivery.endpoint.with_fields:
        return payload
    done = finished.of_document(payload["data"]["document_id"])
    if done is None or f"{done.document_id} {done.about}" != delivery.about:
        return payload  # corrected since, of which another message tells, or erased
    more = {"filename": done.document.filename, "from": done.document.uploaded_by, "fields": done.fields}
    return payload | {"data": payload["data"] | more}


@transaction.atomic
def _delivered(delivery: Delivery, answer: posting.Answer) -> None:
    jobs.assert_held()
    _note(delivery, Delivery.State.DELIVERED, answer.status, answer.text)
    was_failing = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id, failures__gt=0)
    if was_failing.update(failing_since=None, failures=0, quiet_until=None):
        _ring(delivery.endpoint.deliveries.filter(state=Delivery.State.WAITING))  # it is back


def _failed(delivery: Delivery, status: int | None, said: str, *, for_good: bool) -> None:
    """Write down a failure; raises `Unreachable` unless the message is given up."""
    now, endpoint = timezone.now(), delivery.endpoint
    since = endpoint.failing_since or now
    given_up = for_good or delivery.created_at < now - GIVE_UP
    with transaction.atomic():
        jobs.assert_held()
        state = Delivery.State.FAILED if given_up else Delivery.State.WAITING
        _note(delivery, state, status, said)
        pause = jobs.PAUSES[min(endpoint.failures, len(jobs.PAUSES) - 1)]
        changes = {"failures": F("failures") + 1, "failing_since": since, "quiet_until": now + pause}
        if for_good or since < now - GIVE_UP:
            changes |= {"active": False, "notice": _why(status, said, since)[:300]}
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**changes)
    if not given_up:
        raise Unreachable(f"{endpoint} answered {status or 'nothing'}: tried again later")


def _why(status: int | None, said: str, since: datetime) -> str:
    if status == GONE:
        return "It answered that it is gone (410)."
    if status is None and since > timezone.now() - GIVE_UP:
        return f"Messages can't go there: {said}."
    return f"It failed for {GIVE_UP.days} days."  # since when stands beside it, in the reader's time


def _note(delivery: Delivery, state: Delivery.State, status: int | None, said: str) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(
        state=state,
        status=status,
        said=said[:300],
        attempts=F("attempts") + 1,
        tried_at=timezone.now(),
    )


def forget_deliveries() -> int:
    """Delete what was delivered or given up long ago; answers how many rows."""
    old = Delivery.objects.filter(created_at__lt=timezone.now() - KEEP)
    return old.exclude(state=Delivery.State.WAITING).delete()[0]
