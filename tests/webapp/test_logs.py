"""Lines of the log: what they say of the work, and what must never stand in them."""

import io
import json
import logging
import logging.config
from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from annotation import doorbell, inbox, jobs, label_studio, log_context, webhooks
from annotation.models import Document, Job, LabelTask
from annotation.task_views import AnnotationView, LabelTaskView
from models.errors import ReadingFailed
from tests.annotation.queue_stand_in import stand_in
from tests.annotation.stand_in import result
from tests.factories import make_document, make_pdf, make_type
from webapp import logs, people
from webapp.celery import app
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db

CANARY = "Kanarienvogel-4711"  # a word of a document
SECRET = "hush-nobody-shall-know-2718281828"


@pytest.fixture
def lines():
    """What a process writes that was told to write all it can."""
    written = io.StringIO()
    config = logs.settings("DEBUG")
    config["handlers"]["console"]["stream"] = written
    logging.config.dictConfig(config)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.config.dictConfig(django_settings.LOGGING)


def clean(lines) -> list[dict]:
    """All lines, once it is sure that none tells what it must not."""
    found = lines()
    text = json.dumps(found, ensure_ascii=False)
    assert CANARY not in text
    assert SECRET not in text
    return found


def choke() -> None:
    """As a database does, which quotes the value that it can't take."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", [CANARY])


@pytest.fixture(autouse=True)
def tasks(monkeypatch):
    """They are known, and close no connection in which a test has its transaction."""
    app.loader.import_default_modules()
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)


def work_off() -> None:
    """Every job that waits, as a worker does it."""
    done = Q(task__startswith="annotation.") | Q(task="learner.rank_pool")
    while job := Job.objects.filter(done, state="waiting").order_by("pk").first():
        app.tasks[job.task](job.pk)
        assert Job.objects.get(pk=job.pk).state == "done", Job.objects.get(pk=job.pk).problem


def test_a_line_is_json_with_what_the_work_is_about(lines):
    with log_context.about(trace="t1", document=7):
        log_context.note(run=3)
        logging.getLogger("annotation.reading").info("read %d pages", 2)
    logging.getLogger("annotation.reading").info("outside")
    inside, outside = lines()
    assert inside | {"at": 0} == {
        "at": 0, "level": "INFO", "logger": "annotation.reading", "message": "read 2 pages",
        "trace": "t1", "document": 7, "run": 3,
    }  # fmt: skip
    assert datetime.fromisoformat(inside["at"]).tzinfo == UTC
    assert "document" not in outside


def test_of_an_exception_kind_and_places_are_told_and_no_word_of_it(lines):
    try:
        try:
            choke()
        except DatabaseError as problem:
            raise ValueError(f"no number: {CANARY}") from problem
    except ValueError as problem:
        logging.getLogger("annotation.reading").exception("failed")
        logging.getLogger("annotation.reading").warning("failed: %s", problem)
        logging.getLogger("somebody.elses").exception("failed: %s", str(problem))
    mine, told, theirs = clean(lines)
    assert [each["kind"] for each in mine["error"]][0] == "builtins.ValueError"
    assert "DataError" in mine["error"][1]["kind"]
    assert any(place.startswith("tests/webapp/test_logs.py:") for place in mine["error"][0]["places"])
    assert told["message"] == "failed: ValueError"
    assert theirs["message"] == "failed: %s"


@pytest.mark.parametrize("name", ["django.db.backends", "httpcore.http11", "httpx", "urllib3.connectionpool"])
def test_what_libraries_say_while_they_are_at_it_is_not_written(lines, name):
    logging.getLogger(name).debug("sent Authorization: Bearer %s", SECRET)
    choked = logging.getLogger("anybody")
    choked.debug("read %s", CANARY)
    assert clean(lines) == []


class TestRequests:
    @pytest.fixture
    def program(self, lea):
        token = ApiToken.issue(lea)
        client = Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)
        client.token = token
        return client

    def test_an_unexpected_error_of_the_api_says_where_and_not_what(self, lines, program, monkeypatch):
        monkeypatch.setattr("webapp.api.system.failures.failed", choke)
        answer = program.get("/api/health")
        assert answer.status_code == 500
        assert CANARY not in answer.content.decode()
        [line] = [each for each in clean(lines) if each["level"] == "ERROR"]
        assert (line["method"], line["route"], line["status"]) == ("GET", "api/health", 500)
        assert line["trace"] == answer[logs.HEADER]
        assert "DataError" in line["error"][0]["kind"]
        assert program.token not in json.dumps(lines())

    def test_so_does_one_of_a_page(self, lines, client, lea, monkeypatch):
        client.force_login(lea)
        client.raise_request_exception = False
        monkeypatch.setattr("webapp.services.check", choke)
        assert client.get(reverse("services"), {"q": CANARY}).status_code == 500
        [line] = [each for each in clean(lines) if each["level"] == "ERROR"]
        assert (line["message"], line["route"]) == ("Internal Server Error", "health/services/")
        assert "DataError" in line["error"][0]["kind"]

    def test_a_request_that_was_wrong_is_not_quoted(self, lines, program, lea):
        for path, body in (
            ("/api/people", {"email": CANARY, "role": CANARY}),
            ("/api/document-types", {"name": CANARY, "fields": [{"name": CANARY, "kind": CANARY}]}),
            ("/api/runs", {"document_type": CANARY}),
            ("/api/runs", f'{{"document_type": "{CANARY}'),
        ):
            assert program.post(path, body, content_type="application/json").status_code in {400, 404, 422}
        assert program.get("/api/documents", {"search": CANARY, "limit": CANARY}).status_code == 422
        answer = program.get(f"/api/versions/{CANARY}")
        assert answer.status_code == 404
        assert clean(lines)[-1]["trace"] == answer[logs.HEADER]

    def test_paths_that_are_keys_are_not_written(self, lines, client, lea):
        for path in (
            f"/task-pages/{SECRET}/pages/1/0.jpg",
            f"/set-password/MQ/{SECRET}/",
            f"/nowhere/{SECRET}",
            f"/api/nowhere/{SECRET}",
        ):
            client.get(path, headers={"Origin": "http://127.0.0.1:8080"})
        link = people.password_link(lea)
        client.get(link, headers={"Host": "nobody.example"})
        assert {each["status"] for each in clean(lines)} >= {404}
        assert link.split("/")[-2] not in json.dumps(lines())

    def test_passwords_and_tokens_are_not_written(self, lines, client, lea):
        client.post(reverse("sign-in"), {"username": "lea", "password": SECRET})
        client.post(reverse("sign-in"), {"username": SECRET, "password": SECRET})
        client.get("/api/status", headers={"Authorization": f"Bearer {SECRET}"})
        client.post(
            "/hooks/label-studio/receipts/", "{}", "application/json", headers={webhooks.HEADER: SECRET}
        )
        clean(lines)


class TestDocuments:
    def test_an_upload_and_a_reading_that_fails_tell_no_word(self, lines, client, lea, tmp_path, monkeypatch):
        make_type(name="receipts", extractor="rules")
        program = Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})
        broken = b"%PDF-1.4\n" + CANARY.encode() * 50
        sent = [
            SimpleUploadedFile(f"{CANARY}.pdf", broken),
            SimpleUploadedFile(f"{CANARY}.txt", CANARY.encode()),
            SimpleUploadedFile(f"{CANARY}.pdf", make_pdf(tmp_path / "a.pdf", CANARY).read_bytes()),
        ]
        for file in sent:
            program.post("/api/documents", {"document_type": "receipts", "file": file})
        client.force_login(lea)
        document_type = Document.objects.get().document_type_id
        client.post(reverse("upload"), {"document_type": document_type, "files": sent})

        def quotes(document_id):
            raise ReadingFailed(f"the page says {CANARY}", permanent=True)

        def chokes(document_id):
            choke()

        for fails in (quotes, chokes):
            job = Job.objects.create(task="annotation.read_document", subject=1000 + Job.objects.count())
            jobs.run(job.pk, fails, about="document")
        found = clean(lines)
        messages = [each["message"] for each in found]
        assert "received" in messages and "failed unexpectedly" in messages
        assert "failed: ReadingFailed" in messages

    def test_what_label_studio_sends_is_told_by_ids_alone(self, lines, monkeypatch):
        kind = make_type(name="receipts")
        secret = webhooks.secrets("receipts")[0]
        body = {"action": "ANNOTATION_CREATED", "task": {"id": 3, "data": {"text": CANARY}}, "x": SECRET}
        for each in (body, body | {"action": CANARY}, CANARY):
            Client().post(
                f"/hooks/label-studio/{kind.name}/",
                each,
                "application/json",
                headers={webhooks.HEADER: secret},
            )
        found = clean(lines)
        assert secret not in json.dumps(found)
        [noticed] = [each for each in found if each.get("label_studio_tasks") == [3]]
        assert noticed["trace"]


def test_a_document_can_be_followed_round_the_loop(lines, lea, tmp_path, monkeypatch):
    """By its id through all of it, and by a trace from what came in to the last job that it called for."""
    studio = stand_in(monkeypatch)
    kind = make_type(name="receipts", extractor="rules", project_id=None)
    program = Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})
    doorbell.ring("document type changed", kind.pk)
    work_off()
    file = SimpleUploadedFile("a.pdf", make_pdf(tmp_path / "a.pdf").read_bytes())
    sent = program.post("/api/documents", {"document_type": "receipts", "file": file})
    document = Document.objects.get()
    work_off()
    task = LabelTask.objects.get()
    assert task.task_id in studio.tasks

    upload = [each for each in clean(lines) if each.get("trace") == sent[logs.HEADER]]
    assert [each["message"] for each in upload if each.get("document") == document.pk][:1] == ["received"]
    assert {each.get("task") for each in upload} >= {
        None, "annotation.read_document", "annotation.extract_document", "learner.rank_pool", "annotation.fill_queue",
    }  # fmt: skip
    [pushed] = [each for each in upload if each["message"] == "waits in Label Studio"]
    assert (pushed["document"], pushed["label_studio_task"]) == (document.pk, task.task_id)

    now = datetime.now(UTC)
    annotation = AnnotationView(
        id=5, result=result(document, {"total": "3.50"}), skipped=False, ground_truth=False,
        completed_by="ann@example.org", created_at=now, updated_at=now, lead_time=8.0, parent_prediction=None,
    )  # fmt: skip
    view = LabelTaskView(task.task_id, task.project_id, document.pk, now, (annotation,), False)
    monkeypatch.setattr(label_studio, "fetch_task", lambda _task_id: view)
    monkeypatch.setattr(label_studio, "service_account", lambda: "service@docloop.example")
    notice = Client().post(
        "/hooks/label-studio/receipts/",
        {"action": "ANNOTATION_CREATED", "task": {"id": task.task_id}},
        "application/json",
        headers={webhooks.HEADER: webhooks.secrets("receipts")[0]},
    )
    app.tasks["annotation.collect_task"](Job.objects.get(task="annotation.collect_task", state="waiting").pk)
    answer = [each for each in clean(lines) if each.get("trace") == notice[logs.HEADER]]
    assert [each["message"] for each in answer][:2] == [
        "Label Studio noticed a change",
        "recorded in the ledger",
    ]
    assert (answer[1]["document"], answer[1]["label_studio_task"]) == (document.pk, task.task_id)
    learn = Job.objects.get(task="learner.learn_from_correction")
    assert (learn.trace, learn.subject) == (notice[logs.HEADER], document.pk)


def test_what_is_rung_for_while_a_job_is_done_has_its_trace():
    job = Job.objects.create(task="learner.learn_from_correction", subject=1, trace="t1")
    jobs.run(job.pk, lambda _subject: doorbell.ring("training asked", 9))
    assert Job.objects.get(task="learner.train", subject=9).trace == "t1"
    assert log_context.trace() == ""


def test_every_task_says_what_its_subject_is(lines):
    document = make_document()
    job = Job.objects.create(task="annotation.extract_document", subject=document.pk)
    app.tasks[job.task](job.pk)
    [line] = [each for each in lines() if each.get("job") == job.pk and each["message"].startswith("done")]
    assert (line["document"], line["task"], line["attempt"]) == (
        document.pk,
        "annotation.extract_document",
        1,
    )


def test_an_answer_that_somebody_took_over_says_so_without_a_fault(lines):
    assert inbox.collect_task(1) is None
    assert clean(lines) == []
