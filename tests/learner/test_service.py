"""How long documents wait, what people's time went into, and how many errors got through, as the overview tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Document, Outcome
from learner import glances, headlines, service
from learner.models import Automation
from tests.factories import make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db

RIGHT = {"company": "accepted", "date": "accepted", "total": "accepted"}


def received(document: Document, hours: float) -> Document:
    Document.objects.filter(pk=document.pk).update(received_at=timezone.now() - timedelta(hours=hours))
    return document


def answered(kind, *, after: float, seconds: float = 30.0) -> None:
    """A document that was received two days ago and answered so many hours later."""
    document = received(make_document(kind), 48)
    make_extraction(document)
    correction = make_truth(document, outcomes=RIGHT, lead_time=seconds)
    at = timezone.now() - timedelta(hours=48 - after)
    Outcome.objects.filter(correction=correction).update(at=at)


def test_a_type_without_documents_owes_nothing():
    found = service.of(make_type(within_hours=24))
    assert (found.waiting_since, found.in_time, found.hours, found.errors) == (None, None, 0.0, 0)


def test_the_oldest_document_without_an_answer_tells_how_long_people_have_waited():
    kind = make_type(within_hours=24)
    received(make_document(kind, state="confirmed"), 100)
    received(make_document(kind, state="queued"), 30)
    received(make_document(kind, state="extracted"), 2)
    headlines.renew_all()
    (glance,) = glances.glances()
    assert timezone.now() - glance.waiting_since > timedelta(hours=29)
    assert glance.late
    kind.within_hours = 48
    kind.save()
    assert not glances.glances()[0].late


def test_the_share_in_time_is_of_answers_within_the_goal():
    kind = make_type(within_hours=24)
    for after in (1, 5, 23, 40):
        answered(kind, after=after)
    assert service.of(kind).in_time == 0.75
    kind.within_hours = None
    assert service.of(kind).in_time is None


def test_hours_and_their_cost_are_told():
    kind = make_type(hour_costs=30.0, currency="CHF")
    for _ in range(4):
        answered(kind, after=1, seconds=90.0)
    headlines.renew_all()
    (glance,) = glances.glances()
    assert glance.hours == pytest.approx(0.1)
    assert (glance.cost, glance.currency) == (pytest.approx(3.0), "CHF")


def test_errors_that_got_through_are_bounded_by_the_audit_or_not_known():
    kind = make_type(champion="v1")
    for _ in range(10):
        make_document(kind, state="accepted")
    assert service.of(kind).errors is None
    Automation.objects.create(document_type=kind, watched={"high": 0.1})
    assert service.of(kind).errors == 3  # of 30 fields
