"""What the doctor says of one thing that it looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How bad it is: a failed check loses work or lets somebody in, a warning may do so later.

    Skipped is what can't be looked at before something else is mended, or isn't told.
    """

    WELL = "well"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name, how it ended, what was seen, and the remedy (a command or a setting) where it is not well."""

    check: str
    grade: Grade
    said: str
    remedy: str = ""


def well(check: str, said: str) -> Finding:
    return Finding(check, Grade.WELL, said)


def skipped(check: str, why: str) -> Finding:
    return Finding(check, Grade.SKIPPED, why)


def warning(check: str, said: str, remedy: str) -> Finding:
    return Finding(check, Grade.WARNING, said, remedy)


def failed(check: str, said: str, remedy: str) -> Finding:
    return Finding(check, Grade.FAILED, said, remedy)


def asked(check: str, look: Callable[[], Finding], remedy: str) -> Finding:
    """What `look` finds; whatever it raises is a failure of its check, told by its kind alone: messages may hold secrets."""
    try:
        return look()
    except Exception as problem:  # the outermost edge: one broken part must not hide the others
        return failed(check, f"could not be looked at ({type(problem).__name__})", remedy)
