"""What annotators see and do at Label Studio's real page: the doubtful first, absent, set aside, turned, asked again."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from annotation import inbox, label_studio, ledger, projects, queueing, sweep
from annotation.models import DirtyTask, Document, DocumentType, LabelTask, Recheck
from models.packs import draw_page
from models.pages import Box
from tests.factories import make_document, make_extraction, make_type, place_of
from tests.journeys.conftest import PASSWORD, PEOPLE
from tests.journeys.hand import Hand, at_label_studio

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

PRINTED = "ACME LTD\nDate 31/02/2024\nTotal 12.90"
SAYS = {"company": ("ACME LTD", 0.95), "date": ("31/02/2024", 0.7), "total": ("12.90", 0.4)}


@pytest.fixture
def hand(label_studio_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hand]:
    # Playwright runs an event loop in this thread, beside which Django would refuse to speak to the database
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with at_label_studio(label_studio_url, PEOPLE[0], PASSWORD) as found:
        yield found


@pytest.fixture
def kind(configured: Any) -> DocumentType:
    return make_type(project_id=None, champion="v1", queue_depth=9)


def queue(
    kind: DocumentType, *said: dict[str, tuple[str, float]], scores: Sequence[float] = (0.1, 0.2, 0.3, 0.4)
) -> list[Document]:
    """Documents of which the model says this; Label Studio hands out those of low scores first."""
    documents = []
    for number, values in enumerate(said):
        document = make_document(
            kind, PRINTED, priority=1, state="extracted", fingerprint=f"{number * 99991:016x}"
        )
        picture = io.BytesIO()
        draw_page(document.word_pages[0], scale=1).save(picture, "JPEG")
        default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(picture.getvalue()))
        extraction = make_extraction(document, values)
        extraction.score = scores[number]
        extraction.save()
        documents.append(document)
    projects.sync_project(kind.pk)
    queueing.fill_queue(kind.pk)
    kind.refresh_from_db()
    return documents


def recorded(document: Document) -> Document:
    """The document once everything that people did is collected."""
    sweep.sweep_project(document.document_type_id)
    for task_id in DirtyTask.objects.values_list("task_id", flat=True):
        inbox.collect_task(task_id)
    document.refresh_from_db()
    return document


def start(hand: Hand, kind: DocumentType) -> None:
    hand.open(label_studio.labelling_url(kind.project_id or 0))


def listed(hand: Hand) -> list[str]:
    """The fields of the regions in the list, from top to bottom."""
    names = hand.page.locator(".lsf-outliner-item__title").all_inner_texts()
    return [" ".join(name.split()) for name in names]


def test_the_least_certain_stands_first_in_its_colour_and_keys_go_through_them(kind, hand):
    queue(kind, SAYS)
    start(hand, kind)
    assert listed(hand) == ["total (poor)", "date (doubtful)", "company (sure)"]
    for region in ("total-0", "date-0", "company-0"):
        hand.press("Alt+.")
        hand.page.wait_for_function(f"Htx.annotationStore.selected.highlightedNode?.cleanId === '{region}'")
    hand.press("Enter")
    hand.page.wait_for_function("document.activeElement.value === 'ACME LTD'")


def test_one_key_says_that_a_field_is_absent(kind, hand):
    document, _ = queue(kind, SAYS | {"date": ("Total", 0.3)}, SAYS)
    start(hand, kind)
    hand.press("Shift+W")  # as the page shows it beside the second field
    hand.submit()
    truth = recorded(document).truth
    assert hand.motions == {"keys": 2, "clicks": 0, "drags": 0}
    assert truth.outcomes == {"company": "accepted", "date": "removed", "total": "accepted"}
    assert {answer.field for answer in truth.said} == {"company", "total"}


def test_a_document_is_set_aside_with_its_reason(kind, hand):
    document, _ = queue(kind, SAYS, SAYS)
    start(hand, kind)
    hand.press("Shift+Z")
    hand.submit()
    assert recorded(document).state == "skipped"
    correction = document.corrections.get()
    assert (correction.skipped, correction.set_aside, correction.answers) == (True, "unreadable", [])
    assert not queueing.skipped_long_ago(kind).exists()


def test_one_key_says_that_it_is_of_another_type_and_only_the_lead_sees_it_from_then_on(kind, hand, lea):
    right = {"company": ("ACME LTD", 0.95), "total": ("12.90", 0.4)}
    letters = make_type(title="Letters", project_id=None)
    document, _ = queue(kind, right, right)
    start(hand, kind)
    key = hand.key_of(letters.name, control="document_type")
    assert key.startswith("shift+") and hand.page.get_by_text("Letters").is_visible()
    hand.press(f"Shift+Digit{key.removeprefix('shift+')}")
    hand.submit()
    assert hand.motions == {"keys": 2, "clicks": 0, "drags": 0}
    assert (recorded(document).state, document.truth.misfiled) == ("confirmed", letters.name)
    assert not ledger.truths(kind).exists() and not ledger.truths(letters).exists()
    lead = Client()
    lead.force_login(lea)
    listed = lead.get(reverse("type-doubts", args=[kind.name])).content.decode()
    assert document.filename in listed and "Letters" in listed
    assert "1 document is said to be of another type." in lead.get(reverse("overview")).content.decode()


def test_a_box_that_is_drawn_on_a_turned_page_lies_where_it_was_drawn(kind, hand):
    document, _ = queue(kind, {"company": ("ACME LTD", 0.9)}, SAYS)
    start(hand, kind)
    hand.page.evaluate("Htx.annotationStore.selected.names.get('pages').rotate(90)")
    hand.page.wait_for_function(  # the canvas is as wide as the page is high
        "(({width, height}) => width > height)(document.querySelector('canvas').getBoundingClientRect())"
    )
    upright = place_of(document.word_pages[0], "12.90").box
    # turned clockwise, the left edge of the page is above: x runs downwards, and y from right to left
    hand.draw_and_wait("total", Box(1 - upright.y1, upright.x0, 1 - upright.y0, upright.x1))
    hand.submit()
    (total,) = [each for each in recorded(document).truth.said if each.field == "total"]
    assert total.text == "12.90"
    assert total.place.box.iou(upright) > 0.6


def test_an_answer_that_looks_wrong_comes_back_at_once_and_is_believed_the_second_time(kind, hand):
    document, *_ = queue(kind, SAYS, SAYS, SAYS, SAYS)
    start(hand, kind)
    hand.submit()  # 31 February; the next document is open by now
    assert recorded(document).truth.unsettled
    queueing.fill_queue(kind.pk)
    recheck = Recheck.objects.get(document=document)
    assert recheck.state == "open"
    hand.submit()
    assert hand.wait_for_task() == recheck.task_id
    assert hand.page.get_by_text("date: “31/02/2024” is no date").is_visible()
    assert hand.page.get_by_text("Put it right, or submit it as it is").is_visible()
    assert listed(hand)[0] == "date (poor)"
    hand.submit()
    truth = recorded(document).truth
    assert (truth.recheck_id, truth.unsettled, len(truth.findings)) == (recheck.pk, False, 1)


def test_who_comes_by_the_link_is_given_the_least_sure_document_first(kind, hand):
    documents = queue(
        kind, SAYS, SAYS, SAYS, scores=[0.9, 0.5, 0.1]
    )  # against the order of the tasks' numbers
    start(hand, kind)
    given = [hand.task()]
    hand.submit()
    given.append(hand.task())
    tasks = [LabelTask.objects.get(document=document).task_id for document in reversed(documents)]
    assert given == tasks[:2]


def test_a_page_on_which_the_model_found_nothing_says_so(kind, hand):
    queue(kind, {})
    start(hand, kind)
    assert hand.page.get_by_text("The model found nothing on this document: draw what is there").is_visible()
    assert LabelTask.objects.get().extraction is not None
