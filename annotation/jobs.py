"""A job's id in, its work done once: claim, heartbeat, finish or try again; and the reaper that finds what was left.

Every claim raises the row's attempt, and every later write asks for that attempt (a fencing token), so that a
worker that was thought dead and comes back writes nothing.
"""

from __future__ import annotations

import errno
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from celery import shared_task
from django.db import IntegrityError, OperationalError, close_old_connections, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from annotation import doorbell, log_context
from annotation.errors import LostClaim, Unreachable
from annotation.models import Job
from models.errors import DocloopError, ReadingFailed, RegistryError

log = logging.getLogger(__name__)

BEAT = timedelta(seconds=10)
LEASE = timedelta(seconds=45)  # with the reaper's pause, a dead worker's job is retaken within a minute
REAP = timedelta(seconds=5)  # between two looks of a worker's reaper
RING_AGAIN = timedelta(minutes=10)  # for a job whose message may have been lost among many others
MOST_RUNG = 1000  # in one look
PAUSES = [
    timedelta(seconds=s) for s in (5, 30, 120, 600, 1800)
]  # before attempts 2, 3, …; then the last, for ever
KEEP = timedelta(days=7)
MOST_ATTEMPTS = 5  # of a job that fails for a reason that isn't the outside world's
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}  # what a disk says that takes nothing more

_current: ContextVar[Job | None] = ContextVar("current_job", default=None)
_told_at: ContextVar[float] = ContextVar("told_at", default=float("-inf"))  # of `time.monotonic`


def claim(job_id: int) -> Job | None:
    """Take a waiting, due job; None if it isn't, or if the same work on the same subject is running."""
    try:
        with transaction.atomic():
            taken = Job.objects.filter(pk=job_id, state=Job.State.WAITING, due_at__lte=Now()).update(
                state=Job.State.RUNNING,
                attempt=F("attempt") + 1,
                claimed_at=Now(),
                share=0.0,
                lease_until=Now() + LEASE,
                problem="",
            )
    except IntegrityError:  # one_running_job_a_subject: whoever runs it rings for us at its end
        return None
    return Job.objects.get(pk=job_id) if taken else None


def _held(job: Job) -> QuerySet[Job]:
    """The job's row, if it is still ours."""
    return Job.objects.filter(pk=job.pk, attempt=job.attempt, state=Job.State.RUNNING)


def beat(job: Job) -> None:
    """Extend the lease; raises `LostClaim` if another worker holds the job now."""
    if not _held(job).update(lease_until=Now() + LEASE):
        raise LostClaim(f"{job} was taken over after attempt {job.attempt}")


def assert_held() -> None:
    """Call inside a transaction before a write-back: raises `LostClaim` unless this worker still holds its job.

    The row stays locked until the transaction ends, so nobody can take the job over in between.
    """
    job = _current.get()
    if job is None:  # called by hand or from a test: nobody to compete with
        return
    if not _held(job).select_for_update().exists():
        raise LostClaim(f"{job} was taken over after attempt {job.attempt}")


def tell(share: float) -> None:
    """Let people see how far the work is (0…1); nothing outside a job. Once a second at most: it is a write."""
    job = _current.get()
    if job is None or time.monotonic() - _told_at.get() < 1:
        return
    _told_at.set(time.monotonic())
    _held(job).update(share=share)


def finish(job: Job) -> None:
    """Mark done, and ring for a job on the same subject that had to wait for this one."""
    _close(job, _held(job), Job.State.DONE, "")


def fail(job: Job, problem: str, *, again: bool, failures: int = 1) -> None:
    """Keep the reason; with `again`, wait for the next attempt (unless a newer job for the subject waits already)."""
    _fail(job, _held(job), problem, again=again, failures=failures)


def _fail(job: Job, held: QuerySet[Job], problem: str, *, again: bool, failures: int) -> None:
    if again:
        pause = PAUSES[min(job.attempt, len(PAUSES)) - 1]
        try:
            with transaction.atomic():
                held.update(
                    state=Job.State.WAITING,
                    due_at=Now() + pause,
                    rung_at=None,
                    lease_until=None,
                    problem=problem[:1000],
                    failures=F("failures") + failures,
                )
            return
        except IntegrityError:  # one_waiting_job_a_subject: the newer job does the work
            pass
    _close(job, held, Job.State.FAILED, problem[:1000])


def _close(job: Job, held: QuerySet[Job], state: Job.State, problem: str) -> None:
    """End a job that is still held: of its subject's failures, people see only one that nothing has overcome yet."""
    if not held.update(state=state, finished_at=Now(), lease_until=None, problem=problem):
        return
    same = Job.objects.filter(task=job.task, subject=job.subject)
    same.filter(state=Job.State.FAILED, pk__lt=job.pk).delete()
    due = same.filter(state=Job.State.WAITING, due_at__lte=Now())
    doorbell.send(list(due.values_list("pk", "task")))


@contextmanager
def _heartbeat(job: Job) -> Iterator[None]:
    """Beat from a thread of its own (its own database connection) while the work goes on."""
    over = threading.Event()

    def keep_beating() -> None:
        while not over.wait(BEAT.total_seconds()):
            try:
                beat(job)
            except LostClaim:
                return  # assert_held will stop the worker at its next write
            except Exception as problem:  # a moment without database: the next beat may come through
                log.warning("%s: no heartbeat (%s)", job, type(problem).__name__)
            finally:
                connection.close()

    thread = threading.Thread(target=keep_beating, name=f"heartbeat-{job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def run(job_id: int, work: Callable[[int], None], *, about: str = "subject") -> None:
    """Claim the job, do `work(subject)` with a heartbeat, and write down how it ended; `about` is what the subject is."""
    job = claim(job_id)
    if job is None:
        return
    trace = job.trace or log_context.new_trace()
    known = {"trace": trace, "job": job.pk, "task": job.task, "attempt": job.attempt, about: job.subject}
    with log_context.about(**known):
        _run(job, work)


def _run(job: Job, work: Callable[[int], None]) -> None:
    token = _current.set(job)
    _told_at.set(float("-inf"))
    began = time.monotonic()
    try:
        with _heartbeat(job):
            work(job.subject)
    except LostClaim:
        log.warning("taken over by another worker")
    except Unreachable as problem:
        _gave_up(job, problem, again=True, failures=0)
    except ReadingFailed as problem:
        _gave_up(job, problem, again=not problem.permanent and _may_try_again(job))
    except RegistryError as problem:  # MLflow may be back in a minute
        _gave_up(job, problem, again=_may_try_again(job))
    except DocloopError as problem:
        _gave_up(job, problem, again=False)
    except Exception as problem:  # the outermost edge: the log has where it was, and never what it quotes
        log.exception("failed unexpectedly")
        if _is_of_the_machine(problem):
            fail(job, f"the database or a disk takes nothing now ({_kind(problem)})", again=True, failures=0)
        else:
            fail(job, f"unexpected {_kind(problem)}", again=_may_try_again(job))
    else:
        log.info("done in %.0f ms", 1000 * (time.monotonic() - began))
        finish(job)
    finally:
        _current.reset(token)


def _gave_up(job: Job, problem: DocloopError, *, again: bool, failures: int = 1) -> None:
    """For a reason that people can read, in the job's row."""
    log.warning("failed: %s%s", type(problem).__name__, ", to be tried again" if again else "")
    fail(job, str(problem), again=again, failures=failures)


def _is_of_the_machine(problem: Exception) -> bool:
    """Whether the database or a disk was full, or away: an operator mends that, however long it takes."""
    no_room = isinstance(problem, OSError) and problem.errno in NO_ROOM
    return no_room or isinstance(problem, OperationalError)


def _kind(problem: Exception) -> str:
    """What went wrong in a word; of the database, in PostgreSQL's."""
    cause = problem.__cause__ if isinstance(problem, OperationalError) else None
    return type(cause or problem).__name__


def _may_try_again(job: Job) -> bool:
    return job.failures + 1 < MOST_ATTEMPTS


def job(name: str, about: str = "subject") -> Callable[[Callable[[int], None]], Callable[[int], None]]:
    """Make a Celery task of a function of one subject's id: its message carries the id of the job row.

    `about` is what the subject is, for the log.
    """

    def decorate(work: Callable[[int], None]) -> Callable[[int], None]:
        @shared_task(name=name, acks_late=False, ignore_result=True)
        @functools.wraps(work)
        def task(job_id: int) -> None:
            close_old_connections()
            run(job_id, work, about=about)

        return task

    return decorate


def reap() -> int:
    """Make dead jobs wait again and ring for what is due and was not heard; answers how many were rung for.

    What waits behind others in the broker's queue was heard and is left alone, or else a long backlog would be sent
    again with every look.
    """
    for dead in Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=Now()):
        # asked again in the write: a worker that was only slow may have beaten since
        held = _held(dead).filter(lease_until__lt=Now())
        problem = f"its worker died in attempt {dead.attempt}"
        _fail(dead, held, problem, again=_may_try_again(dead), failures=1)
        # a dead worker's job need not wait for the pause of a failed one
        Job.objects.filter(pk=dead.pk, state=Job.State.WAITING).update(due_at=Now())
    unheard = Q(rung_at=None) | Q(rung_at__lt=Now() - RING_AGAIN)
    lost = Q(rung_at__lt=Now() - REAP) & Q(task__in=doorbell.tasks_without_messages())
    due = Job.objects.filter(unheard | lost, state=Job.State.WAITING, due_at__lte=Now())
    with transaction.atomic():  # every worker has a reaper: each job is rung for by one of them
        chosen = due.order_by("due_at").select_for_update(skip_locked=True, no_key=True)
        jobs = list(chosen.values_list("pk", "task")[:MOST_RUNG])
        Job.objects.filter(pk__in=[pk for pk, _ in jobs]).update(rung_at=Now())
    doorbell.send(jobs)
    return len(jobs)


def keep_reaping() -> None:
    """Reap for as long as this process lives: the reaper of a worker, in a thread of its own."""
    while True:
        time.sleep(REAP.total_seconds())
        try:
            reap()
        except Exception as problem:  # a moment without database: the next look may come through
            log.warning("the reaper could not look (%s)", type(problem).__name__)
        finally:
            connection.close()  # the pool forks when a child dies: no child shall find an open connection


def forget() -> int:
    """Delete jobs that were done more than `KEEP` ago (failed ones stay, with their reason); answers how many."""
    done = Job.objects.filter(state=Job.State.DONE, finished_at__lt=Now() - KEEP)
    return done.delete()[0]
