"""Thresholds are worked out from what people said of audited documents, by whom and why; and belong to a version."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from annotation import audit_trail
from annotation.errors import Refused
from annotation.models import Document, DocumentType, TrailEntry
from learner import automation, automation_answers, selection
from learner.models import AcceptanceRule, Automation, Snapshot
from tests.audited import answered, model
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version

pytestmark = pytest.mark.django_db

State = Document.State


@pytest.fixture
def kind(db):
    # a strategy that needs no learning: these tests are about other things
    return make_type(
        name="receipts", target_error=0.05, champion="v1", audit_share=0.1, strategy="least-confident"
    )


def worked_out(kind: DocumentType) -> Automation:
    automation.work_out(kind.pk)
    return Automation.objects.get(document_type=kind)


def test_answers_are_compared_by_value_and_only_audited_ones_count(kind):
    answered(kind, [[0.9, 0.8, 0.7], [0.99, 0.98, 0.97]], [[True, False, False], [False, False, False]])
    answered(kind, [[0.9, 0.9, 0.9]], [[True, True, True]], audited=False)
    answered(kind, [[0.9, 0.9, 0.9]], [[True, True, True]], version="v0")
    stream = automation_answers.of(kind, "v1")
    assert stream.answers.confidence.tolist() == [[0.9, 0.8, 0.7], [0.99, 0.98, 0.97]]
    assert stream.answers.wrong.tolist() == [[True, False, False], [False, False, False]]


def test_an_absent_field_that_is_there_is_wrong_and_so_is_one_that_is_not_there(kind):
    missed = make_document(kind, audit_probability=0.1)
    make_extraction(missed, {"company": ("ACME LTD", 0.9), "total": ("12.90", 0.9)})
    make_truth(missed)
    spurious = make_document(kind, audit_probability=0.1)
    make_extraction(
        spurious, {"company": ("ACME LTD", 0.9), "date": ("01/02/2024", 0.9), "total": ("12.90", 0.9)}
    )
    make_truth(spurious, {"company": "ACME LTD", "total": "12.90"})
    stream = automation_answers.of(kind, "v1")
    assert stream.answers.wrong.tolist() == [[False, True, False]] * 2
    assert stream.answers.confidence.tolist() == [[0.9, 0.7, 0.9], [0.9, 0.9, 0.9]]


def test_what_nobody_was_asked_for_is_no_answer(kind):
    document = make_document(kind, audit_probability=0.1)
    make_extraction(document)
    make_truth(document, outcomes={"company": "assumed", "date": "accepted", "total": "accepted"})
    assert len(automation_answers.of(kind, "v1").answers) == 0


def test_documents_that_a_version_learned_from_say_nothing_of_it(kind):
    version = make_version(kind, name="v1")
    taught, gold = answered(kind, [[0.9] * 3, [0.8] * 3], [[False] * 3] * 2)
    items = [[taught.truth_id, "train"], [gold.truth_id, "gold"]]
    version.run.snapshot = Snapshot.objects.create(
        document_type=kind, hash="h", items=items, fields=kind.fields
    )
    version.run.save()
    assert automation_answers.of(kind, "v1").answers.confidence.tolist() == [[0.8] * 3]


def test_with_few_answers_nothing_is_promised_and_the_curve_is_there_all_the_same(kind):
    answered(kind, *model(np.random.default_rng(1), 60))
    state = worked_out(kind)
    assert not AcceptanceRule.objects.exists()
    assert (state.version, state.answered, len(state.figures["points"])) == ("v1", 60, 40)
    assert automation.in_force(kind) is None


def test_with_enough_answers_thresholds_are_promised_recorded_and_put_to_work(kind):
    answered(kind, *model(np.random.default_rng(1), 300))
    automation.switch_on(kind, by="lea")
    worked_out(kind)
    rule = automation.in_force(kind)
    assert rule is not None
    assert (rule.version, rule.by, rule.answered) == ("v1", audit_trail.DOCLOOP, 300)
    assert 0.5 < rule.above / rule.answered <= 1
    assert rule.error < rule.high <= 0.05
    assert f"{rule.above} of 300 audited documents are above" in rule.why
    assert len(set(rule.thresholds.values())) == 1
    values = {"company": ("ACME LTD", 0.9999), "date": ("01/02/2024", 0.9999), "total": ("12.90", 0.9999)}
    shas = [f"{n:064x}" for n in range(20)]
    for sha in shas:
        make_extraction(make_document(kind, sha256=sha, state=State.EXTRACTED), values)
    selection.rank_pool(kind.pk)
    documents = Document.objects.filter(sha256__in=shas)
    audited = documents.filter(audit_probability__isnull=False)
    assert documents.filter(state=State.ACCEPTED).count() + audited.count() == 20
    assert audited.count() < 10
    trail = TrailEntry.objects.get(subject="auto-accept of receipts")
    assert (trail.by, trail.action) == ("lea", "switched on")


def test_a_field_with_a_stricter_target_has_a_stricter_threshold(kind):
    kind.field_targets = {"total": 0.02}
    kind.save()
    answered(kind, *model(np.random.default_rng(1), 600))
    automation.switch_on(kind, by="lea")
    worked_out(kind)
    thresholds = automation.in_force(kind).thresholds
    assert thresholds["total"] > thresholds["company"] == thresholds["date"]
    assert (1 - thresholds["company"]) == pytest.approx(2.5 * (1 - thresholds["total"]))


def test_thresholds_stay_until_somebody_asks_and_then_need_new_answers(kind):
    answered(kind, *model(np.random.default_rng(1), 300))
    automation.switch_on(kind, by="lea")
    worked_out(kind)
    first = automation.in_force(kind)
    worked_out(kind)
    assert AcceptanceRule.objects.count() == 1
    with pytest.raises(Refused, match="nothing new to tell"):
        automation.work_out_anew(kind, by="lea")
    answered(kind, *model(np.random.default_rng(2), 100))
    worked_out(kind)
    assert automation.in_force(kind) == first
    again = automation.work_out_anew(kind, by="lea")
    assert (again.by, again.answered, again.risk) == ("lea", 400, first.risk / 2)
    assert automation.in_force(kind) == again


def test_where_nothing_could_be_promised_half_as_many_answers_more_are_a_new_chance(kind):
    rng = np.random.default_rng(1)
    answered(kind, rng.random((200, 3)), rng.random((200, 3)) < 0.3)
    automation.switch_on(kind, by="lea")
    worked_out(kind)
    assert [rule.thresholds for rule in AcceptanceRule.objects.all()] == [{}]
    answered(kind, np.full((50, 3), 0.9999), np.zeros((50, 3), dtype=bool))
    worked_out(kind)
    assert AcceptanceRule.objects.count() == 1
    answered(kind, np.full((200, 3), 0.9999), np.zeros((200, 3), dtype=bool))
    worked_out(kind)
    assert automation.in_force(kind).above >= 250


def test_after_a_broken_promise_only_what_was_said_since_counts(kind):
    now = timezone.now()
    answered(kind, *model(np.random.default_rng(1), 300), at=now - timedelta(days=9))
    automation.switch_on(kind, by="lea")
    worked_out(kind)
    AcceptanceRule.objects.update(broken_at=now, broken_since=now - timedelta(days=1))
    automation.switch_on(kind, by="lea")
    answered(kind, *model(np.random.default_rng(2), 30), at=now)
    state = worked_out(kind)
    assert state.answered == 30
    assert automation.in_force(kind) is None


def test_switching_on_needs_a_target_and_an_audit(kind):
    kind.audit_share = 0
    with pytest.raises(Refused, match="audit share"):
        automation.switch_on(kind, by="lea")
    kind.target_error = None
    with pytest.raises(Refused, match="target error first"):
        automation.switch_on(kind, by="lea")


def test_targets_are_set_recorded_and_not_taken_away_while_it_is_on(kind, rung):
    automation.set_targets(kind, 0.01, {"total": 0.005}, by="lea")
    kind.refresh_from_db()
    assert (kind.target_error, kind.field_targets) == (0.01, {"total": 0.005})
    assert ("learner.work_out_thresholds", kind.pk) in rung
    trail = TrailEntry.objects.get(subject="auto-accept of receipts")
    assert (trail.by, trail.why) == ("lea", "target error 1.00% of all fields; total 0.50%")
    automation.switch_on(kind, by="lea")
    with pytest.raises(Refused, match="switch it off first"):
        automation.set_targets(kind, None, {}, by="lea")


def test_a_target_that_was_taken_away_elsewhere_switches_it_off(kind):
    automation.switch_on(kind, by="lea")
    DocumentType.objects.update(target_error=None)
    state = worked_out(kind)
    assert (state.on, state.by) == (False, audit_trail.DOCLOOP)


def test_each_place_of_the_threshold_knows_how_many_wait_above_it(kind):
    answered(kind, *model(np.random.default_rng(1), 200))
    worked_out(kind)
    for sure in (0.99, 0.5):
        values = {"company": ("ACME LTD", sure), "date": ("01/02/2024", sure), "total": ("12.90", sure)}
        make_extraction(make_document(kind, state=State.EXTRACTED), values)
    make_document(kind)
    selection.rank_pool(kind.pk)
    state = Automation.objects.get(document_type=kind)
    assert state.waiting[-1] == 3
    assert state.waiting[:-1] == sorted(state.waiting[:-1])
    doubts = [point["doubt"] for point in state.figures["points"]]
    # without own targets, doubt is what the least sure field lacks, over the target
    expected = [int(doubt >= 0.01 / 0.05) + int(doubt >= 0.5 / 0.05) for doubt in doubts]
    assert state.waiting[:-1] == expected


def test_who_changes_the_champion_has_the_thresholds_worked_out(kind, rung):
    from annotation import doorbell

    doorbell.ring("champion changed", kind.pk)
    assert ("learner.work_out_thresholds", kind.pk) in rung
