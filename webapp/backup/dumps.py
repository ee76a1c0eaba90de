"""A PostgreSQL database into a file, and back: as one snapshot, and as one transaction."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

import psycopg2  # type: ignore[import-untyped]
from psycopg2 import sql

from webapp.backup.archive import PIECE, BackupError
from webapp.embedded import postgres, programs

# how values are written out decides what they hash to
SAME_EVERYWHERE = """
SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1;
SET bytea_output = 'hex'; SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0;
"""
# A sum doesn't depend on the order of rows, so nothing is sorted or held in memory
PRINT = "SELECT count(*), coalesce(sum(('x' || left(md5(row::text), 16))::bit(64)::bigint::numeric), 0)::text FROM {} AS row"
EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"

Prints = dict[str, list[Any]]  # table → [rows, a sum of their hashes]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A database as it was at one moment, whoever writes meanwhile."""

    connection: Any  # psycopg2 has no types
    name: str

    def column(self, query: str) -> list[str]:
        """The first column of what is asked."""
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(query)
            except psycopg2.errors.UndefinedTable:
                raise BackupError(
                    "the database is not Docloop's, or not of this release: manage.py migrate"
                ) from None
            return [row[0] for row in cursor.fetchall()]

    @property
    def prints(self) -> Prints:
        return prints(self.connection)


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """The database at `url` as it is now; raises `BackupError` if it doesn't answer."""
    with connected(url) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            name = cursor.fetchone()[0]
        yield Snapshot(connection, name)


@contextmanager
def connected(url: str) -> Iterator[Any]:
    try:
        connection = psycopg2.connect(url, connect_timeout=10)
    except psycopg2.OperationalError:
        raise BackupError(
            f"the database {_shown(url)} does not answer: start PostgreSQL, or see that its address and password are right"
        ) from None
    try:
        with connection.cursor() as cursor:
            cursor.execute(SAME_EVERYWHERE)
        connection.commit()
        yield connection
    finally:
        connection.close()


def dump(url: str, snapshot: Snapshot, target: Path) -> None:
    """Write the snapshot of the database to `target`, in PostgreSQL's own compressed form."""
    words = ["--format", "custom", "--no-owner", "--no-privileges", "--snapshot", snapshot.name]
    words += ["--file", str(target)]
    done = subprocess.run(
        [_program("pg_dump"), *words], env=_environment(url), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )  # fmt: skip
    if done.returncode:
        raise BackupError(f"pg_dump of {_shown(url)} failed: {done.stderr.strip()[-500:]}")


def load(url: str, content: BinaryIO) -> None:
    """Put a dump in the place of everything in the database, in one transaction: all of it, or nothing changes."""
    words = ["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--output", os.devnull]
    psql = subprocess.Popen(
        [_program("psql"), *words], env=_environment(url), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert psql.stdin is not None
    try:
        psql.stdin.write(b"BEGIN;\n" + EMPTY.encode())
        psql.stdin.flush()
        problem = _script(content, psql.stdin)
        # without this the transaction ends with nothing done
        if not problem:
            psql.stdin.write(b"\nCOMMIT;\n")
    except BrokenPipeError:
        problem = ""  # psql says why it went
    except BaseException:
        psql.kill()
        psql.wait()
        raise
    said = psql.communicate()[1].decode(errors="replace")
    if problem or psql.returncode:
        raise BackupError(f"the dump can't be loaded into {_shown(url)}: {(problem or said).strip()[-500:]}")


def prints(connection: Any) -> Prints:
    """Of every table how many rows it has, and a sum of their hashes: two databases with the same hold the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        found: Prints = {}
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL(PRINT).format(sql.Identifier("public", table)))
            found[table] = list(cursor.fetchone())
    return found


def is_empty(url: str) -> bool:
    """Whether the database has no table yet."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')")
        return bool(cursor.fetchone()[0])


def users_of(url: str) -> int:
    """How many others are connected to the database."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def _script(content: BinaryIO, out: Any) -> str:
    """Write a dump as SQL to `out`, a pipe; what went wrong, or ""."""
    words = ["--no-owner", "--no-privileges", "--exit-on-error", "--file", "-"]
    restore = subprocess.Popen(
        [_program("pg_restore"), *words], stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE
    )
    assert restore.stdin is not None
    try:
        shutil.copyfileobj(content, restore.stdin, PIECE)
    except BrokenPipeError:
        pass  # it says why
    except BaseException:
        restore.kill()
        restore.wait()
        raise
    said = restore.communicate()[1].decode(errors="replace")
    return (said or "pg_restore failed") if restore.returncode else ""


def _program(name: str) -> str:
    """PostgreSQL's program: of the wheel, else of the PATH."""
    try:
        ours = postgres.program(name)
    except postgres.PostgresFailed:
        ours = Path(name)
    found = str(ours) if ours.exists() else shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not there: install PostgreSQL's client programs")
    return found


def _environment(url: str) -> dict[str, str]:
    """Where the programs find the database; not in their arguments, which everybody on the machine may read."""
    parts = urlsplit(url)
    names = {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.strip("/"),
    }
    return programs.base_environment() | {name: value for name, value in names.items() if value}


def _shown(url: str) -> str:
    """Without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}"
