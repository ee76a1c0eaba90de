"""Hostile until proven otherwise: what an uploaded file really is, before anything else looks at it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from models import sandbox
from models.errors import ReadingFailed
from models.sandbox import Limits

PDF, PNG, JPEG, TIFF = "application/pdf", "image/png", "image/jpeg", "image/tiff"
MEDIA_TYPES = (PDF, PNG, JPEG, TIFF)
TAKEN = "PDF, PNG, JPEG and TIFF files are taken"
EXTENSIONS = {PDF: (".pdf",), PNG: (".png",), JPEG: (".jpg", ".jpeg"), TIFF: (".tif", ".tiff")}

OURS = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
)
# only so that the message can say what the file is; anything unknown is refused as well
FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive or an Office file"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"RIFF", "a RIFF file such as WebP"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"%!PS", "a PostScript file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"{\\rtf", "an RTF text"),
)
MARKUP = (b"<!doctype html", b"<html", b"<svg", b"<?xml", b"<script")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file that passed: type by content, pages (1 or more), size in bytes, SHA-256 in hex."""

    media_type: str
    pages: int
    size: int
    sha256: str


def shown_name(name: str) -> str:
    """`name` as messages show it: the last part only, printable, at most 80 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(char if char.isprintable() else "?" for char in last)
    return clean if len(clean) <= 80 else f"{clean[:60]}…{clean[-19:]}"


def media_type(head: bytes, name: str) -> str:
    """The media type that the first bytes (1 KB of them) tell; raises `ReadingFailed` for what isn't taken."""
    for signature, kind in OURS:
        if head.startswith(signature):
            return kind
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    foreign = next((what for signature, what in FOREIGN if head.startswith(signature)), "")
    if not foreign and start.lower().startswith(MARKUP):
        foreign = "a web page or XML"
    # the PDF standard (ISO 32000-1, annex H.3.4.1) has readers accept the header anywhere in the first 1,024 bytes
    if not foreign and b"%PDF-" in head[:1024]:
        return PDF
    raise ReadingFailed(f"{name!r} is {foreign or 'no document that can be read'}; {TAKEN}")


def check_extension(name: str, kind: str) -> None:
    """Raises `ReadingFailed` where a file's name claims another type than `kind`, its content's, or none."""
    extension = PurePath(name).suffix.lower()
    if extension not in EXTENSIONS[kind]:
        claims = f"is called {extension}" if extension else "has no extension"
        raise ReadingFailed(
            f"{name!r} {claims}, and its content is {kind.partition('/')[2].upper()}; "
            f"if that is what it should be, rename it to {EXTENSIONS[kind][0]} and send it again"
        )


def inspect(path: Path, limits: Limits, *, name: str | None = None) -> FileFacts:
    """Type, pages, size and hash of the file at `path`.

    `name` is what the messages call it (the file's own name if None). Raises `ReadingFailed`, saying what is wrong and
    what to do, for a file that is missing, empty, too large, of another type than it may be or than its name says,
    encrypted, broken, or has too many pages. The content is parsed in a limited child process only.
    """
    shown = shown_name(name if name is not None else path.name)
    # two pages of it are opened at most, and somebody waits
    limits = replace(
        limits,
        cpu_seconds=min(limits.opening_seconds, limits.cpu_seconds),
        wall_seconds=min(40, limits.wall_seconds),
    )
    try:
        with path.open("rb") as file:
            head = file.read(1024)
            size = path.stat().st_size
            if not head:
                raise ReadingFailed(f"{shown!r} is empty; send it again")
            if size > limits.file_bytes:
                raise ReadingFailed(
                    f"{shown!r} has {size / 1e6:.1f} MB, and {limits.file_bytes / 1e6:g} MB are allowed; "
                    "split it or scan it at a lower resolution"
                )
            kind = media_type(head, shown)
            check_extension(shown, kind)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise ReadingFailed(f"{shown!r} can't be opened: {error.strerror}") from None
    pages = sandbox.run(
        "count_pages", {"paths": [str(path.resolve())], "media_type": kind}, name=shown, limits=limits
    )
    if not isinstance(pages, int) or pages < 1:
        raise ReadingFailed(f"{shown!r} has no pages")
    return FileFacts(kind, pages, size, sha256)
