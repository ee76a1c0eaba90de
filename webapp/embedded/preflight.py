"""What must be true before a start: each fault is one line that says what to do."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import TextIO

import psutil
from dotenv import dotenv_values

from webapp.config import CHECKOUT, Config

FREE_BYTES = 3 * 2**30
PORTS = ("port", "label_studio_port", "mlflow_port", "postgres_port", "valkey_port")
# `make up` runs these itself: an address from elsewhere would send Docloop's processes past them
OWN_ADDRESSES = ("database_url", "broker_url", "label_studio_url", "mlflow_url")


class NotPossible(RuntimeError):
    """The start can't go on; the message is one line that says what to do."""


def check(config: Config) -> None:
    """Everything that needs no lock; raises NotPossible at the first fault."""
    if sys.version_info[:2] != (3, 11):
        raise NotPossible(
            f"Docloop runs on Python 3.11, not {sys.version.split()[0]}: start it with `make up`"
        )
    check_addresses()
    check_folder(config.data)
    check_disk(config.data)


def check_addresses() -> None:
    """No address of a service that `make up` runs itself is set elsewhere."""
    given = set(os.environ) | set(dotenv_values(CHECKOUT / ".env"))
    for name in OWN_ADDRESSES:
        setting = f"DOCLOOP_{name.upper()}"
        if setting in given:
            raise NotPossible(
                f"{setting} is set, but `make up` runs that service itself: "
                "remove the setting, or run Docloop's processes as docker-compose.yml does"
            )


def check_folder(data: Path) -> None:
    """The data folder can be made and written, and is ours alone."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o700)
        probe = data / ".probe"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise NotPossible(
            f"the data folder {data} can't be written ({error.strerror}): "
            "make it writable, or set DOCLOOP_DATA in .env to another"
        ) from None


def check_disk(data: Path) -> None:
    """There is room for the documents, models and databases of a start."""
    free = shutil.disk_usage(data).free
    if free < FREE_BYTES:
        raise NotPossible(
            f"only {free / 2**30:.1f} GB of disk is free at {data}, and Docloop needs 3: "
            "make room, or set DOCLOOP_DATA in .env to a folder on a larger disk"
        )


def check_ports(config: Config) -> None:
    """Every port is free, and no two settings name the same."""
    ports = {name: int(getattr(config, name)) for name in PORTS}
    twice = [port for port, times in Counter(ports.values()).items() if times > 1]
    if twice:
        settings = " and ".join(_setting(name) for name in PORTS if ports[name] == twice[0])
        raise NotPossible(f"{settings} are both {twice[0]}: change one of them in .env")
    for name, port in ports.items():
        host = config.host if name in ("port", "label_studio_port") else "127.0.0.1"
        fault = _bind_fault(host, port)
        if fault == errno.EADDRNOTAVAIL:
            raise NotPossible(f"{host} is no address of this machine: change DOCLOOP_HOST in .env")
        if fault == errno.EACCES:
            raise NotPossible(f"port {port} is for root only: set {_setting(name)} in .env to 1024 or more")
        if fault:
            raise NotPossible(
                f"port {port} is taken{_by(port)}: stop that program, or set {_setting(name)} in .env to another port"
            )


def lock(config: Config) -> TextIO:
    """Hold the data folder for this process, until the file is closed or the process ends."""
    file = (config.data / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        where = file.read().strip() or "it is just starting"
        file.close()
        raise NotPossible(f"Docloop is running already on {config.data}: {where}") from None
    file.truncate(0)
    file.write(f"http://127.0.0.1:{config.port}/ (process {os.getpid()})\n")
    file.flush()
    return file


def _bind_fault(host: str, port: int) -> int:
    """0 where a server could listen, else the error number."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # as servers do; else the connections of a run that just ended would block the port for a minute
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno or errno.EADDRINUSE
    return 0


def _by(port: int) -> str:
    """Who listens on a port, as far as we may see."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return ""


def _setting(name: str) -> str:
    return f"DOCLOOP_{name.upper()}"
