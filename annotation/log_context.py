"""What the work of this moment is about, kept beside it: every line of the log that is written meanwhile says so.

A trace begins where something comes in (a request, a timetable) and goes on with every job that is rung for because
of it, in whichever process. `document` is the thread through everything: it is the same from upload to training.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_facts: ContextVar[Mapping[str, object]] = ContextVar("log_facts", default={})  # noqa: B039  # never changed in place


def facts() -> Mapping[str, object]:
    """Names and values: ids and names of kinds, never words of a document."""
    return _facts.get()


@contextmanager
def about(**more: object) -> Iterator[None]:
    """Within this block the work is about these too."""
    token = _facts.set({**_facts.get(), **more})
    try:
        yield
    finally:
        _facts.reset(token)


def note(**more: object) -> None:
    """From here to the end of the block: what turned out on the way; outside of any, nothing would take it back."""
    if _facts.get():
        _facts.set({**_facts.get(), **more})


def trace() -> str:
    """The trace of this moment; empty where nothing came in."""
    return str(_facts.get().get("trace", ""))


def new_trace() -> str:
    return secrets.token_hex(8)
