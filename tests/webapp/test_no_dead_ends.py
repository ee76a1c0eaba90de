"""What a page offers, its reader may do: every link, form and button of every page, as each role meets it."""

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from benchmarks.pages_addresses import addresses
from tests.factories import make_type
from tests.webapp.test_queries import fill, know_people, samples
from webapp.models import ApiToken
from webapp.roles import role_of

pytestmark = pytest.mark.django_db

OFFERED = re.compile(r'(?:href|action|hx-get|hx-post)="(/[^"]*)"')


def beyond(page: str, reader) -> set[str]:
    """Addresses that the page offers and its reader may not use, and dialogs that its buttons can't open."""
    found = set()
    for address in OFFERED.findall(page):
        try:
            view = resolve(urlsplit(address).path).func
        except Resolver404:  # static files
            continue
        if hasattr(view, "roles") and not role_of(reader).may(*view.roles):
            found.add(address)
    if "<html" in page:
        found |= {name for name in re.findall(r'data-opens="([^"]*)"', page) if f'id="{name}"' not in page}
    return found


@pytest.mark.parametrize("who", ["ann", "vera", "lea", "otto", "ada"])
def test_no_page_offers_what_its_reader_may_not(who, request, ann, vera, lea, otto, ada, monkeypatch):
    monkeypatch.setattr("webapp.services.check", list)
    reader = request.getfixturevalue(who)
    full = make_type(name="receipts")
    fill(full)
    know_people(2)
    ApiToken.issue(reader)
    make_type(name="memos")  # without anything yet
    client = Client()
    client.force_login(reader)
    seen, wrong = 0, {}
    every = [each.url for each in addresses(samples(full))]
    for url in dict.fromkeys(every + [url.replace("/receipts/", "/memos/") for url in every]):
        answer = client.get(url)
        if answer.status_code == 200 and "text/html" in answer["Content-Type"] and not url.startswith("/api"):
            seen += 1
            if found := beyond(answer.content.decode(), reader):
                wrong[url] = found
    assert wrong == {}
    assert seen >= (3 if who == "ann" else 30)


def test_viewers_are_told_nothing_of_each_person(vera, lea):
    receipts = make_type(name="receipts")
    fill(receipts)
    reader, program = Client(), Client(headers={"Authorization": f"Bearer {ApiToken.issue(vera)}"})
    leads = Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})
    for path in ("label-quality", "progress"):
        assert leads.get(f"/api/document-types/receipts/{path}").json()["people"]
        assert program.get(f"/api/document-types/receipts/{path}").json()["people"] == []
    days = program.get("/api/document-types/receipts/progress").json()["days"]
    assert any(day["documents"] for day in days) and not any(day["by_person"] for day in days)
    for user, told in ((vera, False), (lea, True)):
        reader.force_login(user)
        for path in ("progress", "label-quality"):
            page = reader.get(f"/types/receipts/{path}/").content.decode()
            assert ('id="people"' in page) is told
