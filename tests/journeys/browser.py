"""A person at Docloop's pages in headless Chromium, and what axe finds wrong with a page for people who can't see it."""

from __future__ import annotations

import re
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import parse_qsl, urldefrag, urlsplit

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from django.db import connection
from playwright.sync_api import BrowserContext, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
GRAVE = {"serious", "critical"}  # axe's two highest impacts
ELSEWHERE = ("api/", "label/")  # for programs, and into Label Studio
PHONE = {"width": 390, "height": 844}
STICKING_OUT = """() => document.documentElement.scrollWidth <= innerWidth ? [] : ["the whole", ...
  [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map((each) => each.outerHTML.slice(0, 80))]"""
PATIENCE = 60_000  # milliseconds that a slow machine may take to show something


@contextmanager
def browsing(*, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[BrowserContext]:
    """A browser of one person, with Debian's Chromium."""
    program = shutil.which("chromium")
    assert program, "these journeys need Chromium: on Debian, apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(PATIENCE)
        yield context
        chromium.close()


def refusals(page: Page) -> list[str]:
    """What the browser will have refused to run, load or send by the pages' policy (CSP): grows while the page is used."""
    told: list[str] = []
    page.on(
        "console",
        lambda message: (
            "Content Security Policy" in message.text and told.append(f"{page.url}: {message.text}")
        ),
    )
    return told


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    """From the sign-in page to the overview, or to where that person begins."""
    page.goto(f"{url}/sign-in/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda there: "/sign-in/" not in there)


def every_page(page: Page, url: str) -> Iterator[str]:
    """Opens one page of each kind that links lead to from the overview, and answers its kind (`types/NAME/versions/N`).

    The same page asked for something else (`documents?state&type`) is another kind.

    `page` shows it meanwhile. Fails where a link leads nowhere.
    """
    waiting, seen = deque([f"{url}/"]), {""}
    while waiting:
        there = waiting.popleft()
        answer = page.goto(there, wait_until="load")
        assert answer and answer.ok, f"a link leads to {there}, which answers {answer and answer.status}"
        links = page.eval_on_selector_all(
            "a[href]:not([download], [target])", "all => all.map(one => one.href)"
        )
        for link in links:
            kind = kind_of(link)
            if link.startswith(f"{url}/") and kind not in seen and not kind.startswith(ELSEWHERE):
                seen.add(kind)
                waiting.append(urldefrag(link).url)
        yield kind_of(there)


def each_dialog(page: Page) -> Iterator[str]:
    """Opens one dialog of the page after the other, and answers its id."""
    openers = page.locator("[data-opens]:visible")
    for name in dict.fromkeys(openers.evaluate_all("all => all.map(one => one.dataset.opens)")):
        page.locator(f"[data-opens={name}]:visible").first.click()
        yield name
        page.keyboard.press("Escape")


def kind_of(link: str) -> str:
    """Its path, where numbers and names of types and versions are all the same, and what is asked of it."""
    path = urlsplit(link).path.strip("/")
    asked = "&".join(sorted(name for name, _ in parse_qsl(urlsplit(link).query)))
    named = re.sub(r"(?<=^types/)[^/]+", "NAME", path)
    return re.sub(r"(?<=/)\d+(?=/|$)", "N", named) + (f"?{asked}" if asked else "")


def too_wide(page: Page) -> list[str]:
    """That the page is wider than its window, with what sticks out; nothing if it fits."""
    return [f"{page.url}: wider than the window: {each}" for each in page.evaluate(STICKING_OUT)]


def grave(page: Page) -> list[str]:
    """What axe takes for serious or critical on the page as it is now: rule, and where."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {each['id']}: {each['help']}: {', '.join(str(node['target'][0]) for node in each['nodes'][:5])}"
        for each in found
        if each["impact"] in GRAVE
    ]


def elsewhere(work: Callable[[], None]) -> None:
    """In a thread of its own: Django refuses the database where Playwright's loop runs."""

    def whole() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(whole).result()
