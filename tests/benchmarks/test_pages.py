"""What the benchmark of pages takes for a page, on Docloop itself."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from django.test import Client

from benchmarks.pages import Visit, _page
from tests.factories import make_type

pytestmark = pytest.mark.django_db

Ask = Callable[[Client], httpx.Client]


@pytest.fixture
def ask(settings) -> Ask:
    """The benchmark's client, of Docloop as the benchmark sets it up, for who is signed in there."""
    settings.MIDDLEWARE = ["benchmarks.pages_settings.counted", *settings.MIDDLEWARE]

    def through(client: Client) -> httpx.Client:
        def answer(request: httpx.Request) -> httpx.Response:
            answered = client.get(request.url.path)
            sent = iter([answered.content])  # a stream, as from a server: only then are bytes counted
            return httpx.Response(answered.status_code, headers=answered.headers, content=sent)

        return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://localhost")

    return through


@pytest.fixture
def operator(otto) -> Client:
    client = Client()
    client.force_login(otto)
    return client


def looked_at(_: str) -> Visit:
    return Visit(paint=12.0, weight=34_567)


def test_a_page_is_weighed_as_a_browser_saw_it(ask, operator):
    found = _page(ask(operator), "overview", ["/", "/"], looked_at)
    assert found is not None
    assert (found.requests, found.weight, found.paint) == (2, 34_567, 12.0)
    assert found.queries > 0 and found.html > 1000


def test_what_only_leads_on_or_only_takes_something_is_no_page(ask, operator):
    make_type(name="receipts", project_id=7)
    for address in ("/sign-in/", "/label/receipts/", "/sign-out/"):
        assert _page(ask(operator), "x", [address], looked_at) is None


def test_a_stranger_sees_the_sign_in(ask):
    found = _page(ask(Client()), "sign-in", ["/sign-in/"], looked_at)
    assert found is not None and found.weight == 34_567
