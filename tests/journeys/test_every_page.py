"""Every page as each role meets it, in headless Chromium: nothing grave for axe, as wide as a phone, light enough."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page

from benchmarks.pages import FETCHED, MOST_KB
from tests.factories import make_type
from tests.journeys.browser import (
    PHONE,
    browsing,
    each_dialog,
    every_page,
    grave,
    refusals,
    sign_in,
    too_wide,
)
from tests.webapp.test_queries import fill, know_people
from webapp import people

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

PASSWORD = "a-long-password"
LOOKS: dict[str, dict[str, Any]] = {"light": {}, "dark": {"dark": True}, "phone": PHONE}


@pytest.fixture(autouse=True)
def filled(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of every kind, as the test of queries makes them."""
    monkeypatch.setattr("webapp.services.check", list)  # no other services here
    for name in ("receipts", "invoices"):
        fill(make_type(name=name))
    know_people(2)


def person(role: str) -> User:
    """Somebody of this role and name."""
    user = User.objects.create_user(role, f"{role}@example.org", PASSWORD)
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


def heavy(page: Page) -> list[str]:
    """That the page and all that it fetched are more than a page may weigh, as sent."""
    page.wait_for_load_state("networkidle")
    weight = page.evaluate(FETCHED)
    return [f"{page.url}: {weight} bytes"] if weight > 1000 * MOST_KB else []


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("role", ["admin", "operator", "lead", "viewer", "annotator"])
def test_every_page_that_a_role_can_get_to(live_server, role, look):
    person(role)
    wrong: list[str] = []
    with browsing(**LOOKS[look]) as browser:
        page = browser.new_page()
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        refused = refusals(page)
        sign_in(page, live_server.url, role, PASSWORD)
        kinds, dialogs = [], set()
        for kind in every_page(page, live_server.url):
            kinds.append(kind)
            wrong += grave(page) + too_wide(page) + heavy(page)
            for name in each_dialog(page):
                dialogs.add(name)
                wrong += grave(page)
    wrong += refused
    assert wrong == [], "\n".join(wrong)
    assert len(kinds) >= {"admin": 25, "operator": 25, "lead": 20, "viewer": 15, "annotator": 1}[role], kinds
    assert len(dialogs) >= {"admin": 6, "operator": 6, "lead": 4, "viewer": 1, "annotator": 0}[role], dialogs


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_of_those_who_are_not_let_in(live_server, look, settings):
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["*"]
    user = person("annotator")
    link = urlsplit(people.password_link(user)).path
    wrong: list[str] = []
    with browsing(**LOOKS[look]) as browser:
        page = browser.new_page()
        refused = refusals(page)
        for path in ("/sign-in/", link, "/set-password/MQ/worn-out/"):
            page.goto(f"{live_server.url}{path}")
            wrong += grave(page) + too_wide(page) + heavy(page)
            if path != "/set-password/MQ/worn-out/":
                page.locator(".btn-primary").hover()
                wrong += grave(page)
        sign_in(page, live_server.url, user.username, PASSWORD)
        for path, status in (("/documents/", 403), ("/nowhere/", 404)):
            answer = page.goto(f"{live_server.url}{path}")
            assert answer and answer.status == status
            wrong += grave(page) + too_wide(page) + heavy(page)
    wrong += refused
    assert wrong == [], "\n".join(wrong)


def test_the_api_page_works_and_is_refused_nothing(live_server):
    person("lead")
    with browsing() as browser:
        page = browser.new_page()
        refused = refusals(page)
        sign_in(page, live_server.url, "lead", PASSWORD)
        page.goto(f"{live_server.url}/api/docs")
        page.get_by_text("/api/status").first.click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        page.get_by_text("Response headers").wait_for()
    assert refused == []


@pytest.mark.parametrize(
    "smuggled",
    [
        "<img src=/nowhere onerror='document.title = 1'>",
        "<p style='color: red'>styled</p>",
        "<img src=https://elsewhere.example/pixel.png>",
        "<iframe src=https://elsewhere.example/></iframe>",
    ],
)
def test_what_is_smuggled_into_a_page_is_refused_and_told(live_server, smuggled):
    """And so these tests notice a page of ours that needs more than the policy lets it have."""
    with browsing() as browser:
        page = browser.new_page()
        refused = refusals(page)
        page.goto(f"{live_server.url}/sign-in/")
        page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", smuggled)
        page.wait_for_timeout(500)
        assert page.title() != "1"
    assert refused
