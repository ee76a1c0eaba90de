"""A page's image from the store, for those who may see it and for them alone: the same for the pages and the API."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404

from annotation.models import Page


def page_file(page: Page) -> FileResponse:
    """The image as an answer that nobody keeps; raises `Http404` if it is not in the store."""
    try:
        content = default_storage.open(page.image)
    except FileNotFoundError:
        raise Http404(
            f"the image of page {page.number + 1} of document {page.document_id} is not in the store"
        ) from None
    answer = FileResponse(content, content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
