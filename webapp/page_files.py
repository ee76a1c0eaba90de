"""A page's image from the store, for those who may see it and for them alone: the same for the pages and the API."""

from __future__ import annotations

from io import BytesIO
from typing import TypeVar

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from PIL import Image

from annotation.models import Page

Answer = TypeVar("Answer", bound=HttpResponseBase)

# wide enough for half a desktop's window and for a phone; a scan of it takes some 50 kB instead of 400
PREVIEW = (1000, 2000)  # pixels at most
WEBP = {
    "quality": 60,
    "method": 0,
}  # the quickest way: 50 ms, and a third smaller than a JPEG that looks as good


def page_file(page: Page) -> FileResponse:
    """The image as an answer that nobody keeps; raises `Http404` if it is not in the store."""
    try:
        content = default_storage.open(page.image)
    except FileNotFoundError:
        raise _gone(page) from None
    return kept_by_nobody(FileResponse(content, content_type="image/jpeg"))


def preview(page: Page) -> HttpResponse:
    """The image as small as it is shown beside other things; raises `Http404` if it is not in the store."""
    target = BytesIO()
    try:
        with default_storage.open(page.image) as content, Image.open(content) as whole:
            whole.draft("RGB", PREVIEW)
            whole.thumbnail(PREVIEW)
            whole.convert("RGB").save(target, "WEBP", **WEBP)
    except FileNotFoundError:
        raise _gone(page) from None
    return kept_by_nobody(HttpResponse(target.getvalue(), content_type="image/webp"))


def kept_by_nobody(answer: Answer) -> Answer:
    """No cache may hold it, and no browser may take it for something else."""
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _gone(page: Page) -> Http404:
    return Http404(f"the image of page {page.number + 1} of document {page.document_id} is not in the store")
