"""Every page as each role meets it, in headless Chromium: nothing grave for axe, as wide as a phone, light enough."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page

from benchmarks.pages import FETCHED, MOST_KB
from tests.factories import make_type
from tests.journeys.browser import PHONE, browsing, every_page, grave, sign_in, too_wide
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
@pytest.mark.parametrize("role", ["operator", "lead", "annotator"])
def test_every_page_that_a_role_can_get_to(live_server, role, look):
    person(role)
    wrong: list[str] = []
    with browsing(**LOOKS[look]) as browser:
        page = browser.new_page()
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        sign_in(page, live_server.url, role, PASSWORD)
        kinds = []
        for kind in every_page(page, live_server.url):
            kinds.append(kind)
            wrong += grave(page) + too_wide(page) + heavy(page)
    assert wrong == [], "\n".join(wrong)
    assert len(kinds) >= {"operator": 25, "lead": 20, "annotator": 1}[role], kinds


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_of_those_who_are_not_let_in(live_server, look, settings):
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["*"]
    user = person("annotator")
    link = urlsplit(people.password_link(user)).path
    wrong: list[str] = []
    with browsing(**LOOKS[look]) as browser:
        page = browser.new_page()
        for path in ("/sign-in/", link, "/set-password/MQ/worn-out/"):
            page.goto(f"{live_server.url}{path}")
            wrong += grave(page) + too_wide(page) + heavy(page)
        sign_in(page, live_server.url, user.username, PASSWORD)
        for path, status in (("/documents/", 403), ("/nowhere/", 404)):
            answer = page.goto(f"{live_server.url}{path}")
            assert answer and answer.status == status
            wrong += grave(page) + too_wide(page) + heavy(page)
    assert wrong == [], "\n".join(wrong)
