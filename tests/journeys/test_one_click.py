"""From Docloop into a real Label Studio with one click: the token it takes, the accounts it makes, and a browser."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.core import signing
from django.core.cache import cache
from playwright.sync_api import Page, Request

from annotation import label_studio_people, projects, queueing
from annotation.label_studio_people import SHUT_OUT, SIGN_IN
from tests.conftest import person
from tests.factories import make_document, make_extraction, make_type
from tests.journeys.annotator import Annotator
from tests.journeys.browser import browsing, sign_in
from tests.journeys.conftest import PASSWORD, PEOPLE, SIGN_IN_SECRET, TOKEN
from webapp.embedded.labelling_service import SERVICE_ACCOUNT

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

DOCLOOP = "https://docloop.example.org"


def token(*, key: str = SIGN_IN_SECRET, purpose: str = SIGN_IN, **claims: Any) -> str:
    usual = {"email": "bea@example.org", "next": "/projects/", "origins": [DOCLOOP]}
    return signing.dumps(usual | {"nonce": secrets.token_hex(8)} | claims, key=key, salt=purpose)


def come_in(
    url: str, given: str, *, origin: str = DOCLOOP, page: str = "sign-in"
) -> tuple[httpx.Client, httpx.Response]:
    browser = httpx.Client(base_url=url, timeout=60)
    headers = {"Origin": origin} if origin else {}
    return browser, browser.post(f"/docloop/{page}/", data={"token": given}, headers=headers)


def who(browser: httpx.Client) -> str | None:
    answer = browser.get("/api/current-user/whoami")
    return answer.json()["email"] if answer.is_success else None


def accounts(url: str) -> list[str]:
    answer = httpx.get(f"{url}/api/users/", headers={"Authorization": f"Token {TOKEN}"}, timeout=60)
    return [user["email"] for user in answer.json()]


def test_a_token_opens_the_page_it_names_and_makes_the_account(label_studio_url):
    browser, answer = come_in(label_studio_url, token(email="Cleo@example.org"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/projects/")
    assert who(browser) == "cleo@example.org"
    assert browser.get("/projects/").status_code == 200
    assert accounts(label_studio_url).count("cleo@example.org") == 1
    # with a name of their own, cookies of other programs on this host stay
    assert set(browser.cookies) == {"label_studio_session", "label_studio_csrf"}
    come_in(label_studio_url, token(email="CLEO@example.org"))
    assert accounts(label_studio_url).count("cleo@example.org") == 1


def test_an_account_made_by_a_link_has_no_password(label_studio_url):
    come_in(label_studio_url, token(email="dora@example.org"))
    for password in ("", "None", "!"):
        with pytest.raises(AssertionError, match="could not sign in"):
            Annotator.sign_in(label_studio_url, "dora@example.org", password)


def test_a_token_works_once(label_studio_url):
    given = token()
    assert come_in(label_studio_url, given)[1].status_code == 303
    browser, answer = come_in(label_studio_url, given)
    assert answer.status_code == 403 and "used before" in answer.text
    assert who(browser) is None


def test_a_token_that_took_longer_than_a_minute_opens_nothing(label_studio_url, monkeypatch):
    monkeypatch.setattr(
        signing.TimestampSigner, "timestamp", lambda self: signing.b62_encode(int(signing.time.time()) - 62)
    )
    browser, answer = come_in(label_studio_url, token())
    assert answer.status_code == 403 and "older than a minute" in answer.text
    assert who(browser) is None


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        token(key="another secret that is long enough too"),
        token(purpose="of something else"),
        token(purpose=SHUT_OUT),
        token(email="ann@example.org").partition(":")[0] + ":" + token().partition(":")[2],
    ],
    ids=["none", "nonsense", "other secret", "other purpose", "for shutting out", "another's address"],
)
def test_a_forged_token_opens_nothing(label_studio_url, given):
    browser, answer = come_in(label_studio_url, given)
    assert answer.status_code == 403 and "not from Docloop" in answer.text
    assert who(browser) is None


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example",
        "javascript:alert(1)",
        "",
        "/\t/x",
    ],
)
def test_a_token_leads_to_no_other_site(label_studio_url, target):
    answer = come_in(label_studio_url, token(next=target))[1]
    assert answer.status_code == 403 and "another site" in answer.text


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
def test_a_page_elsewhere_can_sign_nobody_in(label_studio_url, origin):
    """Its visitor would go on in the account of whoever made the token, and not notice."""
    answer = come_in(label_studio_url, token(), origin=origin)[1]
    assert answer.status_code == 403 and "not opened on a page of Docloop" in answer.text


def test_nobody_comes_into_the_account_that_administers_label_studio(label_studio_url):
    browser, answer = come_in(label_studio_url, token(email=SERVICE_ACCOUNT.upper()))
    assert answer.status_code == 403
    assert who(browser) is None


def test_another_persons_token_ends_the_session_before(label_studio_url):
    browser, _ = come_in(label_studio_url, token())
    browser.post(
        "/docloop/sign-in/", data={"token": token(email="cleo@example.org")}, headers={"Origin": DOCLOOP}
    )
    assert who(browser) == "cleo@example.org"


def test_whoever_is_shut_out_is_out_at_once_keeps_their_name_and_comes_back_by_a_link(
    label_studio_url, configured
):
    cache.clear()
    ann = Annotator.sign_in(label_studio_url, PEOPLE[0], PASSWORD)
    assert label_studio_people.shut_out(PEOPLE[0])
    assert who(ann.client) is None
    with pytest.raises(AssertionError, match="could not sign in"):
        Annotator.sign_in(label_studio_url, PEOPLE[0], PASSWORD)
    assert PEOPLE[0] in accounts(label_studio_url)  # removed from the organisation, they would be "Deleted"
    browser, _ = come_in(label_studio_url, token(email=PEOPLE[0]))
    assert who(browser) == PEOPLE[0]
    Annotator.sign_in(label_studio_url, PEOPLE[0], PASSWORD)


def test_only_docloop_shuts_people_out_and_never_its_own_account(label_studio_url):
    shut = token(purpose=SHUT_OUT, email=SERVICE_ACCOUNT)
    assert come_in(label_studio_url, token(email=PEOPLE[1]), page="shut-out")[1].status_code == 403
    assert come_in(label_studio_url, shut, page="shut-out")[1].status_code == 204
    assert SERVICE_ACCOUNT in accounts(label_studio_url)


def test_the_server_asks_nobody_for_tips(label_studio_url):
    answer = httpx.get(f"{label_studio_url}/heidi-tips/", timeout=60)
    assert (answer.status_code, answer.json()) == (404, {})  # Label Studio's own 404 has a text for why


# in a browser


@pytest.fixture
def receipts(configured: Any) -> Any:
    """A type with a document that waits in Label Studio."""
    cache.clear()
    kind = make_type(name="receipts", title="Receipts", project_id=None, champion="v1")
    make_extraction(make_document(kind, state="extracted"))
    projects.sync_project(kind.pk)
    queueing.fill_queue(kind.pk)
    kind.refresh_from_db()
    return kind


@pytest.fixture
def page(live_server: Any) -> Iterator[Page]:
    """Gina, who has never been in Label Studio, at her own page of Docloop."""
    person("gina", "annotator")
    with browsing() as browser:
        page = browser.new_page()
        sign_in(page, live_server.url, "gina", "a-long-password")
        assert page.url == f"{live_server.url}/today/"
        yield page


def test_one_click_opens_the_labelling_page_and_both_sessions_live(
    receipts, page, live_server, label_studio_url
):
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.click("text=Label Receipts")
    page.wait_for_url(f"{label_studio_url}/projects/{receipts.project_id}/data?*labeling=1*")
    page.get_by_test_id("bottombar-submit-button").wait_for()
    whoami = page.evaluate("fetch('/api/current-user/whoami').then(answer => answer.json())")
    assert whoami["email"] == "gina@example.org"
    # the token stands in no address and no Referer
    handed = [each for each in asked if each.url.endswith("/docloop/sign-in/")]
    assert [each.method for each in handed] == ["POST"]
    token_of_hers = httpx.QueryParams(handed[0].post_data)["token"]
    told = [each.url + each.headers.get("referer", "") for each in asked]
    assert not [each for each in told if token_of_hers in each]
    # back leads to where she came from, not to the page that hands over
    page.go_back()
    page.wait_for_url(f"{live_server.url}/today/")
    # and she is signed in to both
    page.goto(f"{label_studio_url}/projects/")
    assert "/user/login" not in page.url
    page.goto(f"{live_server.url}/today/")
    assert page.url == f"{live_server.url}/today/"


def test_the_way_in_works_without_scripts(receipts, page, label_studio_url):
    assert page.context.browser
    context = page.context.browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    still = context.new_page()
    still.goto(page.url)
    still.click("text=Label Receipts")
    still.click("#hand-over button")
    still.wait_for_url(f"{label_studio_url}/projects/**", wait_until="commit")


def test_with_the_ordinary_sign_in_the_click_leads_to_label_studios_own(
    receipts, page, label_studio_url, settings
):
    settings.CONFIG = settings.CONFIG.model_copy(update={"label_studio_sign_in": "own"})
    page.click("text=Label Receipts")
    page.wait_for_url(f"{label_studio_url}/user/login/**")
    page.fill("input[name=email]", PEOPLE[0])
    page.fill("input[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(f"{label_studio_url}/projects/{receipts.project_id}/**")
