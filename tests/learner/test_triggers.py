"""When a training is asked for, when it is refused, and how a run that nobody will finish ends."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from annotation.errors import Refused
from annotation.models import Document, Job, TrailEntry
from learner import snapshots, triggers
from learner.models import Run
from tests.factories import make_document, make_truth, make_type

pytestmark = pytest.mark.django_db


def correct(document_type, n: int) -> list[Document]:
    documents = []
    for _ in range(n):
        fingerprint = f"{random.Random(Document.objects.count()).getrandbits(64):016x}"
        documents.append(make_document(document_type, fingerprint=fingerprint))
        make_truth(documents[-1])
    return documents


def test_a_correction_has_the_pool_ranked_anew(rung):
    document = make_document()
    triggers.learn_from_correction(document.pk)
    assert rung.all() == {
        ("learner.rank_pool", document.document_type_id),
        ("learner.renew_headline", document.document_type_id),
    }


def test_enough_new_corrections_start_a_training(rung):
    document_type = make_type(retrain_after=12)
    documents = correct(document_type, 11)
    triggers.learn_from_correction(documents[-1].pk)
    assert not Run.objects.exists()
    documents += correct(document_type, 1)
    triggers.learn_from_correction(documents[-1].pk)
    run = Run.objects.get()
    assert (run.state, run.trigger) == (Run.State.WAITING, "12 new corrections")
    assert ("learner.train", run.pk) in rung


def test_two_corrections_at_once_cannot_jump_over_the_number(rung):
    document_type = make_type(retrain_after=12)
    documents = correct(document_type, 14)
    triggers.learn_from_correction(documents[-1].pk)
    assert Run.objects.get().trigger == "14 new corrections"


def test_one_correction_told_of_many_times_counts_once():
    document_type = make_type(retrain_after=12)
    documents = correct(document_type, 11)
    for _ in range(5):
        triggers.learn_from_correction(documents[0].pk)
    assert triggers.new_corrections(document_type) == 11
    assert not Run.objects.exists()


def test_what_is_in_the_last_snapshot_is_not_new_but_a_changed_correction_is():
    document_type = make_type()
    documents = correct(document_type, 12)
    snapshots.take(document_type)
    assert triggers.new_corrections(document_type) == 0
    make_truth(documents[0], {"total": "12.90"})
    correct(document_type, 2)
    assert triggers.new_corrections(document_type) == 3


def test_a_live_run_is_not_followed_by_another(rung):
    document_type = make_type(retrain_after=12)
    documents = correct(document_type, 15)
    first = triggers.ask(document_type, trigger="by hand")
    triggers.learn_from_correction(documents[-1].pk)
    assert Run.objects.count() == 1
    with pytest.raises(Refused, match=rf"is being trained already \(run {first.pk}, waiting\)"):
        triggers.ask(document_type, trigger="by hand")


def test_asking_by_hand_needs_no_new_corrections_only_enough_of_them():
    document_type = make_type()
    correct(document_type, 9)
    with pytest.raises(Refused, match="correct 1 more"):
        triggers.ask(document_type, trigger="by hand")
    assert not Run.objects.exists()
    correct(document_type, 1)
    assert triggers.ask(document_type, trigger="by hand").trigger == "by hand"


def test_corrections_that_cannot_be_split_yet_start_nothing(rung):
    document_type = make_type(retrain_after=10)
    for _ in range(12):
        document = make_document(document_type, fingerprint="00000000000000ff")
        make_truth(document)
    triggers.learn_from_correction(document.pk)
    assert not Run.objects.exists()
    assert ("learner.rank_pool", document_type.pk) in rung


def test_a_waiting_run_stops_at_once_a_running_one_is_asked_and_an_ended_one_refuses():
    waiting = Run.objects.create(document_type=make_type())
    triggers.stop(waiting)
    waiting.refresh_from_db()
    assert waiting.state == Run.State.STOPPED
    assert waiting.finished_at is not None
    running = Run.objects.create(document_type=make_type(), state=Run.State.RUNNING)
    triggers.stop(running, by="lea")
    assert TrailEntry.objects.values_list("by", "action", "subject").last() == (
        "lea",
        "stopped a training",
        f"run {running.pk} of {running.document_type.name}",
    )
    running.refresh_from_db()
    assert (running.state, running.stop_asked) == (Run.State.RUNNING, True)
    with pytest.raises(Refused, match="has ended"):
        triggers.stop(waiting)


def test_a_run_whose_job_gave_up_is_failed_with_the_jobs_problem():
    document_type = make_type()
    correct(document_type, 10)
    run = triggers.ask(document_type, trigger="by hand")
    assert triggers.settle() == 0
    Job.objects.filter(task="learner.train").update(state=Job.State.RUNNING)
    assert triggers.settle() == 0
    Job.objects.filter(task="learner.train").update(
        state=Job.State.FAILED, problem="its worker died in attempt 5"
    )
    assert triggers.settle() == 1
    run.refresh_from_db()
    assert (run.state, run.problem) == (Run.State.FAILED, "Given up: its worker died in attempt 5")
    assert triggers.ask(document_type, trigger="again").state == Run.State.WAITING


def test_a_document_that_was_deleted_meanwhile_teaches_nothing(rung):
    triggers.learn_from_correction(10**9)
    assert rung.all() == set()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_gets_a_run():
    document_type = make_type()
    correct(document_type, 12)

    def ask(_n: int) -> str:
        try:
            return str(triggers.ask(document_type, trigger="by hand").pk)
        except Refused as problem:
            return str(problem)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as people:
        answers = list(people.map(ask, range(6)))
    run = Run.objects.get()
    assert sorted(answers) == sorted(
        [str(run.pk)] + [f"{document_type.name} is being trained already (run {run.pk}, waiting)"] * 5
    )
