"""A file in, nothing out, unless a virus scanner knows it: ClamAV's daemon, where one is set (DOCLOOP_CLAMD).

A file that could not be looked at is not taken in: a scanner that doesn't answer must not become a way past it. The
protocol is clamd's INSTREAM, so the daemon needs no access to our files and may run on another machine.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from django.conf import settings

from annotation.errors import Refused, Unreachable

CHUNK = 1 << 18
PATIENCE = 60.0  # seconds
SIZE = "its StreamMaxLength, which must be above DOCLOOP_MAX_UPLOAD_MB"


def scan(path: Path, name: str) -> None:
    """Raises `Refused` for a file in which something was found, and `Unreachable` where it could not be looked at."""
    address = settings.CONFIG.clamd
    if not address:
        return
    try:
        with _connected(address) as scanner, path.open("rb") as file:
            scanner.sendall(b"zINSTREAM\0")
            while chunk := file.read(CHUNK):
                scanner.sendall(struct.pack("!I", len(chunk)) + chunk)
            scanner.sendall(struct.pack("!I", 0))
            said = b""
            while not said.endswith(b"\0") and (more := scanner.recv(4096)):
                said += more
    except OSError as error:
        raise Unreachable(
            f"{name!r} was not taken: the virus scanner doesn't answer ({type(error).__name__}); try again later. "
            f"An operator looks after clamd, DOCLOOP_CLAMD and {SIZE}"
        ) from None
    verdict = said.rstrip(b"\0\n").decode("utf-8", "replace").removeprefix("stream: ")
    if verdict.endswith(" FOUND"):
        raise Refused(
            f"{name!r} was not taken: the virus scanner found {verdict.removesuffix(' FOUND')} in it"
        )
    if verdict != "OK":
        raise Unreachable(
            f"{name!r} was not taken: the virus scanner could not look at it ({verdict[:100] or 'no answer'}); an operator "
            f"looks after {SIZE}"
        )


def _connected(address: str) -> socket.socket:
    """To `host:port`, or to a Unix socket by its path."""
    if "/" in address:
        scanner = socket.socket(socket.AF_UNIX)
        scanner.settimeout(PATIENCE)
        scanner.connect(address)
        return scanner
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), PATIENCE)
