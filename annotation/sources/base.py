"""What every kind of source does once it is open, and what it may say of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from django.conf import settings
from pydantic import BaseModel, ConfigDict, StringConstraints

from annotation.errors import Refused
from models.errors import DocloopError

Json = dict[str, Any]  # JSON
# what a person types: no control characters, which mean something else to other programs
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", min_length=1, max_length=250)]


class Gone(DocloopError):
    """It is not there any more, or is another file by now: whatever is there is found by the next look."""


class Settings(BaseModel):
    """What a kind of source wants to know; an unknown name is refused. Passwords are named, never held."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a source."""

    identity: tuple[str | int, ...]  # what it is there: equal as long as it is the same file
    name: str  # for people
    place: Json  # how to get it
    group: str = ""  # of those that came as one, and are left behind as one
    passed: str = ""  # why there is nothing to take, for people


class Place(Protocol):
    """A source that is open."""

    twice: bool  # whether a file is taken only once it was seen twice, unchanged: it may still be written to
    leaves: bool  # whether nothing is to be done about a file that was taken

    def look(self, cursor: Json) -> Iterator[tuple[list[Found], Json]]:
        """All its files, or those since `cursor`, some at a time, each with the cursor after them.

        Raises `Refused` for what an operator has to mend, `Unreachable` for what may be over by itself.
        """

    def fetch(self, place: Json, target: Path, most: int) -> None:
        """Write one file to `target`, never more than `most` bytes.

        Raises `Gone`, `Refused` for what is wrong with this file, `Unreachable` for what is wrong with the source.
        """

    def settle(self, place: Json) -> None:
        """Have it marked or moved; done twice, it does no harm."""


def shown(name: str) -> str:
    """A name that somebody else gave a file, as it can be shown and kept: without control characters and broken ones."""
    whole = name.encode("utf-8", "replace").decode()
    return "".join(char if char.isprintable() else "?" for char in whole)


def too_large(name: str, most: int) -> Refused:
    """For a file with more than `most` bytes."""
    return Refused(
        f"{name!r} has more than the {most / 1e6:g} MB that are allowed; split it, or scan it at a lower resolution"
    )


def host_allowed(host: str, port: int) -> None:
    """Raise `Refused` unless sources may call there: whoever runs the server says so, and nobody by the pages."""
    allowed = {each.strip().lower() for each in settings.CONFIG.source_hosts.split(",")} - {""}
    if not {host.lower(), f"{host}:{port}".lower()} & allowed:
        raise Refused(
            f"sources may not call {host}:{port}; who runs the server allows it with DOCLOOP_SOURCE_HOSTS "
            f"(now: {', '.join(sorted(allowed)) or 'none'})"
        )
