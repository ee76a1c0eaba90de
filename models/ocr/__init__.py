"""OCR engines by name. Importing this is cheap: an engine's libraries are loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import cast

from models.errors import ReadingFailed
from models.ocr.base import Engine

# name → the module and its function that makes the engine
ENGINES = {
    "rapidocr": ("models.ocr.rapidocr", "RapidOcr"),
    "doctr": ("models.ocr.doctr", "DocTr"),
}


@lru_cache(maxsize=4)
def engine(name: str, *, threads: int = 1, weights: Path | None = None) -> Engine:
    """The engine `name`, loaded once per process and set of options.

    `threads` are the CPU threads it may use: on a busy machine one is best, as more of them wait for each other by
    spinning (twice the CPU time a page, measured). `weights` is a local folder with its weights (docTR's;
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
