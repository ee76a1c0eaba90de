"""A spot of a page image in, its text out, or nothing if that takes too long: somebody is waiting for it.

For what has no words although something is printed there: a logo on a born-digital page, a line that OCR passed over.
The engine is loaded by the first such spot (1.2 s and 150 MB in each web process); a line then takes 0.1 s.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from django.conf import settings
from django.core.files.storage import default_storage

from models import ocr, rendering
from models.pages import Box

log = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds; the person may be typing by then
LARGEST = 0.2  # share of the page; more takes longer than that
AROUND = 8  # pixels: letters that touch the edge are read badly


def text_at(image: str, box: Box) -> str:
    """The text that stands in `box` of a page's image (its path in the store); empty if none, or not in time."""
    if not 0 < box.area <= LARGEST:
        return ""
    reading = _reader().submit(_read, image, box)
    try:
        return reading.result(PATIENCE)
    except TimeoutError:
        reading.cancel()
    except Exception as problem:  # whatever an engine fails of: the person types the text
        log.warning("a box that was drawn could not be read: %s", type(problem).__name__)
    return ""


@lru_cache(maxsize=1)
def _reader() -> ThreadPoolExecutor:
    """One thread, made when it is first needed: a server's processes are forked before that."""
    return ThreadPoolExecutor(1, thread_name_prefix="fill-in")


def _read(name: str, box: Box) -> str:
    config = settings.CONFIG
    engine = ocr.engine(config.ocr_engine, threads=1, weights=config.doctr_weights)
    with default_storage.open(name) as stored, rendering.open_page(stored) as image:
        left, top, right, bottom = map(round, box.to_pixels(image.width, image.height))
        spot = image.convert("RGB").crop(
            (
                max(0, left - AROUND),
                max(0, top - AROUND),
                min(image.width, right + AROUND),
                min(image.height, bottom + AROUND),
            )
        )
    return " ".join(word.text for word in engine.read(spot))
