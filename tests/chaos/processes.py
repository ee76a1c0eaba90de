"""An installation of Docloop's real processes on the tests' database, in which a test kills and breaks what it likes.

The programs are those of `manage.py up` (`webapp.embedded.programs`), each started through `tests.chaos.child`; Valkey is
the embedded one; Label Studio is `tests.chaos.label_studio`. The test itself looks at, and writes to, the same database.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import redis
from django.conf import settings
from django.db import connection

from webapp.config import CHECKOUT, Config
from webapp.embedded import postgres, programs, valkey
from webapp.embedded.running import free_ports
from webapp.embedded.supervisor import Program, dying_with_us, end, kill_session

SECRET = "only-for-chaos-webhook-secret-0123456789"
TOKEN = "c" * 40
BROKER_PASSWORD = "only-for-chaos"

T = TypeVar("T")


def until(what: str, look: Callable[[], T | None], seconds: float = 120.0) -> T:
    """What `look` finds, as soon as it finds anything."""
    end_at = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > end_at:
            raise AssertionError(f"{seconds:.0f} s were not enough for: {what}")
        time.sleep(0.1)


class Installation:
    """Processes by name; what falls is started again by `watch`, as the supervisor of `manage.py up` does."""

    def __init__(
        self, folder: Path, seed: int, *, mlflow_url: str = "http://127.0.0.1:9", **child: str
    ) -> None:
        """`child` is what `tests.chaos.child` reads in the environment: `MUTANT="sweeper"`."""
        self.folder = folder
        self.chance = random.Random(seed)
        port, studio_port, self.valkey_port = free_ports(3)
        database = settings.DATABASES["default"] | {"NAME": connection.settings_dict["NAME"]}
        values = {
            "data": str(folder),
            "port": str(port),
            "url": f"http://127.0.0.1:{port}",
            "database_url": postgres.database_url(
                database["USER"], database["PASSWORD"], int(database["PORT"]), database["NAME"]
            ),
            "broker_url": f"redis://:{BROKER_PASSWORD}@127.0.0.1:{self.valkey_port}/0",
            "label_studio_url": f"http://127.0.0.1:{studio_port}",
            "label_studio_token": TOKEN,
            "mlflow_url": mlflow_url,
            "webhook_secret": SECRET,
            "secret_key": "only-for-chaos-and-long-enough-to-sign-with-0123456789",
            "sweep_seconds": "5",
            "training_threads": "1",
            "private_webhooks": "true",
        }
        self.values = values
        (folder / "logs").mkdir(parents=True)
        for name in ("beat", "armed", "fired"):
            (folder / name).mkdir()
        (folder / "store" / "pages").mkdir(parents=True)
        inherited = {name: each for name, each in os.environ.items() if not name.startswith("DOCLOOP_")}
        self.environment = (
            inherited
            | {f"DOCLOOP_{name.upper()}": each for name, each in values.items()}
            | {"DJANGO_SETTINGS_MODULE": "webapp.settings", "FAILPOINTS": str(folder)}
            | child
        )
        self.config = config = Config(**values)  # type: ignore[arg-type]  # pydantic turns strings into what they are
        valkey.prepare(folder / "valkey", self.valkey_port, BROKER_PASSWORD)
        studio = [sys.executable, "-m", "tests.chaos.label_studio", str(studio_port), str(seed)]
        self.programs = {each.name: self._as_child(each) for each in programs.our_programs(config)}
        self.programs["valkey"] = Program(
            "valkey",
            valkey.command(folder / "valkey"),
            programs.base_environment(),
            lambda: valkey.is_ready(self.valkey_port, BROKER_PASSWORD),
        )
        self.programs["label-studio"] = Program(
            "label-studio",
            studio,
            self.environment,
            programs.answers(f"{values['label_studio_url']}/health"),
        )
        # its other pages want static files collected
        self.programs["web"] = replace(
            self.programs["web"], is_ready=programs.answers(f"{values['url']}/healthz")
        )
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.studio = httpx.Client(base_url=values["label_studio_url"], timeout=30)

    def _as_child(self, program: Program) -> Program:
        python, dash_m, *rest = program.command
        command = [python, dash_m, "tests.chaos.child", *rest]
        return replace(program, command=command, environment=self.environment)

    # start, watch, stop

    def start(self, *names: str, **more: str) -> None:
        """Start programs and wait until each answers; `more` is for their environment."""
        for name in names:
            self._spawn(name, more)
        for name in names:

            def ready(name: str = name) -> bool | None:
                assert self.running[name].poll() is None, f"{name} ended:\n{self.log(name)[-1500:]}"
                return self.programs[name].is_ready() or None

            until(f"{name} to come up", ready)

    def another(self, name: str, as_name: str) -> None:
        """One more program of a kind: `start` it by its own name."""
        program = self.programs[name]
        queue, host = name.removeprefix("worker-"), as_name.removeprefix("worker-")
        command = [
            word.replace(f"{queue}@docloop", f"{host}@docloop").replace(
                "beat/schedule", f"{as_name}/schedule"
            )
            for word in program.command
        ]
        is_ready = program.is_ready
        if name == "beat":
            (self.folder / as_name).mkdir()
        else:
            is_ready = programs.worker_answers(self.config, host)
        self.programs[as_name] = replace(program, name=as_name, command=command, is_ready=is_ready)

    def _spawn(self, name: str, more: dict[str, str] | None = None) -> None:
        program = self.programs[name]
        with (self.folder / "logs" / f"{name}.log").open("ab") as output:
            self.running[name] = subprocess.Popen(
                dying_with_us(program.command), cwd=CHECKOUT, env=program.environment | (more or {}),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def watch(self) -> None:
        """Start again what has fallen."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                kill_session(process.pid)
                self._spawn(name)

    def stop(self, *names: str) -> None:
        for name in names or list(self.running):
            end(self.running.pop(name), signal.SIGTERM, grace=8)

    def close(self) -> None:
        for process in self.running.values():
            kill_session(process.pid)
            process.wait()
        self.running.clear()
        self.studio.close()

    def log(self, name: str) -> str:
        path = self.folder / "logs" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # break

    def kill(self, name: str) -> str:
        """kill -9: the whole program, its first process alone, or one of its children; answers what it was."""
        leader = self.running[name].pid
        how = self.chance.choice(["all", "first", "child", "child"])
        if how == "all":
            kill_session(leader)
        elif how == "first":
            os.kill(leader, signal.SIGKILL)
        else:
            children = self.children(name)
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(children) if children else leader, signal.SIGKILL)
        return f"{name} ({how})"

    def children(self, name: str) -> list[int]:
        try:
            return sorted(each.pid for each in psutil.Process(self.running[name].pid).children())
        except psutil.NoSuchProcess:
            return []

    def arm(self, step: str, when: str, action: str) -> None:
        """Have the first process that comes to this step do this (see `tests.chaos.child`)."""
        (self.folder / "fired" / f"{step} {when}").unlink(missing_ok=True)
        unfinished = self.folder / "arming"
        unfinished.write_text(action)
        unfinished.rename(self.folder / "armed" / f"{step} {when}")

    def fired(self, step: str, when: str) -> int:
        """The process to which it happened; 0: not yet."""
        told = self.folder / "fired" / f"{step} {when}.pid"
        text = told.read_text() if told.exists() else ""
        return int(text) if text else 0

    def armed(self) -> list[str]:
        """What has not happened yet."""
        return sorted(path.name for path in (self.folder / "armed").iterdir())

    def passed(self, step: str) -> list[str]:
        """A line for each pass of a watched step."""
        path = self.folder / "passed"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if line.startswith(f"{step} ")]

    # Valkey and Label Studio

    def broker(self) -> redis.Redis:
        return redis.Redis(port=self.valkey_port, password=BROKER_PASSWORD)

    def told(self, what: str, body: Any = None) -> Any:
        """The fake Label Studio's answer to the test itself."""
        answer = self.studio.post(f"/fake/{what}", json=body)
        assert answer.is_success, f"{what} {body}: {answer.status_code} {answer.text}"
        return answer.json()

    def act(self, act: str, **more: Any) -> Any:
        """Somebody does something in Label Studio."""
        return self.told("act", {"act": act, **more})

    def truth(self) -> dict[str, Any]:
        return self.told("truth")

    def calls(self) -> list[tuple[float, str]]:
        return self.told("calls")
