"""A received document in, its pages and words out: the PDF's own text where it is good, else OCR.

Pages are read by OCR at once on all cores, and each is kept as soon as it is read: whoever reads the document again
after a crash goes on from there. A picture that the engine has read before, in this document or any other, isn't read
again.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import transaction

from annotation import audit_trail, doorbell, intake, jobs, lifecycle, page_store, routing
from annotation.models import Document, GivenLabels
from models import ocr, rendering, similarity
from models.errors import ReadingFailed
from models.lines import parted
from models.ocr.base import Engine
from models.pages import Page as WordPage
from models.pages import Word

State = Document.State
TEXT_LAYER = "text-layer"
LONGEST_VERSION = 80  # of Page.read_by
MOST_AT_ONCE = 4  # pages; each takes 300 MB while its lines are looked for


def read_document(document_id: int) -> None:
    """Read once; a file that can never be read makes the document unreadable, with the reason for people."""
    document = Document.objects.get(pk=document_id)
    if document.state != State.RECEIVED:
        return
    try:
        read_by = keep_pages(document)
    except ReadingFailed as problem:
        if not problem.permanent:
            raise
        with transaction.atomic():
            jobs.assert_held()
            Document.objects.filter(pk=document_id).update(problem=str(problem)[:500])
            lifecycle.move(document_id, State.UNREADABLE, reason=str(problem))
        return
    with transaction.atomic():
        jobs.assert_held()
        page_store.forget_behind(document, len(read_by))
        fingerprint = similarity.fingerprint(document.word_pages)
        Document.objects.filter(pk=document_id).update(fingerprint=f"{fingerprint:016x}", problem="")
        lifecycle.move(document_id, State.READ, reason=_told(read_by))
        routing.tell_read(document_id)
        if GivenLabels.objects.filter(document=document_id).exists():
            doorbell.ring("labels given", document_id)


def keep_pages(document: Document) -> list[str]:
    """Read and store each page; answers by whom they were read, in order.

    The file is rendered in a limited child process. Pages with their own good words come first, in one go; then those
    that are due for OCR, one after the other as they are read.
    """
    with tempfile.TemporaryDirectory(prefix="docloop-reading-") as name:
        folder = Path(name)
        copy = folder / "file"
        with document.file.open("rb") as stored, copy.open("wb") as target:
            shutil.copyfileobj(stored, target)
        rendered = rendering.read_file(copy, folder / "pages", intake.upload_limits(), name=document.filename)
        read_by = [TEXT_LAYER] * len(rendered)
        own = {n: _kept(page, page.words) for n, page in enumerate(rendered) if page.words is not None}
        _keep(document, own)
        scans = {number: page for number, page in enumerate(rendered) if page.words is None}
        if scans:
            # all cores, also beside other workers: threads that wait don't spin, so that whatever is idle is used
            reader = ocr.engine(
                settings.CONFIG.ocr_engine, threads=ocr.cores(), weights=settings.CONFIG.doctr_weights
            )
            version = _short(reader.version)
            for number, words in _read(scans, reader):
                _keep(document, {number: _kept(scans[number], words, version)})
                read_by[number] = version
        return read_by


def _read(scans: dict[int, rendering.RenderedPage], reader: Engine) -> Iterator[tuple[int, tuple[Word, ...]]]:
    """The number and words of each scan; each different picture is read once."""
    numbers: dict[str, list[int]] = {}
    for number, page in scans.items():
        numbers.setdefault(hashlib.sha256(page.image.read_bytes()).hexdigest(), []).append(number)
    known = page_store.words_read(numbers.keys(), _short(reader.version))
    for sha256, words in known.items():
        yield from ((number, words) for number in numbers[sha256])
    new = [same for sha256, same in numbers.items() if sha256 not in known]
    images = [scans[same[0]].image for same in new]
    read_at_once = ocr.read_images(reader, images, at_once=min(ocr.cores(), MOST_AT_ONCE))
    for same, read in zip(new, read_at_once, strict=True):
        yield from ((number, tuple(read)) for number in same)


def _keep(document: Document, pages: dict[int, page_store.KeptPage]) -> None:
    with transaction.atomic():
        jobs.assert_held()
        page_store.keep_some(document, pages)


def _kept(
    rendered: rendering.RenderedPage, words: tuple[Word, ...], read_by: str = TEXT_LAYER
) -> page_store.KeptPage:
    # a word such as `Date:25/12/2018` can belong to one field only, so it is cut where two things stand in it
    page = parted(WordPage(rendered.width, rendered.height, words))
    return page_store.KeptPage(page, rendered.image.read_bytes(), read_by, rendered.quality)


def _short(version: str) -> str:
    """An engine's version as `Page.read_by` has room for it; two long ones that differ stay different."""
    if len(version) <= LONGEST_VERSION:
        return version
    return f"{version[: LONGEST_VERSION - 17]} {hashlib.sha256(version.encode()).hexdigest()[:16]}"


def _told(read_by: list[str]) -> str:
    number = f"{len(read_by)} page{'' if len(read_by) == 1 else 's'}"
    return f"{number} read by {', '.join(sorted(set(read_by)))}"


def read_again(document_id: int, *, by: str) -> None:
    """Give an unreadable document another try, say with another engine. Raises `IllegalMove` for others."""
    with transaction.atomic():
        lifecycle.move(document_id, State.RECEIVED, reason=f"{by} asked for another try")
        doorbell.ring("document received", document_id)
        audit_trail.record(by=by, action="asked for another reading", subject=f"document {document_id}")
