"""The process manager, with real processes that are small."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from webapp.embedded import orphans, supervisor
from webapp.embedded.supervisor import Program, ProgramFailed, StopAsked, Supervisor

pytestmark = pytest.mark.slow  # starts processes

# writes its number to a file when it runs, and what stopped it when it stops
BODY = """
import os, signal, sys, time
from pathlib import Path
name = sys.argv[1]
def stop(number, frame):
    with Path("order").open("a") as order: order.write(name + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
Path(name + ".pid").write_text(str(os.getpid()))
print("running", flush=True)
while True: time.sleep(0.05)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w').close(); time.sleep(60)"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def manager(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    manager = Supervisor(tmp_path, said.append)
    yield manager
    manager.stop()


def program(folder: Path, name: str, code: str = BODY, ready: str = "", **settings: float) -> Program:
    """A program that is ready when the file `ready` is in the folder (its own pid file if nothing is said)."""
    file = folder / (ready or f"{name}.pid")
    environment = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", code, name]
    return Program(name, command, environment, file.exists, folder=folder, **settings)


def pid_of(folder: Path, name: str) -> int:
    return int((folder / f"{name}.pid").read_text())


def test_programs_are_ready_when_they_say_so_and_log_to_files(
    manager: Supervisor, tmp_path: Path, said: list[str]
) -> None:
    manager.start(program(tmp_path, "one"))
    manager.wait_ready(["one"], 20)

    assert "one is ready" in said
    assert manager.running["one"].process.poll() is None
    manager.stop()
    assert manager.log("one").read_text() == "running\n"


def test_a_program_that_ends_before_it_is_ready_is_told_with_its_last_words(
    manager: Supervisor, tmp_path: Path
) -> None:
    manager.start(program(tmp_path, "broken", "raise SystemExit('no such table')"))

    with pytest.raises(ProgramFailed, match=r"broken ended .*broken\.log, which ends with: no such table"):
        manager.wait_ready(["broken"], 20)


def test_a_program_that_is_never_ready_is_given_up(manager: Supervisor, tmp_path: Path) -> None:
    manager.start(program(tmp_path, "slow", ready="never"))

    with pytest.raises(ProgramFailed, match="slow is not ready after 0 s"):
        manager.wait_ready(["slow"], 0.2)


def test_stages_are_stopped_one_after_the_other_and_nothing_is_left(
    manager: Supervisor, tmp_path: Path
) -> None:
    names = ["database", "web", "worker"]
    for name in names:
        manager.start(program(tmp_path, name))
    manager.wait_ready(names, 20)
    numbers = [pid_of(tmp_path, name) for name in names]

    manager.stop(["web", "worker"], ["database"])

    order = (tmp_path / "order").read_text().split()
    assert sorted(order[:2]) == ["web", "worker"]
    assert order[2:] == ["database"]
    assert not any(psutil.pid_exists(number) for number in numbers)


def test_a_program_that_ignores_the_signal_is_killed_after_its_grace(
    manager: Supervisor, tmp_path: Path
) -> None:
    manager.start(program(tmp_path, "deaf", STUBBORN, ready="deaf", grace=0.2))
    manager.wait_ready(["deaf"], 20)
    process = manager.running["deaf"].process

    manager.stop()

    assert process.returncode == -signal.SIGKILL


def test_a_program_that_falls_is_started_again_and_that_is_told(
    manager: Supervisor, tmp_path: Path, said: list[str]
) -> None:
    manager.start(program(tmp_path, "one"))
    manager.wait_ready(["one"], 20)
    first = manager.running["one"].process
    first.kill()
    first.wait()

    manager.watch()

    assert manager.running["one"].process.pid != first.pid
    assert any("one ended by itself (exit -9) and is started again" in line for line in said)


def test_a_program_that_keeps_falling_stops_everything(
    manager: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "RESTARTS", 1)
    manager.start(program(tmp_path, "one", "raise SystemExit('broken')"))

    deadline = time.monotonic() + 20
    with pytest.raises(ProgramFailed, match=r"one ended 2 times \(exit 1\).*ends with: broken"):
        while time.monotonic() < deadline:
            manager.watch()
            manager.pause()


def test_a_command_is_relayed_line_by_line_and_its_failure_is_an_error(
    manager: Supervisor, tmp_path: Path, said: list[str]
) -> None:
    environment = {"PATH": os.environ["PATH"]}
    manager.run_to_end("good", [sys.executable, "-c", "print('first'); print('second')"], environment)
    assert said == ["first", "second"]

    with pytest.raises(ProgramFailed, match=r"bad failed \(exit 3\).*why it failed"):
        code = "import sys; print('why it failed', file=sys.stderr); sys.exit(3)"
        manager.run_to_end("bad", [sys.executable, "-c", code], environment)


def test_a_signal_is_an_orderly_stop(manager: Supervisor) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        manager.obey_signals()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopAsked):
            manager.pause()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_the_log_of_the_start_before_is_kept_and_a_big_one_is_cut(
    manager: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = manager.log("one")
    log.write_text("yesterday\n")
    manager.start(program(tmp_path, "one"))
    manager.wait_ready(["one"], 20)
    assert log.with_name("one.log.1").read_text() == "yesterday\n"

    monkeypatch.setattr(supervisor, "BIGGEST_LOG", 3)
    manager.watch()

    assert log.with_name("one.log.1").read_text() == "running\n"
    assert log.read_text() == ""


def test_what_a_killed_manager_left_is_found_by_its_mark_and_ended(
    manager: Supervisor, tmp_path: Path
) -> None:
    manager.start(program(tmp_path, "one"))
    manager.wait_ready(["one"], 20)
    process = manager.running.pop("one").process  # as if the manager were gone

    found = orphans.find(tmp_path)
    assert [each.pid for each in found] == [process.pid]
    orphans.end(found)

    assert process.wait(5) == 0
    assert orphans.find(tmp_path) == []
