"""A whole installation as a child process: what journeys and benchmarks drive from outside, as people would.

It is `manage.py up` itself on a folder and ports of its own, so tests and `make up` start services in one way.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dotenv import dotenv_values

from webapp.config import CHECKOUT
from webapp.embedded import postgres
from webapp.embedded.preflight import PORTS
from webapp.embedded.supervisor import dying_with_us

READY = "Docloop is ready"


class Installation:
    """A data folder with ports of its own, which can be started and stopped."""

    def __init__(self, data: Path, **settings: str) -> None:
        """`settings` are `DOCLOOP_…` settings by their names in small letters: `sweep_seconds="5"`."""
        self.data = data.resolve()
        ports = {name: str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)}
        given = ports | {"data": str(self.data), "demo": "false"} | settings
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("DOCLOOP_", "DJANGO_"))
        }
        self.environment = inherited | {f"DOCLOOP_{name.upper()}": value for name, value in given.items()}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What `manage.py up` said, one start after the other."""
        return self.data.with_name(f"{self.data.name}-up.log")

    def start(self, seconds: float = 300) -> float:
        """Start everything and wait until it is ready; how many seconds that took. Raises RuntimeError with the log's end."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        began, before = time.monotonic(), self._said_ready()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                dying_with_us([sys.executable, "manage.py", "up"]), cwd=CHECKOUT, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        while self._said_ready() == before:
            if self._process.poll() is not None or time.monotonic() - began > seconds:
                self.stop()
                raise RuntimeError(
                    f"`manage.py up` did not come up; {self.log} ends:\n{self.log.read_text()[-2000:]}"
                )
            time.sleep(0.1)
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop as Ctrl-C does, and wait for the end."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
            self._process.wait(120)
            self._process = None

    def kill(self) -> None:
        """Kill the process manager, as a machine short of memory would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def setting(self, name: str) -> str:
        """A setting as the running processes have it: `setting("url")`, `setting("label_studio_token")`."""
        name = f"DOCLOOP_{name.upper()}"
        value = self.environment.get(name) or dotenv_values(self.data / "embedded.env").get(name)
        if value is None:
            raise KeyError(f"{name} is neither given nor in {self.data / 'embedded.env'}")
        return value

    def sign_ins(self) -> dict[str, str]:
        """E-mail address → password of the first people, the same for Docloop and Label Studio."""
        lines = (self.data / "credentials.txt").read_text().splitlines()
        return {email: password for _, email, password in map(str.split, lines)}

    def manage(self, *words: str, seconds: float = 300) -> str:
        """Run `manage.py WORDS` on this installation and return what it says; raises CalledProcessError."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=CHECKOUT, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, timeout=seconds, check=True,
        )  # fmt: skip
        return done.stdout

    def _said_ready(self) -> int:
        return self.log.read_text(errors="replace").count(READY) if self.log.exists() else 0


@contextmanager
def running(data: Path, **settings: str) -> Iterator[Installation]:
    """An installation that is running in the block and stopped after it."""
    installation = Installation(data, **settings)
    installation.start()
    try:
        yield installation
    finally:
        installation.stop()


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that were free a moment ago, all different."""
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(postgres.free_port())
    return list(ports)
