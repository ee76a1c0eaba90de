"""A limited child process for work on bytes that strangers sent.

Pillow and pdfium are C and C++ that parse hostile files; a crash, a bomb or a hang must not reach a server. `run`
has one job done by a fresh child, which limits itself and ends with it. It gets no environment, so it holds no
secrets; where the kernel can, it reads nothing but the file and its own code, writes to nothing but the output folder,
and reaches no network. Children are forked from a process that has loaded what they need (`models.nursery`).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.errors import ReadingFailed

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Sizes in bytes, times in seconds, `pixels` for each page image of an upload.

    From its opening to its last page a file of one page has 28 s of CPU, and one of many 2 s for each page more.
    """

    file_bytes: int = 50_000_000
    pages: int = 100
    pixels: int = 120_000_000  # A4 at 1,200 dpi is 139 million; at 600 dpi 35 million
    memory: int = 1_500_000_000
    opening_seconds: int = 8  # of CPU, to open it and count its pages, while somebody waits
    page_seconds: int = 20  # of CPU, for any one page
    further_seconds: int = 2  # of CPU, that each page which is drawn adds to what the next ones may use
    cpu_seconds: int = 120  # for all of them
    wall_seconds: int = 180


def run(job: str, request: dict[str, Any], *, name: str, limits: Limits) -> Any:  # JSON both ways
    """The answer of `models.nursery.JOBS[job](request, limits)`, worked out in a limited child.

    Raises `ReadingFailed` with the child's own message, or one that says which limit ended it; `name` is what the
    messages call the file.
    """
    order = {"job": job, "request": request, "limits": asdict(limits)}
    ours, theirs = socket.socketpair()
    # the answer comes in a file, where the child's limit on file size holds it in check; a pipe has none
    with ours, theirs, tempfile.TemporaryFile() as file:
        file.write(json.dumps(order).encode())
        file.flush()
        _nursery.send(theirs.fileno(), file.fileno())
        theirs.close()
        ours.settimeout(max(limits.wall_seconds, 0.001))  # 0 would be no limit
        try:
            code = ours.recv(64)
        except TimeoutError:
            # have the child killed, and wait for that: it may still be writing where others clean up next
            ours.shutdown(socket.SHUT_WR)
            ours.settimeout(10)
            with contextlib.suppress(TimeoutError):
                ours.recv(64)
            raise ReadingFailed(
                f"{name!r} took longer than {limits.wall_seconds} s to open and was given up; "
                "print it to a new PDF, or split it, and upload that"
            ) from None
        if not code:
            raise ReadingFailed(
                f"the process that opens files ended while it had {name!r}; try again", permanent=False
            )
        file.seek(0)
        return _answer(int(code), file.read(), name)


def _answer(exit_code: int, raw: bytes, name: str) -> Any:
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = None
    if exit_code == 0 and isinstance(answer, dict) and "done" in answer:
        return answer["done"]
    if exit_code == 1 and isinstance(answer, dict) and isinstance(answer.get("failed"), str):
        raise ReadingFailed(f"{name!r} {answer['failed']}")
    if -exit_code == signal.SIGXCPU:
        raise ReadingFailed(
            f"{name!r} takes more computing time than it may; print it to a new PDF and upload that"
        )
    how = f"signal {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exit {exit_code}"
    raise ReadingFailed(
        f"{name!r} broke the program that opens files ({how}); print it to a new PDF and upload that"
    )


class _Nursery:
    """This process's own `models.nursery`, started when it is first needed and again if it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    def send(self, *fds: int) -> None:
        """Order a child, with the job's socket and file; raises `ReadingFailed` if no nursery can be started."""
        with self._lock:
            for _ in range(2):
                if self._orders is None:
                    self._start()
                assert self._orders is not None
                try:
                    socket.send_fds(self._orders, [b"."], fds)
                    return
                except OSError:  # it was killed, say by a system that ran out of memory
                    self.forget()
        raise ReadingFailed("the process that opens files can't be started; try again", permanent=False)

    def _start(self) -> None:
        self._orders, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-E", "-s", "-m", "models.nursery"],
                cwd=CHECKOUT,
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def forget(self) -> None:
        """Leave the nursery; it ends when nobody can send to it any more."""
        if self._orders is not None:
            self._orders.close()
        if self._process is not None:
            self._process.poll()
        self._orders = self._process = None


_nursery = _Nursery()


def _after_fork() -> None:
    """A forked worker has a nursery of its own; the lock may have been held by a thread that it doesn't have."""
    global _nursery
    _nursery.forget()
    _nursery = _Nursery()


os.register_at_fork(after_in_child=_after_fork)
