"""`make screenshots`: every page of an installation in which people have worked, in light and dark, wide and on a phone.

The installation is the one that `make up` makes, with its demo, in a folder of its own that is thrown away afterwards.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import httpx

from models.generator import generate
from models.schema import Schema
from tests.journeys.annotator import Annotator, corrected
from tests.journeys.browser import browsing, every_page, sign_in
from webapp.embedded.running import Installation

SEED, DOCUMENTS = 7, 60  # of the demo, webapp/demo/load.py
CORRECTIONS = 32  # of each type: enough for a second training by itself
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
        document = api.get(f"documents/{task['data']['doc_id']}").raise_for_status().json()
        answers = [each for each in truth[document["filename"]].answers if each.field in schema]
        person.submit(task, corrected(task, answers, schema), seconds=6.0 + 7 * (done % 5 == 0))
        done += 1


def wait_for_training(api: httpx.Client, name: str) -> None:
    end = time.monotonic() + 60 * MINUTES
    while time.monotonic() < end:
        versions = api.get("versions", params={"document_type": name}).raise_for_status().json()["items"]
        if len([each for each in versions if each["decision"]]) > 1:
            return
        time.sleep(1)
    raise SystemExit(f"{name} has no second version after {MINUTES} minutes; see the log")


def photograph(installation: Installation, out: Path) -> None:
    """`out/THEME/PAGE.png`, and `out/phone/PAGE.png` 390 pixels wide."""
    url = f"http://127.0.0.1:{installation.setting('port')}"
    email, password = next(each for each in installation.sign_ins().items() if each[0].startswith("operator"))
    for shown, look in {"light": {}, "dark": {"dark": True}, "phone": {"width": 390, "height": 844}}.items():
        (out / shown).mkdir(parents=True, exist_ok=True)
        with browsing(**look) as browser:
            page = browser.new_page()
            page.goto(f"{url}/sign-in/")
            page.screenshot(path=out / shown / "sign-in.png")
            sign_in(page, url, email, password)
            for kind in every_page(page, url):
                page.wait_for_timeout(1500)  # parts that load by themselves, and charts
                picture = out / shown / f"{kind.replace('/', '-') or 'overview'}.png"
                page.screenshot(path=picture, full_page=True)
                say(str(picture))


if __name__ == "__main__":
    main()
