"""Pages in, page images in the store and Page rows out: the one place that knows where page images lie.

Label Studio serves `pages/` of the store to annotators behind its own sign-in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotation.models import Document, Page
from models.pages import Page as WordPage
from models.pages import Word


@dataclass(frozen=True)
class KeptPage:
    """A page's words, its image (JPEG bytes), who read it, and the image's quality (0…1) if it was judged."""

    page: WordPage
    image: bytes
    read_by: str
    quality: float | None = None


def image_name(document_id: int, number: int) -> str:
    """Path of a page's image within the store."""
    return f"pages/{document_id}/{number}.jpg"


def keep(document: Document, pages: Sequence[KeptPage]) -> None:
    """Store all pages of a document, in place of any that a cut reading left behind."""
    keep_some(document, dict(enumerate(pages)))
    forget_behind(document, len(pages))


def keep_some(document: Document, pages: Mapping[int, KeptPage]) -> None:
    """Store the images and write the rows of pages with these numbers (0-based), in place of what was there."""
    for number, kept in pages.items():
        name = image_name(document.pk, number)
        default_storage.delete(name)
        default_storage.save(name, ContentFile(kept.image))
    rows = [
        Page(
            document=document,
            number=number,
            image=image_name(document.pk, number),
            image_sha256=hashlib.sha256(kept.image).hexdigest(),
            width=kept.page.width,
            height=kept.page.height,
            words=kept.page.to_json()["words"],
            read_by=kept.read_by,
            quality=kept.quality,
        )
        for number, kept in pages.items()
    ]
    Page.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["document", "number"],
        update_fields=["image", "image_sha256", "width", "height", "words", "read_by", "quality"],
    )


def forget_behind(document: Document, count: int) -> None:
    """Delete the rows of pages behind the first `count`: an earlier try saw more of them."""
    document.pages.filter(number__gte=count).delete()


def forget(document_id: int) -> None:
    """Delete every page image of a document, also those that no row knows."""
    folder = f"pages/{document_id}"
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)  # where folders are something of their own


def words_read(images: Collection[str], read_by: str) -> dict[str, tuple[Word, ...]]:
    """What `read_by` has read already from the pictures of these SHA-256, in whichever document they stand.

    There is no cache beside the pages: when a document is erased, the words that were read from it go with it.
    """
    known = Page.objects.filter(image_sha256__in=images, read_by=read_by)
    one_each = known.order_by("image_sha256").distinct("image_sha256").values_list("image_sha256", "words")
    return {sha256: tuple(map(Word.from_json, words)) for sha256, words in one_each}
