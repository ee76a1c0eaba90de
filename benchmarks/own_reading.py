"""Receipts as Docloop reads them from their images, instead of the words that the pack brings along.

What was read is kept by the image's hash and the engine's version, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from models.errors import ReadingFailed
from models.extractors.manifest import sha256_of
from models.ocr import engine, read_images
from models.ocr.base import Engine
from models.packs import PackDocument
from models.pages import Page
from models.rendering import read_file

ENGINE = "rapidocr"
AT_ONCE = 24  # images between two lines of progress

PagesOf = Callable[[PackDocument], tuple[Page, ...]]


def read_all(
    documents: Sequence[PackDocument], work: Path, *, threads: int, say: Callable[[str], None]
) -> PagesOf:
    """A function from a document to its pages as read from the images; raises `ReadingFailed` if one has none."""
    images = [image for document in documents for image in document.images]
    if None in images:
        raise ReadingFailed(
            "a document of the pack has no image, so it can't be read from it: give the whole pack"
        )
    hashes = {image: sha256_of(image) for image in images if image is not None}
    reader = engine(ENGINE, threads=threads)
    work.mkdir(parents=True, exist_ok=True)
    kept = work / f"read by {re.sub(r'[^A-Za-z0-9.]+', '-', reader.version)}.jsonl"
    pages = _kept(kept)
    due = list({sha256: image for image, sha256 in hashes.items() if sha256 not in pages}.values())
    say(f"{len(hashes)} images, {len(due)} of them to be read by {reader.version}")
    with kept.open("a", encoding="utf-8") as file, tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(due), AT_ONCE):
            some = due[start : start + AT_ONCE]
            for image, page in zip(some, _read(some, Path(folder), reader, threads), strict=True):
                pages[hashes[image]] = page
                file.write(json.dumps([hashes[image], page.to_json()]) + "\n")
            file.flush()
            say(f"{start + len(some)} of {len(due)} images read")
    return lambda document: tuple(pages[hashes[image]] for image in document.images if image is not None)


def _kept(path: Path) -> dict[str, Page]:
    pages = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            sha256, page = json.loads(line)
        except ValueError:
            continue  # an interrupted line: read that image again
        pages[sha256] = Page.from_json(page)
    return pages


def _read(images: Sequence[Path], folder: Path, reader: Engine, threads: int) -> Iterator[Page]:
    """As an upload is read: checked and rendered upright first, then several pages at once."""
    rendered = [read_file(image, folder / image.stem)[0] for image in images]
    words = read_images(reader, [each.image for each in rendered], at_once=threads)
    for each, read in zip(rendered, words, strict=True):
        yield Page(each.width, each.height, tuple(read))
