"""Pages in, page images in the store and Page rows out: the one place that knows where page images lie.

Label Studio serves `pages/` of the store to annotators behind its own sign-in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotation.models import Document, Page
from models.pages import Page as WordPage


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
    """Store the images and write the rows, in place of any that a cut reading left behind."""
    for number, kept in enumerate(pages):
        name = image_name(document.pk, number)
        default_storage.delete(name)
        default_storage.save(name, ContentFile(kept.image))
    document.pages.all().delete()
    Page.objects.bulk_create(
        [
            Page(
                document=document,
                number=number,
                image=image_name(document.pk, number),
                width=kept.page.width,
                height=kept.page.height,
                words=kept.page.to_json()["words"],
                read_by=kept.read_by,
                quality=kept.quality,
            )
            for number, kept in enumerate(pages)
        ]
    )
