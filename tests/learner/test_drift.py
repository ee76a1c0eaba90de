"""A type's stream is watched as it comes in; a change raises one alarm, and its documents go to people first."""

from __future__ import annotations

import pytest

from annotation import by_hand, queueing
from annotation.models import Document, LabelTask, Outcome, TrailEntry
from learner import drift, drift_alarms, drift_concept, selection, stream
from learner.models import DriftAlarm, DriftWatch, DriftWindow, Headline, Run, Signals
from models.drift import FEWEST
from tests.annotation.queue_stand_in import stand_in
from tests.factories import make_document, make_extraction, make_truth, make_type
from tests.streams import NEW, mixed, received

pytestmark = pytest.mark.django_db

REFERENCE = FEWEST


@pytest.fixture
def studio(monkeypatch):
    return stand_in(monkeypatch)


@pytest.fixture
def kind(studio):
    """A type whose champion has read as many documents as a reference needs."""
    project = studio.create_project("Receipts", "1", "")
    kind = make_type(
        name="receipts", champion="receipts-v1", project_id=project, audit_share=0, queue_depth=2
    )
    received(kind, mixed(REFERENCE, 0, 0))
    drift.look(kind.pk)
    return kind


def changed(kind) -> DriftAlarm:
    """Three documents of a new layout come in among others."""
    received(kind, [0, NEW, 2, NEW, 4, NEW], start=REFERENCE)
    drift.look(kind.pk)
    return DriftAlarm.objects.get(document_type=kind)


def test_the_signals_of_a_document_are_written_once_and_hold_no_text(rung):
    document = make_document(make_type(), "ACME LTD\nDate 01/02/2024\nTotal 12.90", state="extracted")
    make_extraction(document)
    stream.note(document.pk)
    stream.note(document.pk)
    signals = Signals.objects.get(document=document)
    assert all(isinstance(number, (int, float)) for number in signals.numbers.values())
    assert signals.numbers["confidence.total"] == 0.6
    assert signals.numbers["values.total.size"] == pytest.approx(1.143, abs=0.001)
    assert ("learner.watch_drift", document.document_type_id) in rung


def test_a_document_that_was_moved_to_another_type_belongs_to_that_ones_stream():
    document = make_document(state="extracted")
    stream.note(document.pk)
    other = make_type()
    Document.objects.filter(pk=document.pk).update(document_type=other)
    stream.note(document.pk)
    assert Signals.objects.get(document=document).document_type == other


def test_nothing_is_watched_before_there_are_enough_documents():
    kind = make_type(champion="v1")
    received(kind, mixed(20, 0, 0))
    drift.look(kind.pk)
    assert DriftWatch.objects.get(document_type=kind).first == 0


def test_documents_from_before_there_was_a_watch_are_taken_in_for_the_reference():
    kind = make_type(champion="v1")
    received(kind, mixed(REFERENCE, 0, 0))
    Signals.objects.all().delete()
    drift.look(kind.pk)
    assert DriftWatch.objects.get(document_type=kind).state["reference"] == REFERENCE


def test_a_stream_that_stays_as_it_was_raises_no_alarm(kind):
    received(kind, mixed(40, 0, 1), start=REFERENCE)
    drift.look(kind.pk)
    assert not DriftAlarm.objects.exists()
    assert DriftWatch.objects.get(document_type=kind).documents == 40


def test_a_new_layout_goes_to_people_at_once_with_the_reason(kind, studio, rung):
    alarm = changed(kind)
    assert (alarm.kind, alarm.group, alarm.version) == ("new layout", "layout", "receipts-v1")
    new = list(Document.objects.filter(signals__alarm=alarm).order_by("pk"))
    assert len(new) == 3
    assert {each.state for each in new} == {"queued"}
    reason = f"new layout since {alarm.since.day} {alarm.since:%B}"
    assert {(each.reason, each.priority, each.asked_by) for each in new} == {
        (reason, by_hand.HEAD, "Docloop")
    }
    assert set(LabelTask.objects.values_list("document", "reason")) == {(each.pk, reason) for each in new}
    assert set(alarm.after) == {each.pk for each in new}
    assert len(alarm.before) == 4
    assert alarm.moved
    assert ("webapp.announce_drift", kind.pk) in rung
    assert Headline.objects.get(document_type=kind).drift == reason
    assert TrailEntry.objects.filter(action="raised a drift alarm", why=reason).count() == 1


def test_they_stay_at_the_head_when_the_pool_is_ranked_and_are_given_out_first(kind, studio):
    alarm = changed(kind)
    selection.rank_pool(kind.pk)
    queueing.fill_queue(kind.pk)
    new = set(Document.objects.filter(signals__alarm=alarm).values_list("pk", flat=True))
    first = Document.objects.filter(state="queued").order_by("-priority", "pk")[:3]
    assert {each.pk for each in first} == new


def test_looking_again_raises_no_second_alarm_and_later_documents_join_the_part(kind, rung):
    alarm = changed(kind)
    drift.look(kind.pk)
    received(kind, [NEW, 0, NEW], start=REFERENCE + 6)
    drift.look(kind.pk)
    assert DriftAlarm.objects.count() == 1
    assert alarm.part.count() == 5
    assert alarm.part.filter(asked_at__isnull=False).count() == 3  # as long as three wait with people


def answer(document, *, right: bool, version="receipts-v1") -> None:
    """A person confirms the document as a version reads it, or changes everything."""
    make_extraction(document, {}, version=version)
    ended = "accepted" if right else "edited"
    make_truth(document, {}, dict.fromkeys(("company", "date", "total"), ended), annotator="ann")
    drift_concept.follow(document.pk)


def answer_part(alarm, n: int, *, right: bool, version="receipts-v1") -> None:
    for signals in alarm.part.filter(asked_at__isnull=False, document__truth__isnull=True)[:n]:
        answer(signals.document, right=right, version=version)


def test_answers_bring_the_next_documents_and_enough_of_them_a_training(kind, rung):
    for document in Document.objects.filter(document_type=kind)[:30]:
        answer(document, right=True)
    alarm = changed(kind)
    assert alarm.accuracy_before == 1.0
    received(kind, [NEW] * 20, start=REFERENCE + 6)
    drift.look(kind.pk)
    for _ in range(4):
        answer_part(alarm, 3, right=False)
    alarm.refresh_from_db()
    assert (alarm.labels, alarm.accuracy) == (12, 0.0)
    assert alarm.part.filter(asked_at__isnull=False, document__truth__isnull=True).count() == 3
    run = Run.objects.get(document_type=kind)
    assert alarm.run == run
    assert "new layout since" in run.trigger


def test_it_closes_when_the_champion_reads_the_part_as_well_as_it_read_others(kind, rung):
    for document in Document.objects.filter(document_type=kind)[:20]:
        answer(document, right=True)
    alarm = changed(kind)
    received(kind, [NEW] * 20, start=REFERENCE + 6)
    drift.look(kind.pk)
    answer_part(alarm, 3, right=False)
    type(kind).objects.filter(pk=kind.pk).update(champion="receipts-v2")
    for _ in range(4):
        answer_part(alarm, 3, right=True, version="receipts-v2")
    alarm.refresh_from_db()
    assert alarm.closed_at
    assert (alarm.closed_by, alarm.accuracy) == ("Docloop", 1.0)
    assert "100.0% of the fields" in alarm.why_closed
    assert Headline.objects.get(document_type=kind).drift == ""
    # what came is what later documents are held against
    drift.look(kind.pk)
    watch = DriftWatch.objects.get(document_type=kind)
    assert watch.version == "receipts-v2"
    assert watch.first <= Signals.objects.filter(alarm=alarm).first().pk <= watch.last


def test_a_new_champion_is_held_against_what_comes_in_by_then(kind):
    before = DriftWatch.objects.get(document_type=kind).last
    received(kind, mixed(10, 0, 1), start=REFERENCE)
    type(kind).objects.filter(pk=kind.pk).update(champion="receipts-v2")
    drift.look(kind.pk)
    watch = DriftWatch.objects.get(document_type=kind)
    assert (watch.version, watch.documents) == ("receipts-v2", 0)
    assert watch.last > before


def test_windows_are_written_once_they_are_full(kind, rung):
    received(kind, mixed(105, 0, 2), start=0)
    drift.look(kind.pk)
    drift.look(kind.pk)
    counts = {window.kind: window.documents for window in DriftWindow.objects.filter(document_type=kind)}
    assert counts == {"reference": REFERENCE, "count": 100}
    window = DriftWindow.objects.get(kind="count")
    assert len(window.figures["text.words"]) == 4
    assert ("learner.report_drift", window.pk) in rung


def test_the_audit_raises_an_alarm_when_the_champion_is_surely_wrong_more_often(kind, rung):
    documents = list(Document.objects.filter(document_type=kind).order_by("pk"))
    Document.objects.update(audit_probability=0.1)
    for place, document in enumerate(documents[:80]):
        document.refresh_from_db()
        answer(document, right=place < drift_concept.FIRST + 5)
    assert Outcome.objects.filter(audited=True).count() == 80
    [alarm] = DriftAlarm.objects.all()
    assert (alarm.kind, alarm.group) == ("concept", "accuracy")
    assert alarm.moved[0][2] > alarm.moved[0][1] == 0.0


def test_an_alarm_is_closed_by_hand_once(kind, lea):
    alarm = changed(kind)
    drift_alarms.close(alarm, by="lea", why="a supplier's new form: it is read well")
    with pytest.raises(drift_alarms.Refused):
        drift_alarms.close(alarm, by="lea", why="again")
    alarm.refresh_from_db()
    assert (alarm.closed_by, alarm.why_closed) == ("lea", "a supplier's new form: it is read well")
