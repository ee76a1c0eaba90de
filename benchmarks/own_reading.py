"""Receipts as Docloop reads them from their images, instead of the words that the pack brings along.

What was read is kept by the image's hash and the engine's version, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from models.errors import ReadingFailed
from models.extractors.manifest import sha256_of
from models.ocr import engine
from models.ocr.base import Engine
from models.packs import PackDocument
from models.pages import Page
from models.rendering import read_file

ENGINE = "rapidocr"

PagesOf = Callable[[PackDocument], tuple[Page, ...]]


def read_all(
    documents: Sequence[PackDocument], work: Path, *, threads: int, say: Callable[[str], None]
) -> PagesOf:
    """A function from a document to its pages as read from the images; raises `ReadingFailed` if one has none."""
    reader = engine(ENGINE, threads=threads)
    kept = work / f"read by {re.sub(r'[^A-Za-z0-9.]+', '-', reader.version)}.jsonl"
    work.mkdir(parents=True, exist_ok=True)
    pages = _kept(kept)
    images = [image for document in documents for image in document.images]
    if None in images:
        raise ReadingFailed(
            "a document of the pack has no image, so it can't be read from it: give the whole pack"
        )
    hashes = {image: sha256_of(image) for image in images if image is not None}
    with kept.open("a", encoding="utf-8") as file:
        for number, (image, sha256) in enumerate(hashes.items(), start=1):
            if sha256 not in pages:
                pages[sha256] = _read(image, reader)
                file.write(json.dumps([sha256, pages[sha256].to_json()]) + "\n")
                file.flush()
            if number % 25 == 0:
                say(f"{number} of {len(hashes)} images read")
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


def _read(image: Path, reader: Engine) -> Page:
    """As an upload is read: checked and rendered upright first."""
    with tempfile.TemporaryDirectory() as folder:
        rendered = read_file(image, Path(folder))[0]
        with Image.open(rendered.image) as picture:
            return Page(rendered.width, rendered.height, tuple(reader.read(picture.convert("RGB"))))
