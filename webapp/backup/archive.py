"""The form of a backup: a folder or a tar file with a manifest, which holds the SHA-256 of everything else in it.

It is written under another name and renamed when it is complete, the manifest last: what was cut off never looks whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from models.errors import DocloopError

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished"
PIECE = 1 << 20  # bytes read at once
Json = dict[str, Any]  # the manifest: see webapp.backup.making


class BackupError(DocloopError):
    """A backup can't be made, or isn't one that can be used here; the message says why and what to do."""


class Hashing:
    """A file that is read through this, and its SHA-256 so far."""

    def __init__(self, content: BinaryIO) -> None:
        self._content, self.size, self._sha256 = content, 0, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._content.read(size)
        self.size += len(piece)
        self._sha256.update(piece)
        return piece

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()


class Writing:
    """A backup in the making. `add` what belongs in it, then `finish`; `discard` if that can't be reached."""

    def __init__(self, target: Path) -> None:
        """`target` ends with .tar, or is to be a folder; raises `BackupError` if there is something already."""
        if target.exists():
            raise BackupError(f"{target} is there already: give a name that is not, such as one with the day")
        if not target.absolute().parent.is_dir():
            raise BackupError(f"{target.absolute().parent} is not there: make it, or give another place")
        self.target, self.files = target, dict[str, Json]()
        self.unfinished = target.with_name(target.name + UNFINISHED)
        self.dump = target.with_name(
            f"{target.name}.dump{UNFINISHED}"
        )  # for what is hashed when it is written
        self.discard()
        self._tar: tarfile.TarFile | None = None
        if target.suffix == ".tar":
            descriptor = os.open(self.unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._tar = tarfile.open(  # noqa: SIM115  # closed by `finish`
                fileobj=os.fdopen(descriptor, "wb"), mode="w", format=tarfile.PAX_FORMAT
            )
        else:
            self.unfinished.mkdir(mode=0o700)

    def add(self, name: str, content: BinaryIO) -> None:
        """Copy a file (that can be sought in) into the backup."""
        hashing = Hashing(content)
        self._write(name, content, hashing)
        self.files[name] = {"sha256": hashing.sha256, "size": hashing.size}

    def finish(self, manifest: Json) -> None:
        """Seal it and give it its name; from then on it is a backup."""
        text = json.dumps(manifest | {"files": self.files}, indent=1).encode()
        self._write(MANIFEST, BytesIO(text), Hashing(BytesIO(text)))
        self._close()
        self.dump.unlink(missing_ok=True)
        os.sync()  # once, and not for each of perhaps a million files
        self.unfinished.rename(self.target)

    def discard(self) -> None:
        """Remove what was written, also what an earlier try that was killed has left."""
        if self.unfinished.is_dir():
            shutil.rmtree(self.unfinished)
        self.unfinished.unlink(missing_ok=True)
        self.dump.unlink(missing_ok=True)

    def _write(self, name: str, content: BinaryIO, hashing: Hashing) -> None:
        if self._tar is None:
            path = self.unfinished / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb", opener=_privately) as copy:
                shutil.copyfileobj(hashing, copy, PIECE)
            return
        member = tarfile.TarInfo(name)
        member.size, member.mode = content.seek(0, os.SEEK_END), 0o600
        content.seek(0)
        self._tar.addfile(member, hashing)

    def _close(self) -> None:
        if self._tar is not None:
            self._tar.close()
            assert self._tar.fileobj is not None
            self._tar.fileobj.close()


class Backup(Protocol):
    """A backup that is read."""

    manifest: Json

    def names(self) -> set[str]:
        """All files in it but the manifest."""
        ...

    def open(self, name: str) -> BinaryIO: ...


class FolderBackup:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = _manifest(path, self.open)

    def names(self) -> set[str]:
        found = {each for each in self.path.rglob("*") if not each.is_dir()}
        return {each.relative_to(self.path).as_posix() for each in found} - {MANIFEST}

    def open(self, name: str) -> BinaryIO:
        path = self.path / name
        if path.is_symlink() or not path.is_file():
            raise KeyError(name)
        return path.open("rb")


class TarBackup:
    def __init__(self, path: Path) -> None:
        try:
            self._tar = tarfile.open(path, "r:")  # noqa: SIM115  # open as long as the backup is read
            self._tar.getmembers()
        except (tarfile.TarError, OSError) as problem:
            raise BackupError(f"{path} is not whole, or no backup ({problem})") from None
        self.manifest = _manifest(path, self.open)

    def names(self) -> set[str]:
        return set(self._tar.getnames()) - {MANIFEST}

    def open(self, name: str) -> BinaryIO:
        member = self._tar.getmember(name)
        content = self._tar.extractfile(member) if member.isreg() else None
        if content is None:
            raise KeyError(name)
        return content  # type: ignore[return-value]  # typeshed has IO[bytes]


def read(path: Path) -> Backup:
    """The backup in a folder or tar file; raises `BackupError` if it is none, or was cut off."""
    if not path.exists():
        raise BackupError(f"there is no {path}")
    return FolderBackup(path) if path.is_dir() else TarBackup(path)


def check(backup: Backup) -> None:
    """See that every file is there, and as it was written; raises `BackupError`."""
    named = set(backup.manifest["files"])
    for name in sorted(named):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BackupError(f"the manifest names a file outside the backup ({name}): it was tampered with")
    if missing := sorted(named - backup.names()):
        raise BackupError(f"{len(missing)} files are missing from the backup, such as {missing[0]}")
    if unknown := sorted(backup.names() - named):
        raise BackupError(f"{len(unknown)} files are in it that its manifest does not name: {unknown[0]}")
    for name, wanted in backup.manifest["files"].items():
        try:
            with backup.open(name) as content:
                hashing = Hashing(content)
                while hashing.read(PIECE):
                    pass
        except KeyError:
            raise BackupError(f"{name} in the backup is no file: it was tampered with") from None
        if hashing.sha256 != wanted["sha256"]:
            raise BackupError(f"{name} in the backup is not as it was written: take another backup")


def _manifest(path: Path, opened: Callable[[str], BinaryIO]) -> Json:
    try:
        with opened(MANIFEST) as content:
            manifest = json.load(content)
        if not isinstance(manifest["files"], dict):
            raise ValueError
    except (KeyError, ValueError, TypeError):
        raise BackupError(f"{path} has no whole {MANIFEST}: it is no backup, or was cut off") from None
    return manifest  # type: ignore[no-any-return]


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
