"""The doctor asked on a page: a job looks, and the last results are kept. A request must not take as long as a probe."""

from __future__ import annotations

from dataclasses import asdict

from django.conf import settings
from django.db import transaction

from annotation import audit_trail, doorbell, jobs
from annotation.models import Job
from webapp.doctor import examination
from webapp.models import Examination

TASK = "webapp.examine"
NOBODY = 0  # the subject of an examination: it is about all of Docloop
KEPT = 20


@transaction.atomic
def ask(*, by: str) -> None:
    """Have the doctor come; one who is asked for already is enough."""
    doorbell.ring("examination asked", NOBODY)
    audit_trail.record(by=by, action="asked the doctor", subject="Docloop")


def examine(_nobody: int) -> None:
    """Look at everything, send a probe, and keep what was found."""
    found = [asdict(finding) for finding in examination.examine(settings.CONFIG)]
    with transaction.atomic():
        jobs.assert_held()
        Examination.objects.create(findings=found)
        newest = list(Examination.objects.values_list("pk", flat=True)[:KEPT])
        Examination.objects.exclude(pk__in=newest).delete()


def is_awaited() -> bool:
    """Whether somebody asked, and the doctor has not come to the end."""
    return Job.objects.filter(task=TASK, state__in=[Job.State.WAITING, Job.State.RUNNING]).exists()
