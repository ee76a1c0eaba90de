"""Jobs on a real PostgreSQL, with threads that compete for them."""

import errno
import threading
from datetime import timedelta

import django.db
import pytest
from celery import current_app
from django.db import connection, transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from annotation import doorbell, jobs
from annotation.errors import LabelStudioUnreachable, LostClaim, Refused
from annotation.models import Job
from models.errors import ReadingFailed
from webapp import logs

TASK = "a.pour"
send_for_real = doorbell.send


def waiting(subject=7):
    doorbell.enqueue(TASK, subject)
    return Job.objects.get(task=TASK, subject=subject, state="waiting")


def die(job):
    """Its worker beats no more."""
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))


def rung_ago(job, pause):
    """The broker was told a little more than `pause` ago."""
    Job.objects.filter(pk=job.pk).update(rung_at=Now() - pause - timedelta(seconds=1))


def in_thread(work, *arguments):
    """Start `work` with a database connection of its own."""

    def run():
        try:
            work(*arguments)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def is_blocked(thread):
    """Whether `thread` comes to wait for a lock of the database, rather than to its end."""
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return True
        thread.join(0.01)
        if not thread.is_alive():
            return False
    raise AssertionError("neither blocked nor done after 10 s")


def raiser(error):
    def work(_subject):
        raise error

    return work


class TestRun:
    pytestmark = pytest.mark.django_db

    def test_a_job_is_done_once(self):
        job = waiting()
        poured = []
        jobs.run(job.pk, poured.append)
        jobs.run(job.pk, poured.append)  # the broker delivered the message twice
        job.refresh_from_db()
        assert (poured, job.state, job.attempt) == ([7], "done", 1)

    def test_a_job_that_is_not_due_waits(self):
        job = waiting()
        Job.objects.update(due_at=Now() + timedelta(minutes=1))
        assert jobs.claim(job.pk) is None

    def test_a_refusal_fails_for_good_and_keeps_its_reason(self):
        job = waiting()
        jobs.run(job.pk, raiser(Refused("the kettle is no kettle")))
        job.refresh_from_db()
        assert (job.state, job.problem) == ("failed", "the kettle is no kettle")

    def test_label_studio_may_be_away_for_ever(self):
        job = waiting()
        for attempt in range(1, 12):
            Job.objects.update(due_at=Now())
            jobs.run(job.pk, raiser(LabelStudioUnreachable("no answer")))
            job.refresh_from_db()
            assert (job.state, job.attempt, job.failures) == ("waiting", attempt, 0)
        jobs.run(job.pk, raiser(LabelStudioUnreachable("no answer")))
        job.refresh_from_db()
        assert job.attempt == 11  # it pauses: not due yet

    def test_pauses_grow_and_then_stay(self):
        job = waiting()
        pauses = []
        for _ in range(7):
            Job.objects.update(due_at=Now())
            jobs.run(job.pk, raiser(LabelStudioUnreachable("no answer")))
            left = Job.objects.annotate(left=jobs.F("due_at") - Now()).get(pk=job.pk).left
            pauses.append(round(left.total_seconds()))
        assert pauses == [5, 30, 120, 600, 1800, 1800, 1800]

    @pytest.mark.parametrize("error", [ReadingFailed("short of memory", permanent=False), KeyError("secret")])
    def test_what_may_pass_is_tried_a_few_times(self, error):
        job = waiting()
        for _ in range(jobs.MOST_ATTEMPTS):
            Job.objects.update(due_at=Now())
            jobs.run(job.pk, raiser(error))
        job.refresh_from_db()
        assert (job.state, job.attempt) == ("failed", jobs.MOST_ATTEMPTS)

    def test_an_outage_of_label_studio_uses_up_no_attempts(self):
        job = waiting()
        for _ in range(10):
            Job.objects.update(due_at=Now())
            jobs.run(job.pk, raiser(LabelStudioUnreachable("no answer")))
        Job.objects.update(due_at=Now())
        jobs.run(job.pk, raiser(KeyError("x")))
        job.refresh_from_db()
        assert (job.state, job.failures) == ("waiting", 1)

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            (django.db.OperationalError("no room"), "OperationalError"),
            (OSError(errno.ENOSPC, "x"), "OSError"),
        ],
    )
    def test_a_full_disk_may_stay_full_for_ever(self, error, told):
        job = waiting()
        for attempt in range(1, 8):
            Job.objects.update(due_at=Now())
            jobs.run(job.pk, raiser(error))
            job.refresh_from_db()
            assert (job.state, job.attempt, job.failures) == ("waiting", attempt, 0)
        assert job.problem == f"the database or a disk takes nothing now ({told})"

    def test_an_unexpected_error_is_recorded_without_its_message(self, caplog):
        caplog.handler.setFormatter(logs.Line())
        job = waiting()
        jobs.run(job.pk, raiser(ValueError("IBAN DE02 1234")))
        job.refresh_from_db()
        assert job.problem == "unexpected ValueError"
        assert "IBAN" not in caplog.text

    def test_a_permanent_failure_of_reading_is_not_repeated(self):
        job = waiting()
        jobs.run(job.pk, raiser(ReadingFailed("encrypted")))
        job.refresh_from_db()
        assert job.state == "failed"

    def test_a_success_clears_the_failures_of_its_subject_only(self):
        for subject in (7, 8):
            jobs.run(waiting(subject).pk, raiser(Refused("no water")))
        jobs.run(waiting(7).pk, lambda _subject: None)
        assert set(Job.objects.values_list("subject", "state")) == {(7, "done"), (8, "failed")}

    def test_failing_again_leaves_one_failure_to_look_at(self):
        for reason in ("no water", "no power"):
            jobs.run(waiting().pk, raiser(Refused(reason)))
        assert list(Job.objects.values_list("problem", flat=True)) == ["no power"]

    def test_nothing_is_asserted_outside_a_job(self):
        with transaction.atomic():
            jobs.assert_held()


class TestSameSubject:
    pytestmark = pytest.mark.django_db

    def test_a_ring_during_the_work_is_worked_on_afterwards(self, monkeypatch):
        sent = []
        first = waiting()

        def work(_subject):
            doorbell.enqueue(TASK, 7)
            second = Job.objects.get(state="waiting")
            jobs.run(second.pk, raiser(AssertionError("two at once")))
            monkeypatch.setattr(doorbell, "send", sent.extend)

        jobs.run(first.pk, work)
        second = Job.objects.get(state="waiting")
        assert sent == [(second.pk, TASK)]
        jobs.run(second.pk, lambda _subject: None)
        assert set(Job.objects.values_list("state", flat=True)) == {"done"}

    def test_a_job_that_is_claimed_just_before_it_is_locked_gets_a_successor(self, monkeypatch):
        first = waiting()
        write = doorbell._write

        def write_and_be_late(task, subjects):
            write(task, subjects)
            jobs.claim(first.pk)

        monkeypatch.setattr(doorbell, "_write", write_and_be_late)
        doorbell.enqueue(TASK, 7)
        assert set(Job.objects.values_list("state", flat=True)) == {"running", "waiting"}

    def test_a_failed_attempt_is_left_to_the_newer_job_that_waits(self):
        first = waiting()
        claimed = jobs.claim(first.pk)
        second = waiting()
        jobs.fail(claimed, "no water", again=True)
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, second.state) == ("failed", "waiting")
        jobs.run(second.pk, lambda _subject: None)
        assert list(Job.objects.values_list("pk", "state")) == [(second.pk, "done")]

    def test_a_ring_ends_the_pause_after_a_failure(self):
        job = waiting()
        jobs.run(job.pk, raiser(LabelStudioUnreachable("no answer")))
        assert jobs.claim(job.pk) is None
        doorbell.enqueue(TASK, 7)
        assert jobs.claim(job.pk) is not None


class TestFencing:
    pytestmark = pytest.mark.django_db

    def test_a_zombie_writes_nothing(self):
        job = waiting()
        written = []

        def work(_subject):
            die(job)
            jobs.reap()
            assert jobs.claim(job.pk).attempt == 2  # another worker took over
            with transaction.atomic():
                jobs.assert_held()
                written.append("zombie")

        jobs.run(job.pk, work)
        job.refresh_from_db()
        assert (written, job.state, job.attempt) == ([], "running", 2)

    @pytest.mark.parametrize("end", [jobs.finish, lambda job: jobs.fail(job, "late", again=True)])
    def test_a_zombie_ends_nothing(self, end):
        zombie = jobs.claim(waiting().pk)
        die(zombie)
        jobs.reap()
        jobs.claim(zombie.pk)
        end(zombie)
        assert list(Job.objects.values_list("state", "problem", "attempt")) == [("running", "", 2)]

    def test_a_zombie_cannot_extend_the_lease_of_its_successor(self):
        zombie = jobs.claim(waiting().pk)
        die(zombie)
        jobs.reap()
        jobs.claim(zombie.pk)
        with pytest.raises(LostClaim):
            jobs.beat(zombie)


class TestReaper:
    pytestmark = pytest.mark.django_db

    def test_a_dead_workers_job_is_due_at_once(self, monkeypatch):
        job = jobs.claim(waiting().pk)
        die(job)
        sent = []
        monkeypatch.setattr(doorbell, "send", sent.extend)
        assert jobs.reap() == 1
        assert sent == [(job.pk, TASK)]
        assert jobs.claim(job.pk).attempt == 2

    def test_a_living_workers_job_is_left_alone(self):
        job = jobs.claim(waiting().pk)
        assert jobs.reap() == 0
        jobs.beat(job)

    def test_a_worker_that_was_only_slow_keeps_its_job_if_it_beats_in_time(self, monkeypatch):
        job = jobs.claim(waiting().pk)
        die(job)
        ask = jobs._may_try_again

        def beat_meanwhile(dead):
            jobs.beat(job)
            return ask(dead)

        monkeypatch.setattr(jobs, "_may_try_again", beat_meanwhile)
        jobs.reap()
        jobs.beat(job)

    def test_a_job_that_kills_every_worker_is_given_up(self):
        job = waiting()
        for _ in range(jobs.MOST_ATTEMPTS):
            jobs.claim(job.pk)
            die(job)
            jobs.reap()
        job.refresh_from_db()
        assert (job.state, job.problem) == ("failed", f"its worker died in attempt {jobs.MOST_ATTEMPTS}")

    def test_a_dead_workers_job_does_not_stop_the_reaper_when_a_newer_one_waits(self, monkeypatch):
        dead = jobs.claim(waiting().pk)
        die(dead)
        newer = waiting()
        sent = []
        monkeypatch.setattr(doorbell, "send", sent.extend)
        rung_ago(newer, jobs.REAP)
        assert jobs.reap() == 1
        assert (newer.pk, TASK) in sent

    def test_what_was_rung_while_the_broker_was_away_is_rung_again(self, monkeypatch):
        job = waiting()
        sent = []
        monkeypatch.setattr(doorbell, "send", sent.extend)
        assert jobs.reap() == 0, "its message may still be on the way"
        rung_ago(job, jobs.REAP)
        assert jobs.reap() == 1
        assert sent == [(job.pk, TASK)]

    def test_what_waits_behind_others_at_the_broker_is_not_sent_again_with_every_look(self, monkeypatch):
        job = waiting()
        monkeypatch.setattr(doorbell, "tasks_without_messages", lambda: [])
        rung_ago(job, jobs.REAP)
        assert jobs.reap() == 0
        rung_ago(job, jobs.RING_AGAIN)
        assert jobs.reap() == 1, "its own message may have been lost among the others"
        assert jobs.reap() == 0

    def test_a_failed_job_is_rung_for_when_its_pause_is_over(self, monkeypatch):
        job = waiting()
        monkeypatch.setattr(doorbell, "tasks_without_messages", lambda: [])
        jobs.run(job.pk, raiser(LabelStudioUnreachable("away")))
        assert jobs.reap() == 0
        Job.objects.update(due_at=Now() - timedelta(seconds=1))
        assert jobs.reap() == 1

    def test_the_broker_is_asked_which_queues_are_quiet(self):
        light = waiting()
        send_for_real([(light.pk, light.task)])
        assert doorbell.tasks_without_messages() == []  # its message waits in the queue
        assert jobs.reap() == 0
        with current_app.connection_for_write() as broker:
            broker.default_channel.queue_purge(doorbell.LIGHT)
        assert doorbell.tasks_without_messages() == [light.task]

    def test_without_a_broker_nothing_is_rung_in_vain(self, monkeypatch):
        waiting()

        def gone(*_, **__):
            raise OperationalError("connection refused")

        monkeypatch.setattr(current_app, "connection_for_write", gone)
        assert doorbell.tasks_without_messages() == []

    def test_old_done_jobs_are_forgotten_and_failed_ones_kept(self):
        jobs.run(waiting(7).pk, lambda _subject: None)
        jobs.run(waiting(8).pk, raiser(Refused("no water")))
        assert jobs.forget() == 0
        Job.objects.update(finished_at=Now() - jobs.KEEP - timedelta(hours=1))
        assert jobs.forget() == 1
        assert list(Job.objects.values_list("subject", flat=True)) == [8]


@pytest.mark.django_db(transaction=True)
class TestCompetition:
    def test_of_many_workers_one_gets_the_job(self):
        ids = [waiting(subject).pk for subject in range(20)]
        claimed = []
        start = threading.Barrier(6)

        def compete():
            start.wait()
            for job_id in ids:
                if job := jobs.claim(job_id):
                    claimed.append(job.pk)

        for thread in [in_thread(compete) for _ in range(6)]:
            thread.join()
        assert sorted(claimed) == sorted(ids)
        assert set(Job.objects.values_list("attempt", flat=True)) == {1}

    def test_many_rings_at_once_leave_one_waiting_job(self):
        start = threading.Barrier(6)

        def ring():
            start.wait()
            for _ in range(10):
                doorbell.enqueue(TASK, 1, 2, 3)

        for thread in [in_thread(ring) for _ in range(6)]:
            thread.join()
        assert Job.objects.count() == 3

    def test_a_ring_for_a_waiting_job_holds_it_until_what_was_rung_for_is_there(self):
        """Without the lock the job could be claimed and done before the writer commits: a lost wake-up."""
        job = waiting()
        with transaction.atomic():
            doorbell.enqueue(TASK, 7)
            claimer = in_thread(jobs.claim, job.pk)
            assert is_blocked(claimer)
        claimer.join()
        assert Job.objects.get().state == "running"

    def test_nobody_takes_a_job_over_during_a_write_back(self):
        job = waiting()
        blocked = []

        def work(_subject):
            die(job)
            with transaction.atomic():
                jobs.assert_held()
                reaper = in_thread(jobs.reap)
                blocked.append(is_blocked(reaper))
            reaper.join()

        jobs.run(job.pk, work)
        assert blocked == [True]
        assert Job.objects.get().state == "waiting"

    def test_the_heartbeat_keeps_a_slow_workers_job(self, monkeypatch):
        monkeypatch.setattr(jobs, "BEAT", timedelta(milliseconds=20))
        job = waiting()

        def work(_subject):
            die(job)
            for _ in range(500):
                if Job.objects.filter(lease_until__gt=Now()).exists():
                    return
                threading.Event().wait(0.01)
            raise AssertionError("no heartbeat in 5 s")

        jobs.run(job.pk, work)
        assert Job.objects.get().state == "done"


# --- how far it is


@pytest.mark.django_db
def test_work_tells_how_far_it_is_and_an_attempt_begins_at_nothing():
    seen = []

    def work(_subject):
        jobs.tell(0.25)
        jobs.tell(0.5)  # within the same second
        seen.append(Job.objects.get(task=TASK))

    job = waiting()
    Job.objects.filter(pk=job.pk).update(share=0.9)
    jobs.run(job.pk, work)
    (during,) = seen
    assert during.share == 0.25 and during.claimed_at is not None
    jobs.tell(0.5)  # outside of any job: nobody to tell
    assert Job.objects.get(pk=job.pk).share == 0.25
