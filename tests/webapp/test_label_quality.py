"""The page of label quality: what a lead reads there, and what they may do."""

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import Recheck
from learner.models import Suspect
from tests.factories import make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db

ANN, AMY = "ann@example.org", "amy@example.org"


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def doubted():
    """A type that two people label, with one answer in doubt."""
    kind = make_type(name="receipts", probes=0.02)
    for who in (AMY, ANN):
        document = make_document(kind)
        make_extraction(document)
        truth = make_truth(document, annotator=who, lead_time=12, outcomes={"total": "accepted"})
    return Suspect.objects.create(
        correction=truth, document=document, field="total", likelihood=0.03, says="47.20"
    )


def page(lead) -> str:
    return text_of(lead.get(reverse("label-quality", args=["receipts"])))


def test_a_type_without_labels_says_what_will_be_there(lead):
    make_type(name="receipts")
    shown = page(lead)
    assert "Nothing is in doubt" in shown
    assert "Every document is labelled by one person" in shown
    assert "Nobody has labelled a document" in shown


def test_an_answer_in_doubt_is_shown_with_what_speaks_against_it(lead, doubted):
    shown = page(lead)
    assert "<strong>12.90</strong>" in shown and ANN in shown
    assert "a model that had not seen it says <strong>47.20</strong>, at 97 %" in shown


def test_a_lead_sends_a_document_to_another_person_once(lead, doubted):
    address = reverse("ask-other", args=["receipts", doubted.pk])
    assert "Another person is asked" in text_of(lead.post(address, follow=True))
    assert Recheck.objects.get().not_by == [ANN]
    again = text_of(lead.post(address, follow=True))
    assert "Nobody can be asked just now" in again and "somebody else is asked" in again


def test_a_lead_dismisses_a_doubt_once(lead, doubted):
    address = reverse("dismiss-suspect", args=["receipts", doubted.pk])
    assert "Dismissed" in text_of(lead.post(address, follow=True))
    assert "settled in the meantime" in text_of(lead.post(address, follow=True))
    doubted.refresh_from_db()
    assert (doubted.state, doubted.closed_by) == ("dismissed", "lea")


def test_a_doubt_is_reached_by_its_own_type_only(lead, doubted):
    make_type(name="invoices")
    assert lead.post(reverse("dismiss-suspect", args=["invoices", doubted.pk])).status_code == 404


def test_who_accepts_blindly_is_marked_and_nobody_else(lead, doubted):
    for number in range(5):
        for who, outcome in ((AMY, "accepted"), (ANN, "edited")):
            Recheck.objects.create(
                document=doubted.document,
                purpose="probe",
                first=doubted.correction,
                because=f"{who} {number}",
                fields=["total"],
                shown=[],
                project_id=1,
                state="done",
                annotator=who,
                outcomes={"total": outcome},
                answered_at=timezone.now(),
            )
    shown = page(lead)
    assert shown.count("seems to accept without looking") == 1
    assert "0 of 5" in shown and "5 of 5" in shown


def test_the_type_page_leads_there(lead, doubted):
    assert reverse("label-quality", args=["receipts"]) in text_of(
        lead.get(reverse("type", args=["receipts"]))
    )
