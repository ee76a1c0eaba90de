"""A folder of this machine or of a network drive, by looking through it: that works on every drive, watching doesn't.

Only below a folder that whoever runs the server allowed (DOCLOOP_SOURCE_ROOTS); no link is followed, neither when it is
looked through nor, part by part of the path, when a file is opened. A file is taken once two looks have found it the same.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote_to_bytes

from django.conf import settings
from pydantic import Field

from annotation.errors import Refused, Unreachable
from annotation.sources.base import Found, Gone, Json, Settings, Text, shown, too_large

AT_ONCE = 1000  # files
CHUNK = 1 << 20
TAKEN = "taken"  # where files are moved
# what programs call a file that they still write
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".download", ".swp")


class FolderSettings(Settings):
    """A folder, and what becomes of a file that was taken."""

    kind: Literal["folder"] = "folder"
    path: Text = Field(description="The whole path, from the root: /srv/scans")
    subfolders: bool = Field(True, description="Whether folders in it are looked through too")
    after: Literal["leave", "move"] = Field(
        "leave",
        description=f"A file that was taken is left where it is, or moved to the folder {TAKEN} in it",
    )

    def check(self) -> None:
        """Raise `Refused` unless it may be looked at, and is there."""
        if not _allowed(self.path).is_dir():
            raise Refused(f"there is no folder {self.path} on the machine that Docloop's workers run on")

    @property
    def told(self) -> str:
        """Where it is, in a line."""
        return self.path


class Folder:
    """See `base.Place`."""

    twice = True

    def __init__(self, wanted: FolderSettings) -> None:
        self.wanted = wanted
        self.root = _allowed(wanted.path)
        self.leaves = wanted.after == "leave"

    def look(self, cursor: Json) -> Iterator[tuple[list[Found], Json]]:
        some: list[Found] = []
        for entry in self._files():
            name = os.path.relpath(entry.path, self.root)
            try:
                facts = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # it went while we looked
                continue
            # quoted: a name on a disk is bytes, which may be no text at all
            place = {"path": quote(os.fsencode(name)), **_same(facts)}
            some.append(Found((name, facts.st_size, facts.st_mtime_ns), shown(name), place))
            if len(some) == AT_ONCE:
                yield some, {}
                some = []
        yield some, {}

    def _files(self) -> Iterator[os.DirEntry[str]]:
        """Every file that may be taken, folder by folder."""
        folders = [self.root]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(folder) as entries:
                    inside = [each for each in entries if not each.name.startswith((".", "~"))]
            except FileNotFoundError:
                if folder == self.root:
                    raise Refused(f"there is no folder {self.wanted.path} any more") from None
                continue
            except OSError as problem:
                raise Unreachable(f"{folder} can't be looked at: {problem.strerror}") from None
            for entry in inside:
                if entry.is_file(follow_symlinks=False):
                    if not entry.name.lower().endswith(UNFINISHED):
                        yield entry
                elif (folder, entry.name) != (self.root, TAKEN) and entry.is_dir(follow_symlinks=False):
                    folders += [Path(entry.path)] * self.wanted.subfolders

    def fetch(self, place: Json, target: Path, most: int) -> None:
        with self._below(place) as (folder, name):
            try:
                # a pipe that somebody put there must not keep us waiting
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            except OSError as problem:
                raise _not_opened(place, problem) from None
            with os.fdopen(file, "rb") as content, target.open("wb") as copy:
                self._check(content.fileno(), place)
                if place["size"] > most:
                    raise too_large(_named(place), most)
                left = most
                while chunk := _read(content.fileno(), place):
                    left -= len(chunk)
                    if left < 0:
                        raise too_large(_named(place), most)
                    copy.write(chunk)
                self._check(content.fileno(), place)  # nobody wrote to it meanwhile

    def _check(self, file: int, place: Json) -> None:
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode) or not _is_same(facts, place):
            raise Gone(f"{_named(place)!r} was changed since it was found")

    def settle(self, place: Json) -> None:
        """Move it, if it is still the same file; its folder below `taken` is that which it was in."""
        path = Path(_path(place))
        with self._below(place) as (folder, name):
            try:
                facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:  # moved already, or by somebody else
                return
            if not _is_same(facts, place):
                return
            into = self.root / TAKEN / path.parent
            try:
                into.mkdir(parents=True, exist_ok=True)
                if not into.resolve().is_relative_to(self.root):
                    raise Refused(
                        f"{TAKEN} in {self.wanted.path} is a link: files that were taken aren't moved there"
                    )
                os.rename(name, _free(into, path), src_dir_fd=folder)
            except OSError as problem:
                raise Refused(
                    f"{_named(place)!r} was taken, and can't be moved to {TAKEN}: {problem.strerror}; let Docloop write "
                    "to the folder, or have files left where they are"
                ) from None

    @contextmanager
    def _below(self, place: Json) -> Iterator[tuple[int, str]]:
        """The open folder of a file below the root, and the file's name in it; no part of the way is a link."""
        *folders, name = Path(_path(place)).parts
        opened: list[int] = []
        try:
            try:
                opened.append(os.open(self.root, os.O_RDONLY | os.O_DIRECTORY))
            except OSError as problem:
                raise Unreachable(f"{self.wanted.path} can't be opened now: {problem.strerror}") from None
            try:
                for part in folders:
                    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                    opened.append(os.open(part, flags, dir_fd=opened[-1]))
            except OSError as problem:
                raise _not_opened(place, problem) from None
            yield opened[-1], name
        finally:
            for each in opened:
                os.close(each)


def _allowed(path: str) -> Path:
    """The folder itself, without links; raises `Refused` unless it is below a root that was allowed."""
    roots = [Path(each.strip()) for each in settings.CONFIG.source_roots.split(",") if each.strip()]
    wanted = Path(path)
    if not wanted.is_absolute():
        raise Refused("give the folder's whole path, from the root: /srv/scans")
    real = wanted.resolve()
    if not any(real.is_relative_to(root.resolve()) for root in roots):
        raise Refused(
            f"{path} is not below a folder that sources may look at; who runs the server allows one with "
            f"DOCLOOP_SOURCE_ROOTS (now: {', '.join(map(str, roots)) or 'none'})"
        )
    return real


def _same(facts: os.stat_result) -> Json:
    return {"size": facts.st_size, "mtime": facts.st_mtime_ns}


def _is_same(facts: os.stat_result, place: Json) -> bool:
    return _same(facts) == {"size": place["size"], "mtime": place["mtime"]}


def _path(place: Json) -> str:
    return os.fsdecode(unquote_to_bytes(place["path"]))


def _named(place: Json) -> str:
    return shown(_path(place))


def _read(file: int, place: Json) -> bytes:
    try:
        return os.read(file, CHUNK)
    except OSError as problem:
        raise Unreachable(f"{_named(place)!r} can't be read now: {problem.strerror}") from None


def _not_opened(place: Json, problem: OSError) -> Gone | Refused | Unreachable:
    if isinstance(problem, FileNotFoundError | NotADirectoryError) or problem.errno == errno.ELOOP:
        # a link, or behind one: no file that a look would find
        return Gone(f"{_named(place)!r} is not there any more")
    if isinstance(problem, PermissionError):
        return Refused(f"{_named(place)!r} may not be read by Docloop's workers; mend that and try again")
    return Unreachable(f"{_named(place)!r} can't be opened now: {problem.strerror}")


def _free(folder: Path, source: Path) -> Path:
    """A name that nothing has yet there."""
    target, number = folder / source.name, 1
    while target.exists():
        number += 1
        target = folder / f"{source.stem}-{number}{source.suffix}"
    return target
