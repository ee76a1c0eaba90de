from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Job
from learner import ongoing
from tests.factories import make_document, make_type

pytestmark = pytest.mark.django_db


def read(document, *, minutes_ago):
    finished = timezone.now() - timedelta(minutes=minutes_ago)
    Job.objects.create(
        task="annotation.read_document", subject=document.pk, state="done", finished_at=finished
    )


def test_nothing_goes_on_when_nothing_waits():
    assert ongoing.by_type({}, timezone.now()) == {}
    assert ongoing.by_type({make_type().pk: 0}, timezone.now()) == {}


def test_reading_tells_how_far_each_type_is_and_how_long_all_of_them_take():
    receipts, invoices = make_type(), make_type()
    for _ in range(15):
        read(make_document(receipts), minutes_ago=5)
    for _ in range(5):
        read(make_document(invoices), minutes_ago=5)
    for _ in range(5):
        read(make_document(invoices), minutes_ago=30)
    read(make_document(invoices), minutes_ago=90)  # of another batch
    found = ongoing.by_type({receipts.pk: 5, invoices.pk: 35}, timezone.now())
    (first,), (second,) = found[receipts.pk], found[invoices.pk]
    assert first.title == ongoing.READING
    assert (first.share, second.share) == (0.75, 10 / 45)
    assert first.minutes_left == second.minutes_left == pytest.approx(20)  # 20 in ten minutes, 40 to go


def test_reading_that_stands_still_says_that_nobody_knows():
    receipts = make_type()
    (found,) = ongoing.by_type({receipts.pk: 5}, timezone.now())[receipts.pk]
    assert (found.share, found.minutes_left) == (0.0, None)


def test_work_that_has_told_nothing_yet_has_no_time_left():
    receipts = make_type()
    Job.objects.create(
        task="learner.find_suspects", subject=receipts.pk, state="running", claimed_at=timezone.now()
    )
    (found,) = ongoing.by_type({receipts.pk: 0}, timezone.now())[receipts.pk]
    assert (found.title, found.minutes_left) == ("answers in doubt are being looked for", None)
