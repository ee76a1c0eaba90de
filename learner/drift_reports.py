"""A window of a type's stream in; Evidently's report on it, held against the reference, out: a snapshot and a page.

What every signal is like, and which moved, one by one, with its own test each: something to look at. Whether there is an
alarm isn't decided here: tests that are repeated window after window, signal after signal, are sure to alarm some day.
Only this module imports Evidently, and only when a report is due: that takes seconds. Nothing of it talks to anybody
(`models.environment` says so to its telemetry), and its server is never started.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotation import jobs
from learner import stream
from learner.models import DriftWindow
from models.drift import Documents
from models.signals import PARTY

if TYPE_CHECKING:
    from evidently.core.report import Snapshot

KEPT = 20  # newest reports of a type: a page is 1.5 MB
SNAPSHOT, PAGE = ".json", ".html.gz"


def report(window_id: int) -> None:
    """Write a window's report into the store, and forget the oldest ones of its type."""
    window = DriftWindow.objects.select_related("document_type").filter(pk=window_id).first()
    if window is None or window.report:
        return
    reference = DriftWindow.objects.filter(
        document_type=window.document_type, kind=DriftWindow.Kind.REFERENCE, last__lt=window.first
    ).order_by("-pk")
    held_against = reference.first()
    if held_against is None:
        return
    names = sorted(set(held_against.figures) & set(window.figures))
    before, after = (_of(each, names) for each in (held_against, window))
    if len(before) < 2 or len(after) < 2:  # erased since
        return
    made = compare(before, after)
    jobs.assert_held()
    name = f"drift/{window.document_type_id}/{window.pk}"
    _store(name + SNAPSHOT, made.json().encode())
    _store(name + PAGE, gzip.compress(made.get_html_str(as_iframe=False).encode(), mtime=0))
    DriftWindow.objects.filter(pk=window.pk).update(report=name + SNAPSHOT)
    _forget_old(window)


def page_of(window: DriftWindow) -> bytes | None:
    """A report's page (HTML, compressed); None where there is none."""
    name = window.report.removesuffix(SNAPSHOT) + PAGE
    if not window.report or not default_storage.exists(name):
        return None
    with default_storage.open(name) as file:
        return file.read()


def compare(before: Documents, after: Documents) -> Snapshot:
    """Evidently's report on what moved between two sets of documents with the same signals."""
    import pandas
    from pandas.core.dtypes import common

    if not hasattr(common, "infer_dtype_from_object"):  # Evidently 0.7 imports it; pandas 3.1 has it no more
        common.infer_dtype_from_object = lambda kind: np.dtype(kind).type
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    told = [
        column
        for column, name in enumerate(before.names)
        if not name.endswith(PARTY)
        # what hardly any document has, no test can tell anything of
        and min(np.isfinite(each.numbers[:, column]).sum() for each in (before, after)) >= 2
    ]
    names = [before.names[column] for column in told]
    definition = DataDefinition(numerical_columns=names)
    some, others = (
        Dataset.from_pandas(
            pandas.DataFrame(each.numbers[:, told], columns=names), data_definition=definition
        )
        for each in (after, before)
    )
    return Report([DataDriftPreset()]).run(some, others)


def _of(window: DriftWindow, names: Sequence[str]) -> Documents:
    rows = stream.of(window.document_type).filter(pk__range=(window.first, window.last))
    return stream.table(rows, names)


def _store(name: str, content: bytes) -> None:
    default_storage.delete(name)
    default_storage.save(name, ContentFile(content))


def _forget_old(window: DriftWindow) -> None:
    told = DriftWindow.objects.filter(document_type=window.document_type).exclude(report="").order_by("-pk")
    for old in told[KEPT:]:
        for ending in (SNAPSHOT, PAGE):
            default_storage.delete(old.report.removesuffix(SNAPSHOT) + ending)
        DriftWindow.objects.filter(pk=old.pk).update(report="")
