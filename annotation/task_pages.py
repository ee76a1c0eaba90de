"""A task's key in, its page images out, for Label Studio's page in a browser and while the task needs them.

Label Studio keeps the addresses in its tasks, so they must hold for as long as a task waits, and no longer: the key dies
with the task. Its editor asks for pictures by scripts, so browsers say which site asks, and ours may read the answer.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Q
from django.db.models.functions import Now
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from annotation.models import LabelTask, Page, Recheck
from annotation.page_key_model import LOOKED_AT_FOR

Task = LabelTask | Recheck

# "pushing", "open" and "done" are called the same for both kinds of tasks
SHOWN = Q(state__in=["pushing", "open"]) | Q(state="done", shown_until__gt=Now())
LOOPBACK = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


def addresses(task: Task) -> list[str]:
    """Where a browser finds the pages of the task's document, in order."""
    return [address(task, page) for page in task.document.pages.all()]


def address(task: Task, page: Page) -> str:
    """Where a browser finds this page."""
    path = reverse("task-page", args=[task.page_key, page.document_id, page.number])
    return settings.CONFIG.url.rstrip("/") + path


def origins() -> set[str]:
    """Where Label Studio's pages come from; on one machine, people may call it by either name."""
    config = settings.CONFIG
    parts = urlsplit(config.label_studio_public_url or config.label_studio_url)
    host = parts.hostname or ""
    return {
        f"{parts.scheme}://{parts.netloc}",
        f"{parts.scheme}://{parts.netloc.replace(host, LOOPBACK.get(host, host))}",
    }


def show_again(*tasks: Task) -> None:
    """Somebody goes to these tasks by a link of ours: if they are done, their pages are shown once more."""
    for kind in {type(task) for task in tasks}:
        done = kind.objects.filter(pk__in=[task.pk for task in tasks if type(task) is kind], state="done")
        done.update(shown_until=timezone.now() + LOOKED_AT_FOR)


@require_safe
def answer(request: HttpRequest, key: str, document_id: int, number: int) -> HttpResponseBase:
    """The page, for Label Studio's page alone: 403 to any other; 404 without a live key of a task of this document."""
    origin = request.headers.get("Origin", "")
    if origin not in origins():
        return HttpResponse(status=403)
    image = _image(key, document_id, number)
    if image is None:
        return HttpResponse(status=404)
    try:
        shown = FileResponse(default_storage.open(image), content_type="image/jpeg")
    except FileNotFoundError:
        return HttpResponse(status=404)
    shown["Access-Control-Allow-Origin"] = origin
    shown["Vary"] = "Origin"
    shown["Cache-Control"] = "private, no-store"
    shown["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return shown


def _image(key: str, document_id: int, number: int) -> str | None:
    for kind in (LabelTask, Recheck):
        if kind.objects.filter(SHOWN, page_key=key, document=document_id).exists():
            return (
                Page.objects.filter(document=document_id, number=number)
                .values_list("image", flat=True)
                .first()
            )
    return None
