"""A fact in, Job rows out: in the caller's transaction, so that what happened and what must follow are one.

After the commit a message with each job's id is sent to the broker. A broker that is down costs time only: the
reaper (`annotation.jobs`) rings again for every row that is due.
"""

from __future__ import annotations

import logging
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from annotation.models import Job

log = logging.getLogger(__name__)


def ring(fact: str, *subjects: int) -> None:
    """Write a waiting job for every task wired to `fact` and every subject; one that waits already is enough."""
    for task in settings.WIRING[fact]:
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
        Job.objects.bulk_create(
            [Job(task=task, subject=subject) for subject in sorted(missing)], ignore_conflicts=True
        )
        waiting = Job.objects.filter(task=task, subject__in=missing, state=Job.State.WAITING)
        locked = dict(waiting.order_by("subject").select_for_update().values_list("pk", "subject"))
        Job.objects.filter(pk__in=locked, due_at__gt=Now()).update(due_at=Now())
        missing.difference_update(locked.values())
        rung += [(pk, task) for pk in locked]
    transaction.on_commit(partial(send, rung))


def send(jobs: list[tuple[int, str]]) -> None:
    """Ring for these (job id, task); a broker that doesn't answer is logged, and the rest is left to the reaper."""
    for job_id, task in jobs:
        try:
            current_app.send_task(task, (job_id,), queue=settings.QUEUES.get(task, "light"), retry=False)
        except (OperationalError, OSError) as problem:
            log.warning("the broker does not answer (%s); jobs wait for the reaper", type(problem).__name__)
            return
