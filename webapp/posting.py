"""A message in, a program's answer out: POST to an address that somebody typed in, without trusting it.

The name is looked up once and the connection goes to the very address that was judged, so that a name whose address
changes between two look-ups (DNS rebinding) gains nothing. No redirect is followed, no proxy or cookie is used, the
answer is cut, and all of it together ends after `PATIENCE`.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

from annotation.errors import Refused, Unreachable

PATIENCE = 10.0  # seconds, for everything
MOST = 300  # bytes of an answer that are looked at
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said: the HTTP status, and the beginning of its text."""

    status: int
    text: str


def post(url: str, content: bytes, headers: dict[str, str]) -> Answer:
    """Send `content`; raises `Unreachable` if nobody answers in time, `Refused` for an address we don't go to."""
    check(url)
    guard = _Guard(time.monotonic() + PATIENCE)
    named = {"Host": urlsplit(url).netloc, "Content-Length": str(len(content))} | headers
    limits = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)
    try:
        with (
            httpcore.ConnectionPool(network_backend=guard) as pool,
            pool.stream(
                "POST",
                url,
                headers=[*named.items()],
                content=content,
                extensions={"timeout": limits},
            ) as answer,
        ):
            return Answer(answer.status, _beginning(answer.iter_stream()))
    except (httpcore.TimeoutException, TimeoutError):
        raise Unreachable(f"no answer within {PATIENCE:.0f} s") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as problem:
        raise Unreachable(f"no answer ({type(problem).__name__})") from None


def check(url: str) -> None:
    """Raise `Refused` unless `url` is an http(s) address without a password in it; the name is not looked up."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("this is no address: it begins with https:// or http://") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise Refused("this is no address that a message can be sent to: it begins with https:// or http://")
    if parts.username or parts.password:
        raise Refused("leave user name and password out of the address: the signature shows who is calling")


def address_of(host: str, port: int) -> str:
    """The address that `host` has now; raises `Refused` if any of its addresses is not for the whole internet."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if not settings.CONFIG.private_webhooks and not all(map(_public, addresses)):
        raise Refused(
            f"{host} is an address of this machine or of a private network: messages go there only with "
            "DOCLOOP_PRIVATE_WEBHOOKS=true"
        )
    return addresses[0]


def _public(address: str) -> bool:
    plain = ipaddress.ip_address(address.split("%")[0])
    # an address of the old kind inside one of the new kind is judged as what it leads to
    if isinstance(plain, ipaddress.IPv6Address):
        inner = plain.ipv4_mapped or plain.sixtofour
        plain = ipaddress.IPv4Address(plain.packed[-4:]) if plain in NAT64 else inner or plain
    return plain.is_global and not plain.is_multicast


def _beginning(chunks: Iterable[bytes]) -> str:
    """The first `MOST` bytes as one line that can be shown."""
    held = b""
    for chunk in chunks:
        held += chunk
        if len(held) >= MOST:
            break
    text = " ".join(held[:MOST].decode(errors="replace").split())
    return "".join(char for char in text if char.isprintable())


class _Guard(httpcore.SyncBackend):
    """Looks names up itself, and gives out connections that end at `until` (`time.monotonic`)."""

    def __init__(self, until: float) -> None:
        self.until = until

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,  # httpcore's own
    ) -> httpcore.NetworkStream:
        options = {"local_address": local_address, "socket_options": socket_options}
        stream = super().connect_tcp(address_of(host, port), port, _left(self.until), **options)
        return _Stream(stream, self.until)


class _Stream(httpcore.NetworkStream):
    """A connection that doesn't live on by saying a byte now and then."""

    def __init__(self, inner: httpcore.NetworkStream, until: float) -> None:
        self.inner = inner
        self.until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, _left(self.until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, _left(self.until))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self.inner.start_tls(ssl_context, server_hostname, _left(self.until)), self.until)

    def close(self) -> None:
        self.inner.close()

    def get_extra_info(self, info: str) -> Any:  # whatever is known by that name
        return self.inner.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
