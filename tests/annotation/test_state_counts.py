"""Documents by state, day by day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation import lifecycle, state_counts
from annotation.models import Document, Move, StateCount
from tests.factories import make_document, make_type

pytestmark = pytest.mark.django_db

State = Document.State


def days_ago(n):
    return timezone.now() - timedelta(days=n)


def arrived(document_type, days, *moves):
    """A document that arrived so many days ago, and moved: (days ago, state)."""
    document = make_document(document_type, state=State.RECEIVED, received_at=days_ago(days))
    for day, state in moves:
        lifecycle.move(document.pk, state, reason="for the test")
        Move.objects.filter(document=document, after=state).update(at=days_ago(day))
    return document


def test_the_days_before_the_first_count_are_told_by_the_moves():
    document_type = make_type()
    arrived(document_type, 3, (2, State.READ), (0, State.QUEUED))
    arrived(document_type, 1, (1, State.READ))
    arrived(make_type(), 3)  # of another type
    state_counts.count_states()
    assert [dict(day.counts) for day in state_counts.history(document_type, days=30)] == [
        {},  # a chart begins at nought
        {"received": 1},
        {"read": 1},
        {"read": 2},
        {"read": 1, "queued": 1},
    ]


def test_counting_again_replaces_todays_count_and_leaves_the_others():
    document_type = make_type()
    StateCount.objects.create(document_type=document_type, day=days_ago(2).date(), counts={"read": 7})
    make_document(document_type)
    state_counts.count_states()
    make_document(document_type, state=State.QUEUED)
    state_counts.count_states()
    assert [dict(day.counts) for day in state_counts.history(document_type, days=5)] == [
        {"read": 7},
        {"read": 7},  # nobody counted: nothing moved
        {"read": 1, "queued": 1},
    ]
    assert StateCount.objects.filter(document_type=document_type).count() == 2


def test_today_is_told_as_it_is_now_whenever_it_was_counted():
    document_type = make_type()
    state_counts.count_states()
    make_document(document_type, state=State.CONFIRMED)
    assert state_counts.history(document_type, days=1)[-1].counts == {"confirmed": 1}


def test_months_cost_two_queries(django_assert_num_queries):
    document_type = make_type()
    for n in range(80):
        StateCount.objects.create(document_type=document_type, day=days_ago(n + 1).date(), counts={"read": n})
    with django_assert_num_queries(2):
        assert len(state_counts.history(document_type, days=90)) == 81
