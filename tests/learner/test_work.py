"""Who answered how many documents on which day, and how long they took."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from learner import work
from tests.factories import make_document, make_truth, make_type

pytestmark = pytest.mark.django_db

ANN, BOB = "ann@example.org", "bob@example.org"


def ago(days):
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def receipts():
    return make_type()


def test_work_is_told_by_day_and_person(receipts):
    make_truth(make_document(receipts), annotator=ANN, lead_time=10)
    make_truth(make_document(receipts), annotator=ANN, lead_time=30)
    make_truth(make_document(receipts), annotator=BOB, lead_time=50, submitted_at=ago(2))
    make_truth(make_document(receipts), annotator=BOB, lead_time=1, submitted_at=ago(40))  # too long ago
    make_truth(make_document(), annotator=BOB, lead_time=1)  # of another type
    found = work.of(receipts, days=30)
    assert (found.documents, found.median_seconds) == (3, 30)
    assert len(found.days) == 30
    today, before = found.days[-1], found.days[-3]
    assert (today.documents, today.by_person, today.median_seconds) == (2, {ANN: 2}, 20)
    assert (before.documents, before.by_person, before.median_seconds) == (1, {BOB: 1}, 50)
    assert (found.days[-2].documents, found.days[-2].median_seconds) == (0, None)
    assert [(each.annotator, each.documents, each.median_seconds) for each in found.people] == [
        (ANN, 2, 20),
        (BOB, 1, 50),
    ]
    assert sum(each.share for each in found.people) == pytest.approx(1)


def test_the_trend_is_that_of_a_week_weighed_by_documents(receipts):
    for _ in range(3):
        make_truth(make_document(receipts), lead_time=10)
    make_truth(make_document(receipts), lead_time=50, submitted_at=ago(6))
    make_truth(make_document(receipts), lead_time=999, submitted_at=ago(7))
    assert work.of(receipts, days=30).days[-1].trend_seconds == pytest.approx((3 * 10 + 50) / 4)


def test_a_document_that_is_answered_twice_on_a_day_counts_once(receipts):
    document = make_document(receipts)
    make_truth(document, annotator=ANN, lead_time=10)
    make_truth(document, annotator=ANN, lead_time=20)
    found = work.of(receipts, days=30)
    assert (found.documents, found.days[-1].documents, found.people[0].documents) == (1, 1, 1)
    assert work.per_day(receipts, days=30)[-1][1] == 1


def test_nobodys_work_is_a_row_of_noughts(receipts):
    found = work.of(receipts, days=7)
    assert [day.documents for day in found.days] == [0] * 7
    assert (found.people, found.documents, found.median_seconds) == ((), 0, None)
    assert found.days[-1].trend_seconds is None


def test_days_are_those_of_the_readers_zone(receipts):
    late = datetime(2026, 3, 1, 23, 30, tzinfo=ZoneInfo("UTC"))
    make_truth(make_document(receipts), submitted_at=late)
    days = (timezone.now() - late).days + 3
    with timezone.override("Asia/Tokyo"):
        told = {day.isoformat() for day, n in work.per_day(receipts, days=days) if n}
    assert told == {"2026-03-02"}


def test_the_number_of_queries_does_not_grow(receipts, django_assert_num_queries):
    for n in range(12):
        make_truth(make_document(receipts), annotator=f"{n % 5}@example.org", submitted_at=ago(n))
    with django_assert_num_queries(4):
        work.of(receipts, days=30)
