"""No request brings more files than intake could take: it is refused before anything of it is read or written.

Django writes large files of a form to the disk before a view sees them, also for whoever isn't signed in: looking for the
CSRF token reads the form. Other bodies are held to `DATA_UPLOAD_MAX_MEMORY_SIZE` where they are read.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from webapp.api.errors import problem
from webapp.label_imports import MOST_FILES, MOST_LABELS

MB = 1_000_000
STRANGERS = 1  # MB: nobody who isn't signed in has a file to send


def bounded(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, to stand behind the sign-in; without a length, servers hand over no body at all (WSGI)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.content_type == "multipart/form-data":
            # the API reads a body only after it knows who sent it
            known = request.user.is_authenticated or request.path.startswith("/api/")
            most = (MOST_LABELS + MOST_FILES * settings.CONFIG.max_upload_mb + 1) if known else STRANGERS
            length = request.META.get("CONTENT_LENGTH") or "0"
            if not length.isdecimal() or int(length) > most * MB:
                text = f"This is more than {most} MB, the most that one request may bring: send fewer files at once."
                if request.path.startswith("/api/"):
                    return JsonResponse(problem(413, text), status=413)
                return HttpResponse(f"{text}\n", status=413, content_type="text/plain; charset=utf-8")
        return answer(request)

    return middleware
