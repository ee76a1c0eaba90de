"""Job rows in; out the failed ones that nothing newer has taken the place of, and how to try them again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotation import audit_trail, doorbell
from annotation.errors import Refused
from annotation.models import Job


def failed() -> QuerySet[Job]:
    """The newest first; a job is left out once the same work on the same subject was asked for again."""
    newer = Job.objects.filter(task=OuterRef("task"), subject=OuterRef("subject"), pk__gt=OuterRef("pk"))
    return Job.objects.filter(~Exists(newer), state=Job.State.FAILED).order_by("-pk")


@transaction.atomic
def try_again(job_id: int, *, by: str) -> None:
    """Write a new job for the same work; raises `Refused` if the job has not failed, or is not there."""
    job = failed().filter(pk=job_id).first()
    if job is None:
        raise Refused(f"job {job_id} has not failed, or was tried again already")
    doorbell.enqueue(job.task, job.subject)
    audit_trail.record(
        by=by, action="tried a job again", subject=f"job {job.pk}", why=f"{job.task} {job.subject}"
    )
