from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import (
    Correction,
    Document,
    Extraction,
    Job,
    LabelTask,
    Move,
    Page,
    TrailEntry,
    json_of,
)
from learner.models import Run, Snapshot
from models.extractors.base import Value
from tests.factories import (
    make_answers,
    make_document,
    make_extraction,
    make_truth,
    make_type,
    make_version,
)
from webapp.dashboard import document_history

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
    page = reverse("document", args=[document.pk])
    assert (
        f'hx-get="{page}?history=all" hx-trigger="every 3s"'
        in lead.get(f"{page}?history=all").content.decode()
    )
    Document.objects.filter(pk=document.pk).update(state="extracted")
    extracted = lead.get(page).content.decode()
    assert f'hx-get="{page}" hx-trigger="every 5s" hx-select="#live"' in extracted


def test_a_long_document_keeps_the_pages_that_its_reader_asked_for(lead):
    document = make_document()
    first = document.pages.get()
    for number in range(1, 8):
        first.pk, first.number = None, number
        first.save()
    page = lead.get(reverse("document", args=[document.pk])).content.decode()
    assert 'hx-select="#said" hx-target="#said"' in page and 'id="said"' in page


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


# --- all that was said of it


def history_of(answer, field):
    (found,) = [each for each in answer.context["history"].fields if each.name == field]
    return found


def test_every_version_and_every_person_stand_in_a_fields_history_the_newest_first(lead):
    receipts = make_type(name="receipts")
    document = make_document(receipts)
    for number, total in enumerate(("1.00", "12.90", "12.90"), start=1):
        make_version(receipts, number=number, name=f"receipts-v{number}")
        schema = receipts.schema
        Extraction.objects.create(
            document=document,
            model_version=f"receipts-v{number}",
            values=json_of((Value("total", total, schema["total"].normalise(total), 0.5),)),
            absent={"date": 0.9},
            score=0.5,
        )
    make_extraction(document, {"total": ("12.90", 0.4)}, version="untaught-abc")
    make_truth(
        document,
        {"total": "12.90"},
        outcomes={"total": "edited"},
        annotator="ann@example.org",
        lead_time=31,
        submitted_at=timezone.now() + timedelta(hours=1),
    )
    answer = lead.get(reverse("document", args=[document.pk]))
    total, date = history_of(answer, "total"), history_of(answer, "date")
    assert [each.person or each.version for each in total.happenings] == [
        "ann@example.org",
        "untaught-abc",
        "receipts-v3",
        "receipts-v2",
        "receipts-v1",
    ]
    person, untaught, *_, oldest = total.happenings
    assert (person.outcome, person.seconds, person.stands, person.texts) == ("edited", 31, True, ("12.90",))
    assert (oldest.number, oldest.texts, oldest.confidence, oldest.stands) == (1, ("1.00",), 0.5, False)
    assert untaught.number is None
    assert not total.agreed and date.agreed
    assert date.happenings[-1].confidence == 0.9
    assert reverse("version", args=["receipts", 1]) in answer.content.decode()


def test_of_many_versions_the_newest_are_shown_and_all_if_asked_for(lead):
    document = make_document()
    for number in range(30):
        make_extraction(document, {"total": ("12.90", 0.5)}, version=f"v{number}")
    page = reverse("document", args=[document.pk])
    few = lead.get(page)
    assert len(history_of(few, "total").happenings) == document_history.NEWEST
    assert "Older versions too" in few.content.decode()
    assert len(history_of(lead.get(page, {"history": "all"}), "total").happenings) == 30


def test_who_skipped_it_is_told(lead):
    document = make_document(state="skipped")
    make_truth(document, {}, annotator="amy@example.org", skipped=True, lead_time=4)
    Document.objects.filter(pk=document.pk).update(truth=None, state="skipped")
    assert "amy@example.org skipped it" in lead.get(reverse("document", args=[document.pk])).content.decode()


def test_which_versions_learned_from_it_is_told(lead):
    receipts = make_type(name="receipts")
    document = make_document(receipts)
    truth = make_truth(document)
    for number, split in ((1, "train"), (2, "gold")):
        taken = Snapshot.objects.create(
            document_type=receipts, hash=str(number), items=[[truth.pk, split]], fields=receipts.fields
        )
        run = Run.objects.create(document_type=receipts, state="finished", snapshot=taken)
        make_version(receipts, number=number, name=f"receipts-v{number}", run=run)
    use = lead.get(reverse("document", args=[document.pk])).context["use"]
    assert ([each.number for each in use.learned], [each.number for each in use.judged]) == ([1], [2])


def test_a_page_of_a_busy_document_costs_few_queries(lead, django_assert_max_num_queries):
    receipts = make_type(name="receipts")
    document = make_document(receipts)
    for n in range(12):
        make_extraction(document, version=f"receipts-v{n}")
        make_truth(document)
        Move.objects.create(document=document, before="queued", after="confirmed", reason="corrected")
        Page.objects.create(document=document, number=n + 1, image="x", width=10, height=10, read_by="ocr")
    with django_assert_max_num_queries(15):
        lead.get(reverse("document", args=[document.pk]))


def test_a_long_documents_pages_come_a_few_at_a_time(lead):
    document = make_document()
    for n in range(1, 20):
        Page.objects.create(
            document=document,
            number=n,
            image="x",
            width=10,
            height=10,
            read_by="ocr",
            words=[["a", [0, 0, 1, 1], 1]],
        )
    answer = lead.get(reverse("document", args=[document.pk]))
    assert [each.number for each in answer.context["sheets"]] == [0, 1, 2, 3, 4, 5]
    more = reverse("document-sheets", args=[document.pk])
    assert f'hx-get="{more}?from=6"' in answer.content.decode()
    part = lead.get(more, {"from": "18"})
    assert [each.number for each in part.context["sheets"]] == [18, 19]
    assert b"<html" not in part.content and b"Show more" not in part.content
    assert b"Page 20 of 20" in part.content and b"1 words" in part.content
    # without a script the next pages are a page of their own
    assert [
        each.number
        for each in lead.get(reverse("document", args=[document.pk]), {"from": "18"}).context["sheets"]
    ] == [18, 19]


# --- what may be done with it


def test_it_is_extracted_again_and_the_trail_knows_who_asked(lead, rung):
    document = make_document(make_type(champion="receipts-v3"), state="extracted")
    page = lead.post(reverse("extract-again", args=[document.pk]), follow=True).content.decode()
    assert "extracted again as soon as" in page
    assert ("annotation.extract_again", document.pk) in rung
    assert TrailEntry.objects.get().by == "lea"


def test_what_nothing_can_read_is_not_extracted_again(lead, rung):
    document = make_document(state="received")
    page = lead.post(reverse("extract-again", args=[document.pk]), follow=True).content.decode()
    assert "no words yet" in page
    assert rung.all() == set()


def test_it_is_sent_to_the_queue_and_a_confirmed_one_to_another_person(lead):
    receipts = make_type(name="receipts")
    document = make_document(receipts)
    assert "Send to the queue" in lead.get(reverse("document", args=[document.pk])).content.decode()
    lead.post(reverse("send-to-queue", args=[document.pk]))
    document.refresh_from_db()
    assert (document.state, document.reason) == ("queued", "asked for by lea")
    make_truth(make_document(receipts), annotator="amy@example.org")
    confirmed = make_document(receipts)
    make_truth(confirmed, annotator="ann@example.org")
    assert "Ask another person" in lead.get(reverse("document", args=[confirmed.pk])).content.decode()
    lead.post(reverse("send-to-queue", args=[confirmed.pk]))
    assert confirmed.rechecks.get().reason == "Second opinion, asked for by lea"


def test_only_operators_are_offered_to_erase_it(lead, client, otto):
    page = reverse("document", args=[make_document().pk])
    assert 'data-opens="erase"' not in lead.get(page).content.decode()
    client.force_login(otto)
    assert 'data-opens="erase"' in client.get(page).content.decode()


def test_it_is_erased_by_typing_its_name_and_its_page_says_that_it_was(client, otto):
    client.force_login(otto)
    document = make_document(filename="my bill.pdf")
    erase, page = (reverse(name, args=[document.pk]) for name in ("erase-document", "document"))
    wrong = client.post(erase, {"filename": "my-bill.pdf"}, follow=True)
    assert "Nothing was erased" in wrong.content.decode()
    client.post(erase, {"filename": "my bill.pdf", "why": "by law"})
    gone = client.get(page)
    assert gone.status_code == 410
    told = " ".join(gone.content.decode().split())
    assert "by otto: by law" in told and document.sha256 in told and "my bill.pdf" not in told
    assert "Go on now" in told
    Job.objects.all().delete()
    client.post(erase)  # goes on with what is left
    assert Job.objects.filter(task="annotation.finish_erasure").exists()


def test_what_never_was_is_not_found(client, otto):
    client.force_login(otto)
    assert client.get(reverse("document", args=[987654])).status_code == 404
    assert client.post(reverse("erase-document", args=[987654])).status_code == 404


def test_a_lead_moves_it_to_another_type_and_the_page_tells(lead):
    receipts, letters = make_type(title="Receipts"), make_type(name="letters", title="Letters")
    document = make_document(receipts)
    make_truth(document, outcomes={"document type": "letters"})
    page = reverse("document", args=[document.pk])
    assert '<option value="letters" selected>' in lead.get(page).content.decode()
    told = lead.post(
        reverse("move-document", args=[document.pk]),
        {"document_type": "letters", "why": "a letter"},
        follow=True,
    ).content.decode()
    document.refresh_from_db()
    assert document.document_type == letters
    assert "The document is one of Letters now." in told
    assert "from Receipts to Letters by lea" in told and "a letter" in told


def test_a_type_that_is_not_there_is_not_found(lead):
    move = reverse("move-document", args=[make_document().pk])
    for wrong in ("", "no-such-type", "\0"):
        assert lead.post(move, {"document_type": wrong}).status_code == 404
