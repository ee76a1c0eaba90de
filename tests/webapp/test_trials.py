"""A challenger on trial, as leads see it on the page of versions and programs by the API."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from learner import canary, decision, promotion
from learner.gate import Verdict
from learner.models import CanaryDocument, ModelVersion
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db

URL = "/api/document-types/receipts/trial"
PASSED = Verdict(True, ("Promoted: F1 0.80 → 0.90.",), {"documents": 12})


@pytest.fixture
def kind(rung):
    kind = make_type(name="receipts", title="Receipts", canary="share", canary_share=0.2)
    promotion.promote(
        make_version(kind, number=1, name="receipts-v1", state="challenger"), by="the gate", reason="x"
    )
    kind.refresh_from_db()
    return kind


@pytest.fixture
def tried(kind):
    version = make_version(kind, number=2, name="receipts-v2", state="challenger")
    decision.settle(version, None, PASSED)
    return version


@pytest.fixture
def api(lea):
    return Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})


def compared(tried, *, filled: bool, wrong: int = 0, edited: int = 0) -> None:
    document = make_document(tried.document_type)
    make_extraction(document)
    figures = {"fields": 4, "wrong_before": 1, "wrong": wrong, "edited": edited, "seconds": 21.0}
    CanaryDocument.objects.create(
        canary=tried.canary, document=document, correction=make_truth(document), filled=filled, took_before=0.5,
        took=0.25, by_lot=False, **figures,
    )  # fmt: skip


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_the_page_tells_how_a_trial_goes(client, lea, tried):
    client.force_login(lea)
    page = text_of(client.get(reverse("versions", args=["receipts"])))
    assert "fills in 20 % of the documents" in page and "No document was corrected since" in page
    compared(tried, filled=False, edited=1)
    compared(tried, filled=True)
    page = text_of(client.get(reverse("versions-live", args=["receipts"])))
    assert "On the same 2 corrected documents" in page
    assert "25 %" in page and "0 %" in page


def test_without_a_trial_nothing_is_told_of_one(client, lea, kind):
    client.force_login(lea)
    page = text_of(client.get(reverse("versions", args=["receipts"])))
    assert "is tried out" not in page and "stop-trial" not in page


def test_a_lead_stops_a_trial_and_says_why(client, lea, tried):
    client.force_login(lea)
    address = reverse("stop-trial", args=["receipts"])
    assert "Say why" in text_of(client.post(address, {"why": " "}, follow=True))
    assert "receipts-v2 is stopped" in text_of(client.post(address, {"why": "complaints"}, follow=True))
    tried.refresh_from_db()
    assert (tried.state, tried.canary.why) == (ModelVersion.State.RETIRED, "by hand: complaints")
    assert "no challenger on trial" in text_of(client.post(address, {"why": "again"}, follow=True))


def test_a_viewer_sees_the_trial_and_no_button(client, vera, tried):
    client.force_login(vera)
    page = text_of(client.get(reverse("versions", args=["receipts"])))
    assert "is tried out" in page and 'data-opens="stop-trial"' not in page


def test_programs_see_the_trial_and_stop_it(api, kind):
    assert api.get(URL).status_code == 404
    version = make_version(kind, number=2, name="receipts-v2", state="challenger")
    decision.settle(version, None, PASSED)
    compared(version, filled=True, wrong=1)
    said = api.get(URL).json()
    assert (said["version"], said["champion"], said["share"], said["outcome"]) == (
        "receipts-v2",
        "receipts-v1",
        0.2,
        "",
    )
    assert (said["documents"], said["wrong"], said["wrong_before"], said["took"]) == (1, 0.25, 0.25, 0.25)
    assert [side["documents"] for side in said["sides"]] == [0, 1]
    assert api.get("/api/document-types/receipts").json()["challenger"] == "receipts-v2"
    said = api.post(f"{URL}/stop", {"why": "complaints"}, content_type="application/json").json()
    assert (said["outcome"], said["why"]) == ("stopped", "by hand: complaints")
    assert api.post(f"{URL}/stop", {"why": "again"}, content_type="application/json").status_code == 422
    assert canary.running(kind) is None


def test_a_challenger_on_trial_is_made_the_champion_by_hand_as_any_version(api, tried):
    asked = {"champion": "receipts-v1", "why": "sure of it"}
    assert (
        api.post("/api/versions/receipts-v2/promote", asked, content_type="application/json").status_code
        == 200
    )
    tried.canary.refresh_from_db()
    assert tried.canary.outcome == "promoted"
