"""The process from which the limited children of `models.sandbox` are forked, a fresh one for each job.

To start Python and to load Pillow and pdfium takes 80 ms, more than most files take to be opened. Here that is done
once: this process loads them, opens no file itself, and forks a child for each job, which limits itself before it
looks at its file, and ends with it. It gets no environment, so there are no secrets to be found in it.

It lives as long as the process that started it. That one sends, over the socket that is standard input here, a byte
for each job, and with it a socket and a file. In the file is the order, as JSON; the child writes its answer in
place of it. On the socket its exit code is told; when the other end is closed, the child is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import PIL.Image
import PIL.ImageOps

import models.ocr.born_digital
import models.quality  # noqa: F401  (as the one above: loaded before the fork)
from models import rendering
from models.errors import ReadingFailed
from models.landlock import confine
from models.sandbox import CHECKOUT, Limits

# what a child is made of: Python, its packages, this code, the system's libraries and fonts
OWN_PLACES = (
    Path(sys.prefix),
    Path(sys.base_prefix),
    CHECKOUT / "models",
    *map(Path, ("/usr", "/lib", "/lib64", "/etc/fonts", "/dev/urandom")),
)
JOBS = {"count_pages": rendering.count_pages, "render": rendering.render, "join": rendering.join}
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
BROKEN = 70  # exit code of a child that could not even say what went wrong


def main() -> None:
    """Fork a child for each byte on standard input, until that is closed."""
    PIL.Image.init()  # the plug-ins for its formats
    gc.freeze()  # a child's first collection would touch, and so copy, all of it
    orders = socket.socket(fileno=0)
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, _only_wake)
    jobs: dict[int, socket.socket] = {}  # child → the socket of its job
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is woken:
                    woken.recv(4096)
                    for child, code in _ended():
                        _tell(jobs.pop(child), code, selector)
                elif key.fileobj is not orders:
                    # nothing is ever sent on a job's socket: it was closed, as the job was given up
                    selector.unregister(key.fileobj)
                    _kill(key.data)
                elif (started := _start(orders)) is None:
                    for child in jobs:
                        _kill(child)
                    return
                else:
                    child, job = started
                    jobs[child] = job
                    selector.register(job, selectors.EVENT_READ, child)


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """Python writes to the wake-up socket for signals that have a handler."""


def _start(orders: socket.socket) -> tuple[int, socket.socket] | None:
    """The child for the next job, and the job's socket; None when there will be no more."""
    byte, fds, _, _ = socket.recv_fds(orders, 1, 2)
    if not byte:
        return None
    job, file = socket.socket(fileno=fds[0]), fds[1]
    child = os.fork()
    if child == 0:
        _be_the_child(file)
    with contextlib.suppress(PermissionError, ProcessLookupError):  # it was faster, and is a group already
        os.setpgid(child, child)
    os.close(file)
    return child, job


def _ended() -> list[tuple[int, int]]:
    """Children that ended, with their exit codes; negative is the signal that ended them."""
    found = []
    with contextlib.suppress(ChildProcessError):  # none is left
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            found.append((ended[0], os.waitstatus_to_exitcode(ended[1])))
    return found


def _tell(job: socket.socket, code: int, selector: selectors.BaseSelector) -> None:
    with contextlib.suppress(KeyError):  # given up before
        selector.unregister(job)
    with contextlib.suppress(OSError):  # given up just now
        job.send(str(code).encode())
    job.close()


def _kill(child: int) -> None:
    """Ends the child and whatever it started; it is not reaped yet, so its number is no other's."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _be_the_child(file: int) -> None:
    """Never returns: whatever happens, this process ends here."""
    code = BROKEN
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if sys.platform.startswith("linux"):
            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for own, where in ((nothing, 0), (file, 1), (nothing, 2)):
            os.dup2(own, where)
        # above all the sockets of the nursery and of other jobs
        os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        code = _work()
    finally:
        os._exit(code)


def _work() -> int:
    """One order in, one answer out, both in the file that is standard output. Exit 0 when done, 1 when the file is at fault."""
    with open(1, "r+", encoding="utf-8", closefd=False) as file:
        file.seek(0)
        order = json.load(file)
        limits = Limits(**order["limits"])
        answer = _answer(order["job"], order["request"], limits)
        file.seek(0)
        file.truncate()
        json.dump(answer, file)
    return 0 if "done" in answer else 1


def _answer(job: str, request: dict[str, Any], limits: Limits) -> dict[str, Any]:  # JSON
    _limit(limits)
    confine(
        readable=[*map(Path, request["paths"]), *OWN_PLACES],
        writable=[Path(request["out"])] if "out" in request else [],
    )
    try:
        return {"done": JOBS[job](request, limits)}
    except ReadingFailed as failure:
        return {"failed": str(failure)}
    except MemoryError:
        return {"failed": "needs more memory than a document may; scan it at 300 dpi or less"}
    except Exception as error:
        # the outermost edge: Pillow and pdfium raise nearly anything on a file that was made to break them
        return {"failed": f"can't be opened ({type(error).__name__}); it is damaged or was made wrongly"}


def _limit(limits: Limits) -> None:
    """From here on this process can't outgrow `limits`, dump core or open many files."""
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, 256_000_000),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    rendering.begin_page(limits)


if __name__ == "__main__":
    main()
