"""Every address that changes something is declared here with what it writes on the audit trail, and is tried.

The addresses come from the URL conf and from the API: one that isn't declared fails.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation import routing
from annotation.models import DocumentType, Job, TrailEntry
from learner import automation, decision, promotion
from learner.gate import Verdict
from learner.models import Run, Suspect
from tests.audited import answered, model
from tests.conftest import person
from tests.factories import (
    make_document,
    make_extraction,
    make_pdf,
    make_source,
    make_truth,
    make_type,
    make_version,
)
from tests.streams import changed
from tests.webapp.test_roles import EVERY, OPERATIONS, PAGES
from webapp import notifications, people
from webapp.api.app import api
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db

LINK = {"url": "https://example.org/hook", "events": ["correction.recorded"]}
PERSON = {"role": "1", "all_types": "yes"}


@dataclass(frozen=True)
class Act:
    """What an address writes on the trail, and a request that gets so far; made in a world where it is possible."""

    writes: tuple[str, ...]
    request: Callable[
        [SimpleNamespace], tuple[list[object], object]
    ]  # → arguments of the address, and what is sent


NOTHING = {
    "sign-in": "a session: when somebody was here last stands in their account, a lock on the trail",
    "sign-out": "a session",
    "label-studio-webhook": "what people say is in the ledger, which is as append-only as the trail",
    "label-studio-backend": "nothing: it answers what stands under a box",
}


def with_document(state="extracted", **more):
    def make(world):
        world.document = make_document(world.kind, state=state, **more)
        make_extraction(world.document)
        world.document.refresh_from_db()
        return [world.document.pk], {}

    return make


def to_move(world):
    arguments, _ = with_document()(world)
    make_type(name="letters")
    return arguments, {"type": "letters", "document_type": "letters", "why": "it is one"}


def new_kind(world):
    document = make_document(routing.unknown_type())
    return [], {"title": "Delivery notes", "document": [document.pk]}


def to_erase(world):
    arguments, _ = with_document(filename="a.pdf")(world)
    return arguments, {"filename": "a.pdf"}


def doubted(world):
    for who in ("amy@example.org", "ann@example.org"):
        document = make_document(world.kind)
        make_extraction(document)
        truth = make_truth(document, annotator=who, outcomes={"total": "accepted"})
    found = Suspect.objects.create(correction=truth, document=document, field="total", likelihood=0.03)
    return ["receipts", found.pk], {}


def on_trial(world):
    promotion.promote(make_version(world.kind, state="challenger"), by="lea", reason="better")
    DocumentType.objects.filter(pk=world.kind.pk).update(canary="share")
    passed = Verdict(True, ("Promoted.",), {"documents": 12})
    decision.settle(make_version(world.kind, state="challenger"), None, passed)
    return ["receipts"], {"why": "complaints"}


def alarmed(world):
    make_document(world.kind)
    return ["receipts", changed(world.kind)[0].pk], {"why": "a supplier's new form"}


def targeted(on=False):
    def make(world):
        world.kind.target_error, world.kind.champion = 0.05, "v1"
        world.kind.save()
        answered(world.kind, *model(np.random.default_rng(1), 60))
        automation.work_out(world.kind.pk)
        if on:
            automation.switch_on(world.kind, by="lea")
        answered(world.kind, *model(np.random.default_rng(2), 60))
        return ["receipts"], {}

    return make


def versions(world):
    old, new = make_version(world.kind, state="champion"), make_version(world.kind, state="challenger")
    type(world.kind).objects.filter(pk=world.kind.pk).update(champion=old.name)
    return new, {"champion": old.name, "why": "it reads our phone bills better"}


def to_promote(world):
    new, sent = versions(world)
    return ["receipts", new.number], sent


def to_promote_by_name(world):
    new, sent = versions(world)
    return [new.name], sent


def to_roll_back(world):
    for _ in range(2):
        new = make_version(world.kind, state="challenger")
        promotion.promote(new, by="lea", reason="better")
    return ["receipts"], {"champion": new.name, "document_type": "receipts"}


def live_run(world):
    run = Run.objects.create(document_type=world.kind, state="running")
    return [run.pk], {}


def link_of(world):
    world.client.logout()
    first = world.client.get(people.password_link(world.ann))
    return [first["Location"]], {
        "new_password1": "a-long-new-password",
        "new_password2": "a-long-new-password",
    }


def endpoint(action=""):
    def make(world):
        made = notifications.add_endpoint(LINK["url"], LINK["events"], by="lea")
        if action == "on":
            notifications.switch(made, on=False)
        return [made.pk], {"action": action}

    return make


def delivery(world):
    arguments, _ = endpoint()(world)
    return [*arguments, notifications.ping(notifications.WebhookEndpoint.objects.get()).pk], {}


def source(action="", **body):
    def make(world):
        made = make_source()
        world.source = made
        (world.tmp_path / "scans").mkdir()
        path = str(world.tmp_path / "scans")
        form = {"path": path, "after": "leave", "settings": {"kind": "folder", "path": path}}
        return [made.pk], form | {"action": action} | body

    return make


def new_source(world):
    return [], source(name="scans")(world)[1]


def letter(action="again"):
    def make(world):
        arguments, sent = source(action)(world)
        return [*arguments, world.source.arrivals.get().pk], sent

    return make


def token(world):
    ApiToken.issue(world.ada, "notebook")
    return [ApiToken.objects.get().pk], {}


def failed_job(world):
    return [Job.objects.create(task="annotation.read_document", subject=1, state="failed").pk], {}


def file(world):
    return [], {"type": "receipts", "document_type": "receipts", world.files: make_file(world.tmp_path)}


def make_file(folder):
    return SimpleUploadedFile("a.pdf", make_pdf(folder / "a.pdf").read_bytes(), "application/pdf")


def an_import(world):
    sent = {"labels": SimpleUploadedFile("a.json", b"[]"), "pictures": SimpleUploadedFile("a.zip", b"PK")}
    return [], {"type": "receipts", "document_type": "receipts"} | sent


def sends(arguments, sent):
    return lambda world: (arguments, sent)


def about(name):
    return lambda world: ([getattr(world, name).pk], {})


NEW_TYPE = "{name: memos, title: Memos, fields: [{name: total}]}"
OTHER_TYPE = "{title: Till receipts}"

PAGES_THAT_ACT = {
    "new-person": Act(("made account",), sends([], PERSON | {"email": "bea@example.org"})),
    "person": Act(("changed account",), lambda world: ([world.ann.pk], PERSON | {"role": "2"})),
    "person-door": Act(("changed account",), about("ann")),
    "person-link": Act(("made a password link",), about("ann")),
    "set-password": Act(("set a password",), link_of),
    "new-type": Act(("made a document type",), sends([], {"yaml": NEW_TYPE})),
    "edit-type": Act(("changed a document type",), sends(["receipts"], {"yaml": OTHER_TYPE})),
    "dismiss-suspect": Act(("dismissed a doubt",), doubted),
    "ask-other": Act(("asked for a second opinion",), doubted),
    "automation-targets": Act(("set targets",), sends(["receipts"], {"all_fields": "1.5"})),
    "automation-on": Act(("switched on",), targeted()),
    "automation-off": Act(("switched off",), targeted(on=True)),
    "automation-again": Act(("worked out thresholds",), targeted()),
    "close-alarm": Act(("closed a drift alarm",), alarmed),
    "promote": Act(("retired", "made champion"), to_promote),
    "stop-trial": Act(("retired",), on_trial),
    "retrain": Act(("asked for a training",), sends(["receipts"], {})),
    "roll-back": Act(("retired", "made champion"), to_roll_back),
    "stop": Act(("stopped a training",), lambda world: (live_run(world) and ["receipts"], {})),
    "read-again": Act(("asked for another reading",), with_document("unreadable")),
    "extract-again": Act(("asked for an extraction",), with_document()),
    "send-to-queue": Act(("sent to the queue",), with_document()),
    "erase-document": Act(("erased",), to_erase),
    "move-document": Act(("moved to another type",), to_move),
    "type-of-kind": Act(("made a document type", "moved to another type"), new_kind),
    "upload": Act(("received",), file),
    "new-source": Act(("made a source",), new_source),
    "edit-source": Act(("changed a source",), source()),
    "source-act": Act(("switched off a source",), source("off")),
    "look-at-source": Act(("had Docloop look at a source",), source()),
    "source-letters": Act(("tried dead letters again of a source",), source()),
    "source-letter": Act(("set a dead letter aside of a source",), letter("aside")),
    "import-labels": Act(("imported labels",), an_import),
    "tokens": Act(("made a token",), sends([], {"note": "notebook", "most": "0"})),
    "revoke-token": Act(("revoked a token",), token),
    "webhooks": Act(("added a webhook",), sends([], LINK)),
    "webhook-act": Act(("tested a webhook",), endpoint("test")),
    "webhook-send-again": Act(("sent a message again to a webhook",), delivery),
    "try-again": Act(("tried a job again",), failed_job),
    "ask-doctor": Act(("asked the doctor",), sends([], {})),
}
CALLS_THAT_ACT = {
    "documents.send": PAGES_THAT_ACT["upload"],
    "documents.read_again": PAGES_THAT_ACT["read-again"],
    "documents.extract_again": PAGES_THAT_ACT["extract-again"],
    "documents.send_to_queue": PAGES_THAT_ACT["send-to-queue"],
    "documents.move": PAGES_THAT_ACT["move-document"],
    "documents.erase": PAGES_THAT_ACT["erase-document"],
    "document_types.create": Act(("made a document type",), sends([], NEW_TYPE)),
    "document_types.change": Act(("changed a document type",), sends(["receipts"], OTHER_TYPE)),
    "automation.switch_on": PAGES_THAT_ACT["automation-on"],
    "automation.switch_off": PAGES_THAT_ACT["automation-off"],
    "automation.work_out_again": PAGES_THAT_ACT["automation-again"],
    "drift.close": PAGES_THAT_ACT["close-alarm"],
    "label_quality.dismiss_suspect": PAGES_THAT_ACT["dismiss-suspect"],
    "label_quality.ask_about_suspect": PAGES_THAT_ACT["ask-other"],
    "imports.begin": PAGES_THAT_ACT["import-labels"],
    "sources.add_source": PAGES_THAT_ACT["new-source"],
    "sources.change_source": PAGES_THAT_ACT["edit-source"],
    "sources.delete_source": Act(("deleted a source",), source()),
    "sources.switch_source_on": Act(("switched on a source",), source()),
    "sources.switch_source_off": PAGES_THAT_ACT["source-act"],
    "sources.look_at_source": PAGES_THAT_ACT["look-at-source"],
    "sources.try_arrivals_again": PAGES_THAT_ACT["source-letters"],
    "sources.try_arrival_again": Act(("tried dead letters again of a source",), letter()),
    "sources.set_arrival_aside": PAGES_THAT_ACT["source-letter"],
    "runs.start": Act(("asked for a training",), sends([], {"document_type": "receipts"})),
    "runs.stop": Act(("stopped a training",), live_run),
    "versions.roll_back": Act(("retired", "made champion"), lambda world: ([], to_roll_back(world)[1])),
    "versions.promote": Act(("retired", "made champion"), to_promote_by_name),
    "trials.stop": PAGES_THAT_ACT["stop-trial"],
    "people.add_person": Act(("made account",), sends([], {"email": "bea@example.org"})),
    "people.change_person": Act(("changed account",), lambda world: ([world.ann.pk], {"role": "lead"})),
    "people.new_password_link": PAGES_THAT_ACT["person-link"],
    "webhooks.add_webhook": PAGES_THAT_ACT["webhooks"],
    "webhooks.delete_webhook": Act(("deleted a webhook",), endpoint()),
    "webhooks.switch_webhook_on": Act(("switched on a webhook",), endpoint("on")),
    "webhooks.switch_webhook_off": Act(("switched off a webhook",), endpoint()),
    "webhooks.test_webhook": Act(("tested a webhook",), endpoint()),
    "webhooks.send_delivery_again": PAGES_THAT_ACT["webhook-send-again"],
    "system.ask_doctor": PAGES_THAT_ACT["ask-doctor"],
    "system.try_again": PAGES_THAT_ACT["try-again"],
    # takes documents out of the house
    "document_types.export": Act(("exported",), sends(["receipts", "jsonl"], {})),
}


def called(operation):
    return f"{operation.view_func.__module__.rpartition('.')[2]}.{operation.view_func.__name__}"


@pytest.fixture
def world(client, ada, ann, tmp_path, settings, monkeypatch):
    """Ada, who may do everything, and a type to do it to; nothing goes over the network, nothing into another store."""
    settings.STORAGES = settings.STORAGES | {
        "default": settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path / "store"}}
    }
    settings.CONFIG = settings.CONFIG.model_copy(update={"source_roots": str(tmp_path)})
    monkeypatch.setattr("learner.snapshots.plan", lambda document_type: None)
    monkeypatch.setattr("webapp.services.check", list)
    client.force_login(ada)
    kind = make_type(name="receipts", extractor="rules")
    return SimpleNamespace(client=client, ada=ada, ann=ann, kind=kind, tmp_path=tmp_path, files="files")


def test_every_page_that_takes_a_post_is_declared(world, monkeypatch):
    takes = set()
    for pattern in PAGES:
        arguments = {key: "receipts" if key == "name" else 1 for key in pattern.pattern.converters}
        if world.client.post(reverse(pattern.name, kwargs=arguments)).status_code != 405:
            takes.add(pattern.name)
        world.client.force_login(world.ada)
    assert takes == PAGES_THAT_ACT.keys() | NOTHING.keys()
    assert EVERY


def test_every_call_of_the_api_that_is_no_get_is_declared():
    acting = {called(each) for each in OPERATIONS if each.methods != ["GET"]}
    assert acting == CALLS_THAT_ACT.keys() - {"document_types.export"}


def written(act, before):
    entries = TrailEntry.objects.filter(pk__gt=before).order_by("pk")
    assert tuple(each.action for each in entries) == act.writes
    assert all(each.subject for each in entries)
    return entries


def newest():
    return TrailEntry.objects.values_list("pk", flat=True).last() or 0


@pytest.mark.parametrize("name", PAGES_THAT_ACT)
def test_a_page_writes_what_was_done_and_by_whom_once(name, world):
    act = PAGES_THAT_ACT[name]
    arguments, sent = act.request(world)
    before = newest()
    address = arguments[0] if name == "set-password" else reverse(name, args=arguments)
    assert world.client.post(address, sent).status_code < 400
    by = "ann" if name == "set-password" else "ada"
    assert {entry.by for entry in written(act, before)} == {by}
    refused = newest()
    world.client.get(address)
    assert newest() == refused  # who only looks writes nothing


@pytest.mark.parametrize("name", CALLS_THAT_ACT)
def test_a_call_of_the_api_writes_what_was_done_and_by_whom_once(name, world):
    act, world.files = CALLS_THAT_ACT[name], "file"
    arguments, sent = act.request(world)
    [(path, operation)] = [
        (f"/api{prefix}{path}", each)
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for each in view.operations
        if called(each) == name
    ]
    for argument in arguments:
        path = path[: path.index("{")] + str(argument) + path[path.index("}") + 1 :]
    token = ApiToken.issue(world.ada, "program")
    before = newest()
    answer = send(Client(), operation.methods[0], path, sent, {"Authorization": f"Bearer {token}"})
    assert answer.status_code < 400, answer.content
    assert {entry.by for entry in written(act, before)} == {"ada"}


def send(client, method, path, sent, headers):
    if isinstance(sent, str):
        return client.generic(method, path, sent, "application/yaml", headers=headers)
    if any(isinstance(each, SimpleUploadedFile) for each in sent.values()):
        return client.post(path, sent, headers=headers)
    return client.generic(method, path, json.dumps(sent), "application/json", headers=headers)


def test_what_is_refused_writes_nothing(world):
    before = newest()
    for name, sent in (
        ("new-type", {"yaml": "{name: receipts, fields: [{name: total}]}"}),
        ("edit-type", {"yaml": "{fields: []}"}),
    ):
        world.client.post(reverse(name, args=["receipts"] if name == "edit-type" else []), sent)
    world.client.post(reverse("erase-document", args=with_document()(world)[0]), {"filename": "another"})
    person("mallory", None)
    stranger = Client()
    stranger.force_login(User.objects.get(username="mallory"))
    for name in ("try-again", "person-link"):
        stranger.post(reverse(name, args=[1]))
    assert newest() == before
    assert not default_storage.exists("files")
