"""Whoever reads page images, called as its own users call it: files in, the words of each file out.

All may use the same number of threads. Docloop's own way begins with the file as it was uploaded: checked and
rendered in limited child processes, then read, and, unless only reading is measured, extracted.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import pypdfium2
from PIL import Image

from models import extractors, ocr
from models.extractors.base import Extracted, Extractor
from models.files import inspect
from models.lines import parted
from models.ocr.base import Engine
from models.pages import Box, Page, Word
from models.rendering import read_file
from models.sandbox import Limits

PLAIN = "RapidOCR in a plain loop"
ANYWHERE = Box(0, 0, 1, 1)


@dataclass(frozen=True, slots=True)
class File:
    """A file, the words that stand in it, and how many pages it has."""

    path: Path
    words: tuple[Word, ...]
    pages: int = 1


# the words of each file; None from those who are measured for their speed only
Reader = Callable[[Sequence[File]], list[list[Word]] | None]

# what an extractor says of one document
Extract = Callable[[Sequence[Page]], Extracted]


class Missing(Exception):
    """A peer that can't be had here; the message says why, and what to do."""


def rapidocr_in_a_loop(threads: int) -> Reader:
    """RapidOCR's own defaults, but for the threads: as a user would call it."""
    from rapidocr import RapidOCR

    params = {"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": threads}
    read: Any = RapidOCR(params=params)
    return lambda files: [_said(read(str(file.path)).txts or ()) for file in files]


def tesseract(threads: int) -> Reader:
    """A process for each page, as pytesseract does it, in a plain loop."""
    program = shutil.which("tesseract")
    if program is None:
        raise Missing("there is no tesseract program here (Debian: apt-get install tesseract-ocr)")
    environment = os.environ | {"OMP_THREAD_LIMIT": str(threads)}

    def read(file: File) -> list[Word]:
        command = [program, str(file.path), "stdout", "-l", "eng"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return _said(done.stdout.split())

    return lambda files: [read(file) for file in files]


def doctr(threads: int, weights: Path | None) -> Reader:
    """docTR's predictor, in a plain loop, with real weights."""
    reader = ocr.engine("doctr", threads=threads, weights=weights)

    def read(file: File) -> list[Word]:
        with Image.open(file.path) as image:
            return reader.read(image)

    return lambda files: [read(file) for file in files]


def untrained_doctr(threads: int) -> Reader:
    """Both of docTR's default networks, without weights.

    For the speed alone: it looks for words in the whole page, and then reads those that truly stand there.
    """
    import torch
    from doctr.models import detection, ocr_predictor
    from doctr.models.detection.fast import reparameterize

    torch.set_num_threads(threads)
    # docTR does this with its trained networks; it halves the time
    finder = reparameterize(detection.fast_base(pretrained=False, pretrained_backbone=False).eval())
    predictor = ocr_predictor(finder, "crnn_vgg16_bn", pretrained=False, pretrained_backbone=False)

    def read(file: File) -> None:
        with Image.open(file.path) as image:
            pixels = np.asarray(image.convert("RGB"))
        height, width = pixels.shape[:2]
        shares = np.array([word.box.to_json() for word in file.words])
        corners = (shares * [width, height, width, height]).astype(int)
        crops = [pixels[top : bottom + 1, left : right + 1] for left, top, right, bottom in corners]
        with torch.inference_mode():
            predictor.det_predictor([pixels])
            predictor.reco_predictor([crop for crop in crops if crop.size])

    def read_all(files: Sequence[File]) -> None:
        for file in files:
            read(file)

    return read_all


def docloop(threads: int, extract: Extract | None) -> Reader:
    """As uploads are read and extracted: as many files at once as there are threads, from the file's bytes on."""
    reader = ocr.engine("rapidocr", threads=threads)
    return lambda files: _at_once(lambda file: _upload(file.path, reader, threads, extract), files, threads)


def docloop_without_ocr(threads: int, extract: Extract | None) -> Reader:
    """As born-digital uploads are read and extracted; raises `AssertionError` if a page were due for OCR."""
    return lambda files: _at_once(lambda file: _upload(file.path, None, threads, extract), files, threads)


def extracting(folder: Path, threads: int) -> Extract:
    """The model in `folder`, loaded as often as there are threads, as by so many workers: one is for one at a time."""
    idle: SimpleQueue[Extractor] = SimpleQueue()
    for _ in range(threads):
        idle.put(extractors.load(folder))

    def extract(pages: Sequence[Page]) -> Extracted:
        extractor = idle.get()
        try:
            return extractor.extract([pages])[0]
        finally:
            idle.put(extractor)

    return extract


def pdfium_in_a_loop() -> Reader:
    """What it takes at least, in a plain loop without any protection: text without places, and pages as JPEG at 150 dpi."""

    def read(file: File) -> list[Word]:
        said: list[str] = []
        with tempfile.TemporaryDirectory() as folder:
            document = pypdfium2.PdfDocument(file.path)
            for number, page in enumerate(document):
                page.render(scale=150 / 72).to_pil().save(Path(folder) / f"{number}.jpg", quality=85)
                said += page.get_textpage().get_text_range().split()
            document.close()
        return _said(said)

    return lambda files: [read(file) for file in files]


def version(package: str) -> str:
    """`package 1.2.3`."""
    return f"{package} {importlib.metadata.version(package)}"


def _said(texts: Sequence[str]) -> list[Word]:
    return [Word(text, ANYWHERE) for text in texts if text.strip()]


def _upload(path: Path, reader: Engine | None, threads: int, extract: Extract | None) -> list[Word]:
    inspect(path, Limits())
    with tempfile.TemporaryDirectory() as folder:
        rendered = read_file(path, Path(folder))
        words = {number: page.words for number, page in enumerate(rendered) if page.words is not None}
        scans = [number for number in range(len(rendered)) if number not in words]
        if scans:
            assert reader is not None, "a page has no good text of its own"
            read = ocr.read_images(reader, [rendered[number].image for number in scans], at_once=threads)
            words |= {number: tuple(found) for number, found in zip(scans, read, strict=True)}
    if extract is not None:
        extract([parted(Page(page.width, page.height, words[n])) for n, page in enumerate(rendered)])
    return [word for number in range(len(rendered)) for word in words[number]]


def _at_once(read: Callable[[File], list[Word]], files: Sequence[File], threads: int) -> list[list[Word]]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(read, files))
