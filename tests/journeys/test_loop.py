"""The whole loop with the real services: documents in, people correcting, a better model out, all by itself.

Everything is driven from outside: by the command line, the REST API, and the APIs of Label Studio and MLflow.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import yaml

from models.generator import GeneratedDocument, generate
from models.schema import Schema
from tests.journeys.annotator import Annotator, corrected, shown_prediction
from webapp.config import CHECKOUT
from webapp.embedded.running import Installation, running

pytestmark = [pytest.mark.journey, pytest.mark.timeout(3000)]

KIND = "invoice"
FIELDS = {"invoice_number", "invoice_date", "due_date", "net_amount", "tax", "total"}
SEED = 11
DOCUMENTS = 60
BY_HAND = 12  # corrections before the first version is asked for
ENOUGH = 20  # corrections that start a training by themselves
PATIENCE = 900  # seconds that a slow machine may take for any single step
NOBODY = "http://127.0.0.1:9"  # the discard port: whatever is sent there does not arrive

T = TypeVar("T")


def until(what: str, look: Callable[[], T | None]) -> T:
    """What `look` finds, as soon as it finds anything."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.5)
    raise AssertionError(f"{PATIENCE} s were not enough for: {what}")


@dataclass
class Loop:
    """An installation with one document type, its people and the truth about its documents."""

    installation: Installation
    api: httpx.Client
    labels: httpx.Client  # Label Studio, as Docloop's service account
    people: list[Annotator]
    schema: Schema
    truth: dict[str, GeneratedDocument]  # by file name

    @classmethod
    def begin(cls, installation: Installation, folder: Path) -> Loop:
        # rules read the type until it has a champion, and they learn nothing; `learn_from_now_on` changes that
        specification = yaml.safe_load((CHECKOUT / f"webapp/demo/{KIND}.yaml").read_text())
        specification |= {"retraining": {"after": ENOUGH}, "extractor": "rules", "second_opinions": 0}
        specification["fields"] = [each for each in specification["fields"] if each["name"] in FIELDS]
        (folder / "type.yaml").write_text(yaml.safe_dump(specification))
        installation.manage("document_type", str(folder / "type.yaml"))

        documents = [generate(KIND, index, SEED) for index in range(DOCUMENTS)]
        for document in documents:
            (folder / document.name).write_bytes(document.content)
        files = [str(folder / document.name) for document in documents]
        installation.manage("ingest", *files, "--type", KIND, seconds=PATIENCE)

        schema = Schema.from_json(specification["fields"])
        return cls.reach(installation, schema, {document.name: document for document in documents})

    @classmethod
    def reach(cls, installation: Installation, schema: Schema, truth: dict[str, GeneratedDocument]) -> Loop:
        """The ways to an installation: its API as a lead, Label Studio as its service account and its people."""
        token = installation.manage("api_token", "lead@docloop.example").strip()
        address = f"http://127.0.0.1:{installation.setting('port')}/api/"
        label_studio = installation.setting("label_studio_url")
        service = {"Authorization": f"Token {installation.setting('label_studio_token')}"}
        return cls(
            installation,
            httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60),
            httpx.Client(base_url=label_studio, headers=service, timeout=60),
            [
                Annotator.sign_in(label_studio, email, password)
                for email, password in installation.sign_ins().items()
                if email.startswith("annotator")
            ],
            schema,
            truth,
        )

    def learn_from_now_on(self) -> None:
        """Change the type's extractor to the one that learns, by the API."""
        specification = yaml.safe_load(self.api.get(f"document-types/{KIND}/yaml").raise_for_status().text)
        changed = specification | {"extractor": "combined", "recipe": {"threads": 2}}
        self.api.put(f"document-types/{KIND}", content=yaml.safe_dump(changed)).raise_for_status()

    def get(self, path: str, **parameters: Any) -> Any:
        return self.api.get(path, params=parameters).raise_for_status().json()

    def status(self) -> dict[str, Any]:
        (report,) = json.loads(self.installation.manage("status", "--json"))
        return report

    def live(self) -> dict[str, Any]:
        (report,) = self.get("status")
        return report

    def project(self) -> dict[str, Any]:
        return self.labels.get(f"/api/projects/{self.live()['project_id']}").raise_for_status().json()

    def correct(self, count: int) -> None:
        """`count` documents, the annotators in turn, each as the front end's 'Label All Tasks' gives them out."""
        project = self.live()["project_id"]
        for number in range(count):
            person = self.people[number % len(self.people)]
            task = until("a task in the queue", lambda person=person: person.next_task(project))
            document = self.get(f"documents/{task['data']['doc_id']}")
            answers = [each for each in self.truth[document["filename"]].answers if each.field in self.schema]
            person.submit(task, corrected(task, answers, self.schema), seconds=7.5)

    def wait_for_corrections(self, count: int) -> None:
        until(f"{count} corrections in the ledger", lambda: self.live()["corrections"] >= count)

    def versions(self, document_type: str) -> list[dict[str, Any]]:
        """The versions that the gate has judged; fails at once if a training failed."""
        runs = self.get("runs", document_type=document_type)["items"]
        failed = [run for run in runs if run["state"] == "failed"]
        assert not failed, failed[0]["problem"]
        versions = self.get("versions", document_type=document_type)["items"]
        return [each for each in versions if each["decision"]]

    def wait_for_version(self, number: int) -> dict[str, Any]:
        return until(
            f"version {number}",
            lambda: next((each for each in self.versions(KIND) if each["number"] == number), None),
        )

    def champion_in_mlflow(self) -> str | None:
        model = self.mlflow("registered-models/get", name=KIND)["registered_model"]
        aliases = {each["alias"]: each["version"] for each in model["aliases"]}
        return aliases.get("champion")

    def mlflow(self, what: str, **parameters: Any) -> Any:
        url = f"{self.installation.setting('mlflow_url')}/api/2.0/mlflow/{what}"
        return httpx.get(url, params=parameters, timeout=60).raise_for_status().json()


def turn_once(loop: Loop) -> dict[str, Any]:
    """From an empty ledger to the first champion, by way of a candidate that the gate refuses; answers the champion."""
    until("all documents read", lambda: loop.live()["counts"]["received"] == 0)
    until("all documents extracted", lambda: loop.live()["counts"]["read"] == 0)
    untaught = until("the rules' answers in the queue", lambda: loop.project()["model_version"])
    assert untaught.startswith("rules-")
    until("every task is filled in", lambda: every_open_task_shows(loop, untaught))
    loop.correct(BY_HAND)
    loop.wait_for_corrections(BY_HAND)
    assert loop.live()["live_run"] is None, "nobody asked for a training yet"

    loop.installation.manage("retrain", KIND)
    first = loop.wait_for_version(1)
    assert not first["decision"]["promote"], "rules that nobody can teach are no better than they were"
    assert first["decision"]["against"] == untaught
    assert "It is no better than the rules alone." in first["decision"]["reasons"]
    assert loop.live()["champion"] is None

    loop.learn_from_now_on()
    base = until("the base's answers in the queue", lambda: named_base(loop.project()["model_version"]))
    # with a handful of gold documents the gate may well refuse the first model that learned: then they go on
    for number in (2, 3):
        loop.correct(ENOUGH)
        loop.wait_for_corrections(BY_HAND + (number - 1) * ENOUGH)
        taught = loop.wait_for_version(number)  # nobody asked: the corrections did
        if taught["decision"]["promote"]:
            break
    assert taught["decision"]["promote"], taught["decision"]["reasons"]
    assert taught["decision"]["against"] == base
    overall = taught["decision"]["differences"][0]
    assert overall["after"] > overall["before"], "it is better on the same gold documents"
    until("the queue shows what it says", lambda: loop.project()["model_version"] == taught["name"])
    return taught


def named_base(version: str) -> str:
    """`version`, if it is that of the base alone."""
    return version if version.startswith("base-") else ""


def every_open_task_shows(loop: Loop, version: str) -> bool:
    project = loop.live()["project_id"]
    tasks = loop.labels.get(
        "/api/tasks", params={"project": project, "fields": "all", "page_size": 100}
    ).raise_for_status()
    unanswered = [task for task in tasks.json()["tasks"] if not task["is_labeled"]]
    shown = [shown_prediction(task) for task in unanswered]
    return bool(unanswered) and all(
        each and each["model_version"] == version and each["result"] for each in shown
    )


def test_the_loop_turns_by_itself_and_survives_a_stop(tmp_path):
    with running(tmp_path / "data") as installation:
        (tmp_path / "files").mkdir()
        loop = Loop.begin(installation, tmp_path / "files")
        champion = turn_once(loop)

        # MLflow has the run, its curves, the registered versions and the alias
        until("the alias", lambda: loop.champion_in_mlflow() == str(champion["number"]))
        assert loop.live()["champion"]["name"] == champion["name"]
        run = loop.get("runs", document_type=KIND)["items"][0]
        recorded = loop.mlflow("runs/get", run_id=run["mlflow_run_id"])["run"]
        metrics = {each["key"] for each in recorded["data"]["metrics"]}
        assert {"gold_f1", "gold_total_f1"} <= metrics
        assert {each["key"] for each in recorded["data"]["params"]} >= {"folds", "seed"}
        files = loop.mlflow("artifacts/list", run_id=run["mlflow_run_id"], path="model")["files"]
        assert any(file["path"].endswith("/model.crf") for file in files)

        # Label Studio shows what the new champion says, and keeps what people said
        until("new predictions", lambda: every_open_task_shows(loop, champion["name"]))
        outcomes = [each["outcomes"] for each in loop.get("corrections", document_type=KIND)["items"]]
        assert any("accepted" in each.values() for each in outcomes)
        assert any("edited" in each.values() or "added" in each.values() for each in outcomes)

        # what was there before a stop is there after it
        before = loop.status()
        installation.stop()
        installation.start()
        after = loop.status()
        for name in ("counts", "corrections", "open_tasks", "champion", "new_corrections"):
            assert after[name] == before[name], name
        loop.correct(1)
        loop.wait_for_corrections(before["corrections"] + 1)


def test_the_loop_turns_without_a_single_webhook(tmp_path):
    with running(tmp_path / "data", url=NOBODY, sweep_seconds="5") as installation:
        (tmp_path / "files").mkdir()
        loop = Loop.begin(installation, tmp_path / "files")
        champion = turn_once(loop)
        corrections = loop.get("corrections", document_type=KIND)["items"]
        assert len(corrections) >= BY_HAND + ENOUGH
        until("new predictions", lambda: every_open_task_shows(loop, champion["name"]))
