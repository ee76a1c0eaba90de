"""The process manager of one machine: starts programs in order, watches them, restarts what falls, stops in order.

Every program leads a session of its own, so that Ctrl-C reaches only us, and is told by the kernel (Linux) when
we die. Its output goes to a log file. It carries `MARK` in its environment, so that a later start can tell what
a killed one left behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from webapp.config import CHECKOUT

MARK = "DOCLOOP_RUNS_FOR"  # in the environment of every process we start: the data folder
PAUSE = 0.1  # seconds between two looks
BIGGEST_LOG = 20 * 2**20  # bytes; then it becomes NAME.log.1
RESTARTS = 5  # of one program within `RESTART_WINDOW` seconds; then everything stops
RESTART_WINDOW = 300

Say = Callable[[str], None]


class StopAsked(Exception):
    """Ctrl-C, SIGTERM, or the terminal was closed."""


class ProgramFailed(RuntimeError):
    """A program did not start, or keeps falling; the message names its log."""


@dataclass(frozen=True)
class Program:
    """One process to run: its command, its whole environment, and how to tell that it is ready."""

    name: str
    command: list[str]
    environment: dict[str, str]
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0  # seconds between the stop signal and SIGKILL
    folder: Path = CHECKOUT
    niceness: int = 0  # 0 to 19: what people wait for at a page has 0, and gets the cores first


@dataclass
class Running:
    """A program and the process that runs it now."""

    program: Program
    process: subprocess.Popen[bytes]
    restarts: list[float] = field(default_factory=list)


class Supervisor:
    """Runs programs; `say` gets a line about whatever a person should know."""

    def __init__(self, data: Path, say: Say) -> None:
        self.data = data
        self.say = say
        self.running: dict[str, Running] = {}
        self.stop_asked = ""  # the signal that asked for it
        (data / "logs").mkdir(parents=True, exist_ok=True)

    def obey_signals(self) -> None:
        """Let SIGINT, SIGTERM and SIGHUP ask for a stop: the next `pause` raises StopAsked."""

        def ask(number: int, frame: object) -> None:
            self.stop_asked = signal.Signals(number).name

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` wants us to outlive the terminal
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, ask)

    def start(self, program: Program) -> None:
        """Start a program without waiting for it."""
        keep_one_before(self.log(program.name))
        self.running[program.name] = Running(program, self._spawn(program))

    def wait_ready(self, names: Iterable[str], seconds: float) -> None:
        """Wait for programs, telling each that is ready; raises ProgramFailed when one ends before, or after `seconds`."""
        waiting = [self.running[name] for name in names]
        deadline = time.monotonic() + seconds
        while waiting:
            for one in list(waiting):
                code = one.process.poll()
                if code is not None:
                    raise ProgramFailed(self._obituary(one.program.name, f"ended at its start (exit {code})"))
                if one.program.is_ready():
                    waiting.remove(one)
                    self.say(f"{one.program.name} is ready")
                if time.monotonic() > deadline:
                    raise ProgramFailed(
                        self._obituary(one.program.name, f"is not ready after {seconds:.0f} s")
                    )
                self.pause()

    def run_to_end(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        """Run a command to its end, telling its lines of output; raises ProgramFailed when it fails."""
        log = self.log(name)
        keep_one_before(log)
        with log.open("ab") as errors:
            process = subprocess.Popen(
                dying_with_us(command), env=self._marked(environment), cwd=CHECKOUT, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=errors, start_new_session=True,
            )  # fmt: skip
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        rest = b""
        try:
            while True:
                code = process.poll()
                rest += process.stdout.read() or b""
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    if line.strip():
                        self.say(line.decode(errors="replace").rstrip())
                if code is not None:
                    break
                self.watch()
                self.pause()
        finally:
            if process.poll() is None:
                end(process, signal.SIGTERM, grace=5)
            process.stdout.close()
        if code != 0:
            raise ProgramFailed(self._obituary(name, f"failed (exit {code})"))

    def watch(self) -> None:
        """Start what has fallen again, a little later each time; keep logs small; raises ProgramFailed if it is no use."""
        now = time.monotonic()
        for name, one in list(self.running.items()):
            code = one.process.poll()
            if code is None:
                keep_small(self.log(name))
                continue
            one.restarts = [then for then in one.restarts if now - then < RESTART_WINDOW]
            if len(one.restarts) >= RESTARTS:
                raise ProgramFailed(self._obituary(name, f"ended {RESTARTS + 1} times (exit {code})"))
            if one.restarts and now - one.restarts[-1] < 2 ** len(one.restarts):
                continue  # not yet
            self.say(f"{name} ended by itself (exit {code}) and is started again; see {self.log(name)}")
            kill_session(one.process.pid)
            one.restarts.append(now)
            one.process = self._spawn(one.program)

    def pause(self) -> None:
        """Wait a moment; raises StopAsked when a stop was asked for."""
        if self.stop_asked:
            raise StopAsked(self.stop_asked)
        time.sleep(PAUSE)

    def stop(self, *stages: Iterable[str]) -> None:
        """Stop programs stage by stage, each stage together; what is in no stage is stopped first."""
        named = {name for stage in stages for name in stage}
        for stage in [[name for name in self.running if name not in named], *stages]:
            group = [self.running.pop(name) for name in stage if name in self.running]
            for one in group:
                with suppress(ProcessLookupError):
                    one.process.send_signal(one.program.stop_signal)
            for one in group:
                end(one.process, one.program.stop_signal, one.program.grace)

    def log(self, name: str) -> Path:
        """Where a program's output goes."""
        return self.data / "logs" / f"{name}.log"

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        way = ["nice", "-n", str(program.niceness)] if program.niceness else []
        with self.log(program.name).open("ab") as output:
            process = subprocess.Popen(
                dying_with_us([*way, *program.command]),
                env=self._marked(program.environment), cwd=program.folder,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        # Linux shares the cores among sessions first, where it groups them: niceness counts within one only
        with suppress(OSError):
            Path(f"/proc/{process.pid}/autogroup").write_text(str(program.niceness))
        return process

    def _marked(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {MARK: str(self.data)}

    def _obituary(self, name: str, what: str) -> str:
        """What happened to a program, its log, and the last line in it."""
        log = self.log(name)
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return f"{name} {what}; see {log}, which ends with: {last[:300]}"


def dying_with_us(command: list[str]) -> list[str]:
    """The command, told by the kernel to stop when the process that starts it dies (Linux; elsewhere unchanged)."""
    if shutil.which("setpriv") is None or command[0] == "setpriv":
        return command
    return ["setpriv", "--pdeathsig=TERM", "--", *command]


def end(process: subprocess.Popen[bytes], stop_signal: signal.Signals, grace: float) -> None:
    """End a process and whatever its session still holds, by force after `grace` seconds."""
    with suppress(ProcessLookupError):
        process.send_signal(stop_signal)
    with suppress(subprocess.TimeoutExpired):
        process.wait(grace)
    kill_session(process.pid)
    process.wait()


def kill_session(leader: int) -> None:
    """Kill the process group that `leader` led."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def keep_one_before(log: Path) -> None:
    """Begin a new log, keeping the one before as NAME.log.1."""
    if log.exists() and log.stat().st_size:
        log.replace(log.with_name(f"{log.name}.1"))


def keep_small(log: Path) -> None:
    """Move the content of a log that has grown too big to NAME.log.1; its writer appends, so it goes on at 0."""
    if log.exists() and log.stat().st_size > BIGGEST_LOG:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)
