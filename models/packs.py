"""Packs: folders of documents that were read and answered elsewhere, for measuring and for replaying corrections.

A pack's folder holds `ocr.jsonl` and `labels.jsonl`, a document a line in the same order:
`{"id", "doc_type", "pages": [{"page", "image", "width", "height", "level", "items": [[text, x0, y0, x1, y1, line], …]}]}`
with boxes in pixels of `width` x `height` and `image` a path in the folder or null, and
`{"id", "fields": {name: value | null | [values]}, "in_ocr": {name: bool}, "meta": {"group": …}}`.
Items are words or whole segments of a line; segments are cut into words here, and words that hold two values into two.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from models.errors import BadPage, ReadingFailed
from models.extractors.base import Answer, Example
from models.lines import parted
from models.ocr.lines import spans, words_in
from models.pages import Page, Word


@dataclass(frozen=True, slots=True)
class PackDocument:
    """One document of a pack. `images` has a path or None for each page; `group` holds near-duplicates together.

    `labels` and `meta` are as in the file: what is null there was looked for and is absent.
    """

    key: str
    kind: str
    pages: tuple[Page, ...]
    images: tuple[Path | None, ...]
    answers: tuple[Answer, ...]
    unreachable: frozenset[str]  # fields whose value does not stand in the text
    group: str
    labels: Mapping[str, Any] = field(default_factory=dict)  # name → text, null or a list of texts
    meta: Mapping[str, Any] = field(default_factory=dict)  # whatever the pack says of its origin

    @property
    def example(self) -> Example:
        return Example(self.key, self.pages, self.answers)


def is_pack(folder: Path) -> bool:
    """Whether `folder` holds a pack's two files."""
    return (folder / "ocr.jsonl").is_file() and (folder / "labels.jsonl").is_file()


def split_folder(path: Path, *, preferred: str) -> Path:
    """The folder with a pack's two files: `path` itself, else its split `preferred`, else its only other split.

    Raises `ReadingFailed` saying what is there instead.
    """
    if not path.is_dir():
        raise ReadingFailed(
            f"{path} is no folder: give a pack's folder, with ocr.jsonl and labels.jsonl in it"
        )
    if is_pack(path) or (path / "ocr.jsonl").is_file() or (path / "labels.jsonl").is_file():
        return path  # one of the two files missing is told by `read_pack`
    splits = sorted(each for each in path.iterdir() if each.is_dir() and is_pack(each))
    for split in splits:
        if split.name == preferred or len(splits) == 1:
            return split
    if splits:
        raise ReadingFailed(f"{path} holds several packs: give {' or '.join(map(str, splits))}")
    below = sorted(
        each.name for each in path.iterdir() if each.is_dir() and any(map(is_pack, each.glob("*/")))
    )
    told = f"; it holds the packs {', '.join(below)}: give one of them" if below else ""
    raise ReadingFailed(f"{path} is no pack: there is no ocr.jsonl with a labels.jsonl in it{told}")


def read_pack(folder: Path) -> Iterator[PackDocument]:
    """The documents of `folder`, in its order; raises `ReadingFailed` naming the file and line that is wrong."""
    for name in ("ocr.jsonl", "labels.jsonl"):
        if not (folder / name).is_file():
            raise ReadingFailed(f"{folder} is no pack: {name} is missing")
    with (
        (folder / "ocr.jsonl").open("rb") as read,
        (folder / "labels.jsonl").open("rb") as labelled,
    ):
        # a file that is shorter gives empty lines, which are no JSON
        for number, (ocr, labels) in enumerate(zip_longest(read, labelled, fillvalue=b""), start=1):
            if number > 1 and not ocr.strip() and not labels.strip():
                continue  # an empty line at the end
            try:
                yield _document(folder, json.loads(ocr), json.loads(labels))
            except (AttributeError, BadPage, KeyError, TypeError, ValueError) as error:
                raise ReadingFailed(
                    f"{folder}: line {number} of ocr.jsonl or labels.jsonl is not as a pack's should be "
                    f"({type(error).__name__}); make the pack again"
                ) from error


def _document(folder: Path, ocr: dict[str, Any], labels: dict[str, Any]) -> PackDocument:
    if ocr["id"] != labels["id"]:
        raise ValueError("the two files are not in the same order")
    return PackDocument(
        key=ocr["id"],
        kind=ocr["doc_type"],
        pages=tuple(_page(page) for page in ocr["pages"]),
        images=tuple(_image(folder, page["image"]) for page in ocr["pages"]),
        answers=tuple(
            Answer(name, text) for name, value in labels["fields"].items() for text in _texts(value)
        ),
        unreachable=frozenset(name for name, found in labels["in_ocr"].items() if not found),
        group=str(labels.get("meta", {}).get("group", ocr["id"])),
        labels=labels["fields"],
        meta=labels.get("meta", {}),
    )


def _texts(value: Any) -> list[str]:  # whatever JSON the file holds
    """The texts of a label; numbers count as they are written."""
    each = value if isinstance(value, list) else [value]
    if any(isinstance(one, bool | list | dict) for one in each):
        raise ValueError("a value is a text, a number or null, or a list of them")
    return [str(one) for one in each if one not in (None, "")]


def _image(folder: Path, name: str | None) -> Path | None:
    if name is None:
        return None
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError("an image lies outside of its pack")
    return path


def _page(stored: dict[str, Any]) -> Page:
    width, height = stored["width"], stored["height"]
    words: list[Word] = []
    for text, x0, y0, x1, y1, *_ in stored["items"]:
        # a hair's width would not be a place
        x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
        corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        words += words_in(corners, spans(text), width, height)
    return parted(Page(width, height, tuple(words)))


def draw_page(page: Page, scale: int = 2) -> Image.Image:
    """A white page with its words at their places, for pages that came without an image; `scale` times its size."""
    width, height = page.width * scale, page.height * scale
    image = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(image)
    fonts: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}
    for word in page.words:
        size = max(6, round((word.box.y1 - word.box.y0) * height * 0.85))
        if size not in fonts:
            fonts[size] = ImageFont.load_default(size)
        wide = fonts[size].getlength(word.text)
        room = (word.box.x1 - word.box.x0) * width
        if wide > room > 0:  # the pack's font was narrower
            size = max(6, int(size * room / wide))
            fonts.setdefault(size, ImageFont.load_default(size))
        x, y = word.box.x0 * width, word.box.y1 * height
        draw.text((x, y), word.text, fill=20, font=fonts[size], anchor="ld")
    return image
