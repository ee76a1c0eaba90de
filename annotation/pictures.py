"""A folder or a zip of pages' files in, the file that an address means out."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO

from annotation.errors import Refused
from annotation.label_studio_export import path_of, plain_name
from models import rendering
from models.sandbox import Limits

MOST_FILES = 200_000
MOST_DIRECTORY = (
    300 * MOST_FILES
)  # bytes: a zip's list of its files, which is read before they can be counted
MOST_UNPACKED = 100  # times its size: pictures and PDFs are packed already, only plain scans get much smaller
SMALL = 1_000_000_000  # bytes that a zip may unpack to anyway


class Pictures:
    """The files of `source`, found by the end of their path. Raises `Refused` if it is neither folder nor zip."""

    def __init__(self, source: Path, *, max_bytes: int) -> None:
        self.source = source
        self.max_bytes = max_bytes  # of one file
        self.archive: zipfile.ZipFile | None = None
        if source.is_dir():
            names = [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()]
        else:
            self.archive = _opened_archive(source)
            names = [info.filename for info in self.archive.infolist() if not info.is_dir()]
        if len(names) > MOST_FILES:
            raise Refused(f"{source.name} holds {len(names)} files, {MOST_FILES} at most: split it")
        self.by_name: defaultdict[str, list[str]] = defaultdict(list)
        for name in names:
            self.by_name[PurePosixPath(name).name].append(name)

    def __enter__(self) -> Pictures:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.archive:
            self.archive.close()

    def fetch(self, address: str, target: Path) -> None:
        """Copy the file that `address` means to `target`; raises `Refused` if it isn't there, or several could be meant."""
        name = self._found(address)
        with target.open("wb") as copy, self._opened(name) as file:
            shutil.copyfileobj(_Bounded(file, self.max_bytes), copy)

    def _found(self, address: str) -> str:
        path = PurePosixPath(path_of(address))
        found = self.by_name.get(path.name) or self.by_name.get(plain_name(address)) or []
        if not found:
            raise Refused(f"its file {plain_name(address)!r} is not among the files that were given")
        if len(found) > 1:  # the one whose folders are called as in the address, too
            shared = {name: _shared(PurePosixPath(name), path) for name in found}
            found = [name for name in found if shared[name] == max(shared.values())]
        if len(found) > 1:
            raise Refused(f"there are {len(found)} files that could be its {path.name!r}")
        return found[0]

    def _opened(self, name: str) -> BinaryIO:
        if self.archive is None:
            return (self.source / name).open("rb")
        try:
            return self.archive.open(name)  # type: ignore[return-value]  # IO[bytes]
        except (
            zipfile.BadZipFile,
            RuntimeError,
            NotImplementedError,
        ):  # damaged, encrypted, packed otherwise
            raise Refused(f"{PurePosixPath(name).name!r} in the zip can't be unpacked") from None


def _opened_archive(source: Path) -> zipfile.ZipFile:
    """The zip, of which nothing is unpacked yet; raises `Refused` for what unpacks to too much, and for links."""
    none = Refused(f"{source.name} is neither a folder nor a zip with the files in it")
    try:
        with source.open("rb") as file:
            end = zipfile._EndRecData(file)  # type: ignore[attr-defined]  # so that it is found as ZipFile finds it
        if end is None:
            raise none
        if end[zipfile._ECD_SIZE] > MOST_DIRECTORY:  # type: ignore[attr-defined]
            raise Refused(f"{source.name} lists more than {MOST_FILES} files: split it")
        archive = zipfile.ZipFile(source)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        raise none from None
    listed = archive.infolist()
    problem = ""
    if sum(info.file_size for info in listed) > max(MOST_UNPACKED * source.stat().st_size, SMALL):
        problem = f"unpacks to more than {MOST_UNPACKED} times its size, as no pictures or PDFs do"
    for info in listed:
        if stat.S_ISLNK(info.external_attr >> 16):
            problem = (
                f"holds a symbolic link ({PurePosixPath(info.filename).name}): put the file itself into it"
            )
    if problem:
        archive.close()
        raise Refused(f"{source.name} {problem}")
    return archive


class _Bounded:
    """A file that ends with `Refused` instead of being larger than `most` bytes: a zip may unpack to anything."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self.file = file
        self.left = most
        self.most = most

    def read(self, size: int = -1) -> bytes:
        try:
            some = self.file.read(size)
        except (zipfile.BadZipFile, EOFError, OSError):
            raise Refused("its file in the zip is damaged") from None
        self.left -= len(some)
        if self.left < 0:
            raise Refused(f"its file is larger than {self.most // 1_000_000} MB")
        return some


def _shared(one: PurePosixPath, other: PurePosixPath) -> int:
    """How many parts two paths have in common, from the end."""
    count = 0
    for mine, theirs in zip(reversed(one.parts), reversed(other.parts), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def one_file(pages: Sequence[Path], folder: Path, limits: Limits, *, name: str) -> Path:
    """A document's pages as one file: a single one as it is, several as a TIFF in `folder`, the same bytes each time.

    `name` is what messages call it. Raises `ReadingFailed` where one of several is no image.
    """
    return pages[0] if len(pages) == 1 else rendering.as_one_tiff(pages, folder, limits, name=name)
