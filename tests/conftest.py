"""The cast, and the doorbell's record.

Ann annotates, Lea leads, Otto operates, Eve has signed in but has no role.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from annotation import doorbell
from annotation.models import Job
from tests import guard
from webapp.embedded import mlflow


def pytest_addoption(parser: pytest.Parser) -> None:
    chaos = parser.getgroup("chaos", "tests that kill processes and break what they lean on")
    chaos.addoption("--chaos-full", action="store_true", help="the long form (`make chaos`)")
    chaos.addoption("--chaos-seed", type=int, default=1, help="of the chances that chaos tests take")
    minutes = {"nargs": "?", "type": int, "const": 10, "default": 0, "metavar": "MINUTES"}
    chaos.addoption(
        "--chaos-soak", help="people work, models are trained, processes die; 10 minutes", **minutes
    )
    made_up = "requests that are made up for each operation of the API and role; 2000 takes hours"
    parser.getgroup("api").addoption("--api-examples", type=int, default=3, help=made_up)


def pytest_configure() -> None:
    guard.begin()


@pytest.fixture(autouse=True)
def nothing_leaves_this_machine() -> Iterator[None]:
    """Whoever tries to reach another machine fails, and so does its test, also if it took that for bad weather."""
    guard.reached.clear()
    yield
    assert not guard.reached


@pytest.fixture(scope="session", autouse=True)
def no_program_leaves_this_machine() -> Iterator[set[str]]:
    """Nor does anything that tests start: servers, workers, Label Studio, MLflow."""
    with guard.watched(os.getpid()) as found:
        yield found
    assert not found


def person(name: str, role: str | None) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", "a-long-password")
    if role:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


@pytest.fixture
def ann(db: None) -> User:
    return person("ann", "annotator")


@pytest.fixture
def lea(db: None) -> User:
    return person("lea", "lead")


@pytest.fixture
def vera(db: None) -> User:
    return person("vera", "viewer")


@pytest.fixture
def ada(db: None) -> User:
    return person("ada", "admin")


@pytest.fixture
def otto(db: None) -> User:
    return person("otto", "operator")


@pytest.fixture
def eve(db: None) -> User:
    return person("eve", None)


@pytest.fixture(scope="session", autouse=True)
def emptied_between_tests() -> Iterator[None]:
    """Tests with transactions of their own end with a TRUNCATE of all tables, which the ledger and the trail refuse."""
    emptying = connection.ops.sql_flush

    def unguarded(*args: object, **kwargs: object) -> list[str]:
        statements = emptying(*args, **kwargs)
        return [
            "SET session_replication_role = replica",
            *statements,
            "SET session_replication_role = origin",
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            type(connection.ops), "sql_flush", lambda _, *args, **kwargs: unguarded(*args, **kwargs)
        )
        yield


class Rung:
    """What was rung in a test: (task, subject) of every waiting job."""

    def __contains__(self, task_and_subject: tuple[str, int]) -> bool:
        task, subject = task_and_subject
        return Job.objects.filter(task=task, subject=subject, state="waiting").exists()

    def all(self) -> set[tuple[str, int]]:
        return set(Job.objects.filter(state="waiting").values_list("task", "subject"))


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rung]:
    """Nothing is sent to a broker in these tests: job rows are what happened."""
    monkeypatch.setattr(doorbell, "send", lambda jobs: None)
    yield Rung()


@pytest.fixture(scope="session")
def mlflow_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MLflow server, started as `make up` starts it, with its own folder; for tests marked slow."""
    data = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        mlflow.command(port),
        env=os.environ | mlflow.environment(data, port, f"sqlite:///{data}/mlflow.db"),
        cwd=data,
        stdout=(data / "log").open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if server.poll() is not None:
                raise RuntimeError(f"MLflow ended: {(data / 'log').read_text()[-2000:]}")
            try:
                if httpx.get(f"{url}/health").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        else:
            raise RuntimeError(f"MLflow doesn't answer: {(data / 'log').read_text()[-2000:]}")
        yield url
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
