"""How many motions of the hand a document costs, at the real page of Label Studio with Docloop answering.

Motions are asserted here. Milliseconds, which slow machines break, are measured by `benchmarks.annotator`; here they only
must not be a wait for something that doesn't come.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from playwright.sync_api import Route

from annotation import inbox, label_studio, projects, queueing, sweep
from annotation.models import DirtyTask, Document, DocumentType, LabelTask
from models.packs import draw_page
from models.pages import Box
from tests.factories import make_document, make_extraction, make_type, place_of
from tests.journeys.conftest import PASSWORD, PEOPLE
from tests.journeys.hand import Hand, at_label_studio

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

PRINTED = "ACME LTD\nDate 01/02/2024\nTotal RM 12.90"
RIGHT = {"company": ("ACME LTD", 0.9), "date": ("01/02/2024", 0.8), "total": ("12.90", 0.7)}
WRONG = RIGHT | {"total": ("RM", 0.6)}  # where the label stands
MISSING = {"company": ("ACME LTD", 0.9), "date": ("01/02/2024", 0.5)}
HANGS = 20_000  # ms: many times the goals, so that no busy machine reaches it
NOTHING = Box(0.3, 0.5, 0.6, 0.53)  # of the page is printed here


@pytest.fixture
def hand(label_studio_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hand]:
    # Playwright runs an event loop in this thread, beside which Django would refuse to speak to the database
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with at_label_studio(label_studio_url, PEOPLE[0], PASSWORD) as found:
        yield found


@pytest.fixture
def kind(configured: Any) -> DocumentType:
    return make_type(project_id=None, champion="v1", queue_depth=9)


def queue(kind: DocumentType, *said: dict[str, tuple[str, float]]) -> list[Document]:
    """Documents of which the model says this, in the queue in this order, and in Docloop's project."""
    documents = []
    for number, values in enumerate(said):
        document = make_document(
            kind, PRINTED, priority=1, state="extracted", fingerprint=f"{number * 99991:016x}"
        )
        page = document.word_pages[0]
        picture = io.BytesIO()
        draw_page(page, scale=1).save(picture, "JPEG")
        default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(picture.getvalue()))
        extraction = make_extraction(document, values)
        extraction.score = 0.1 + 0.01 * number  # Label Studio hands the least sure out first
        extraction.save()
        documents.append(document)
    projects.sync_project(kind.pk)
    queueing.fill_queue(kind.pk)
    kind.refresh_from_db()
    assert LabelTask.objects.filter(document__document_type=kind, state="open").count() == len(said)
    return documents


def labelling(kind: DocumentType) -> str:
    return label_studio.labelling_url(kind.project_id or 0)


def recorded(document: Document) -> Document:
    """The document once its correction is in the ledger."""
    sweep.sweep_project(document.document_type_id)
    for task_id in DirtyTask.objects.values_list("task_id", flat=True):
        inbox.collect_task(task_id)
    document.refresh_from_db()
    assert document.truth is not None
    return document


def answers(document: Document) -> dict[str, str]:
    return {answer.field: answer.text for answer in recorded(document).truth.said}


def place(document: Document, text: str) -> Box:
    """A box as somebody draws it around a text: a little wider."""
    box = place_of(document.word_pages[0], text).box
    return Box(box.x0 - 0.01, box.y0 - 0.004, box.x1 + 0.01, box.y1 + 0.004)


# what a document costs


def test_a_document_that_is_right_costs_one_key(kind, hand):
    document, _ = queue(kind, RIGHT, RIGHT)
    hand.open(labelling(kind))
    assert hand.submit() < HANGS
    assert hand.motions == {"keys": 1, "clicks": 0, "drags": 0}
    assert answers(document) == {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
    assert set(document.truth.outcomes.values()) == {"accepted"}


def test_a_wrong_value_costs_a_click_and_its_text(kind, hand):
    document, _ = queue(kind, WRONG, RIGHT)
    hand.open(labelling(kind))
    hand.click(hand.text("RM"))
    hand.type("12.90")
    assert (hand.motions, hand.typed) == ({"keys": 0, "clicks": 1, "drags": 0}, ["12.90"])
    hand.submit()  # from within the text
    assert answers(document)["total"] == "12.90"
    assert document.truth.outcomes["total"] == "edited"


def test_a_missing_field_costs_a_key_and_a_drag(kind, hand):
    document, _ = queue(kind, MISSING, RIGHT)
    hand.open(labelling(kind))
    assert hand.draw_and_wait("total", place(document, "Total RM 12.90")) < HANGS
    assert hand.motions == {"keys": 1, "clicks": 0, "drags": 1} and not hand.typed
    assert sorted(hand.texts()) == ["01/02/2024", "12.90", "ACME LTD"]
    hand.submit()
    assert answers(document) == {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
    assert document.truth.outcomes == {"company": "accepted", "date": "accepted", "total": "added"}
    (total,) = [answer for answer in document.truth.said if answer.field == "total"]
    assert total.place.words == place_of(document.word_pages[0], "Total RM 12.90").words


def test_a_wrong_place_costs_a_drag_and_the_text_follows(kind, hand):
    document, _ = queue(kind, WRONG, RIGHT)
    there, where = (place_of(document.word_pages[0], text).box for text in ("12.90", "RM"))
    hand.open(labelling(kind))
    assert hand.move_and_wait(where, there, "12.90") < HANGS
    assert hand.motions == {"keys": 0, "clicks": 0, "drags": 1} and not hand.typed
    assert sorted(hand.texts()) == ["01/02/2024", "12.90", "ACME LTD"]
    hand.submit()
    assert answers(document) == {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
    assert document.truth.outcomes["total"] == "edited"
    (total,) = [answer for answer in document.truth.said if answer.field == "total"]
    assert total.place.words == place_of(document.word_pages[0], "12.90").words


def test_a_text_that_was_typed_stays_when_its_box_is_moved(kind, hand):
    document, _ = queue(kind, WRONG, RIGHT)
    there, where = (place_of(document.word_pages[0], text).box for text in ("12.90", "RM"))
    hand.open(labelling(kind))
    hand.click(hand.text("RM"))
    hand.type("13.90")
    hand.press("Enter")
    hand.move_and_wait(where, there, "13.90")
    hand.page.wait_for_timeout(500)
    assert sorted(hand.texts()) == ["01/02/2024", "13.90", "ACME LTD"]
    hand.submit()
    assert answers(document)["total"] == "13.90"


def test_three_documents_one_after_the_other(kind, hand):
    right, wrong, missing, _ = queue(kind, RIGHT, WRONG, MISSING, RIGHT)
    hand.open(labelling(kind))
    hand.submit()
    hand.click(hand.text("RM"))
    hand.type("12.90")
    hand.submit()
    hand.draw_and_wait("total", place(missing, "12.90"))
    hand.submit()
    assert hand.motions == {"keys": 4, "clicks": 1, "drags": 1}
    for document in (right, wrong, missing):
        assert answers(document)["total"] == "12.90"


# where nothing can be read, or nobody answers


def test_a_box_over_nothing_stays_and_its_text_can_be_typed(kind, hand):
    document, _ = queue(kind, MISSING, RIGHT)
    hand.open(labelling(kind))
    with hand.page.expect_response("**/interactive-annotating*"):
        hand.draw("total", NOTHING)
    hand.page.wait_for_function("!Htx.awaitingSuggestions")
    drawn = [each for each in hand.regions() if each["origin"] == "manual"]
    assert [each["type"] for each in drawn] == ["rectanglelabels"]
    hand.click(hand.page.get_by_test_id("textarea-region-input").last)
    hand.type("12.90")
    hand.press("Enter")
    hand.submit()
    assert answers(document)["total"] == "12.90"


def test_no_box_is_lost_while_docloop_does_not_answer(kind, hand):
    document, _ = queue(kind, {"company": ("ACME LTD", 0.9)}, RIGHT)
    hand.open(labelling(kind))
    hand.page.route("**/interactive-annotating*", lambda route: route.abort(), times=1)
    with hand.page.expect_event("requestfailed"):
        hand.draw("date", place(document, "01/02/2024"))
    hand.draw_and_wait("total", place(document, "12.90"))
    assert sorted(hand.texts()) == ["12.90", "ACME LTD"]
    hand.submit()
    # without a text, what lies under the box counts
    assert answers(document) == {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}


def test_no_box_is_lost_when_the_next_is_drawn_before_the_answer(kind, hand):
    document, _ = queue(kind, {"company": ("ACME LTD", 0.9)}, RIGHT)
    hand.open(labelling(kind))
    held: list[Route] = []
    hand.page.route("**/interactive-annotating*", lambda route: held.append(route), times=1)
    hand.draw("date", place(document, "01/02/2024"))
    with hand.page.expect_response("**/interactive-annotating*"):
        hand.draw("total", place(document, "12.90"))
    (first,) = held
    first.continue_()
    hand.page.wait_for_function("!Htx.awaitingSuggestions")
    hand.page.wait_for_function("document.querySelectorAll('input.lsf-textarea-tag__input').length >= 3")
    assert sorted(hand.texts()) == ["01/02/2024", "12.90", "ACME LTD"]
    hand.submit()
    assert answers(document) == {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}


# a Label Studio that is not run by Docloop


def test_without_docloops_script_each_browser_switches_it_on_once(kind, hand):
    document, _ = queue(kind, MISSING, RIGHT)
    hand.page.route("**/docloop/inject.js*", lambda route: route.abort())
    hand.page.evaluate("localStorage.clear()")  # of what it set while they signed in
    hand.open(labelling(kind))
    hand.click(hand.page.get_by_text("Auto-Annotation", exact=True))
    hand.click(hand.page.get_by_text("Auto-Accept Suggestions", exact=True))
    hand.click(hand.page.locator(".lsf-tool_smart").first)
    assert hand.clicks == 3
    hand.page.reload()
    hand.wait_for_task()
    hand.forget()
    hand.draw_and_wait("total", place(document, "12.90"))
    assert hand.motions == {"keys": 1, "clicks": 0, "drags": 1}
    assert "12.90" in hand.texts()
