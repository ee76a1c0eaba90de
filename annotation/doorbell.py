"""A fact in, Job rows out: in the caller's transaction, so that what happened and what must follow are one.

After the commit a message with each job's id is sent to the broker. A broker that is down, or forgets, costs time
only: the reaper of each worker (`annotation.jobs`) rings again for rows that are due and were not heard.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from kombu import Connection
from kombu.exceptions import ChannelError, OperationalError

from annotation import log_context
from annotation.models import Job

log = logging.getLogger(__name__)

LIGHT = "light"  # the queue of tasks that are given no other
# as one array: the ORM takes 0.4 ms for each of many rows, and a correction rings for four jobs
WAIT = """
INSERT INTO annotation_job (task, subject, trace, state, attempt, failures, problem)
SELECT %s, subject, %s, 'waiting', 0, 0, '' FROM unnest(%s::bigint[]) AS subject
ON CONFLICT DO NOTHING
"""
PATIENCE = 2  # seconds that the broker gets to answer


def ring(fact: str, *subjects: int) -> None:
    """Write a waiting job for every task wired to `fact` and every subject; one that waits already is enough."""
    for task in settings.WIRING[fact] if subjects else ():
        enqueue(task, *subjects)


@transaction.atomic
def enqueue(task: str, *subjects: int) -> None:
    """Write a waiting job of `task` for every subject, and send the ids after commit.

    A job that waits already is locked until the caller's commit: nobody can claim it, and miss what the caller
    is about to write, in between. If it waits for the pause after a failure, it is due at once: something happened.
    """
    missing = set(subjects)
    rung: list[tuple[int, str]] = []
    while missing:
        _write(task, missing)
        waiting = Job.objects.filter(task=task, subject__in=missing, state=Job.State.WAITING)
        locked = dict(waiting.order_by("subject").select_for_update().values_list("pk", "subject"))
        Job.objects.filter(pk__in=locked, due_at__gt=Now()).update(due_at=Now(), rung_at=Now())
        missing.difference_update(locked.values())
        rung += [(pk, task) for pk in locked]
    transaction.on_commit(partial(send, rung))


def _write(task: str, subjects: Collection[int]) -> None:
    """A waiting job for each subject that has none."""
    with connection.cursor() as cursor:
        cursor.execute(WAIT, [task, log_context.trace(), sorted(subjects)])


def send(jobs: list[tuple[int, str]]) -> None:
    """Ring for these (job id, task); a broker that doesn't answer is logged, and the rest is left to the reaper."""
    for job_id, task in jobs:
        try:
            current_app.send_task(task, (job_id,), queue=settings.QUEUES.get(task, LIGHT), retry=False)
        except (OperationalError, OSError) as problem:
            log.warning("the broker does not answer (%s); jobs wait for the reaper", type(problem).__name__)
            return


def tasks_without_messages() -> list[str]:
    """The tasks in whose queue no message waits: whatever of them is due and waits was not heard.

    None if the broker doesn't answer, as ringing would be in vain.
    """
    queues = {task: settings.QUEUES.get(task, LIGHT) for task in _due_tasks()}
    try:
        with current_app.connection_for_write(connect_timeout=PATIENCE) as broker:
            broker.ensure_connection(max_retries=1, timeout=PATIENCE)
            quiet = {queue for queue in set(queues.values()) if not _messages(broker, queue)}
    except (OperationalError, OSError):
        return []
    return [task for task, queue in queues.items() if queue in quiet]


def _due_tasks() -> list[str]:
    """Those of which jobs are due."""
    due = Job.objects.filter(state=Job.State.WAITING, due_at__lte=Now())
    return list(due.order_by().values_list("task", flat=True).distinct())


def _messages(broker: Connection, queue: str) -> int:
    """How many wait there; Redis forgets a queue that is empty."""
    try:
        declared = broker.default_channel.queue_declare(queue, passive=True)  # type: ignore[attr-defined]
        return int(declared.message_count)
    except ChannelError:
        return 0
