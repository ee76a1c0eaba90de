"""What the kinds of sources are tested against: a folder, an IMAP server and an S3 server, all of this machine."""

from __future__ import annotations

import imaplib
import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from annotation.models import Arrival, Source
from annotation.sources import looking, taking
from tests.factories import make_pdf, make_type

USER, PASSWORD = "invoices", "a password for the mailbox"
KEY, SECRET = "docloop", "a secret key for the storage"
number = itertools.count(1)


@pytest.fixture(autouse=True)
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sources may look below this test's folder and call this machine; more settings by name."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "mail").write_text(f"{PASSWORD}\n")
    (secrets / "storage").write_text(SECRET)
    (tmp_path / "inbox").mkdir()
    monkeypatch.setattr(settings, "STORE", tmp_path / "store")
    monkeypatch.setattr(looking, "STILL", looking.STILL * 0)

    def allow(**more: Any) -> None:
        monkeypatch.setattr(settings, "CONFIG", settings.CONFIG.model_copy(update=more))

    allow(source_roots=str(tmp_path / "inbox"), source_hosts="127.0.0.1", source_secrets=secrets)
    return allow


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


@pytest.fixture
def pdf(tmp_path: Path) -> Callable[[str], bytes]:
    """The bytes of a PDF that says this."""
    return lambda text: make_pdf(tmp_path / "made.pdf", text).read_bytes()


@pytest.fixture
def folder(db: None, inbox: Path) -> Source:
    return a_source("folder", path=str(inbox))


def a_source(kind: str, **more: Any) -> Source:
    """A source of a type of its own."""
    return Source.objects.create(
        name=f"source{next(number)}", kind=kind, settings=more, document_type=make_type(), created_by="otto"
    )


def look(source: Source) -> None:
    source.refresh_from_db()
    looking.look_at(source.pk)


def run(source: Source) -> None:
    """Two looks and all that follows from them."""
    look(source)
    look(source)
    taking.take_arrivals(source.pk)


def states(source: Source) -> dict[str, str]:
    """Name → state of all that it has."""
    return dict(Arrival.objects.filter(source=source).values_list("name", "state"))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def imap_port() -> Iterator[int]:
    """A real IMAP server."""
    port = free_port()
    program = Path(sys.executable).with_name("pymap")
    server = subprocess.Popen(
        [program, "--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict"]
        + ["--demo-user", USER, "--demo-password", PASSWORD]
    )
    try:
        for _ in range(600):
            assert server.poll() is None, "pymap ended"
            try:
                imaplib.IMAP4("127.0.0.1", port).logout()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(20)


class Mails:
    """A folder of the mailbox, as other mail programs see it."""

    def __init__(self, port: int, folder: str) -> None:
        self.port, self.folder = port, folder
        self.client = imaplib.IMAP4("127.0.0.1", port)
        self.client.login(USER, PASSWORD)
        self.client.create(folder)

    def send(self, *files: tuple[str, bytes], mail: EmailMessage | None = None) -> None:
        """A mail with these files arrives: name and content each."""
        mail = mail or EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "Invoice"
        if mail.get_content_maintype() != "application":
            mail.set_content("Please find attached")
        for name, content in files:
            mail.add_attachment(content, maintype="application", subtype="pdf", filename=name)
        answer, _ = self.client.append(self.folder, None, None, mail.as_bytes())  # type: ignore[arg-type]
        assert answer == "OK"

    def flags(self, folder: str = "") -> list[bytes]:
        """Of every mail, in order."""
        self.client.select(folder or self.folder, readonly=True)
        return [each for each in self.client.fetch("1:*", "(FLAGS)")[1] if isinstance(each, bytes)]


@pytest.fixture
def mails(imap_port: int) -> Iterator[Mails]:
    found = Mails(imap_port, f"Inbox{next(number)}")
    yield found
    found.client.logout()


@pytest.fixture
def mailbox(db: None, mails: Mails) -> Source:
    return a_source(
        "mailbox", host="127.0.0.1", port=mails.port, security="none", user=USER, secret="mail", folder=mails.folder,
    )  # fmt: skip


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """A real S3 server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server._port}"
    server.stop()


@pytest.fixture
def s3(s3_url: str) -> Any:  # boto3's client, made at run time
    """A client of somebody else's program."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=s3_url,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )


@pytest.fixture
def bucket(db: None, s3: Any, s3_url: str) -> Source:
    name = f"bucket-{next(number)}"
    s3.create_bucket(Bucket=name)
    return a_source("bucket", endpoint=s3_url, bucket=name, access_key=KEY, secret="storage")
