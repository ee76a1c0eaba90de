"""A lead moves the threshold by keys, mouse and finger, sets a target, and switches auto-accept on, in headless Chromium."""

from __future__ import annotations

import re

import numpy as np
import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import DocumentType
from learner import automation, selection
from tests.audited import answered, model
from tests.factories import make_type
from tests.journeys.browser import browsing, elsewhere, grave, sign_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


@pytest.fixture
def address(live_server, lea) -> str:
    """The page of a type of which 300 audited documents are answered."""
    kind = make_type(name="receipts", title="Receipts", champion="v1", audit_share=0.1)
    answered(kind, *model(np.random.default_rng(1), 300))
    automation.work_out(kind.pk)
    selection.rank_pool(kind.pk)
    return live_server.url + reverse("automation", args=["receipts"])


def answer_more() -> None:
    kind = DocumentType.objects.get(name="receipts")
    answered(kind, *model(np.random.default_rng(2), 60))
    automation.work_out(kind.pk)


def skipping(page: Page) -> int:
    """Documents of 100 that would skip people, as it stands there."""
    return int(page.locator("[data-shows=skipping]").inner_text())


def across(page: Page, share: float) -> tuple[float, float]:
    """A point of the curve, as far from its left edge."""
    box = page.locator("#curve").bounding_box()
    assert box
    return box["x"] + share * box["width"], box["y"] + box["height"] / 2


def test_the_threshold_moves_by_keys_and_mouse_and_says_what_it_would_mean(live_server, address):
    with browsing() as browser:
        page = browser.new_page()
        sign_in(page, live_server.url, "lea", "a-long-password")
        page.goto(address)
        slider = page.get_by_label("Threshold: drag it, or move it with the arrow keys")
        slider.focus()
        page.keyboard.press("End")
        assert skipping(page) == 90  # the audit's tenth goes to people
        everything = page.locator("[data-shows=thresholds]").inner_text()
        page.keyboard.press("Home")
        assert skipping(page) < 10
        assert page.locator("[data-shows=thresholds]").inner_text() != everything
        expect(slider).to_have_attribute(
            "aria-valuetext", re.compile(r"of 100 documents skip people, .+ wrong")
        )

        page.locator("#curve").scroll_into_view_if_needed()
        page.mouse.move(*across(page, 0.2))
        page.mouse.down()
        few = skipping(page)
        page.mouse.move(*across(page, 0.8))
        page.mouse.up()
        many = skipping(page)
        assert few < many
        page.mouse.move(*across(page, 0.2))  # let go, it stays
        assert skipping(page) == many
        assert grave(page) == []


def test_the_curve_is_renewed_and_the_threshold_stays_where_it_was_put(live_server, address):
    with browsing() as browser:
        page = browser.new_page()
        sign_in(page, live_server.url, "lea", "a-long-password")
        page.goto(address)
        page.locator("#curve").scroll_into_view_if_needed()
        page.mouse.click(*across(page, 0.5))
        page.mouse.move(0, 0)
        put = skipping(page)
        known = page.locator("#outlook-now .card-head span").inner_text()
        elsewhere(answer_more)
        expect(page.locator("#outlook-now .card-head span")).not_to_have_text(known, timeout=90_000)
        assert abs(skipping(page) - put) <= 3  # its places are others now
        page.mouse.click(*across(page, 0.9))
        assert skipping(page) > put
        assert grave(page) == []


def test_a_finger_moves_it_and_the_page_is_as_wide_as_the_phone(live_server, address):
    with browsing(width=390, height=844, dark=True) as browser:
        page = browser.new_page()
        sign_in(page, live_server.url, "lea", "a-long-password")
        page.goto(address)
        page.locator("#curve").scroll_into_view_if_needed()
        for share in (0.3, 0.7):
            x, y = across(page, share)
            touch = {"pointerId": 1, "pointerType": "touch", "isPrimary": True, "clientX": x, "clientY": y}
            page.locator("#curve").dispatch_event("pointerdown", touch)
            if share == 0.3:
                few = skipping(page)
        assert few < skipping(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert grave(page) == []


def test_a_target_is_taken_from_the_curve_and_auto_accept_switched_on(live_server, address):
    with browsing() as browser:
        page = browser.new_page()
        sign_in(page, live_server.url, "lea", "a-long-password")
        page.goto(address)
        page.get_by_role("button", name="Take what the threshold above would promise").click()
        promised = page.locator("[data-shows=high]").inner_text()
        target = page.get_by_label("Of all fields, %")
        assert 0 <= float(target.input_value()) - float(promised.removesuffix(" %")) <= 0.2
        target.fill("5")
        page.get_by_role("button", name="Save targets").click()
        page.get_by_role("button", name="Switch on").click()
        dialog = page.get_by_role("dialog", name="Accept documents of Receipts unseen?")
        expect(dialog).to_contain_text("at most 5 % of the fields are wrong")
        dialog.get_by_role("button", name="Switch on").click()
        expect(page.get_by_text("Auto-accept is on.")).to_be_visible()
        page.get_by_text("What was done before").click()
        expect(page.get_by_role("cell", name="switched on")).to_be_visible()
        assert grave(page) == []
