"""A team's first hour with Docloop, in headless Chromium on a whole installation: from signing in to rolling back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from models.generator import GeneratedDocument, generate
from models.schema import Schema
from tests.journeys.browser import PATIENCE, PHONE, browsing, every_page, grave, sign_in, too_wide
from tests.journeys.test_loop import KIND, Loop
from webapp.embedded.running import Installation, running

pytestmark = [pytest.mark.journey, pytest.mark.timeout(3000)]

FIELDS = [("invoice_number", "text"), ("invoice_date", "date"), ("total", "money")]
SEED = 23
UPLOADED = 30
BY_HAND = 11  # corrections before each training, the first of them in the browser
LOOKS: tuple[dict[str, Any], ...] = ({}, {"dark": True}, PHONE)
LONG = 15 * PATIENCE  # a training beside other work


def test_a_team_begins_in_the_browser(tmp_path: Path) -> None:
    documents = made(tmp_path)
    with running(tmp_path / "data") as installation:
        url = f"http://127.0.0.1:{installation.setting('port')}"
        with browsing() as browser:
            begin(installation, browser, url, documents, tmp_path / "files")
        look_everywhere(installation, url)


def begin(
    installation: Installation,
    browser: BrowserContext,
    url: str,
    documents: dict[str, GeneratedDocument],
    files: Path,
) -> None:
    """From nothing to a champion that was rolled back to."""
    page = browser.new_page()
    sign_in(page, url, *person(installation, "lead"))
    create_type(page)
    upload(page, [files / name for name in documents])
    watch_reading(page, url)

    label_one(browser, page)
    schema = Schema.from_json([{"name": name, "kind": kind} for name, kind in FIELDS])
    loop = Loop.reach(installation, schema, documents)
    for number in (1, 2):
        page.goto(f"{url}/types/{KIND}/")
        loop.correct(BY_HAND - (number == 1))
        expect(fact(page, "Confirmed by people")).to_contain_text(str(number * BY_HAND), timeout=LONG)
        train(page, url, number)
    compare(page, url)
    promote_and_roll_back(page, url)


def made(folder: Path) -> dict[str, GeneratedDocument]:
    """Documents with their truth, by file name; the files are in `folder`/files."""
    (folder / "files").mkdir()
    documents = {}
    for index in range(UPLOADED):
        document = generate(KIND, index, SEED)
        (folder / "files" / document.name).write_bytes(document.content)
        documents[document.name] = document
    return documents


def person(installation: Installation, role: str) -> tuple[str, str]:
    """Name and password."""
    return next(each for each in installation.sign_ins().items() if each[0].startswith(role))


def create_type(page: Page) -> None:
    """By the form, from the empty overview."""
    page.get_by_role("link", name="Create the first one").click()
    page.get_by_label("Name", exact=True).first.fill(KIND)
    page.get_by_label("Title", exact=True).fill("Invoices")
    page.get_by_label("Train after").fill("500")  # not before somebody asks
    page.get_by_label("Audit share").fill("0.2")
    for number, (name, kind) in enumerate(FIELDS):
        if page.locator(f"[name=fields-{number}-name]").count() == 0:
            page.get_by_role("button", name="Another field").click()
        page.locator(f"[name=fields-{number}-name]").fill(name)
        page.locator(f"[name=fields-{number}-kind]").select_option(kind)
    page.get_by_role("button", name="Create", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Invoices")


def upload(page: Page, files: list[Path]) -> None:
    page.get_by_role("link", name="Upload").first.click()
    page.get_by_label("Document type").select_option(KIND)
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text(f"Done: {len(files)} files")).to_be_visible(timeout=LONG)


def watch_reading(page: Page, url: str) -> None:
    """The type's page goes on by itself until every document is read and people have something to do."""
    page.goto(f"{url}/types/{KIND}/")
    expect(fact(page, "Documents")).to_contain_text(str(UPLOADED), timeout=LONG)
    expect(fact(page, "Waiting in the queue")).not_to_have_text("0", timeout=LONG)


def fact(page: Page, name: str) -> Locator:
    """The figure beside a name in the page's list of facts."""
    return page.locator("dl.facts > div", has=page.get_by_text(name, exact=True)).locator("dd").first


def label_one(browser: BrowserContext, page: Page) -> None:
    """One click into Label Studio, submit what is filled in; the page that stayed open counts it by itself."""
    expect(fact(page, "Confirmed by people")).to_have_text("0")
    beside = browser.new_page()
    beside.goto(page.url)
    beside.get_by_role("link", name="Label in Label Studio").click()
    beside.get_by_test_id("bottombar-submit-button").click(timeout=LONG)
    expect(fact(page, "Confirmed by people")).to_contain_text("1", timeout=LONG)
    beside.close()


def train(page: Page, url: str, number: int) -> None:
    """Asked for by a button; its progress is seen, and then the gate's verdict on version `number`."""
    page.goto(f"{url}/types/{KIND}/versions/")
    page.get_by_role("button", name="Retrain now").click()
    page.get_by_role("button", name="Train now", exact=True).click()
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=LONG)
    row = versions(page).get_by_role("row", name=f"v{number} ")
    expect(row).to_be_visible(timeout=LONG)
    expect(row).not_to_contain_text("not decided yet", timeout=LONG)


def compare(page: Page, url: str) -> None:
    page.goto(f"{url}/types/{KIND}/versions/")
    page.get_by_role("link", name="Compare two").click()
    page.get_by_label("First").select_option("1")
    page.get_by_label("Second").select_option("2")
    page.get_by_role("button", name="Compare").click()
    table = page.get_by_role("region", name="Differences by field")
    expect(table.get_by_role("row", name="All fields")).to_be_visible()
    for name, _ in FIELDS:
        expect(table.get_by_role("row", name=name.replace("_", " ").capitalize())).to_be_visible()


def promote_and_roll_back(page: Page, url: str) -> None:
    """By hand whatever the gate said, so that both were champion; then back to the one before."""
    for number in (1, 2):
        page.goto(f"{url}/types/{KIND}/versions/{number}/")
        button = page.get_by_role("button", name="Make it the champion")
        if button.first.is_visible():
            button.first.click()
            page.get_by_label("Why?").fill("to see what it does")
            page.get_by_role("dialog").get_by_role("button", name="Make it the champion").click()
            expect(page.get_by_text(f"{KIND}-v{number} is the champion now.").first).to_be_visible()
    assert champion_of(page, url) == 2
    page.get_by_role("button", name="Roll back").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    assert champion_of(page, url) == 1


def champion_of(page: Page, url: str) -> int:
    page.goto(f"{url}/types/{KIND}/versions/")
    # by its state alone: reasons of other versions speak of champions too
    champion = versions(page).get_by_role("row").filter(has=page.get_by_text("champion", exact=True))
    name = champion.get_by_role("rowheader").inner_text()
    return int(name.removeprefix("v"))


def versions(page: Page) -> Locator:
    """The list of them."""
    return page.get_by_role("region", name="All versions")


def look_everywhere(installation: Installation, url: str) -> None:
    """Every page that links lead to: no dead link, no error in a script, nothing grave for axe, none wider than a phone."""
    wrong = [each for look in LOOKS for each in seen_wrong(installation, url, look)]
    assert wrong == [], "\n".join(wrong)


def seen_wrong(installation: Installation, url: str, look: dict[str, Any]) -> list[str]:
    wrong: list[str] = []
    with browsing(**look) as browser:
        page = browser.new_page()
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        sign_in(page, url, *person(installation, "operator"))
        for _ in every_page(page, url):
            wrong += grave(page) + too_wide(page)
    return wrong
