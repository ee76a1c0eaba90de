"""The audit watches what is accepted unseen: auto-accept switches itself off when its promise isn't kept."""

from __future__ import annotations

import re
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from annotation import audit_trail
from annotation.models import Document, Move, TrailEntry
from learner import automation, automation_watch, selection
from learner.models import AcceptanceRule, Automation
from tests.audited import answered
from tests.factories import make_document, make_extraction, make_type

pytestmark = pytest.mark.django_db

State = Document.State
SURE = [0.99, 0.99, 0.99]
GOOD, BAD = [False, False, False], [True, True, False]


@pytest.fixture
def kind(db):
    """Auto-accept is on since ten days, for all that is 0.95 sure."""
    kind = make_type(
        name="receipts", target_error=0.02, champion="v1", audit_share=1e-9, strategy="least-confident"
    )
    Automation.objects.create(document_type=kind, on=True, version="v1", figures={"found": 1000})
    AcceptanceRule.objects.create(
        document_type=kind,
        version="v1",
        target_error=0.02,
        field_targets={},
        thresholds=dict.fromkeys(("company", "date", "total"), 0.95),
        answered=500,
        above=400,
        risk=0.025,
        by="Docloop",
        why="a test",
        at=days_ago(10),
    )
    return kind


def days_ago(days: float):
    return timezone.now() - timedelta(days=days)


def accepted(kind, days: float) -> Document:
    document = make_document(kind, state=State.ACCEPTED)
    values = {"company": ("ACME LTD", 0.99), "date": ("01/02/2024", 0.99), "total": ("12.90", 0.99)}
    make_extraction(document, values)
    move = Move.objects.create(document=document, before=State.EXTRACTED, after=State.ACCEPTED, reason="sure")
    Move.objects.filter(pk=move.pk).update(at=days_ago(days))
    return document


def state_of(document: Document) -> str:
    return Document.objects.get(pk=document.pk).state


def test_while_the_promise_is_kept_it_says_how_sure_it_is(kind):
    *_, last = answered(kind, [SURE] * 120, [GOOD] * 118 + [[True, False, False]] * 2)
    automation_watch.watch(last.pk)
    state = Automation.objects.get()
    assert state.on
    assert {name: state.watched[name] for name in ("documents", "fields", "wrong")} == {
        "documents": 120,
        "fields": 360,
        "wrong": 2,
    }
    assert 2 / 360 < state.watched["high"] < 0.05


def test_only_documents_above_the_thresholds_answered_since_they_are_in_force_are_watched(kind):
    answered(kind, [[0.99, 0.94, 0.99]] * 100, [BAD] * 100)
    answered(kind, [SURE] * 100, [BAD] * 100, at=days_ago(11))
    answered(kind, [SURE] * 100, [BAD] * 100, version="v0")
    answered(kind, [SURE] * 100, [BAD] * 100, audited=False)
    (last,) = answered(kind, [SURE], [GOOD])
    automation_watch.watch(last.pk)
    state = Automation.objects.get()
    assert state.on
    assert state.watched["documents"] == 1


def test_a_broken_promise_switches_it_off_and_takes_back_what_was_accepted_since(kind):
    early, late = accepted(kind, 8), accepted(kind, 1)
    for days in (9, 8, 7, 6, 5, 4):
        answered(kind, [SURE] * 50, [GOOD] * 50, at=days_ago(days))
    *_, last = answered(kind, [SURE] * 30, [BAD] * 30, at=days_ago(0.5))
    automation_watch.watch(last.pk)
    state, rule = Automation.objects.get(), AcceptanceRule.objects.get()
    assert (state.on, state.by_watch, state.by) == (False, True, audit_trail.DOCLOOP)
    # of the bad ones, not of the good time before
    assert re.match(
        r"in \d+ audited documents above .* 6\d\.\d\d% of the fields were wrong, surely more", state.why
    )
    assert "the target of 2.00%" in state.why
    assert rule.broken_at is not None
    assert days_ago(8) < rule.broken_since < days_ago(1)
    selection.rank_pool(kind.pk)
    assert (state_of(early), state_of(late)) == (State.ACCEPTED, State.EXTRACTED)
    trail = TrailEntry.objects.get(subject="auto-accept of receipts")
    assert (trail.by, trail.action, trail.why) == (audit_trail.DOCLOOP, "switched off", state.why)


def test_it_is_switched_off_once_and_not_again_by_the_next_answer(kind):
    first, last = answered(kind, [SURE] * 30, [BAD] * 30)[-2:]
    automation_watch.watch(first.pk)
    automation_watch.watch(last.pk)
    assert TrailEntry.objects.count() == 1


def test_a_fields_own_target_is_watched_too(kind):
    kind.field_targets = {"total": 0.001}
    kind.target_error = 0.5
    kind.save()
    AcceptanceRule.objects.update(field_targets={"total": 0.001}, target_error=0.5)
    wrong = [[False, False, number % 10 == 0] for number in range(100)]
    *_, last = answered(kind, [SURE] * 100, wrong)
    automation_watch.watch(last.pk)
    state = Automation.objects.get()
    assert not state.on
    assert "of the values of total were wrong, surely more than the target of 0.10%" in state.why


def test_more_answers_have_the_curve_drawn_anew(kind, rung):
    documents = answered(kind, *(np.full((20, 3), 0.5), np.zeros((20, 3), dtype=bool)))
    automation_watch.watch(documents[-1].pk)
    assert ("learner.work_out_thresholds", kind.pk) not in rung
    Automation.objects.update(figures={"found": 18})
    automation_watch.watch(documents[-1].pk)
    assert ("learner.work_out_thresholds", kind.pk) in rung


def test_answers_to_documents_that_were_not_picked_at_random_cost_nothing(kind, django_assert_num_queries):
    (document,) = answered(kind, [SURE], [BAD], audited=False)
    with django_assert_num_queries(1):
        automation_watch.watch(document.pk)


def test_a_correction_wakes_the_watch(kind, rung):
    from annotation import doorbell

    doorbell.ring("correction recorded", 7)
    assert ("learner.watch_accepted", 7) in rung
    automation_watch.watch(7)  # erased meanwhile


def test_a_rule_that_was_switched_off_by_hand_is_in_force_again_when_switched_on(kind):
    rule = automation.in_force(kind)
    automation.switch_off(kind, by="lea", why="a holiday")
    assert automation.in_force(kind) is None
    automation.switch_on(kind, by="lea")
    assert automation.in_force(kind) == rule
