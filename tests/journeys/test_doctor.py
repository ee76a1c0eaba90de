"""The doctor on a whole running installation: well at first, then broken in one place after the other, and named exactly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg2
import pytest

from webapp.config import CHECKOUT
from webapp.embedded.running import Installation, free_ports, running

pytestmark = [pytest.mark.journey, pytest.mark.timeout(1500)]

TYPE = "name: receipts\nextractor: rules\nfields: [{name: total, kind: money}]\n"
PATIENCE = 180
# what the timetable writes, whether or not there is a probe
TIMED = {"annotation_tally", "annotation_statecount", "learner_headline"}
NOT_TIMED = """
    WHERE subject <> 0 AND (
        task IN ('annotation.read_document', 'annotation.extract_document', 'annotation.collect_task')
        OR subject <> (SELECT id FROM annotation_documenttype WHERE name = 'receipts')
    )
"""
T = TypeVar("T")


def until(what: str, look: Callable[[], T | None]) -> T:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.3)
    raise AssertionError(f"{PATIENCE} s were not enough for: {what}")


def without_trail(held: dict[str, Any]) -> dict[str, Any]:
    return {name: count for name, count in held.items() if name != "annotation_trailentry"}


class Patient:
    """An installation, and what the doctor says of it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.database = psycopg2.connect(installation.setting("database_url"))
        self.database.autocommit = True
        token = installation.setting("label_studio_token")
        self.labels = httpx.Client(
            base_url=installation.setting("label_studio_url"),
            headers={"Authorization": f"Token {token}"},
            timeout=60,
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def start_doctor(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        more = {f"DOCLOOP_{name.upper()}": value for name, value in settings.items()}
        return subprocess.Popen(
            [sys.executable, "manage.py", "doctor", "--json", *words], cwd=CHECKOUT,
            env=self.installation.environment | more, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            text=True, start_new_session=True,
        )  # fmt: skip

    def examine(self, *words: str, **settings: str) -> dict[str, dict[str, str]]:
        """What the doctor finds, by check."""
        doctor = self.start_doctor(*words, **settings)
        said, _ = doctor.communicate(timeout=600)
        found = {each["check"]: each for each in json.loads(said)}
        secrets = ("label_studio_token", "webhook_secret", "secret_key", "sign_in_secret")
        assert not [name for name in secrets if self.installation.setting(name) in said]
        failed = [each for each in found.values() if each["grade"] == "failed"]
        assert doctor.returncode == (1 if failed else 0)
        assert all(each["remedy"] for each in failed)
        return found

    def failed(self, *words: str, **settings: str) -> dict[str, str]:
        """Check → remedy, of those that failed."""
        found = self.examine(*words, **settings).values()
        return {each["check"]: each["remedy"] for each in found if each["grade"] == "failed"}

    def held(self) -> dict[str, Any]:
        """What is kept where: rows by table, files, projects; without what the timetable does to `receipts` meanwhile."""
        tables = [
            name for (name,) in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        counted: dict[str, Any] = {}
        for table in sorted(set(tables) - TIMED):
            where = NOT_TIMED if table == "annotation_job" else ""
            ((counted[table],),) = self.rows(f"SELECT count(*) FROM {table} {where}")
        store = Path(self.installation.data) / "store"
        counted["files"] = sorted(str(path) for path in store.rglob("*") if path.is_file())
        counted["projects"] = self.labels.get("/api/projects", params={"page_size": 1000}).json()["count"]
        return counted

    def is_quiet(self) -> bool:
        return not self.rows("SELECT 1 FROM annotation_job WHERE state IN ('waiting', 'running')")

    def hook(self) -> dict[str, Any]:
        ((project,),) = self.rows("SELECT project_id FROM annotation_documenttype WHERE name = 'receipts'")
        (hook,) = self.labels.get("/api/webhooks/", params={"project": project}).json()
        return hook

    def change_hook(self, method: str, **body: Any) -> None:
        self.labels.request(method, f"/api/webhooks/{self.hook()['id']}/", json=body).raise_for_status()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """No sweep but the first, or it would mend what is broken here before the doctor sees it."""
    folder = tmp_path_factory.mktemp("doctor")
    with running(folder / "data", sweep_seconds="3600") as installation:
        (folder / "type.yaml").write_text(TYPE)
        installation.manage("document_type", str(folder / "type.yaml"))
        patient = Patient(installation)
        until(
            "a project",
            lambda: patient.rows("SELECT 1 FROM annotation_documenttype WHERE project_id IS NOT NULL"),
        )
        until("quiet", patient.is_quiet)
        yield patient
        patient.database.close()


def test_all_is_well_and_nothing_is_left_of_the_probe(patient):
    before = patient.held()
    found = patient.examine()
    assert {name: each for name, each in found.items() if each["grade"] in ("failed", "skipped")} == {}
    steps = [name for name in found if name.startswith("probe: ")]
    assert [step.removeprefix("probe: ") for step in steps] == [
        "project", "reading", "extraction", "queue", "page image", "webhook", "taken away",
    ]  # fmt: skip
    assert patient.held() == before


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("DELETE", {}),
        ("PATCH", {"is_active": False}),
        ("PATCH", {"headers": {"X-Docloop-Secret": "s" * 40}}),
    ],
)
def test_a_webhook_that_is_gone_switched_off_or_of_another_secret_is_named_and_mended(patient, method, body):
    patient.change_hook(method, **body)
    remedies = patient.failed("--no-probe")
    assert list(remedies) == ["webhook of receipts"]
    assert "manage.py doctor --mend" in remedies["webhook of receipts"]
    assert patient.failed("--no-probe", "--mend") == {}


def test_a_broker_that_is_gone_is_named_and_no_probe_is_sent(patient):
    (port,) = free_ports(1)
    found = patient.examine(broker_url=f"redis://127.0.0.1:{port}/0")
    assert [name for name, each in found.items() if each["grade"] == "failed"] == ["broker"]
    assert f"start the broker at 127.0.0.1:{port}" in found["broker"]["remedy"]
    assert found["probe"]["grade"] == "skipped"


def test_a_notice_that_does_not_arrive_is_found_by_the_sweep_and_the_settings_are_named(patient):
    before = patient.held()
    (port,) = free_ports(1)
    remedies = patient.failed(internal_url=f"http://127.0.0.1:{port}")
    assert {"Docloop's answers", "webhook of receipts", "probe: webhook", "probe: page image"} == set(
        remedies
    )
    for setting in (
        "SSRF_PROTECTION_ENABLED",
        "USE_DEFAULT_BANNED_SUBNETS",
        "USER_ADDITIONAL_BANNED_SUBNETS",
    ):
        assert setting in remedies["probe: webhook"]
    # the workers know the right address: if their sweep gets so far, it mends the probe's webhook and writes that down
    assert without_trail(patient.held()) == without_trail(before)


def test_an_address_that_label_studio_refuses_is_named_with_the_settings(patient):
    before = patient.held()
    found = patient.examine(internal_url="http://10.255.255.1:8000")
    said = found["probe: project"]["said"]
    assert found["probe: project"]["grade"] == "failed"
    for setting in (
        "SSRF_PROTECTION_ENABLED",
        "USE_DEFAULT_BANNED_SUBNETS",
        "USER_ADDITIONAL_BANNED_SUBNETS",
    ):
        assert setting in said
    assert patient.held() == before


def test_what_a_killed_probe_left_is_taken_away_by_the_next(patient):
    before = patient.held()
    doctor = patient.start_doctor()
    until("a task of the probe", lambda: patient.rows("SELECT 1 FROM annotation_labeltask"))
    os.killpg(doctor.pid, signal.SIGKILL)
    doctor.wait()
    assert patient.held() != before
    assert patient.failed() == {}
    assert patient.held() == before


def test_a_token_that_was_revoked_is_named(patient):
    """The last one: nothing gives Label Studio's old token back."""
    patient.labels.post("/api/current-user/reset-token/").raise_for_status()
    remedies = patient.failed()
    assert list(remedies) == ["Label Studio's token"]
    assert "DOCLOOP_LABEL_STUDIO_TOKEN" in remedies["Label Studio's token"]
