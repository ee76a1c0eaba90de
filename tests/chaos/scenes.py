"""How chaos tests begin and end: everything runs and lies in Label Studio; everything is at rest and compared."""

from __future__ import annotations

import time
from collections.abc import Collection

from annotation import doorbell
from annotation.models import DocumentType, LabelTask
from tests.chaos.compare import Findings, at_rest, compare
from tests.chaos.processes import Installation, until
from tests.factories import make_document, make_type

SERVICES = ("valkey", "label-studio")
OURS = ("web", "worker-light", "beat")
TIMES = "lease=4,beat=1,reap=1,pauses=0.1"  # a killed worker's job is retaken within 6 s instead of 50 s


def scene(installation: Installation, documents: int, programs: tuple[str, ...] = OURS) -> DocumentType:
    """Everything runs, and every document lies in Label Studio."""
    document_type = make_type(
        project_id=None,
        extractor="crf",
        strategy="random",
        queue_depth=documents,
        retrain_after=10**6,
        second_opinions=0.0,
    )
    for _ in range(documents):
        make_document(document_type)
    doorbell.ring("document type changed", document_type.pk)
    installation.start(*SERVICES)
    installation.start(*programs)

    def all_open() -> bool | None:
        return LabelTask.objects.filter(state=LabelTask.State.OPEN).count() == documents or None

    until("every document to be in Label Studio", all_open)
    return document_type


def settled(
    installation: Installation, seconds: float = 300.0, documents: Collection[int] | None = None
) -> tuple[Findings, float]:
    """The comparison as soon as it is clean and nothing is left to do, else after `seconds`; and how long it took.

    Of these documents, or of all.
    """
    began = time.monotonic()
    while True:
        installation.watch()
        findings = compare(installation.truth(), documents)
        took = time.monotonic() - began
        if (findings.clean and at_rest()) or took > seconds:
            return findings, took
        time.sleep(0.2)
