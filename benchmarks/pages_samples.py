"""Arguments for every address, each set about other rows of the database that `benchmarks.pages_loader` filled."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import HttpRequest
from PIL import Image

from annotation.models import Arrival, Correction, Document, DocumentType, Job, LabelImport, Source
from learner.models import DriftAlarm, DriftWindow, ModelVersion, Run, Suspect
from models.generator import generate
from webapp.models import Delivery, WebhookEndpoint

NAME = "receipts"  # the largest type


def session(username: str) -> str:
    """The key of a session in which this person is signed in."""
    user = User.objects.get(username=username)
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    # the first backend only counts who fails to sign in
    login(request, user, settings.AUTHENTICATION_BACKENDS[-1])
    request.session.save()
    return str(request.session.session_key)


def samples(count: int) -> Iterator[dict[str, object]]:
    """`count` sets, spread over the tables."""
    kind = DocumentType.objects.get(name=NAME)
    answered = Document.objects.filter(document_type=kind, truth__isnull=False).order_by("pk")
    versions = ModelVersion.objects.filter(document_type=kind).order_by("number")
    people = User.objects.filter(groups__name="annotator").order_by("pk")
    doubts = Suspect.objects.filter(document__document_type=kind)
    columns = {
        "document_id": _spread(answered, count),
        "correction_id": _spread(Correction.objects.order_by("pk"), count),
        "suspect_id": _spread(doubts, count),
        "alarm_id": _spread(DriftAlarm.objects.filter(document_type=kind), count),
        "window_id": _spread(DriftWindow.objects.filter(document_type=kind).exclude(report=""), count),
        "run_id": _spread(Run.objects.filter(document_type=kind), count),
        "job_id": _spread(Job.objects.filter(state=Job.State.FAILED), count),
        "user_id": _spread(people, count),
        "import_id": _spread(LabelImport.objects.all(), count),
        "source_id": _spread(Source.objects.all(), count),
        "arrival_id": _spread(Arrival.objects.all(), count),
        "endpoint_id": _spread(WebhookEndpoint.objects.all(), count),
        "delivery_id": _spread(Delivery.objects.all(), count),
        "version/number": _spread(versions, count, "number"),
        "api:version/name": _spread(versions, count, "name"),
        "api:compare_versions/name": _spread(versions, count, "name"),
        "api:compare_versions/other": _spread(versions.order_by("-number"), count, "name"),
    }
    _keep_files(columns["document_id"])
    most = Document.objects.order_by("-pk").values_list("pk", flat=True)[0]
    for n in range(count):
        yield {name: values[n] for name, values in columns.items()} | {
            "name": NAME,
            "deep_id": 1 + most * (n + 1) // (count + 1),
            "number": 0,
            "token_id": 1,
            "uidb64": "MQ",
            "token": "none",
        }


def _spread(rows: QuerySet[Any], count: int, column: str = "pk") -> list[Any]:
    """`count` of them, far apart; the same ones again where there are fewer."""
    found = list(rows.values_list(column, flat=True))
    return [found[(n * 7919) % len(found)] for n in range(count)]


def _keep_files(documents: list[Any]) -> None:
    """The files of these documents and the images of their first pages, which the loader leaves out."""
    drawn = BytesIO()
    scan = generate("invoice", 1, 7)  # grey, with noise: among the heaviest
    with Image.open(BytesIO(scan.content)) as image:
        image.thumbnail((1250, 1760))  # as reading keeps it
        image.convert("RGB").save(drawn, "JPEG", quality=85)
    for document in set(documents):
        for path in (f"pages/{document}/0.jpg", f"files/{document}.pdf"):
            if not default_storage.exists(path):
                default_storage.save(path, ContentFile(drawn.getvalue()))
