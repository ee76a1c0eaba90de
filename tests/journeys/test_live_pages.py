"""Pages that stay open and show by themselves what has changed, in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import expect

from annotation.models import Document, Job
from learner.models import ModelVersion
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version
from tests.journeys.browser import PATIENCE, browsing, sign_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


def test_what_changes_appears_without_reloading(live_server: Any, lea: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("webapp.services.check", list)
    receipts = make_type(name="receipts")
    document = make_document(receipts)
    make_extraction(document, {"total": ("12.90", 0.4)})
    version = make_version(receipts)
    with browsing() as browser:
        page = browser.new_page()
        sign_in(page, live_server.url, "lea", "a-long-password")
        first = {
            "documents": browser.new_page(),
            "document": browser.new_page(),
            "version": browser.new_page(),
            "doubts": browser.new_page(),
            "health": browser.new_page(),
        }
        first["documents"].goto(live_server.url + reverse("documents"))
        first["document"].goto(live_server.url + reverse("document", args=[document.pk]))
        first["version"].goto(live_server.url + reverse("version", args=["receipts", version.number]))
        first["doubts"].goto(live_server.url + reverse("type-doubts", args=["receipts"]))
        first["health"].goto(live_server.url + reverse("health"))
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
        }
        for name, text in shown.items():
            each = first[name]
            each.bring_to_front()
            expect(each.locator("main").get_by_text(text).first).to_be_visible(timeout=PATIENCE)
            assert each.evaluate("window.opened"), f"{name} was loaded anew"
            assert each.locator("#live").count() <= 1, f"{name} nests itself"


def change(document: Document, version: ModelVersion) -> None:
    """All that the pages are to show."""
    make_document(document.document_type, filename="brand-new.pdf")
    wrong = {"field": "total", "what": "The parts do not sum", "to_do": "look again"}
    make_truth(document, outcomes={"total": "edited"}, unsettled=True, findings=[wrong])
    type(version).objects.filter(pk=version.pk).update(state="retired")
    Job.objects.create(task="annotation.read_document", subject=1, state="failed", problem="it is cut off")


def elsewhere(work: Callable[[], None]) -> None:
    """In a thread of its own: Django refuses the database where Playwright's loop runs."""

    def whole() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(whole).result()
