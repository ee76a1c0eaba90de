"""The embedded PostgreSQL, for real: each test starts the server that the wheel brings."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest

from webapp.embedded import orphans, postgres

pytestmark = pytest.mark.slow  # starts processes


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "postgres"
    yield folder
    postgres.stop(folder)


def query(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postmaster.pid").read_text().split("\n", 1)[0]))


def test_what_is_written_is_there_after_a_stop_and_a_start(folder: Path) -> None:
    url = postgres.start(folder)
    query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.stop(folder)

    assert not postgres.is_ready(url)
    assert query(postgres.start(folder), "SELECT answer FROM kept") == (42,)


def test_it_is_postgresql_18_with_a_utf8_locale_that_every_machine_has(folder: Path) -> None:
    url = postgres.start(folder)

    version = query(url, "SHOW server_version_num")
    assert isinstance(version, tuple) and version[0].startswith("18")
    locale = query(url, "SELECT upper('naïve'), datlocale FROM pg_database WHERE datname = 'postgres'")
    assert locale == ("NAÏVE", "C.UTF-8")


def test_a_role_reaches_its_own_database_with_its_password_and_no_other(folder: Path) -> None:
    url = postgres.start(folder)
    port = urlsplit(url).port
    assert port
    for name in ("docloop", "mlflow"):
        postgres.create_database(url, name, f"it's {name}'s")
    postgres.create_database(url, "docloop", "it's docloop's")  # again: nothing happens

    own = postgres.database_url("docloop", "it's docloop's", port, "docloop")
    other = postgres.database_url("docloop", "it's docloop's", port, "mlflow")
    assert query(own, "SELECT current_user") == ("docloop",)
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        query(other, "SELECT 1")
    with pytest.raises(postgres.PostgresFailed, match="does not know our password"):
        postgres.is_ready(postgres.database_url("docloop", "wrong", port, "docloop"))


@pytest.mark.slow
def test_after_a_kill_it_starts_again_with_what_was_committed(folder: Path) -> None:
    url = postgres.start(folder, durable=True)
    query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    postmaster(folder).kill()
    postgres.stop(folder)
    assert (folder / "postmaster.pid").exists()

    assert query(postgres.start(folder, durable=True), "SELECT answer FROM kept") == (42,)


def test_a_lock_file_whose_number_belongs_to_another_program_now_is_no_obstacle(folder: Path) -> None:
    postgres.start(folder)
    lines = (folder / "postmaster.pid").read_text().split("\n")
    postgres.stop(folder)
    (folder / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))

    assert postgres.is_ready(postgres.start(folder))


def test_a_cluster_whose_making_was_cut_is_made_anew(folder: Path) -> None:
    unfinished = folder.with_name("postgres.unfinished")
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18")

    assert postgres.is_ready(postgres.start(folder))
    assert not unfinished.exists()


def test_another_server_on_the_port_is_not_taken_for_ours(folder: Path, tmp_path: Path) -> None:
    url = postgres.start(tmp_path / "first")
    try:
        with pytest.raises(postgres.PostgresFailed, match=r"port \d+ is taken"):
            postgres.start(folder, urlsplit(url).port)
    finally:
        postgres.stop(tmp_path / "first")


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="only Linux's kernel tells children of a death")
def test_the_server_ends_when_the_process_that_started_it_is_killed(folder: Path) -> None:
    code = "import sys; from pathlib import Path; from webapp.embedded import postgres\n"
    code += "postgres.start(Path(sys.argv[1])); print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"ready\n"
        server = postmaster(folder)
        starter.send_signal(signal.SIGKILL)

    server.wait(20)  # raises TimeoutExpired if it goes on


def test_a_server_that_an_earlier_run_left_is_found_and_ended(folder: Path) -> None:
    url = postgres.start(folder)

    found = orphans.find(folder.parent)
    assert [process.pid for process in found] == [postmaster(folder).pid]
    assert orphans.find(folder.parent.with_name("other")) == []
    orphans.end(found)

    assert not postgres.is_ready(url)
