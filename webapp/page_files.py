"""A page's image from the store, and the file that was sent, for those who may see them: the same for pages and API.

Only images that Docloop has drawn itself are ever shown. What somebody sent is handed out as something to be saved.
"""

from __future__ import annotations

from io import BytesIO
from typing import TypeVar

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from annotation.models import Document, Page
from models.rendering import open_page

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
    return kept_by_nobody(FileResponse(content, content_type="image/jpeg"), _name(page, "jpg"))


def preview(page: Page) -> HttpResponse:
    """The image as small as it is shown beside other things; raises `Http404` if it is not in the store."""
    target = BytesIO()
    try:
        with default_storage.open(page.image) as content, open_page(content) as whole:
            whole.draft("RGB", PREVIEW)
            whole.thumbnail(PREVIEW)
            whole.convert("RGB").save(target, "WEBP", **WEBP)
    except FileNotFoundError:
        raise _gone(page) from None
    return kept_by_nobody(HttpResponse(target.getvalue(), content_type="image/webp"), _name(page, "webp"))


def original(document: Document) -> FileResponse:
    """The file that was sent, byte for byte, to be saved and not to be shown; raises `Http404` if it is gone."""
    try:
        content = document.file.open("rb")
    except FileNotFoundError:
        raise Http404(f"the file of document {document.pk} is not in the store") from None
    answer = FileResponse(content, content_type="application/octet-stream")
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return kept_by_nobody(answer, document.filename, attachment=True)


def kept_by_nobody(answer: Answer, name: str, *, attachment: bool = False) -> Answer:
    """No cache may hold it, no browser may take it for something else; whoever saves it saves it as `name`."""
    disposition = content_disposition_header(attachment, name)
    assert disposition is not None, "there is a name"
    answer["Content-Disposition"] = disposition
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _name(page: Page, extension: str) -> str:
    return f"document-{page.document_id}-page-{page.number + 1}.{extension}"


def _gone(page: Page) -> Http404:
    return Http404(f"the image of page {page.number + 1} of document {page.document_id} is not in the store")
