"""Label Studio's webhooks in, dirty tasks out, in milliseconds: Label Studio keeps its annotator waiting meanwhile.

Label Studio sends once, waits one second, looks at no answer and signs nothing. So whoever knows the secret is
never refused: what can't be understood, or is too long, puts the whole project in doubt and a sweep finds out.
And nothing of a body but ids is believed, so that a forged one can cause no more than a needless look.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from annotation import doorbell, inbox, log_context
from annotation.models import CurrentAnnotation, DocumentType

log = logging.getLogger(__name__)

HEADER = "X-Docloop-Secret"
SHORTEST_SECRET = 32  # characters
LONGEST_BODY = 1 << 20  # bytes
MOST_TASKS = 500  # in one notice; beyond it one sweep is cheaper than that many rows while somebody waits
LARGEST_ID = 2**31 - 1

ABOUT_ANNOTATIONS = {"ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_CREATED"}


class Unclear(Exception):
    """A notice that doesn't say which tasks changed; the message never quotes it."""


def roots() -> list[str]:
    """What is set now, the newest first; shorter ones don't count, so that empty means none."""
    stored = settings.CONFIG.webhook_secret.get_secret_value()
    return [secret for part in stored.split(",") if len(secret := part.strip()) >= SHORTEST_SECRET]


def secrets(type_name: str) -> list[str]:
    """The secrets that are valid now for a type's project, the one to send first; whoever sees one knows no other's."""
    told = f"Label Studio's project for {type_name}".encode()
    return [hmac.new(root.encode(), told, hashlib.sha256).hexdigest() for root in roots()]


def address(document_type: DocumentType) -> str:
    """Where Label Studio sends the notices of this type's project."""
    base = settings.CONFIG.internal_url or settings.CONFIG.url
    return base.rstrip("/") + reverse("label-studio-webhook", args=[document_type.name])


def unblocking(address: str) -> str:
    """What to set where Label Studio, as it comes, sends nothing to an address of a private network."""
    return (
        f"let Label Studio's host reach {address} (DOCLOOP_INTERNAL_URL names it if DOCLOOP_URL can't be reached from "
        "there), and set in Label Studio's environment LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS=false with "
        "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS=the networks that it must not reach all the same; "
        "LABEL_STUDIO_SSRF_PROTECTION_ENABLED=false would open every one. Then restart it"
    )


@csrf_exempt
@require_POST
def receive(request: HttpRequest, name: str) -> HttpResponse:
    """Answers 202 to whoever knows the project's secret, else 403 and nothing is read; needs no sign-in.

    503 if nothing could be written down: Label Studio doesn't look at it, but its log does, and the next sweep finds out.
    """
    if not _is_known(request.headers.get(HEADER, ""), name):
        return HttpResponseForbidden()
    try:
        return _noted(request, name)
    except DatabaseError as problem:
        log.error("a notice of Label Studio's project for %s is lost (%s)", name, type(problem).__name__)
        return HttpResponse(status=503)


def _noted(request: HttpRequest, name: str) -> HttpResponse:
    document_type = DocumentType.objects.filter(name=name).first()
    if document_type is None:
        return HttpResponseNotFound()
    try:
        tasks = _changed_tasks(_body(request))
        inbox.mark_dirty(tasks, noticed_by="webhook")
        with log_context.about(document_type=document_type.pk, label_studio_tasks=sorted(tasks)):
            log.info("Label Studio noticed a change")
    except Unclear as reason:
        log.warning("a notice of Label Studio's project for %s: %s; it is swept", name, str(reason))
        doorbell.ring("project in doubt", document_type.pk)
    return HttpResponse(status=202)


def _is_known(sent: str, type_name: str) -> bool:
    """Compares with every valid secret of the project, in the same time whether or not one is it."""
    given = sent.encode()
    return sum(hmac.compare_digest(given, secret.encode()) for secret in secrets(type_name)) > 0


def _body(request: HttpRequest) -> dict[str, Any]:  # JSON of whatever form
    try:
        # not `request.body`, which would hold a longer one in memory only to refuse it
        raw = request.read(LONGEST_BODY + 1)
        if len(raw) > LONGEST_BODY:
            raise Unclear(f"it is longer than {LONGEST_BODY} bytes")
        body = json.loads(raw)
    except UnreadablePostError:
        raise Unclear("it broke off") from None
    except (ValueError, RecursionError):
        raise Unclear("it is no JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("action"), str):
        raise Unclear("it names no action")
    return body


def _changed_tasks(body: dict[str, Any]) -> set[int]:
    """Which tasks changed, by ids alone; none for actions that change no annotation. Raises `Unclear`."""
    action = body["action"]
    if action in ABOUT_ANNOTATIONS:
        tasks = {_id(each) for each in _listed(body.get("task"))}
    elif action == "ANNOTATIONS_DELETED":
        tasks = _tasks_of({_id(each) for each in _listed(body.get("annotations"))})
    elif action == "TASKS_DELETED":
        tasks = {_id(each) for each in _listed(body.get("tasks"))}
    else:
        return set()
    if len(tasks) > MOST_TASKS:
        raise Unclear(f"it is about {len(tasks)} tasks")
    return tasks


def _tasks_of(annotations: set[int]) -> set[int]:
    """The tasks that held these annotations; raises `Unclear` if one isn't known (its creation wasn't told of yet)."""
    known = CurrentAnnotation.objects.filter(source="label studio", annotation_id__in=annotations)
    tasks = dict(known.values_list("annotation_id", "task_id"))
    if annotations - tasks.keys():
        raise Unclear("an annotation was deleted that we have not seen")
    return {task_id for task_id in tasks.values() if task_id is not None}


def _listed(each: Any) -> Iterator[Any]:
    """Label Studio's `task` is an object for one annotation and a list for several."""
    if isinstance(each, list) and each:
        yield from each
    elif isinstance(each, dict):
        yield each
    else:
        raise Unclear("it names no task or annotation")


def _id(each: Any) -> int:
    number = each.get("id") if isinstance(each, dict) else None
    if type(number) is not int or not 0 < number <= LARGEST_ID:
        raise Unclear("an id in it is none")
    return number
