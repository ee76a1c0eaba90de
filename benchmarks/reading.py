"""How fast and how completely the OCR engines read: worn scans from the generator, and real receipts.

Compared are runs of letters and digits, each as often as it stands on the page, so that neither punctuation nor blanks
around it count. On generated scans the truth is what was printed; on receipts it is what people typed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.tables import table
from models.alignment import PIECE
from models.errors import ReadingFailed
from models.generator import KINDS, generate
from models.ocr import ENGINES, engine
from models.ocr.base import Engine
from models.packs import read_pack
from models.pages import Word
from models.rendering import read_file
from models.values import normalise_text

Scan = tuple[Image.Image, Counter[str]]  # a page, and the pieces of text that stand on it


@dataclass(frozen=True, slots=True)
class Result:
    """One engine on one set of pages; without figures, and with the reason, where it can't be had."""

    pages: str
    engine: str
    count: int
    seconds: float = 0.0  # a page
    recall: float = 0.0  # of the pieces that stand there
    precision: float = 0.0  # of the pieces that were read
    missing: str = ""

    def to_json(self) -> dict[str, Any]:  # mixed: names, figures
        return asdict(self)


def measure(data: Path, *, count: int, seed: int, threads: int, weights: Path | None) -> Iterator[Result]:
    """Every engine on `count` generated scans and `count` real receipts; raises `ReadingFailed` without the pack.

    `weights` is a folder for engines that don't bring their own (see `models.ocr.engine`).
    """
    with tempfile.TemporaryDirectory() as folder:
        sets = {
            "generated scans": generated(count, seed, Path(folder)),
            "sroie receipts": receipts(data, count),
        }
    for name in ENGINES:
        try:
            with redirect_stdout(sys.stderr):  # docTR prints its downloads
                reader = engine(name, threads=threads, weights=weights)
        except ReadingFailed as problem:
            yield from (Result(pages, name, 0, missing=str(problem)) for pages in sets)
            continue
        reader.read(next(iter(sets.values()))[0][0])  # the first reading warms up
        yield from (_read(reader, pages, scans) for pages, scans in sets.items())


def generated(count: int, seed: int, folder: Path) -> list[Scan]:
    """First pages of `count` worn scans, the kinds in turn, rendered as an upload is."""
    scans = []
    for number in range(count):
        document = generate(KINDS[number % len(KINDS)], number // len(KINDS), seed, scan=True)
        path = folder / document.name
        path.write_bytes(document.content)
        page = read_file(path, folder / f"{number}")[0]
        scans.append((_loaded(page.image), pieces(document.pages[0].words)))
    return scans


def receipts(data: Path, count: int) -> list[Scan]:
    """The first `count` receipts of the pack that have an image."""
    scans: list[Scan] = []
    for document in read_pack(data / "sroie" / "train"):
        if document.images[0] and len(scans) < count:
            scans.append((_loaded(document.images[0]), pieces(document.pages[0].words)))
    return scans


def pieces(words: Iterable[Word]) -> Counter[str]:
    """Runs of letters and digits in upper case, and how often each stands there."""
    return Counter(normalise_text(piece) for word in words for piece in PIECE.findall(word.text))


def _loaded(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _read(reader: Engine, pages: str, scans: Sequence[Scan]) -> Result:
    began = time.perf_counter()
    read = [pieces(reader.read(image)) for image, _ in scans]
    seconds = (time.perf_counter() - began) / len(scans)
    found = sum((said & truth).total() for said, (_, truth) in zip(read, scans, strict=True))
    return Result(
        pages,
        reader.version,
        len(scans),
        seconds,
        recall=found / sum(truth.total() for _, truth in scans),
        precision=found / max(1, sum(said.total() for said in read)),
    )


def report(results: Sequence[Result]) -> str:
    """One table; an engine that can't be had is listed with the reason below it."""
    header = ["pages", "number", "engine", "s a page", "recall %", "precision %"]
    body = [
        [
            row.pages,
            str(row.count),
            row.engine,
            *([""] * 3 if row.missing else [f"{row.seconds:.2f}", f"{100 * row.recall:.1f}", f"{100 * row.precision:.1f}"]),
        ]
        for row in results
    ]  # fmt: skip
    missing = {row.engine: row.missing for row in results if row.missing}
    notes = [f"{name} was not measured: {reason}" for name, reason in missing.items()]
    return "\n\n".join(
        ["Reading: pieces of text found, and time, by OCR engine", table(header, body), *notes]
    )
