"""A received document in, its pages and words out: the PDF's own text where it is good, else OCR."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import transaction
from PIL import Image

from annotation import doorbell, jobs, lifecycle, page_store
from annotation.models import Document
from models import ocr, rendering, sandbox, similarity
from models.errors import ReadingFailed
from models.pages import Page as WordPage

State = Document.State
TEXT_LAYER = "text-layer"


def read_document(document_id: int) -> None:
    """Read once; a file that can never be read makes the document unreadable, with the reason for people."""
    document = Document.objects.get(pk=document_id)
    if document.state != State.RECEIVED:
        return
    try:
        pages = read_file(document)
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
        page_store.keep(document, pages)
        fingerprint = similarity.fingerprint([kept.page for kept in pages])
        Document.objects.filter(pk=document_id).update(fingerprint=f"{fingerprint:016x}", problem="")
        lifecycle.move(document_id, State.READ, reason=_told(pages))
        doorbell.ring("document read", document_id)


def read_file(document: Document) -> list[page_store.KeptPage]:
    """Render the file in a limited child process, and read what has no good text of its own by OCR."""
    with tempfile.TemporaryDirectory(prefix="docloop-reading-") as name:
        folder = Path(name)
        copy = folder / "file"
        with document.file.open("rb") as stored, copy.open("wb") as target:
            shutil.copyfileobj(stored, target)
        rendered = rendering.read_file(
            copy, folder / "pages", sandbox.Limits(pages=settings.CONFIG.max_pages), name=document.filename
        )
        return [_kept(page) for page in rendered]


def _told(pages: list[page_store.KeptPage]) -> str:
    number = f"{len(pages)} page{'' if len(pages) == 1 else 's'}"
    return f"{number} read by {', '.join(sorted({page.read_by for page in pages}))}"


def _kept(rendered: rendering.RenderedPage) -> page_store.KeptPage:
    if rendered.words is not None:
        words, read_by = rendered.words, TEXT_LAYER
    else:
        # as many pages at once as there are workers, so one thread each
        engine = ocr.engine(settings.CONFIG.ocr_engine, threads=1, weights=settings.CONFIG.doctr_weights)
        with Image.open(rendered.image) as image:
            words, read_by = tuple(engine.read(image)), engine.version
    page = WordPage(rendered.width, rendered.height, tuple(words))
    return page_store.KeptPage(page, rendered.image.read_bytes(), read_by[:80], rendered.quality)


def read_again(document_id: int) -> None:
    """Give an unreadable document another try, say with another engine."""
    with transaction.atomic():
        lifecycle.move(document_id, State.RECEIVED, reason="another try was asked for")
        doorbell.ring("document received", document_id)
