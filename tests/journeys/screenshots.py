"""`make screenshots`: every page of an installation in which people have worked, in light and dark, wide and on a phone.

The installation is the one that `make up` makes, with its demo, in a folder of its own that is thrown away afterwards.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Page

from models.generator import generate
from models.schema import Schema
from tests.journeys.annotator import Annotator, corrected
from tests.journeys.browser import PHONE, browsing, each_dialog, every_page, sign_in
from webapp.embedded.running import Installation

SEED, DOCUMENTS = 7, 60  # of the demo, webapp/demo/load.py
CORRECTIONS = 32  # of each type: enough for a second training by itself
LOOKS: dict[str, dict[str, Any]] = {"light": {}, "dark": {"dark": True}, "phone": PHONE}
MINUTES = 30  # that a slow machine may take for the demo, and for a training


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"), help="folder for the pictures")
    out: Path = parser.parse_args().out
    with tempfile.TemporaryDirectory(prefix="docloop-screenshots-") as folder:
        installation = Installation(Path(folder) / "data", demo="true")
        say(f"an installation with the demo starts; its log is {installation.log}")
        installation.start(60 * MINUTES)
        try:
            people_work(installation)
            photograph(installation, out)
        finally:
            installation.stop()


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def people_work(installation: Installation) -> None:
    """Two annotators correct documents of both types, until each type has a second version."""
    api = reach(installation)
    people = [
        Annotator.sign_in(installation.setting("label_studio_url"), email, password)
        for email, password in installation.sign_ins().items()
        if email.startswith("annotator")
    ]
    for document_type in api.get("document-types").raise_for_status().json():
        name = document_type["name"]
        say(f"{name}: people correct {CORRECTIONS} documents")
        correct(api, people, name)
        wait_for_training(api, name)


def reach(installation: Installation) -> httpx.Client:
    """The REST API, as a lead."""
    token = installation.manage("api_token", "lead@docloop.example").strip()
    address = f"http://127.0.0.1:{installation.setting('port')}/api/"
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def correct(api: httpx.Client, people: list[Annotator], name: str) -> None:
    """`CORRECTIONS` documents, in turns, as 'Label All Tasks' gives them out."""
    made = [generate(name, index, SEED) for index in range(DOCUMENTS)]
    truth = {document.name: document for document in made}
    report = next(each for each in api.get("status").json() if each["name"] == name)
    fields = api.get(f"document-types/{name}").raise_for_status().json()["fields"]
    schema = Schema.from_json(fields)
    end = time.monotonic() + 60 * MINUTES
    done = 0
    while done < CORRECTIONS and time.monotonic() < end:
        person = people[done % len(people)]
        if (task := person.next_task(report["project_id"])) is None:
            time.sleep(0.5)
            continue
        document = api.get(f"documents/{document_of(task)}").raise_for_status().json()
        answers = [each for each in truth[document["filename"]].answers if each.field in schema]
        person.submit(task, corrected(task, answers, schema), seconds=6.0 + 7 * (done % 5 == 0))
        done += 1


def document_of(task: dict[str, Any]) -> str:
    """The id of its document, by the address of its first page: a task that asks a second person has a name of its own."""
    found = re.search(r"pages/(\d+)/", task["data"]["pages"][0])
    assert found, f"task {task['id']} shows no page of a document"
    return found[1]


def wait_for_training(api: httpx.Client, name: str) -> None:
    end = time.monotonic() + 60 * MINUTES
    while time.monotonic() < end:
        versions = api.get("versions", params={"document_type": name}).raise_for_status().json()["items"]
        if len([each for each in versions if each["decision"]]) > 1:
            return
        time.sleep(1)
    raise SystemExit(f"{name} has no second version after {MINUTES} minutes; see the log")


def photograph(installation: Installation, out: Path) -> None:
    """`out/LOOK/PAGE.png`: every page of Docloop, what annotators see, and what those see who are not let in."""
    url = f"http://127.0.0.1:{installation.setting('port')}"
    erased = erase_one(installation, url)
    for shown, look in LOOKS.items():
        (out / shown).mkdir(parents=True, exist_ok=True)
        with browsing(**look) as browser:
            camera = Camera(browser.new_page(), url, out / shown)
            camera.shoot("sign-in", "/sign-in/")
            camera.shoot("set-password-worn-out", "/set-password/MQ/worn-out/")
            sign_in(camera.page, url, *person(installation, "operator"))
            for kind in every_page(camera.page, url):
                name = re.sub(r"[/?&]+", "-", kind) or "overview"
                camera.keep(name)
                for dialog in each_dialog(camera.page):
                    camera.keep(f"{name}-dialog-{dialog}", whole=False)
            camera.shoot("not-found", "/there-is-nothing/")
            camera.shoot("document-erased", erased)
        with browsing(**look) as browser:
            camera = Camera(browser.new_page(), url, out / shown)
            sign_in(camera.page, url, *person(installation, "annotator"))
            camera.keep("annotator-today")
            label(camera)
            camera.shoot("annotator-not-for-your-role", "/documents/")


def person(installation: Installation, role: str) -> tuple[str, str]:
    """Name and password of the first one of this role."""
    return next(each for each in installation.sign_ins().items() if each[0].startswith(role))


def erase_one(installation: Installation, url: str) -> str:
    """Erases the oldest document as an operator does; its address."""
    with browsing() as browser:
        page = browser.new_page()
        sign_in(page, url, *person(installation, "operator"))
        page.goto(f"{url}/documents/?order=oldest")
        page.locator("main tbody a").first.click()
        page.get_by_role("button", name="Erase").first.click()
        name = page.get_by_role("heading", level=1).inner_text()
        page.get_by_label("Type the name of the file").fill(name)
        page.get_by_role("button", name="Erase it").click()
        page.wait_for_load_state()
        return urlsplit(page.url).path


def label(camera: Camera) -> None:
    """The first document of their queue, in Label Studio."""
    way = camera.page.locator("a[href*='/label/']").first
    if not way.is_visible():
        return  # the queue is empty just now
    way.evaluate("(link) => link.removeAttribute('target')")
    way.click()
    camera.page.get_by_test_id("bottombar-submit-button").wait_for()
    camera.page.wait_for_timeout(3000)  # the page's image, and the boxes on it
    camera.keep("label-studio", whole=False)


@dataclass(frozen=True, slots=True)
class Camera:
    """A person's browser, and where its pictures are put."""

    page: Page
    url: str
    folder: Path

    def shoot(self, name: str, path: str) -> None:
        """Go there first."""
        self.page.goto(f"{self.url}{path}")
        self.keep(name)

    def keep(self, name: str, *, whole: bool = True) -> None:
        """What the browser shows now, down to the end of the page if `whole`."""
        self.page.wait_for_timeout(1500)  # parts that load by themselves, and charts
        self.page.screenshot(path=self.folder / f"{name}.png", full_page=whole)
        say(str(self.folder / f"{name}.png"))


if __name__ == "__main__":
    main()
