"""Label Studio's calls of an ML backend: who is answered, with what, and that nothing else is ever told."""

from __future__ import annotations

import base64
import io
import json
import time

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from annotation import fill_in_ocr, fill_in_views
from annotation.models import LabelTask, Page, Recheck
from models import ocr
from models.errors import ReadingFailed
from models.extractors.base import Answer
from models.pages import Box, Word
from tests.factories import make_document, make_truth, make_type, place_of
from tests.journeys.annotator import drawn

pytestmark = pytest.mark.django_db

SIZE = (1000, 1400)


@pytest.fixture
def receipts():
    return make_type(name="receipt")


@pytest.fixture
def task(receipts):
    document = make_document(receipts)
    return LabelTask.objects.create(document=document, project_id=1, task_id=12, state="open")


@pytest.fixture(autouse=True)
def no_ocr(monkeypatch):
    """The spots that OCR was asked for; it finds nothing."""
    asked = []
    monkeypatch.setattr(fill_in_ocr, "text_at", lambda image, box: asked.append((image, box)) or "")
    return asked


def headers(user=fill_in_views.USER, password=None):
    known = f"{user}:{fill_in_views.secret() if password is None else password}"
    return {"Authorization": f"Basic {base64.b64encode(known.encode()).decode()}"}


def ask(client, call="predict", name="receipt", **body):
    return client.post(
        f"/hooks/label-studio/{name}/ml/{call}", body, content_type="application/json", headers=headers()
    )


def about(region, task_id=12):
    """What Label Studio's server sends when somebody has drawn `region`."""
    return {
        "tasks": [{"id": task_id, "data": {"doc_id": "999999"}, "drafts": [], "predictions": []}],
        "project": "1.1700000000",
        "label_config": "<View/>",
        "params": {"login": None, "password": None, "context": {"result": [region]}},
    }


def region(task, text="12.90", field="total", **more):
    place = place_of(task.document.word_pages[0], text)
    return drawn(Answer(field, "", place), SIZE)[0] | more


def texts(answer):
    (found,) = answer.json()["results"]
    return [item["value"]["text"] for item in found["result"] if item["type"] == "textarea"]


# what is answered


def test_a_drawn_box_is_answered_with_its_text(client, task):
    answer = ask(client, **about(region(task)))
    assert answer.status_code == 200
    assert texts(answer) == [["12.90"]]


def test_it_takes_few_queries(client, task, django_assert_max_num_queries):
    body = about(region(task))
    with django_assert_max_num_queries(2):
        ask(client, **body)


def test_the_document_is_the_tasks_whatever_the_task_says_of_itself(client, task):
    other = make_document(task.document.document_type, text="Total 99.99")
    body = about(region(task))
    body["tasks"][0]["data"]["doc_id"] = str(other.pk)
    assert texts(ask(client, **body)) == [["12.90"]]


def test_a_second_opinions_task_is_filled_in_too(client, receipts):
    document = make_document(receipts)
    first = make_truth(document)
    row = Recheck.objects.create(
        document=document, purpose="overlap", first=first, because="x", shown=[],
        project_id=1, task_id=13, state="open",
    )  # fmt: skip
    assert texts(ask(client, **about(region(row), task_id=13))) == [["12.90"]]


def test_where_no_word_lies_the_picture_is_read(client, task, monkeypatch, no_ocr):
    nothing = region(task) | {"value": {"x": 80.0, "y": 80.0, "width": 5.0, "height": 2.0, "rotation": 0,
                                        "rectanglelabels": ["company"]}}  # fmt: skip
    assert texts(ask(client, **about(nothing))) == []
    ((image, box),) = no_ocr
    assert image == f"pages/{task.document_id}/0.jpg"
    assert box.to_percent() == pytest.approx({"x": 80, "y": 80, "width": 5, "height": 2})
    monkeypatch.setattr(fill_in_ocr, "text_at", lambda image, box: "ACME")
    assert texts(ask(client, **about(nothing))) == [["ACME"]]


def test_where_words_lie_the_picture_is_left_alone(client, task, no_ocr):
    ask(client, **about(region(task)))
    assert no_ocr == []


@pytest.mark.parametrize("context", [None, {}, {"result": []}, {"result": "x"}, {"result": [7, None]}, "x"])
def test_it_makes_no_predictions_of_whole_tasks(client, task, context):
    body = about(region(task))
    body["params"]["context"] = context
    assert ask(client, **body).json() == {"results": []}


@pytest.mark.parametrize(
    "tasks", [[], None, [{}], [{"id": "12"}], [{"id": 0}], [{"id": 2**40}], [{"id": 4711}]]
)
def test_of_tasks_that_are_not_ours_nothing_is_said(client, task, tasks):
    body = about(region(task)) | {"tasks": tasks}
    assert ask(client, **body).json() == {"results": []}


def test_of_a_withdrawn_task_nothing_is_said(client, task):
    LabelTask.objects.update(state="withdrawn")
    assert ask(client, **about(region(task))).json() == {"results": []}


def test_of_another_types_documents_nothing_is_said(client, task):
    make_type(name="invoice")
    assert ask(client, name="invoice", **about(region(task))).json() == {"results": []}


def test_a_page_that_is_not_there_has_no_text(client, task, no_ocr):
    for number in (1, -1, 2**40):
        assert texts(ask(client, **about(region(task, item_index=number)))) == []
    assert no_ocr == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 10_000, b"[]", b"7", b'"x"', b'{"params": 7}', b"\xff"])
def test_nonsense_is_answered_with_nothing(client, raw):
    answer = client.post(
        "/hooks/label-studio/receipt/ml/predict", raw, content_type="application/json", headers=headers()
    )
    assert (answer.status_code, answer.json()) == (200, {"results": []})


def test_a_body_that_is_too_long_is_not_read(client, task, monkeypatch):
    monkeypatch.setattr(fill_in_views, "LONGEST_BODY", 100)
    assert ask(client, **about(region(task))).json() == {"results": []}


@pytest.mark.parametrize("call", ["health", "setup", "train", "webhook", "validate", "job_status"])
def test_whatever_else_label_studio_wants_it_is_told_that_we_are_there(client, call):
    answer = ask(client, call, action="START_TRAINING", access_token="secret")
    assert (answer.status_code, answer.json()) == (200, {"status": "UP", "model_version": "docloop"})
    assert client.get(f"/hooks/label-studio/x/ml/{call}", headers=headers()).status_code == 200


def test_it_has_one_version(client):
    answer = client.get("/hooks/label-studio/receipt/ml/versions", headers=headers())
    assert answer.json() == {"versions": ["docloop"]}


# who is answered


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Basic"},
        {"Authorization": "Basic ???"},
        {"Authorization": "Bearer x"},
        headers(password=""),
        headers(password="0" * 64),
        headers(password="ä"),
    ],
)
@pytest.mark.parametrize("call", ["predict", "health", "setup"])
def test_nobody_else_is_told_anything(client, task, sent, call):
    answer = client.post(
        f"/hooks/label-studio/receipt/ml/{call}",
        json.dumps(about(region(task))),
        content_type="application/json",
        headers=sent,
    )
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["WWW-Authenticate"].startswith("Basic")


def test_another_users_name_opens_nothing(client):
    assert client.get("/hooks/label-studio/x/ml/health", headers=headers(user="admin")).status_code == 401


def test_the_secret_is_not_the_webhooks_that_people_can_read_in_label_studio(settings):
    assert fill_in_views.secret() not in settings.CONFIG.webhook_secret.get_secret_value()
    before = fill_in_views.secret()
    settings.SECRET_KEY = "another-one-that-is-long-enough-to-sign-with"
    assert fill_in_views.secret() != before


def test_the_address_is_what_label_studio_reaches(settings, receipts):
    settings.CONFIG = settings.CONFIG.model_copy(update={"internal_url": "http://web:8000/"})
    assert fill_in_views.address(receipts) == "http://web:8000/hooks/label-studio/receipt/ml"


# a spot of a picture


SPOT = Box(0.1, 0.1, 0.3, 0.15)


class Engine:
    name = version = "test"

    def __init__(self, words=(), seconds=0.0, problem=None):
        self.words, self.seconds, self.problem = words, seconds, problem
        self.size = None

    def read(self, image):
        self.size = image.size
        time.sleep(self.seconds)
        if self.problem:
            raise self.problem
        return [Word(text, Box(0, 0, 1, 1)) for text in self.words]


@pytest.fixture
def spot(monkeypatch, task):
    """Reads a spot of a white page with an engine of the test's."""
    monkeypatch.undo()  # of `no_ocr`
    white = io.BytesIO()
    Image.new("L", SIZE, 255).save(white, "JPEG")
    name = default_storage.save(Page.objects.get().image, ContentFile(white.getvalue()))

    def read(engine, box=SPOT):
        monkeypatch.setattr(ocr, "engine", lambda *_, **__: engine)
        return fill_in_ocr.text_at(name, box)

    yield read
    default_storage.delete(name)


def test_a_spot_is_read_with_some_room_around_it(spot):
    engine = Engine(("ACME", "LTD"))
    assert spot(engine) == "ACME LTD"
    assert engine.size == (200 + 16, 70 + 16)
    spot(engine, Box(0, 0, 0.1, 0.05))
    assert engine.size == (100 + 8, 70 + 8)


def test_what_takes_too_long_is_left_to_the_person(spot, monkeypatch):
    monkeypatch.setattr(fill_in_ocr, "PATIENCE", 0.01)
    assert spot(Engine(("late",), seconds=0.3)) == ""


def test_a_large_spot_would_take_too_long(spot):
    engine = Engine(("never",))
    assert spot(engine, Box(0, 0, 1, 1)) == "" and engine.size is None
    assert spot(engine, Box(0.5, 0.5, 0.5, 0.6)) == ""


def test_an_engine_that_fails_leaves_it_to_the_person(spot, caplog):
    assert spot(Engine(problem=ReadingFailed("secret words", permanent=True))) == ""
    assert "ReadingFailed" in caplog.text and "secret" not in caplog.text


def test_a_picture_that_is_gone_leaves_it_to_the_person(spot):
    assert fill_in_ocr.text_at("pages/none.jpg", Box(0, 0, 0.1, 0.1)) == ""
