"""A file in, nothing out, unless a virus scanner knows it: ClamAV's daemon, where one is set (DOCLOOP_CLAMD).

A file that could not be looked at is not taken in: a scanner that doesn't answer must not become a way past it. The
protocol is clamd's INSTREAM, so the daemon needs no access to our files and may run on another machine.
"""

from __future__ import annotations

import io
import socket
import struct
from pathlib import Path
from typing import IO

from django.conf import settings

from annotation.errors import Refused, Unreachable

CHUNK = 1 << 18
PATIENCE = 60.0  # seconds
# EICAR's (https://www.eicar.org), harmless, in parts: scanners must not find it here
TEST_FILE = (rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-", b"STANDARD-ANTIVIRUS-", b"TEST-FILE!$H+H*")
SIZE = "its StreamMaxLength, which must be above DOCLOOP_MAX_UPLOAD_MB"


def scan(path: Path, name: str) -> None:
    """Raises `Refused` for a file in which something was found, and `Unreachable` where it could not be looked at."""
    if not settings.CONFIG.clamd:
        return
    try:
        with path.open("rb") as file:
            verdict = _verdict(file)
    except OSError as error:
        raise Unreachable(
            f"{name!r} was not taken: the virus scanner doesn't answer ({type(error).__name__}); try again later. "
            f"An operator looks after clamd, DOCLOOP_CLAMD and {SIZE}"
        ) from None
    if verdict.endswith(" FOUND"):
        raise Refused(
            f"{name!r} was not taken: the virus scanner found {verdict.removesuffix(' FOUND')} in it"
        )
    if verdict != "OK":
        raise Unreachable(
            f"{name!r} was not taken: the virus scanner could not look at it ({verdict[:100] or 'no answer'}); an operator "
            f"looks after {SIZE}"
        )


def tells_apart() -> bool:
    """Whether the scanner finds the test file that all of them know, and nothing in a harmless one; raises `OSError`."""
    found = _verdict(io.BytesIO(b"".join(TEST_FILE)))
    return found.endswith(" FOUND") and _verdict(io.BytesIO(b"harmless")) == "OK"


def _verdict(file: IO[bytes]) -> str:
    """What the scanner says of the bytes; raises `OSError`."""
    with _connected(settings.CONFIG.clamd) as scanner:
        scanner.sendall(b"zINSTREAM\0")
        while chunk := file.read(CHUNK):
            scanner.sendall(struct.pack("!I", len(chunk)) + chunk)
        scanner.sendall(struct.pack("!I", 0))
        said = b""
        while not said.endswith(b"\0") and (more := scanner.recv(4096)):
            said += more
    return said.rstrip(b"\0\n").decode("utf-8", "replace").removeprefix("stream: ")


def _connected(address: str) -> socket.socket:
    """To `host:port`, or to a Unix socket by its path."""
    if "/" in address:
        scanner = socket.socket(socket.AF_UNIX)
        scanner.settimeout(PATIENCE)
        scanner.connect(address)
        return scanner
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), PATIENCE)
