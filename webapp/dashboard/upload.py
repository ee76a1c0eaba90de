"""Files from a browser: many at once, each with its own result."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from annotation import routing
from annotation.models import DocumentType
from annotation.routing_model import UNKNOWN
from webapp import uploads
from webapp.roles import Role, requires


@requires(Role.LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form; the script sends each file by itself and gets its row of the table back."""
    results: list[uploads.Result] = []
    chosen = request.POST.get("type") or request.GET.get("type", "")
    if request.method == "POST":
        document_type = (
            routing.unknown_type() if chosen == UNKNOWN else get_object_or_404(DocumentType, name=chosen)
        )
        files = request.FILES.getlist("files")
        results = uploads.take_all(files, document_type=document_type, by=request.user.get_username())
    if request.headers.get("HX-Request"):
        return render(request, "upload/results.html", {"results": results})
    return render(
        request,
        "upload.html",
        {
            "types": DocumentType.objects.all(),
            "chosen": chosen,
            "unknown": UNKNOWN,
            "results": results,
            "sent_nothing": request.method == "POST" and not results,
            "max_mb": settings.CONFIG.max_upload_mb,
        },
    )
