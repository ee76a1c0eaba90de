"""What was measured, kept as one JSON file per section, a row a line, so that sections can be measured one at a time.

A row has a key. Measuring it again replaces it; what was measured before stays with its own date, commit and machine.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.machine import this_machine

FOLDER = Path(__file__).resolve().parent / "results"
INVOCATIONS = "invocations"  # the section that says how long each took by the clock
DIGITS = 4  # of every figure that is kept

Row = dict[str, Any]  # JSON: names, counts, figures


@dataclass(frozen=True, slots=True)
class Provenance:
    """When, of what, where and by which command a row was measured."""

    date: str
    commit: str
    machine: str
    command: str


def provenance(command: str, threads: int) -> Provenance:
    """Of what is being measured now."""
    date = datetime.now(UTC).date().isoformat()
    return Provenance(date, _commit(), f"{threads} threads of {this_machine()}", command)


class Results:
    """The rows of all sections, in a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    def rows(self, section: str) -> dict[str, Row]:
        """A section's rows by key, in the order in which they were first measured."""
        path = self._path(section)
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return {row["key"]: row for row in map(json.loads, lines)}

    def keep(self, section: str, key: str, row: Row, origin: Provenance) -> None:
        """Add a row or replace it, in one step: an interruption loses none."""
        rows = self.rows(section)
        rows[key] = {"key": key, **_rounded(row), **asdict(origin)}
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._path(section).with_suffix(".unfinished")
        unfinished.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows.values()))
        unfinished.replace(self._path(section))

    def _path(self, section: str) -> Path:
        return self.folder / f"{section}.jsonl"


def origins(rows: list[Row]) -> Iterator[str]:
    """Each different provenance of the rows as a line, with the minutes by the clock that they took together."""
    names = ("date", "commit", "machine", "command")
    for origin in dict.fromkeys(tuple(str(row[name]) for name in names) for row in rows):
        date, commit, machine, command = origin
        own = [row for row in rows if tuple(str(row[n]) for n in names) == origin]
        took = f"{sum(row.get('minutes', 0.0) for row in own):.1f} minutes"
        if core := sum(row.get("core_minutes", 0.0) for row in own):
            took += f" by the clock ({core:.1f} of one core, with those of runs that were kept from before)"
        yield f"{date}, commit {commit}, {machine}, {took}: `{command}`"


def _commit() -> str:
    """The commit that is checked out, with a + if files differ from it; "unknown" outside of git."""
    git = ["git", "-C", str(FOLDER.parent)]
    try:
        commit = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        )
        # the results themselves are written while measuring
        changed = [
            *git,
            "status",
            "--porcelain",
            "--",
            ":/",
            ":(exclude,top)benchmarks/results",
            ":(exclude,top)benchmarks/RESULTS.md",
        ]
        dirty = subprocess.run(changed, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("+" if dirty else "")


def _rounded(value: Any) -> Any:  # whatever JSON
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return value
