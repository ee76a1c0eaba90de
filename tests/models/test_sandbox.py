"""Children are limited, confined and alone; whatever happens to them or to their nursery, the next job is done."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from models import landlock, sandbox
from models.errors import ReadingFailed
from models.files import PDF, PNG
from models.generator import generate
from models.sandbox import CHECKOUT, Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


@pytest.fixture
def good(tmp_path: Path) -> dict[str, Any]:
    """The order for a file that opens at once."""
    path = tmp_path / "good.pdf"
    path.write_bytes(generate("invoice", 1, seed=1, scan=False).content)
    return {"paths": [str(path)], "media_type": PDF}


@pytest.fixture
def stuck(tmp_path: Path) -> dict[str, Any]:
    """The order for a file that never opens: a pipe into which nobody writes."""
    path = tmp_path / "stuck.png"
    os.mkfifo(path)
    return {"paths": [str(path)], "media_type": PNG}


def count(request: dict[str, Any], **limits: int) -> int:
    pages = sandbox.run("count_pages", request, name="it", limits=Limits(**limits))
    assert isinstance(pages, int)
    return pages


def nursery() -> psutil.Process:
    """The process from which this one's children come."""
    process = sandbox._nursery._process
    assert process is not None
    return psutil.Process(process.pid)


def soon(found: Callable[[], Any]) -> Any:
    """What `found` answers once that is something."""
    for _ in range(1500):
        if answer := found():
            return answer
        time.sleep(0.02)
    pytest.fail("it never came to be")


@contextmanager
def running(request: dict[str, Any]) -> Iterator[tuple[psutil.Process, Future[int]]]:
    """The child that works on `request`, once it has limited itself, and the job."""

    def child() -> psutil.Process | None:
        for each in nursery().children():
            if each.rlimit(psutil.RLIMIT_NOFILE) == (64, 64):
                return each
        return None

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(count, request, wall_seconds=60)
        soon(lambda: sandbox._nursery._process)
        found = soon(child)
        try:
            yield found, job
        finally:
            if found.is_running():
                found.kill()


def test_a_child_is_limited_and_has_no_environment_and_no_sockets(stuck: dict[str, Any]) -> None:
    with running(stuck) as (child, _):
        limits = Limits()
        assert child.rlimit(psutil.RLIMIT_AS) == (limits.memory,) * 2
        soft, hard = child.rlimit(psutil.RLIMIT_CPU)
        assert soft in (limits.page_seconds, limits.page_seconds + 1) and hard == limits.cpu_seconds
        assert child.environ().keys() <= {"PATH", "LANG", "LC_CTYPE"}
        held = [os.readlink(each) for each in Path(f"/proc/{child.pid}/fd").iterdir()]
        assert not [each for each in held if each.startswith(("socket:", "pipe:"))]


def test_a_child_is_confined_where_the_kernel_can(stuck: dict[str, Any]) -> None:
    if ctypes.CDLL(None).syscall(landlock.CREATE_RULESET, None, ctypes.c_size_t(0), 1) < 1:
        pytest.skip("this kernel has no Landlock")
    with running(stuck) as (child, _):
        # confining itself, a process also gives up ever getting more rights
        soon(lambda: "NoNewPrivs:\t1" in Path(f"/proc/{child.pid}/status").read_text())


def test_a_child_that_is_killed_is_told_of_and_the_next_one_works(
    stuck: dict[str, Any], good: dict[str, Any]
) -> None:
    with running(stuck) as (child, job):
        child.kill()
        with pytest.raises(ReadingFailed, match="'it' broke the program that opens files .signal SIGKILL"):
            job.result(30)
    assert count(good) == 1


def test_a_file_that_is_given_up_leaves_no_process(stuck: dict[str, Any]) -> None:
    with pytest.raises(ReadingFailed, match="took longer than 1 s"):
        count(stuck, wall_seconds=1)
    assert nursery().children() == []


def test_a_stuck_file_holds_up_no_other_and_each_has_a_child_of_its_own(
    stuck: dict[str, Any], good: dict[str, Any]
) -> None:
    with running(stuck) as (child, job):
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(count, [good] * 8)) == [1] * 8
        assert child.is_running() and not job.done()


def test_a_nursery_that_was_killed_takes_its_children_along_and_is_replaced(
    stuck: dict[str, Any], good: dict[str, Any]
) -> None:
    with running(stuck) as (child, job):
        before = nursery()
        before.kill()
        with pytest.raises(ReadingFailed, match="try again") as raised:
            job.result(30)
        assert not raised.value.permanent
        soon(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert count(good) == 1
    assert nursery() != before


def test_a_forked_process_has_a_nursery_of_its_own_even_if_the_lock_was_held(good: dict[str, Any]) -> None:
    count(good)
    ours = nursery().pid
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with sandbox._nursery._lock:
            held.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(30)
            code = 0 if count(good) == 1 and nursery().pid != ours else 2
        finally:
            os._exit(code)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert count(good) == 1 and nursery().pid == ours


PROGRAM = """
import sys
from models import sandbox
sandbox.run("count_pages", {"paths": [sys.argv[1]], "media_type": "application/pdf"}, name="it", limits=sandbox.Limits())
print(sandbox._nursery._process.pid, flush=True)
sys.stdin.read()
"""


def test_a_nursery_ends_with_the_process_that_started_it(good: dict[str, Any]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, good["paths"][0]],
        cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        assert psutil.pid_exists(pid)
        program.kill()
    soon(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
