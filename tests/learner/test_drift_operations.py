"""Docloop watches itself: an hour that is far from what was usual, twice in a row, is an alarm of its own kind."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.utils import timezone

from annotation.models import Document, Job
from learner import drift_operations, stream
from learner.models import DriftAlarm, DriftWindow, Signals
from tests.factories import make_document, make_type

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 12, 12, 5, tzinfo=UTC)


@pytest.fixture
def kind():
    """A type whose documents waited ten seconds in every hour of the last days."""
    kind = make_type(name="receipts")
    for hours in range(drift_operations.FEWEST, 0, -1):
        ends = NOW.replace(minute=0) - timedelta(hours=hours)
        DriftWindow.objects.create(
            document_type=kind, kind="hour", first=int(ends.timestamp()), last=int(ends.timestamp()), documents=5,
            begins=ends - timedelta(hours=1), ends=ends,
            figures={"documents": [5.0], "waited": [10.0], "queue_hours": [1.0], "failed": [0.0], "stood_still": [0.0]},
        )  # fmt: skip
    return kind


def extracted(kind, at, seconds: float) -> None:
    document = make_document(kind, state="extracted")
    stream.write(Document.objects.filter(pk=document.pk))
    numbers = Signals.objects.get(document=document).numbers | {stream.WAITED: float(np.log1p(seconds))}
    Signals.objects.filter(document=document).update(at=at, numbers=numbers)


def hours(kind, seconds: float, n: int, start: datetime = NOW) -> datetime:
    for _ in range(n):
        extracted(kind, start - timedelta(minutes=30), seconds)
        drift_operations.watch(start)
        start += timedelta(hours=1)
    return start


def test_an_hour_as_usual_is_written_once_and_is_no_alarm(kind):
    extracted(kind, NOW - timedelta(minutes=30), 12)
    drift_operations.watch(NOW)
    drift_operations.watch(NOW + timedelta(minutes=20))
    newest = DriftWindow.objects.filter(kind="hour").last()
    assert newest.figures["waited"][0] == pytest.approx(12, abs=0.01)
    assert DriftWindow.objects.filter(kind="hour").count() == drift_operations.FEWEST + 1
    assert not DriftAlarm.objects.exists()


def test_two_slow_hours_in_a_row_raise_an_alarm_and_two_good_ones_end_it(kind):
    then = hours(kind, 900, 1)
    assert not DriftAlarm.objects.exists()
    then = hours(kind, 900, 1, then)
    [alarm] = DriftAlarm.objects.all()
    assert (alarm.kind, alarm.group) == ("operations", "documents wait longer")
    assert alarm.moved == [["operations.waited", 10.0, pytest.approx(900, rel=0.01)]]
    hours(kind, 10, 2, then)
    alarm.refresh_from_db()
    assert alarm.closed_by == "Docloop"


def test_that_nothing_is_extracted_although_documents_wait_is_noticed(kind):
    extracted(kind, NOW - timedelta(days=1), 10)
    make_document(kind, state="received")
    for after in range(2):
        drift_operations.watch(NOW + timedelta(hours=after))
    assert DriftAlarm.objects.get().group == "documents are not extracted"


def test_failed_jobs_are_counted_in_their_hour(kind):
    extracted(kind, timezone.now(), 10)
    for subject in range(4):
        Job.objects.create(
            task="annotation.read_document",
            subject=subject,
            state="failed",
            finished_at=NOW - timedelta(minutes=20),
        )
    drift_operations.watch(NOW)
    assert DriftWindow.objects.filter(kind="hour").last().figures["failed"] == [4.0]


def test_without_days_to_hold_it_against_nothing_is_said():
    kind = make_type(name="new")
    hours(kind, 9000, 3)
    assert not DriftAlarm.objects.exists()


@pytest.mark.parametrize(
    ("earlier", "bound"), [([10.0] * 50, 70.0), ([0.0, 100.0] * 25, 50 + 6 * 1.4826 * 50)]
)
def test_what_is_usual_is_as_wide_as_the_hours_before_were(earlier, bound):
    assert drift_operations.usual(np.array(earlier), 60.0) == pytest.approx(bound)
