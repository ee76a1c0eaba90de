"""The guard that keeps tests on this machine hears whoever wants to leave it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import httpx
import pytest

from tests import guard


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "localhost", "", None, "127.9.9.9", "0.0.0.0", "::ffff:127.0.0.1"]
)
def test_this_machine_is_here(host):
    assert guard.is_here(host)


@pytest.mark.parametrize(
    "host",
    ["192.0.2.1", "example.org", "localhost.example.org", "::ffff:192.0.2.1", "2001:db8::1", b"example.org"],
)
def test_others_are_not(host):
    assert not guard.is_here(host)


def test_whoever_wants_to_leave_is_held_up_and_named():
    with socket.socket() as outward:
        outward.settimeout(1)
        with pytest.raises(guard.Elsewhere):
            outward.connect(("192.0.2.1", 443))
    with pytest.raises(httpx.ConnectError):
        httpx.get("https://telemetry.example.org/")
    with pytest.raises(OSError):
        socket.getaddrinfo("example.org", 443)
    assert guard.reached == [
        "socket.connect 192.0.2.1:443", "socket.getaddrinfo telemetry.example.org", "socket.getaddrinfo example.org",
    ]  # fmt: skip
    guard.reached.clear()


def test_a_program_that_leaves_is_seen(monkeypatch, no_program_leaves_this_machine):
    """By the watch over the whole suite, which is told afterwards that this one was meant."""
    monkeypatch.setattr(guard, "PAUSE", 0.05)
    found = no_program_leaves_this_machine
    # UDP sends nothing when it connects, so nobody is bothered
    code = "import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9)); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", code]) as program:
        until = time.monotonic() + 30
        while not found and time.monotonic() < until and program.poll() is None:
            time.sleep(0.05)
        program.kill()
    if program.returncode == 1:
        pytest.skip("there is no network here at all")
    time.sleep(0.5)  # whoever is looking just now is done by then
    assert {each.partition(" → ")[2] for each in found} == {"192.0.2.1:9"}
    found.clear()
