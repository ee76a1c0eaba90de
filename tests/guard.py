"""No test reaches another machine: whoever tries is held up, and named.

An audit hook sees every connection and every look-up of a name that Python code makes in the process of the tests, by
whichever library. `watched` does the same for programs that were started: it looks at their open connections, again and
again.
"""

from __future__ import annotations

import ipaddress
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

PAUSE = 0.5  # seconds between two looks at what is connected to what
BROWSERS = ("chrom",)  # how the names of processes begin that are no part of Docloop, and call their makers
reached: list[str] = []  # where somebody wanted to go, since it was emptied last


class Elsewhere(ConnectionRefusedError):
    """A test wanted to reach another machine; to libraries it looks as if that were off."""


def is_here(host: object) -> bool:
    """Whether a host is this machine, by name or address; no host at all is."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "localhost")
    if name.rstrip(".").lower() == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified


def is_address(host: object) -> bool:
    """Whether a host is an address already: looking that up asks nobody."""
    try:
        return bool(ipaddress.ip_address(str(host).partition("%")[0]))
    except ValueError:
        return False


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if not isinstance(address, tuple) or is_here(address[0]):
            return
        told = f"{event} {address[0]}:{address[1]}"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        if is_here(arguments[0]) or is_address(arguments[0]):
            return
        told = f"{event} {arguments[0]}"
    else:
        return
    reached.append(told)
    raise Elsewhere(f"tests reach no other machine: {told}")


_hear: Callable[[], None] | None = None


def begin() -> None:
    """From now on, for as long as this process lives; a hook can't be taken back."""
    global _hear
    if _hear is None:
        sys.addaudithook(_heard)
        _hear = begin


def somebody_is_away() -> bool:
    """Whether any process here has a connection to another machine (Linux; elsewhere they are all looked at)."""
    tables = [Path("/proc/net", name) for name in ("tcp", "tcp6", "udp", "udp6")]
    lines = [line for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    # the far end in hexadecimal, each four bytes the lowest first: none, 127.0.0.0/8, ::1
    far = {line.split()[2].partition(":")[0] for line in lines}
    here = re.compile(r"0+|(0{16}FFFF0000)?[0-9A-F]{6}7F|0{24}01000000")
    return not any(table.exists() for table in tables) or any(not here.fullmatch(each) for each in far)


@contextmanager
def watched(pid: int) -> Iterator[set[str]]:
    """Where the process and all that it started are connected to that isn't this machine, while this goes on.

    What opens and closes between two looks is missed; a connection to where nobody answers stays open for longer.
    """
    found: set[str] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(PAUSE):
            if not somebody_is_away():  # a millisecond; to look at each process takes two for each
                continue
            try:
                processes = [top := psutil.Process(pid), *top.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            for process in processes:
                try:
                    name = process.name()
                    connections = [] if name.startswith(BROWSERS) else process.net_connections("inet")
                except psutil.Error:
                    continue
                away = [each.raddr for each in connections if each.raddr and not is_here(each.raddr.ip)]
                found.update(f"{name} → {address.ip}:{address.port}" for address in away)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield found
    finally:
        ended.set()
        looking.join(10)
