"""A timetable in, jobs out at their due times: one run of each, however many beats tick, and one after a long stop."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from annotation import doorbell
from annotation.models import Schedule

NOTHING = 0  # the subject of a timed job


def tick() -> list[str]:
    """Enqueue a job for every timed task that is due; answers their names."""
    rung = []
    for name, pause in settings.TIMETABLE.items():
        with transaction.atomic():
            Schedule.objects.get_or_create(name=name)
            # the update is the claim: of several beats, one finds the old due time; by the database's clock,
            # so that hosts whose clocks differ agree
            if Schedule.objects.filter(name=name, next_due__lte=Now()).update(next_due=Now() + pause):
                doorbell.enqueue(name, NOTHING)
                rung.append(name)
    return rung
