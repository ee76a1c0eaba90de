"""OCR engines by name, and many pages read at once. Importing this is cheap: an engine's libraries are loaded when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import cast

from models.errors import ReadingFailed
from models.ocr.base import Engine
from models.pages import Word
from models.rendering import open_page

# name → the module and its function that makes the engine
ENGINES = {
    "rapidocr": ("models.ocr.rapidocr", "RapidOcr"),
    "doctr": ("models.ocr.doctr", "DocTr"),
}


@lru_cache(maxsize=4)
def engine(name: str, *, threads: int = 1, weights: Path | None = None) -> Engine:
    """The engine `name`, loaded once per process and set of options.

    `threads` are the CPU threads it may use, however many pages it is given at once. `weights` is a local folder with its weights (docTR's;
    RapidOCR brings its own). Raises `ReadingFailed` for an unknown name, naming the others, and where weights can't be had.
    """
    try:
        module, maker = ENGINES[name]
    except KeyError:
        raise ReadingFailed(
            f"no OCR engine {name!r}; there are: {', '.join(ENGINES)} (DOCLOOP_OCR_ENGINE)"
        ) from None
    make = cast("Callable[..., Engine]", getattr(import_module(module), maker))
    return make(threads=threads, weights=weights)


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_images(reader: Engine, images: Sequence[Path], *, at_once: int) -> Iterator[list[Word]]:
    """The words of each page image, in order, each as soon as it and those before it are read.

    `at_once` pages are read at a time, in threads: the engines' networks run outside of Python's lock. Raises
    `ReadingFailed` at the page that can't be read.
    """

    def read(path: Path) -> list[Word]:
        with open_page(path) as image:
            return reader.read(image)

    with ThreadPoolExecutor(max(1, min(at_once, len(images))), thread_name_prefix="ocr-page") as pool:
        try:
            yield from pool.map(read, images)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
