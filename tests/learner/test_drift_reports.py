"""Evidently's report on a window is made once, kept in the store, and the oldest are forgotten."""

import gzip
import json

import pytest
from django.core.files.storage import default_storage

from learner import drift, drift_reports
from learner.models import DriftWindow
from models.drift import FEWEST
from tests.factories import make_type
from tests.streams import mixed, received

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_a_report_is_a_snapshot_and_a_page_that_asks_nobody_for_anything(monkeypatch, rung):
    monkeypatch.setattr(drift_reports, "KEPT", 1)
    kind = make_type(name="receipts", champion="v1")
    received(kind, mixed(FEWEST, 0, 0))
    drift.look(kind.pk)
    received(kind, mixed(200, 0, 1))
    drift.look(kind.pk)
    first, second = DriftWindow.objects.filter(kind="count").order_by("pk")
    drift_reports.report(first.pk)
    first.refresh_from_db()
    with default_storage.open(first.report) as file:
        told = json.load(file)
    names = {metric["metric_name"] for metric in told["metrics"]}
    assert any("text.words" in name for name in names)
    page = gzip.decompress(drift_reports.page_of(first)).decode()
    assert page.lstrip().startswith("<")
    assert '<script src="http' not in page
    assert '<link rel="stylesheet" href="http' not in page

    drift_reports.report(second.pk)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.report, bool(second.report)) == ("", True)
    assert drift_reports.page_of(first) is None
    drift_reports.report(second.pk)  # again: nothing to do
