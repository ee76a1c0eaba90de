"""A file in, a Document out: opened in a limited child process only, stored once however often it comes.

Same bytes are the same document. Whatever is refused is refused with the file's name and what to do, and leaves
nothing behind.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePath

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from annotation import (
    antivirus,
    audit_trail,
    doorbell,
    erasure,
    lifecycle,
    log_context,
    page_store,
    quota,
    routing,
)
from annotation.errors import Unreachable
from annotation.models import Document, DocumentType
from annotation.type_settings import PROBE_PREFIX
from models import files, rendering, sandbox, similarity
from models.packs import PackDocument, draw_page
from models.pages import Page as WordPage

log = logging.getLogger(__name__)

GIVEN = "given"  # Page.read_by of words that came with the document
PACK_MEDIA_TYPE = "application/json"


@dataclass(frozen=True)
class Received:
    """The document, and whether these bytes came for the first time."""

    document: Document
    new: bool


def receive(path: Path, *, filename: str, document_type: DocumentType, by: str) -> Received:
    """Take the file at `path`, called `filename` by whoever sent it.

    Raises `models.errors.ReadingFailed` for what is broken, empty, encrypted, too large or not what it claims, `Refused`
    for what was erased, what the virus scanner knows and what there is no room for, and `Unreachable` without the scanner,
    or if the store is full all the same.
    """
    name = plain_name(filename)
    facts = files.inspect(path, upload_limits(), name=name)
    known = Document.objects.filter(sha256=facts.sha256).first()
    if known:
        return Received(known, new=False)
    erasure.refuse_erased(facts.sha256, name)
    quota.check(by=by, size=facts.size)
    antivirus.scan(path, name)
    with path.open("rb") as content:
        stored = _keep(f"files/{facts.sha256[:2]}/{facts.sha256}", File(content))
    with transaction.atomic():
        document, new = Document.objects.get_or_create(
            sha256=facts.sha256,
            defaults={
                "document_type": document_type,
                "filename": name,
                "media_type": facts.media_type,
                "size": facts.size,
                "file": stored,
                "uploaded_by": by,
            },
        )
        if new:
            doorbell.ring("document received", document.pk)
            _write_down(document, by)
    with log_context.about(document=document.pk):
        log.info("received" if new else "received again")
    return Received(document, new)


def receive_pack_document(given: PackDocument, *, document_type: DocumentType, by: str) -> Received:
    """Take a document whose words are known already (see `models.packs`): it is read the moment it arrives."""
    words = json.dumps([page.to_json() for page in given.pages], ensure_ascii=False).encode()
    sha256 = hashlib.sha256(given.key.encode() + b"\0" + words).hexdigest()
    known = Document.objects.filter(sha256=sha256).first()
    if known:
        return Received(known, new=False)
    erasure.refuse_erased(sha256, plain_name(given.key))
    images = [_jpeg(page, image) for page, image in zip(given.pages, given.images, strict=True)]
    stored = _keep(f"files/{sha256[:2]}/{sha256}", ContentFile(words))
    with transaction.atomic():
        document, new = Document.objects.get_or_create(
            sha256=sha256,
            defaults={
                "document_type": document_type,
                "filename": plain_name(given.key),
                "media_type": PACK_MEDIA_TYPE,
                "size": len(words),
                "file": stored,
                "fingerprint": f"{similarity.fingerprint(given.pages):016x}",
                "uploaded_by": by,
            },
        )
        if new:
            page_store.keep(
                document,
                [
                    page_store.KeptPage(page, content, GIVEN)
                    for page, content in zip(given.pages, images, strict=True)
                ],
            )
            lifecycle.move(document.pk, Document.State.READ, reason="came with its words")
            routing.tell_read(document.pk)
            _write_down(document, by)
    with log_context.about(document=document.pk):
        log.info("received with its words")
    return Received(document, new)


def _write_down(document: Document, by: str) -> None:
    if not document.document_type.name.startswith(PROBE_PREFIX):  # the doctor's leaves nothing behind
        audit_trail.record(by=by, action="received", subject=f"document {document.pk}")


def _jpeg(page: WordPage, image: Path | None) -> bytes:
    """The page's image drawn anew, as that of any file is, or its words at their places where none came along."""
    if image:
        with tempfile.TemporaryDirectory(prefix="docloop-pack-") as folder:
            first, *_ = rendering.read_file(image, Path(folder), upload_limits())
            return first.image.read_bytes()
    target = io.BytesIO()
    with draw_page(page) as picture:
        picture.save(target, "JPEG", quality=85)
    return target.getvalue()


def upload_limits() -> sandbox.Limits:
    """What one file that somebody sent may cost."""
    config = settings.CONFIG
    return sandbox.Limits(
        file_bytes=config.max_upload_mb * 1_000_000,
        pages=config.max_pages,
        pixels=config.max_megapixels * 1_000_000,
    )


def plain_name(filename: str) -> str:
    """The last part of a name, without control characters, 255 characters at most."""
    last = PurePath(filename.replace("\\", "/")).name
    visible = "".join(char for char in last if unicodedata.category(char)[0] != "C").strip()
    return visible[-255:] or "unnamed"


def _keep(name: str, content: File[bytes]) -> str:
    """Store under a name made of the content's hash, so that a second copy is the same file.

    A file of another size is one that was cut: a process died while it wrote. Raises `Unreachable` if there is no room.
    """
    if _is_whole(name, content):
        return name
    default_storage.delete(name)
    try:
        return default_storage.save(name, content)
    except OSError as problem:
        if not _is_whole(name, content):  # another process may have stored the same meanwhile
            default_storage.delete(name)
        raise Unreachable(
            f"the store could not take the file ({problem.strerror or type(problem).__name__}): an operator makes room there; "
            "then send it again"
        ) from None


def _is_whole(name: str, content: File[bytes]) -> bool:
    return default_storage.exists(name) and default_storage.size(name) == content.size
