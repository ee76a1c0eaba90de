"""What Label Studio asks an "ML backend": whether it is there, and what it makes of a box that somebody just drew.

Label Studio's server asks, not the browser, and its annotator waits: an answer takes some milliseconds. It asks for
predictions of whole tasks as well, and tells of trainings; those are Docloop's own business and get an empty answer,
so that nothing ever enters Label Studio by this way but the text of a drawn box.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.views.decorators.csrf import csrf_exempt

from annotation import fill_in, fill_in_ocr
from annotation.models import Document, DocumentType, LabelTask, Page, Recheck
from models.pages import Box
from models.schema import Field

USER = "docloop"
VERSION = "docloop"  # Label Studio wants one; no prediction has it
LONGEST_BODY = 8 << 20  # bytes: Label Studio sends the task with all predictions and annotations along
LARGEST_ID = 2**31 - 1


def secret() -> str:
    """The password that Label Studio signs in with here: no one else is told it, also not by Label Studio's API."""
    return salted_hmac("annotation.fill_in", settings.CONFIG.url, algorithm="sha256").hexdigest()


def address(document_type: DocumentType) -> str:
    """Where Label Studio asks, without the last part."""
    base = settings.CONFIG.internal_url or settings.CONFIG.url
    return base.rstrip("/") + reverse(
        "label-studio-backend", args=[document_type.name, "health"]
    ).removesuffix("/health")


@csrf_exempt
def answer(request: HttpRequest, name: str, call: str) -> HttpResponse:
    """Answers whoever knows the secret, else 401 and nothing is read; needs no sign-in.

    `call` is Label Studio's word for what it wants. Of a region that was drawn all is said in `predict`; everything
    else says that we are there.
    """
    if not _is_known(request.headers.get("Authorization", "")):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="Docloop"'})
    if call == "predict":
        return JsonResponse({"results": _predict(_body(request), name)})
    if call == "versions":
        return JsonResponse({"versions": [VERSION]})
    return JsonResponse({"status": "UP", "model_version": VERSION})


def _is_known(sent: str) -> bool:
    """Whether a Basic authorisation is ours; takes the same time whether or not it is."""
    try:
        given = base64.b64decode(sent.removeprefix("Basic "), validate=True)
    except (binascii.Error, ValueError):
        given = b""
    return hmac.compare_digest(given, f"{USER}:{secret()}".encode())


def _body(request: HttpRequest) -> dict[str, Any]:
    """JSON of whatever form within; empty for what is none, or too long."""
    try:
        raw = request.read(LONGEST_BODY + 1)
        body = json.loads(raw) if len(raw) <= LONGEST_BODY else None
    except (UnreadablePostError, ValueError, RecursionError):
        body = None
    return body if isinstance(body, dict) else {}


def _predict(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """One result for regions that were drawn on one task of the type's; none for anything else."""
    drawn, task_id = _drawn(body), _task_id(body)
    document = _document(task_id, name) if drawn and task_id else None
    if document is None:
        return []

    def read(number: int, box: Box, field: Field) -> str:
        page = Page.objects.filter(document=document, number=number).first() if number >= 0 else None
        if page is None:
            return ""
        return fill_in.text_in(page.word_page, box, field) or fill_in_ocr.text_at(page.image, box)

    return [{"result": fill_in.filled(drawn, document.document_type.schema, read), "model_version": VERSION}]


def _drawn(body: dict[str, Any]) -> list[fill_in.Item]:
    """The regions that Label Studio sends of what was drawn; none when it asks for whole tasks."""
    parameters = body.get("params")
    context = parameters.get("context") if isinstance(parameters, dict) else None
    result = context.get("result") if isinstance(context, dict) else None
    return [item for item in result if isinstance(item, dict)] if isinstance(result, list) else []


def _task_id(body: dict[str, Any]) -> int | None:
    tasks = body.get("tasks")
    task = tasks[0] if isinstance(tasks, list) and tasks else None
    number = task.get("id") if isinstance(task, dict) else None
    return number if type(number) is int and 0 < number <= LARGEST_ID else None


def _document(task_id: int, name: str) -> Document | None:
    """The document that people see in this task just now; of one that was withdrawn nothing is told."""
    for rows in (LabelTask.objects, Recheck.objects):
        live = rows.filter(task_id=task_id, state__in=("open", "done"), document__document_type__name=name)
        if row := live.select_related("document__document_type").first():
            return row.document
    return None
