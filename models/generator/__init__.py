"""Documents with known answers, for the demo, the tests and pre-training: receipts and invoices.

`generate("receipt", 3, seed=7)` is always the same document, to the byte on one machine. Its index picks the layout
(`index % len(layouts)`), so a test can hold out whole layouts; parties, things, amounts, dates, words and formats
come from the seed. Nothing in them is real (Faker makes up names and addresses).
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.extractors.base import Answer, Example
from models.pages import Box, Page

if TYPE_CHECKING:
    from PIL import Image

KINDS = ("receipt", "invoice")


@dataclass(frozen=True, slots=True)
class GeneratedDocument:
    """A file with its truth: `pages` hold every word as printed, `answers` every field that is there."""

    name: str  # of the file
    kind: str
    layout: str
    scan: bool
    content: bytes
    pages: tuple[Page, ...]
    answers: tuple[Answer, ...]

    @property
    def example(self) -> Example:
        return Example(self.name, self.pages, self.answers)


def layouts(kind: str) -> tuple[str, ...]:
    """The names of the layouts of `kind`, in the order in which indices pick them."""
    from models.generator.layouts_invoices import LAYOUTS as INVOICES
    from models.generator.layouts_receipts import LAYOUTS as RECEIPTS

    return tuple(layout.name for layout in (RECEIPTS if kind == "receipt" else INVOICES))


def generate(kind: str, index: int, seed: int, *, scan: bool | None = None) -> GeneratedDocument:
    """Document number `index` (from 0) of `kind` ("receipt" or "invoice").

    `scan` makes it a worn scan (JPEG, or a PDF of pictures if it has several pages) or a PDF with text; None
    leaves that to the seed, half and half.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind of document {kind!r}; there are: {', '.join(KINDS)}")
    rng = random.Random(f"{seed}/{kind}/{index}")
    layout, content, pages, answers = _draw(kind, index, rng)
    half = rng.random() < 0.5
    amount = rng.choice((0.1, 0.3, 0.3, 0.5, 0.5, 0.7, 0.9))
    wear_seed = rng.getrandbits(63)
    name = f"{kind}-{seed}-{index:04d}"
    if not (half if scan is None else scan):
        return GeneratedDocument(f"{name}.pdf", kind, layout, False, content, pages, answers)
    images, pages = _scanned(content, pages, wear_seed, amount)
    answers = tuple(_replaced(answer, pages) for answer in answers)
    suffix = "jpg" if len(images) == 1 else "pdf"
    return GeneratedDocument(f"{name}.{suffix}", kind, layout, True, _packed(images), pages, answers)


def _draw(
    kind: str, index: int, rng: random.Random
) -> tuple[str, bytes, tuple[Page, ...], tuple[Answer, ...]]:
    from models.generator import facts, invoice_parts, layouts_invoices, layouts_receipts, receipt_blocks
    from models.generator.regions import REGIONS

    if kind == "receipt":
        look = layouts_receipts.LAYOUTS[index % len(layouts_receipts.LAYOUTS)]
        bought = facts.receipt(REGIONS[rng.choice(look.regions)], rng, most_items=look.most_items)
        return look.name, *receipt_blocks.draw(look, bought, rng).finish()
    form = layouts_invoices.LAYOUTS[index % len(layouts_invoices.LAYOUTS)]
    billed = facts.invoice(REGIONS[rng.choice(form.regions)], rng, most_items=form.most_items)
    return form.name, *invoice_parts.draw(form, billed, rng).finish()


def _scanned(
    content: bytes, pages: tuple[Page, ...], seed: int, amount: float
) -> tuple[list[Image.Image], tuple[Page, ...]]:
    import numpy as np
    import pypdfium2

    from models.generator.wear import DPI, worn

    rng = np.random.default_rng(seed)
    images, moved = [], []
    document = pypdfium2.PdfDocument(content)
    for number, page in enumerate(pages):
        clean = document[number].render(scale=DPI / 72).to_pil()
        image, scanned = worn(clean, page, rng, amount=amount)
        images.append(image)
        moved.append(scanned)
    return images, tuple(moved)


def _replaced(answer: Answer, pages: tuple[Page, ...]) -> Answer:
    """The same answer at the place where its words are after the scan."""
    assert answer.place is not None
    words = [pages[answer.place.page].words[number] for number in answer.place.words]
    return replace(answer, place=replace(answer.place, box=Box.around(word.box for word in words)))


def _packed(images: list[Image.Image]) -> bytes:
    file = io.BytesIO()
    if len(images) == 1:
        images[0].save(file, "JPEG", quality="keep")
    else:
        import time

        images[0].save(
            file, "PDF", save_all=True, append_images=images[1:], resolution=170,
            creationDate=time.gmtime(0), modDate=time.gmtime(0),
        )  # fmt: skip
    return file.getvalue()
