"""Streams of generated receipts for tests of drift: as documents in the database, or as arrays alone."""

from __future__ import annotations

import gzip
import hashlib
import itertools
from collections.abc import Sequence
from datetime import date
from functools import cache

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from annotation.models import Document, DocumentType, Extraction, Page
from learner import stream
from learner.models import DriftAlarm, DriftWatch, DriftWindow
from models import drift, signals
from models.drift import Documents
from models.generator import GeneratedDocument, generate, layouts
from models.layout_print import layout_print
from models.schema import Schema
from tests.factories import FIELDS

OLD, NEW = (0, 2, 4, 8), 6  # layouts of receipts, by their number
NAMES = [field["name"] for field in FIELDS]
number = itertools.count()


@cache
def receipt(layout: int, place: int) -> GeneratedDocument:
    """Number `place` of a layout's receipts."""
    return generate("receipt", layout + len(layouts("receipt")) * place, seed=3, scan=False)


def arrays(order: Sequence[int]) -> Documents:
    """Receipts of these layouts, one after the other; ids from 1."""
    places: dict[int, itertools.count[int]] = {}
    made = [receipt(layout, next(places.setdefault(layout, itertools.count()))) for layout in order]
    rows = [
        signals.numbers(
            each.pages,
            quality=None,
            schema=Schema.from_json(FIELDS),
            values=(),
            confidence={},
            today=date(2026, 1, 1),
        )
        for each in made
    ]
    prints = [layout_print(each.pages).tobytes() for each in made]
    return drift.documents(range(1, len(made) + 1), rows, prints)


def received(document_type: DocumentType, order: Sequence[int], *, start: int = 0) -> list[Document]:
    """Receipts of these layouts, extracted with little confidence, with their signals."""
    contents = [receipt(layout, place) for place, layout in enumerate(order, start)]
    made = Document.objects.bulk_create(
        Document(
            document_type=document_type,
            sha256=hashlib.sha256(f"stream {next(number)}".encode()).hexdigest(),
            filename=content.name,
            media_type="application/pdf",
            size=1000,
            file=f"files/{content.name}",
            state=Document.State.EXTRACTED,
        )
        for content in contents
    )
    Page.objects.bulk_create(
        Page(
            document=document,
            number=0,
            image=f"pages/{document.pk}/0.jpg",
            width=content.pages[0].width,
            height=content.pages[0].height,
            words=content.pages[0].to_json()["words"],
            read_by="text-layer",
        )
        for document, content in zip(made, contents, strict=True)
    )
    said = Extraction.objects.bulk_create(
        Extraction(
            document=document, model_version="v1", values=[], absent=dict.fromkeys(NAMES, 0.5), score=0.5
        )
        for document in made
    )
    for document, extraction in zip(made, said, strict=True):
        document.extraction = extraction
    Document.objects.bulk_update(made, ["extraction"])
    stream.write(Document.objects.filter(pk__in=[document.pk for document in made]))
    return made


def mixed(n: int, share: float, seed: int) -> list[int]:
    """Layouts of n documents in their order: of the old ones, and `share` (0…1) of the new one."""
    rng = np.random.default_rng(seed)
    return [NEW if rng.random() < share else int(rng.choice(OLD)) for _ in range(n)]


def changed(document_type: DocumentType) -> tuple[DriftAlarm, DriftWindow]:
    """Rows as a watch leaves them: a window with its report, and an open alarm with the type's documents for examples."""
    documents = list(document_type.documents.order_by("pk").values_list("pk", flat=True)[:4])
    now = timezone.now()
    figures = {"text.words": [5.0, 4.0, 5.0, 6.0], "confidence.least": [0.8, 0.6, 0.8, 0.9]}
    reference, window, hour = (
        DriftWindow.objects.create(
            document_type=document_type,
            kind=kind,
            first=DriftWindow.objects.count(),
            last=DriftWindow.objects.count(),
            documents=100,
            begins=now,
            ends=now,
            figures=told,
        )
        for kind, told in (("reference", figures), ("count", figures), ("hour", {"waited": [12.0]}))
    )
    name = f"drift/{document_type.pk}/{window.pk}"
    default_storage.save(f"{name}.html.gz", ContentFile(gzip.compress(b"<!doctype html><p>What moved</p>")))
    DriftWindow.objects.filter(pk=window.pk).update(report=f"{name}.json")
    DriftWatch.objects.get_or_create(document_type=document_type, first=1, last=100, state={"reference": 100})
    alarm = DriftAlarm.objects.create(
        document_type=document_type,
        kind="input",
        group=f"layout {window.pk}",
        chance=0.004,
        moved=[["text.words", np.log1p(150), np.log1p(300)]],
        before=documents,
        after=documents,
        since=now,
        documents=24,
    )
    window.refresh_from_db()
    return alarm, window
