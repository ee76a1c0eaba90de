"""Pages that stay open and show by themselves what has changed, in headless Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import expect

from annotation.models import Document, Job, LabelImport
from learner.models import ModelVersion
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version
from tests.journeys.browser import PATIENCE, browsing, elsewhere, grave, sign_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


def test_what_changes_appears_without_reloading(live_server: Any, lea: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("webapp.services.check", list)
    receipts = make_type(name="receipts")
    document = make_document(receipts)
    make_extraction(document, {"total": ("12.90", 0.4)})
    version = make_version(receipts)
    LabelImport.objects.create(document_type=receipts, filename="export.json", by="lea", tasks=200)
    with browsing() as browser:
        page = browser.new_page()
        sign_in(page, live_server.url, "lea", "a-long-password")
        first = {
            "documents": browser.new_page(),
            "document": browser.new_page(),
            "version": browser.new_page(),
            "doubts": browser.new_page(),
            "health": browser.new_page(),
            "people": browser.new_page(),
            "import": browser.new_page(),
        }
        first["documents"].goto(live_server.url + reverse("documents"))
        first["document"].goto(live_server.url + reverse("document", args=[document.pk]))
        first["version"].goto(live_server.url + reverse("version", args=["receipts", version.number]))
        first["doubts"].goto(live_server.url + reverse("type-doubts", args=["receipts"]))
        first["health"].goto(live_server.url + reverse("health"))
        first["people"].goto(live_server.url + reverse("people"))
        first["import"].goto(live_server.url + reverse("import-labels"))
        for each in first.values():
            assert "The parts do not sum" not in each.content() and "edited" not in each.content()
            each.evaluate("window.opened = true")

        elsewhere(lambda: change(document, version))
        shown = {
            "documents": "brand-new.pdf",
            "document": "edited",
            "version": "retired",
            "doubts": "The parts do not sum",
            "health": "it is cut off",
            "people": "newcomer",
            "import": "200 of 200",
        }
        for name, text in shown.items():
            each = first[name]
            each.bring_to_front()
            expect(each.locator("main").get_by_text(text).first).to_be_visible(timeout=PATIENCE)
            assert each.evaluate("window.opened"), f"{name} was loaded anew"
            assert each.locator("#live").count() <= 1, f"{name} nests itself"


def test_a_page_that_can_not_be_renewed_says_so_until_it_can(
    live_server: Any, lea: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("webapp.services.check", list)
    make_type(name="receipts")
    with browsing() as browser:
        page = browser.new_page()
        sign_in(page, live_server.url, "lea", "a-long-password")
        told, live = page.locator("[data-stale]"), "**/live/overview/"
        expect(told).to_be_hidden()
        page.route(live, lambda route: route.abort())
        expect(told).to_contain_text("Docloop does not answer", timeout=PATIENCE)
        assert grave(page) == []
        page.unroute(live)
        expect(told).to_be_hidden(timeout=PATIENCE)
        page.route(live, lambda route: route.fulfill(status=410))
        expect(told).to_contain_text("Load the page again", timeout=PATIENCE)


def change(document: Document, version: ModelVersion) -> None:
    """All that the pages are to show."""
    make_document(document.document_type, filename="brand-new.pdf")
    wrong = {"field": "total", "what": "The parts do not sum", "to_do": "look again"}
    make_truth(document, outcomes={"total": "edited"}, unsettled=True, findings=[wrong])
    type(version).objects.filter(pk=version.pk).update(state="retired")
    Job.objects.create(task="annotation.read_document", subject=1, state="failed", problem="it is cut off")
    User.objects.create_user("newcomer")
    LabelImport.objects.update(received=200, state="done")
