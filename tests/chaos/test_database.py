"""T15: a database or a store that takes nothing for a while: it is said, nothing is half written, and it mends alone.

Label Studio is the stand-in in memory.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
from django.core.files.storage import FileSystemStorage
from django.db import DatabaseError, connection
from django.db.models import Sum
from PIL import Image

from annotation import inbox, intake, jobs, sweep, webhooks
from annotation.errors import Unreachable
from annotation.models import Correction, DirtyTask, Document, DocumentType, Job
from tests.annotation.stand_in import LabelStudioInMemory, result
from tests.annotation.stand_in import install as stand_in
from tests.chaos.processes import Installation, until
from tests.factories import make_document, make_type
from tests.webapp.test_backup import url_of
from webapp.backup import dumps, places
from webapp.embedded import postgres, programs
from webapp.embedded.supervisor import Program

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]

SMALL = 160  # MB: the cluster as it is made takes 75
PASSWORD = "only-for-chaos"


@dataclass
class Office:
    """A type whose documents all lie in Label Studio, where people answer them one after the other."""

    studio: LabelStudioInMemory
    kind: DocumentType
    tasks: dict[int, Document]
    url: str  # of Docloop

    @classmethod
    def open(cls, studio: LabelStudioInMemory, documents: int, url: str) -> Office:
        kind = make_type()
        made = [make_document(kind) for _ in range(documents)]
        return cls(studio, kind, {studio.push(document): document for document in made}, url)

    def notice(self, task_id: int) -> int:
        """The status that Label Studio's notice of a task is answered with."""
        body = {"action": "ANNOTATION_CREATED", "task": {"id": task_id}}
        url = f"{self.url}/hooks/label-studio/{self.kind.name}/"
        headers = {webhooks.HEADER: webhooks.secrets(self.kind.name)[0]}
        return httpx.post(url, json=body, headers=headers, timeout=30).status_code

    def answer_all(self) -> list[int]:
        """Each task is answered by somebody, and its notice by us."""
        statuses = []
        for task_id, document in self.tasks.items():
            self.studio.submit(task_id, result(document, {"total": "12.90"}))
            statuses.append(self.notice(task_id))
        return statuses

    def swept(self) -> str:
        """What one sweep makes of it; fails unless everything is recorded just once."""
        began = time.monotonic()
        sweep.sweep_project(self.kind.pk)
        for job in Job.objects.filter(task="annotation.collect_task", state=Job.State.WAITING):
            jobs.run(job.pk, inbox.collect_task)
        confirmed = Document.objects.filter(state=Document.State.CONFIRMED).count()
        rows, wanted = Correction.objects.count(), len(self.tasks)
        recovered = Correction.objects.filter(noticed_by="sweep").count()
        assert (confirmed, rows) == (wanted, wanted)
        return (
            f"one sweep: lost {wanted - confirmed}, duplicated {rows - wanted}, unexpected 0, recovered {recovered}, "
            f"in {time.monotonic() - began:.1f} s"
        )


def rows_left() -> int:
    return DirtyTask.objects.count() + Job.objects.count() + Correction.objects.count()


@contextmanager
def read_only() -> Iterator[None]:
    """As PostgreSQL is when it stands by, or when its operator saves a full disk: everybody reads, nobody writes."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])

    def become(state: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")  # for this one
            cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {state}")
            # whoever is connected has begun under the other rule
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()

    become("on")
    try:
        yield
    finally:
        become("off")


def test_a_database_that_takes_nothing_for_a_while_costs_time_only(live_server, monkeypatch, full, report):
    office = Office.open(stand_in(monkeypatch), 50 if full else 10, live_server.url)
    with read_only():
        statuses = office.answer_all()
        with pytest.raises(DatabaseError):
            sweep.sweep_project(office.kind.pk)
    left = rows_left()
    taken = office.notice(next(iter(office.tasks)))
    report(
        f"{len(statuses)} notices answered {sorted(set(statuses))}, {left} rows left by them; then {taken}, and {office.swept()}"
    )
    assert (set(statuses), left, taken) == ({503}, 0, 202)
    assert Correction.objects.filter(noticed_by="sweep").count() == len(statuses) - 1


# a disk that is full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk can be had by root alone")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a byte is free on the disk of this folder."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 20))
    try:
        yield
    finally:
        ballast.unlink()


def on_small_disk(folder: Path, install: Any) -> tuple[Installation, str]:
    """An installation whose database, with the tests' tables, runs on this disk; and the database's URL."""
    port = postgres.free_port()
    url = postgres.database_url(postgres.SUPERUSER, PASSWORD, port, "docloop")
    cluster = folder / "postgres"
    postgres.prepare(cluster, PASSWORD, durable=False)
    installation: Installation = install(DOCLOOP_DATABASE_URL=url)
    server = postgres.database_url(postgres.SUPERUSER, PASSWORD, port, "postgres")
    installation.programs["postgres"] = Program(
        "postgres",
        postgres.command(cluster, port, durable=False),
        programs.base_environment(),
        lambda: postgres.is_ready(server),
    )
    installation.start("postgres")
    postgres.create_database(server, "docloop", PASSWORD)
    here = url_of(connection.settings_dict["NAME"])
    with dumps.snapshot(here) as snapshot:
        dumps.dump(here, snapshot, installation.folder / "dump")
    with (installation.folder / "dump").open("rb") as content:
        dumps.load(url, content)
    return installation, url


def write_until_it_falls(url: str) -> None:
    """PostgreSQL can do without room for a row. Without room for its log of changes it gives up, to come back."""
    server = psycopg2.connect(url)
    server.autocommit = True
    with suppress(psycopg2.Error), server.cursor() as cursor:
        for _ in range(2 * SMALL):
            cursor.execute("SELECT pg_logical_emit_message(false, 'chaos', repeat('x', 1000000))")
        raise AssertionError("the disk took it all")
    server.close()
    connection.close()


def test_a_database_whose_disk_is_full_costs_time_only(
    small_disk, install, settings, monkeypatch, full, report
):
    installation, url = on_small_disk(small_disk, install)
    settings.CONFIG = installation.config
    with places.connected(url):
        office = Office.open(stand_in(monkeypatch), 50 if full else 10, installation.values["url"])
        installation.start("valkey", "web")
        with filled(small_disk):
            statuses = office.answer_all()
            with pytest.raises(DatabaseError):
                sweep.sweep_project(office.kind.pk)
            left = rows_left()
            write_until_it_falls(url)
            fallen = [office.notice(task_id) for task_id in office.tasks]

        def back() -> bool | None:
            installation.watch()
            return installation.programs["postgres"].is_ready() or None

        until("the database to be back", back)
        taken = office.notice(next(iter(office.tasks)))
        counted = DirtyTask.objects.aggregate(n=Sum("seq"))["n"]
        report(
            f"no room for a row: {len(statuses)} notices answered {sorted(set(statuses))}, {left} rows left by them; no room "
            f"for PostgreSQL's log, so that it falls: {sorted(set(fallen))}; with room again {taken}, and {office.swept()}"
        )
    assert (set(statuses), left, taken) == ({503}, 0, 202)
    assert set(fallen) <= {503, 202}
    assert counted == fallen.count(202) + 1


def test_a_store_whose_disk_is_full_keeps_no_half_of_a_file(small_disk, tmp_path, monkeypatch, report):
    store = FileSystemStorage(small_disk / "store")
    monkeypatch.setattr(intake, "default_storage", store)
    path, kind = tmp_path / "bill.png", make_type()
    Image.effect_noise((400, 400), 90).save(path)
    with filled(small_disk):
        with (small_disk / "ballast").open("r+b") as ballast:
            ballast.truncate((small_disk / "ballast").stat().st_size - 8192)  # too little for the file
        with pytest.raises(Unreachable, match="No space left on device.*makes room"):
            intake.receive(path, filename="bill.png", document_type=kind, by="lea")
        left = [each for each in (small_disk / "store").rglob("*") if each.is_file()]
    document = intake.receive(path, filename="bill.png", document_type=kind, by="lea").document
    report(f"no room for a file: refused in words, {len(left)} files left by it; with room again it is taken")
    assert left == []
    assert store.open(document.file.name).read() == path.read_bytes()
