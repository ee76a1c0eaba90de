"""The words that a PDF brings along, with their boxes, and whether they can be trusted.

Imported in the limited child process only (`models.sandbox`), like everything that touches pdfium.
"""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Callable
from math import inf

import pypdfium2
from pypdfium2 import raw as pdfium

from models.ocr.lines import reading_order
from models.pages import Box, Word

# characters, from a page of which on its own text layer can be the whole of a document's text
ENOUGH = 20
MOST_CHARACTERS = 200_000  # of one page; a real one has a few thousand

NOWHERE = (inf, inf, -inf, -inf)

# page coordinates (points from the bottom left) → pixels of the rendered page
ToPixels = Callable[[float, float], tuple[float, float]]


def text_layer(page: pypdfium2.PdfPage, to_pixels: ToPixels, width: int, height: int) -> list[Word] | None:
    """The page's own words in reading order, or None where they are missing or not to be trusted.

    `width` and `height` are those of the rendered page that `to_pixels` leads to.
    """
    textpage = page.get_textpage()
    words, outside = _words(textpage, to_pixels, width, height)
    image_share, invisible_share = _what_covers(page)
    if not is_good(words, outside, image_share=image_share, invisible_share=invisible_share):
        return None
    return reading_order(words)


def is_good(words: list[Word], outside: int, *, image_share: float, invisible_share: float) -> bool:
    """Whether a text layer can stand for what the page shows.

    It can't if there is little of it, if its characters are not readable ones (fonts without a Unicode table give
    private or replacement characters), if it is broken up into letters or run together, if it lies `outside` the
    page, or if the page is a picture: a scan with somebody's invisible OCR below it, or with a stamped line of text.
    """
    text = "".join(word.text for word in words)
    if len(text) < ENOUGH or outside > 0.1 * len(words):
        return False
    readable = sum(_is_readable(char) for char in text) / len(text)
    letters = sum(char.isalnum() for char in text) / len(text)
    if readable < 0.97 or letters < 0.5 or not 1.7 <= len(text) / len(words) <= 20:
        return False
    if image_share > 0.5:
        return invisible_share < 0.2 and len(text) >= 10 * ENOUGH
    return invisible_share < 0.5


def _is_readable(char: str) -> bool:
    return char != "\ufffd" and unicodedata.category(char) not in {"Cc", "Co", "Cn", "Cs"}


def _words(
    textpage: pypdfium2.PdfTextPage, to_pixels: ToPixels, width: int, height: int
) -> tuple[list[Word], int]:
    """Words between blanks, and how many of them lie outside of the page."""
    words: list[Word] = []
    outside = 0
    letters: list[str] = []
    # of the word so far, in points from the bottom left; whole words are turned into pixels, not each character, as
    # the page may be turned by quarters only
    edges = NOWHERE
    rect = pdfium.FS_RECTF()
    reference = ctypes.byref(rect)
    raw = textpage.raw
    count = min(pdfium.FPDFText_CountChars(raw), MOST_CHARACTERS)
    for index in range(count + 1):
        code = pdfium.FPDFText_GetUnicode(raw, index) if index < count else 0x20
        char = _char(code)
        if not char.isspace() and code:
            letters.append(char)
            if pdfium.FPDFText_GetLooseCharBox(raw, index, reference):  # else pdfium knows no place for it
                left, bottom, right, top = edges
                edges = (
                    min(left, rect.left),
                    min(bottom, rect.bottom),
                    max(right, rect.right),
                    max(top, rect.top),
                )
            continue
        if letters and edges != NOWHERE:
            left, bottom, right, top = edges
            box = Box.from_pixels(*to_pixels(left, top), *to_pixels(right, bottom), width, height)
            text = "".join(letters).strip("\u200b\u00ad\ufeff")
            if box.area > 0 and text.strip():
                words.append(Word(text, box))
            else:
                outside += 1
        letters, edges = [], NOWHERE
    return words, outside


def _char(code: int) -> str:
    # pdfium puts U+0002 where a hyphen ends a line
    if code == 2:
        return "-"
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _what_covers(page: pypdfium2.PdfPage) -> tuple[float, float]:
    """Share of the page that its largest picture covers, and share of its text objects that can't be seen (0…1)."""
    width, height = page.get_size()
    largest, texts, invisible = 0.0, 0, 0
    for number, part in enumerate(page.get_objects(max_depth=4)):
        if number >= 20_000:
            break
        if part.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = part.get_bounds()
            largest = max(largest, (right - left) * (top - bottom) / (width * height))
        elif part.type == pdfium.FPDF_PAGEOBJ_TEXT:
            texts += 1
            mode = pdfium.FPDFTextObj_GetTextRenderMode(part.raw)
            invisible += mode == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
    return min(1.0, largest), invisible / texts if texts else 0.0
