"""Streams of signals for measuring pages: a row a document, windows by count and by the hour, alarms open and closed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotation.models import DocumentType
from benchmarks.pages_sql import insert
from learner.models import DriftAlarm, DriftWatch, DriftWindow, Signals
from models.signals import RULE

WINDOWS = 400  # of each kind and type
ALARMS = 40
NUMBERS = {"text.words": 5.0, "reading.confidence": 0.98, "confidence.least": 0.8, "waited": 3.2}
FIGURES = {name: [value, value * 0.9, value, value * 1.1] for name, value in NUMBERS.items()}
PAGE = gzip.compress(b"<!doctype html><title>A report</title>")


def signals() -> None:
    """Of every document that was extracted."""
    insert(
        Signals,
        {
            "document_id": "id",
            "document_type_id": "kind",
            "rule": f"'{RULE}'",
            "numbers": f"'{json.dumps(NUMBERS)}'::jsonb",
            "layout": "''::bytea",
            "at": "received",
        },
        "FROM plan WHERE state NOT IN ('received', 'unreadable', 'read') ORDER BY plan.id",
    )


def windows(types: Mapping[str, DocumentType]) -> None:
    """And what was found in them; one page of a report for all."""
    default_storage.save("drift/report.html.gz", ContentFile(PAGE))
    for kind in types.values():
        stream = Signals.objects.filter(document_type=kind).order_by("pk")
        ids = list(stream.values_list("pk", "document", "at")[: 100 * (WINDOWS + 1) : 100])
        DriftWatch.objects.create(
            document_type=kind, first=ids[0][0], last=ids[0][0] + 500, state={"reference": 500}
        )
        DriftWindow.objects.bulk_create(
            DriftWindow(
                document_type=kind,
                kind=which,
                first=pk,
                last=pk + 99,
                documents=100,
                begins=at,
                ends=at,
                figures={"waited": [20.0], "failed": [0.0]} if which == "hour" else FIGURES,
                report="drift/report.json" if which == "count" else "",
            )
            for which in ("count", "time", "hour", "reference")
            for pk, _, at in (ids if which != "reference" else ids[:3])
        )
        documents = [document for _, document, _ in ids[:4]]
        DriftAlarm.objects.bulk_create(
            DriftAlarm(
                document_type=kind,
                kind=("input", "concept", "operations", "new layout")[n % 4],
                group=f"group {n}",
                chance=0.01,
                moved=[["text.words", 5.0, 5.5], ["confidence.least", 0.8, 0.6]],
                before=documents,
                after=documents,
                since=ids[0][2],
                closed_at=None if n >= ALARMS - 2 else ids[-1][2],
            )
            for n in range(ALARMS)
        )
