"""The endpoint that Label Studio calls. Bodies have the form of real deliveries (Label Studio 1.23.2), shortened."""

import json
import random
import re

import pytest
from django.db import OperationalError
from django.test import Client
from pydantic import SecretStr

from annotation import inbox, webhooks
from annotation.models import Correction, CurrentAnnotation, DirtyTask, Document, Job, LabelTask, Move
from tests.annotation.stand_in import install, result
from tests.factories import make_document, make_type

pytestmark = [pytest.mark.django_db, pytest.mark.urls("annotation.urls")]

ROOT = "only-for-tests-webhook-secret-0123456789"
SECRET = webhooks.secrets("invoices")[0]
TEXT = "Muster GmbH, IBAN DE02"


@pytest.fixture
def invoices():
    return make_type(name="invoices")


@pytest.fixture
def notify(invoices):
    """Deliver a body as Label Studio does; a string or bytes go as they are."""
    label_studio = Client(enforce_csrf_checks=True)

    def deliver(body, secret=SECRET, name="invoices", **more):
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        headers = {} if secret is None else {"X-Docloop-Secret": secret}
        return label_studio.post(
            f"/hooks/label-studio/{name}/", raw, content_type="application/json", headers=headers, **more
        )

    return deliver


def annotation_event(action, task_id=3024, annotation_id=1026):
    return {
        "action": action,
        "annotation": {"id": annotation_id, "task": task_id, "result": [{"value": {"text": [TEXT]}}]},
        "task": {"id": task_id, "data": {"doc_id": "D21", "text": TEXT}},
        "project": {"id": 4, "token": "invite"},
    }


def dirty():
    return dict(DirtyTask.objects.values_list("task_id", "seq"))


@pytest.mark.parametrize("action", ["ANNOTATION_CREATED", "ANNOTATION_UPDATED"])
def test_a_notice_marks_its_task_and_wakes_a_worker(notify, rung, action):
    assert notify(annotation_event(action)).status_code == 202
    assert dirty() == {3024: 1}
    assert rung.all() == {("annotation.collect_task", 3024)}
    assert DirtyTask.objects.get().noticed_by == "webhook"


def test_the_same_notice_twice_is_counted_twice(notify):
    for _ in range(2):
        notify(annotation_event("ANNOTATION_CREATED"))
    assert dirty() == {3024: 2}


def test_a_notice_of_several_annotations_has_lists(notify):
    event = annotation_event("ANNOTATIONS_CREATED")
    event |= {"annotation": [event["annotation"]] * 2, "task": [{"id": 1}, {"id": 2}]}
    notify(event)
    assert dirty() == {1: 1, 2: 1}


def test_deleted_tasks_are_marked(notify):
    notify({"action": "TASKS_DELETED", "tasks": [{"id": 3}, {"id": 4}], "project": {}})
    assert dirty() == {3: 1, 4: 1}


def test_a_deleted_annotation_is_known_by_its_id_alone(notify, monkeypatch, invoices):
    studio = install(monkeypatch)
    document = make_document(invoices)
    task_id = studio.push(document)
    annotation_id = studio.submit(task_id, result(document, {"total": "12.90"}))
    inbox.mark_dirty([task_id], noticed_by="webhook")
    inbox.collect_task(task_id)
    notify({"action": "ANNOTATIONS_DELETED", "annotations": [{"id": annotation_id}], "project": {}})
    assert dirty() == {task_id: 1}


def test_a_deleted_annotation_that_was_never_seen_has_the_project_swept(notify, rung, invoices):
    notify({"action": "ANNOTATIONS_DELETED", "annotations": [{"id": 99}], "project": {}})
    assert rung.all() == {("annotation.sweep_project", invoices.pk)}


@pytest.mark.parametrize("action", ["PROJECT_UPDATED", "TASKS_CREATED", "LABEL_LINK_CREATED"])
def test_what_changes_no_annotation_marks_nothing(notify, action, rung):
    assert notify({"action": action, "tasks": [{"id": 1}], "project": {}}).status_code == 202
    assert not dirty() and not rung.all()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        b"\xff\xfe\x00",
        "[" * 100_000,
        "[]",
        "null",
        "{}",
        '{"action": 5}',
        '{"action": "ANNOTATION_CREATED"}',
        '{"action": "ANNOTATION_CREATED", "task": []}',
        '{"action": "ANNOTATION_CREATED", "task": "7"}',
        '{"action": "ANNOTATION_CREATED", "task": {"id": "7"}}',
        '{"action": "ANNOTATION_CREATED", "task": {"id": true}}',
        '{"action": "ANNOTATION_CREATED", "task": {"id": -1}}',
        '{"action": "ANNOTATION_CREATED", "task": {"id": 2147483648}}',
        '{"action": "ANNOTATION_CREATED", "task": [{"id": 7}, null]}',
        '{"action": "TASKS_DELETED", "tasks": {}}',
        '{"action": "ANNOTATIONS_DELETED"}',
        json.dumps({"action": "TASKS_DELETED", "tasks": [{"id": n} for n in range(1, 502)]}),
        json.dumps(annotation_event("ANNOTATION_CREATED") | {"filler": "x" * (1 << 20)}),
        json.dumps(annotation_event("ANNOTATION_CREATED") | {"filler": "x" * (10 << 20)}),
        json.dumps(annotation_event("ANNOTATION_CREATED")) + " " * (1 << 20),
    ],
    ids=lambda body: repr(body)[-60:],
)
def test_what_is_not_understood_has_the_project_swept(notify, body, rung, invoices):
    """Label Studio never sends again, so whoever knows the secret is not refused."""
    assert notify(body).status_code == 202
    assert rung.all() == {("annotation.sweep_project", invoices.pk)}
    assert not dirty()


def test_the_largest_body_that_is_read_is_read(notify):
    event = annotation_event("ANNOTATION_CREATED") | {"filler": ""}
    event["filler"] = "x" * (webhooks.LONGEST_BODY - len(json.dumps(event)))
    assert len(json.dumps(event)) == webhooks.LONGEST_BODY
    notify(event)
    assert dirty() == {3024: 1}


@pytest.mark.parametrize(
    "secret",
    [
        None,
        "",
        "wrong",
        ROOT,
        SECRET[:-1],
        SECRET + "x",
        "sécret",
        SECRET.upper(),
        webhooks.secrets("receipts")[0],
    ],
    ids=[
        "none",
        "empty",
        "wrong",
        "the root",
        "shorter",
        "longer",
        "not ASCII",
        "capitals",
        "another project's",
    ],
)
@pytest.mark.parametrize(
    "body",
    [annotation_event("ANNOTATION_CREATED"), "{", "x" * (2 << 20)],
    ids=["well-formed", "broken", "too long"],
)
def test_a_forged_notice_changes_nothing(notify, secret, body):
    assert notify(body, secret=secret).status_code == 403
    assert not DirtyTask.objects.exists() and not Job.objects.exists()
    assert not CurrentAnnotation.objects.exists()


def test_a_stranger_does_not_learn_which_types_there_are(notify):
    assert notify("{}", secret="wrong", name="invoices").status_code == 403
    assert notify("{}", secret="wrong", name="nothing").status_code == 403


def test_a_type_that_there_is_not_is_not_found(notify):
    assert notify("{}", secret=webhooks.secrets("nothing")[0], name="nothing").status_code == 404


def test_looking_is_no_notice(client, invoices):
    assert client.get("/hooks/label-studio/invoices/").status_code == 405


class TestSecrets:
    @pytest.fixture
    def stored(self, settings):
        def store(secret):
            settings.CONFIG = settings.CONFIG.model_copy(update={"webhook_secret": SecretStr(secret)})

        return store

    def test_while_it_is_changed_two_are_valid_and_the_newer_is_sent(self, stored, notify):
        old, new = "o" * 32, "n" * 32
        stored(old)
        [before] = webhooks.secrets("invoices")
        stored(f"{new}, {old}")
        after, still = webhooks.secrets("invoices")
        assert still == before != after
        for secret in (before, after):
            assert notify(annotation_event("ANNOTATION_CREATED"), secret=secret).status_code == 202
        stored(new)
        assert notify(annotation_event("ANNOTATION_CREATED"), secret=before).status_code == 403
        assert notify(annotation_event("ANNOTATION_CREATED"), secret=after).status_code == 202

    def test_each_project_has_its_own(self, invoices, notify):
        make_type(name="receipts")
        [invoices], [receipts] = webhooks.secrets("invoices"), webhooks.secrets("receipts")
        assert invoices != receipts
        for secret, name, status in (
            (receipts, "receipts", 202),
            (receipts, "invoices", 403),
            (invoices, "receipts", 403),
        ):
            event = annotation_event("ANNOTATION_CREATED")
            assert notify(event, secret=secret, name=name).status_code == status

    @pytest.mark.parametrize("short", ["", ",", " , ", "x" * 31])
    def test_without_a_long_secret_nobody_is_let_in(self, stored, notify, short):
        stored(short)
        for sent in (short, "", None):
            assert notify(annotation_event("ANNOTATION_CREATED"), secret=sent).status_code == 403


def test_the_address_is_the_one_that_answers(invoices, settings):
    url = webhooks.address(invoices)
    assert url == f"{settings.CONFIG.url}/hooks/label-studio/invoices/"


def test_no_text_of_a_body_and_no_secret_is_logged(notify, caplog):
    """By anybody: Django's own loggers and the database's statements among them."""
    caplog.set_level("DEBUG")
    notify(annotation_event("ANNOTATION_CREATED"))
    notify(annotation_event(TEXT))
    notify(json.dumps(annotation_event("ANNOTATION_CREATED"))[:-5])
    notify(json.dumps(annotation_event("ANNOTATION_CREATED")) + " " * (10 << 20))
    notify(annotation_event("ANNOTATION_CREATED"), secret="wrong-but-perhaps-nearly-right")
    notify(annotation_event("ANNOTATION_CREATED"), secret=webhooks.secrets("nothing")[0], name="nothing")
    assert not re.search(rf"Muster|invite|DE02|nearly-right|{ROOT}|{SECRET}", caplog.text)
    assert "it is no JSON" in caplog.text


def test_a_thousand_captured_notices_sent_again_change_nothing(notify, monkeypatch, invoices):
    """Each of 25 documents was answered, corrected, or had its answer deleted; then all notices come once more."""
    studio = install(monkeypatch)
    captured = []

    def collect():
        for task in list(DirtyTask.objects.values_list("task_id", flat=True)):
            inbox.collect_task(task)

    def happened(event):
        captured.append(event)
        notify(event)
        collect()

    def stand():
        tables = (Correction, CurrentAnnotation, Document, LabelTask, Move)
        return [list(table.objects.order_by("pk").values()) for table in tables]

    for number in range(25):
        document = make_document(invoices)
        task = studio.push(document)
        annotation = studio.submit(task, result(document, {"total": "12.90"}))
        happened(annotation_event("ANNOTATION_CREATED", task, annotation))
        if number % 2:
            studio.edit(task, annotation, result=result(document, {"date": "01/02/2024"}))
            happened(annotation_event("ANNOTATION_UPDATED", task, annotation))
        if number % 5 == 0:
            studio.delete(task, annotation)
            happened({"action": "ANNOTATIONS_DELETED", "annotations": [{"id": annotation}]})
    before = stand()
    assert len(before[0]) == 25 + 12  # every answer and every change of one is kept
    sent = 0
    rng = random.Random(9)
    while sent < 1000:
        rng.shuffle(captured)
        for event in captured:
            assert notify(event).status_code == 202
            sent += 1
        if sent < 200:
            collect()
    collect()
    assert not DirtyTask.objects.exists()
    assert stand() == before


def test_a_notice_that_cannot_be_written_down_is_503_and_quotes_nothing(notify, monkeypatch, caplog):
    def gone(*_, **__):
        raise OperationalError("could not write the row of D21")

    monkeypatch.setattr(inbox, "mark_dirty", gone)
    assert notify(annotation_event("ANNOTATION_CREATED")).status_code == 503
    assert "is lost (OperationalError)" in caplog.text
    assert "D21" not in caplog.text
