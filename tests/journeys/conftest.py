"""A real Label Studio for the journeys that need no whole installation: started as `make up` starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from pydantic import SecretStr

from tests.journeys.annotator import Annotator
from webapp.embedded import labelling_service, postgres

TOKEN = "f" * 40
SIGN_IN_SECRET = "only-for-journeys-" * 3
PASSWORD = "only-for-journeys-1"
PEOPLE = ("ann@example.org", "amy@example.org")


@pytest.fixture(scope="session")
def label_studio_url(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[str]:
    """Label Studio 1.23.2 as a process, with a database of its own in the tests' PostgreSQL and accounts for `PEOPLE`."""
    data = tmp_path_factory.mktemp("label-studio")
    database = django_settings.DATABASES["default"]
    user, secret, at = database["USER"], database["PASSWORD"], int(database["PORT"])
    name, own_secret = "label_studio_journeys", "only-for-tests"
    postgres.create_database(postgres.database_url(user, secret, at, "postgres"), name, own_secret)
    port = postgres.free_port()
    url = f"http://127.0.0.1:{port}"
    django_settings.STORE.mkdir(parents=True, exist_ok=True)
    environment = labelling_service.environment(
        data,
        django_settings.STORE,
        postgres.database_url(name, own_secret, at, name),
        TOKEN,
        PASSWORD,
        hosts=["127.0.0.1"],
        sign_in_secret=SIGN_IN_SECRET,
    )
    with (data / "log").open("wb") as log:
        server = subprocess.Popen(
            labelling_service.command("127.0.0.1", port),
            env=environment,
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + 240
        while not _answers(url):
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"Label Studio does not come up: {(data / 'log').read_text()[-2000:]}")
            time.sleep(0.1)
        for email in PEOPLE:
            labelling_service.add_person(url, TOKEN, email, PASSWORD)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def configured(label_studio_url: str, live_server: Any, settings: Any) -> Any:
    """Docloop knows where Label Studio is, and Label Studio can reach Docloop."""
    addresses = {
        "label_studio_url": label_studio_url,
        "label_studio_token": SecretStr(TOKEN),
        "sign_in_secret": SecretStr(SIGN_IN_SECRET),
        "url": live_server.url,
    }
    settings.CONFIG = settings.CONFIG.model_copy(update=addresses)
    return settings


@pytest.fixture
def ann(label_studio_url: str) -> Annotator:
    return Annotator.sign_in(label_studio_url, PEOPLE[0], PASSWORD)


@pytest.fixture
def amy(label_studio_url: str) -> Annotator:
    return Annotator.sign_in(label_studio_url, PEOPLE[1], PASSWORD)
