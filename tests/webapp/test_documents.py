import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from annotation.models import Correction, Document, LabelTask, Move, json_of
from tests.factories import make_answers, make_document, make_extraction, make_truth

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


def confirm(document: Document, values: dict[str, str]) -> None:
    correction = Correction.objects.create(
        document=document,
        source="label studio",
        annotation_id=document.pk,
        content_hash="0" * 64,
        answers=json_of(make_answers(document, values)),
        outcomes=dict.fromkeys(values, "edited"),
        annotator="ann@example.org",
        lead_time=31,
        submitted_at="2026-01-02T03:04:05Z",
    )
    Document.objects.filter(pk=document.pk).update(truth=correction, state="confirmed")


def test_what_nobody_confirmed_is_marked_beside_the_document_and_told_by_the_api(lead):
    document = make_document()
    make_truth(document, outcomes={"company": "assumed", "date": "accepted", "total": "edited"})
    shown = lead.get(reverse("document", args=[document.pk])).content.decode()
    assert shown.count("Taken as read: nobody was asked for it") == 1
    truth = lead.get(f"/api/documents/{document.pk}").json()["truth"]
    assert truth["unconfirmed"] == ["company"]
    (row,) = lead.get("/api/corrections").json()["items"]
    assert (row["unconfirmed"], row["outcomes"]["company"]) == (["company"], "assumed")


def test_a_document_shows_what_the_model_says_and_where(lead):
    document = make_document()
    make_extraction(document, {"company": ("ACME LTD", 0.95), "total": ("12.90", 0.4)})
    answer = lead.get(reverse("document", args=[document.pk]))
    company, date, total = answer.context["rows"]
    assert [value.text for value in company.found] == ["ACME LTD"]
    assert not company.found[0].unsure and total.found[0].unsure
    assert date.found == [] and date.absent == 0.7
    kinds = {mark.field: mark.kind for mark in answer.context["sheets"][0].marks}
    assert kinds == {"company": "sure", "total": "unsure"}


def test_once_somebody_has_corrected_it_their_boxes_are_drawn(lead):
    document = make_document()
    make_extraction(document, {"company": ("Date", 0.95)})
    confirm(document, {"company": "ACME LTD"})
    answer = lead.get(reverse("document", args=[document.pk]))
    row = answer.context["rows"][0]
    assert ([value.text for value in row.said], row.outcome) == (["ACME LTD"], "edited")
    assert [mark.kind for mark in answer.context["sheets"][0].marks] == ["said"]
    assert "ann@example.org" in answer.content.decode()


def test_a_document_that_is_being_read_shows_by_itself_what_becomes_of_it(lead):
    document = make_document(state="received")
    again = reverse("document-live", args=[document.pk])
    assert f'hx-get="{again}"' in lead.get(reverse("document", args=[document.pk])).content.decode()
    Document.objects.filter(pk=document.pk).update(state="extracted")
    part = lead.get(again).content.decode()
    assert "extracted" in part and "<html" not in part
    assert again not in lead.get(reverse("document", args=[document.pk])).content.decode()


def test_a_document_links_to_its_live_task_only(lead):
    document = make_document()
    LabelTask.objects.create(document=document, project_id=7, task_id=41, state="withdrawn")
    assert lead.get(reverse("document", args=[document.pk])).context["task_url"] == ""
    LabelTask.objects.create(document=document, project_id=7, task_id=42, state="open")
    way = reverse("label-document", args=[document.pk])
    assert lead.get(reverse("document", args=[document.pk])).context["task_url"] == way


def test_what_a_file_is_called_is_shown_and_never_run(lead):
    document = make_document(filename="<script>alert(1)</script>.pdf")
    page = lead.get(reverse("document", args=[document.pk])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_page_image_is_for_the_readers_browser_alone(lead):
    document = make_document()
    default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(b"\xff\xd8 a picture"))
    answer = lead.get(reverse("page-image", args=[document.pk, 0]))
    assert b"".join(answer.streaming_content) == b"\xff\xd8 a picture"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "image/jpeg"


def test_a_page_image_that_is_gone_is_not_found(lead):
    document = make_document()
    assert lead.get(reverse("page-image", args=[document.pk, 0])).status_code == 404
    assert lead.get(reverse("page-image", args=[document.pk, 5])).status_code == 404


def test_an_unreadable_document_can_be_read_again(lead, rung):
    document = make_document(state="unreadable", problem="it is encrypted")
    lead.post(reverse("read-again", args=[document.pk]))
    assert Document.objects.get(pk=document.pk).state == "received"
    assert ("annotation.read_document", document.pk) in rung
    assert "lea" in Move.objects.get(document=document).reason


def test_a_document_that_was_read_is_not_read_again(lead, rung):
    document = make_document(state="extracted")
    answer = lead.post(reverse("read-again", args=[document.pk]), follow=True)
    assert "Only a document that could not be read" in answer.content.decode()
    assert rung.all() == set()
