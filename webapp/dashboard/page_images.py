"""The images of a document's pages, for people who are signed in and for their browser alone."""

from __future__ import annotations

from io import BytesIO

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from annotation.models import Document, Page
from models.rendering import open_page
from webapp.page_files import kept_by_nobody, original, page_file, preview
from webapp.roles import Role, requires


@requires(Role.VIEWER)
@require_safe
def document_file(request: HttpRequest, document_id: int) -> HttpResponseBase:
    """The file that was sent, to be saved and not to be shown."""
    return original(get_object_or_404(Document, pk=document_id))


@requires(Role.VIEWER)
@require_safe
def page_image(request: HttpRequest, document_id: int, number: int) -> HttpResponseBase:
    """A page as it was read."""
    return page_file(get_object_or_404(Page, document=document_id, number=number))


@requires(Role.VIEWER)
@require_safe
def page_preview(request: HttpRequest, document_id: int, number: int) -> HttpResponse:
    """A page as the document's page shows it: a tenth of the bytes."""
    return preview(get_object_or_404(Page, document=document_id, number=number))


@requires(Role.VIEWER)
@require_safe
def page_crop(request: HttpRequest, document_id: int, number: int) -> HttpResponse:
    """A piece of a page's image: `box` is x0,y0,x1,y1 in shares of the page."""
    page = get_object_or_404(Page, document=document_id, number=number)
    try:
        x0, y0, x1, y1 = (min(1.0, max(0.0, float(edge))) for edge in request.GET["box"].split(","))
        with default_storage.open(page.image) as content, open_page(content) as whole:
            width, height = whole.size
            box = (int(x0 * width), int(y0 * height), int(x1 * width), int(y1 * height))
            if not (box[0] < box[2] and box[1] < box[3]):
                raise ValueError("an empty box")
            target = BytesIO()
            whole.crop(box).convert("RGB").save(target, "JPEG", quality=80)
    except (KeyError, ValueError, FileNotFoundError):
        raise Http404(f"there is no such piece of page {number + 1} of document {document_id}") from None
    piece = HttpResponse(target.getvalue(), content_type="image/jpeg")
    return kept_by_nobody(piece, f"document-{document_id}-page-{number + 1}-piece.jpg")
