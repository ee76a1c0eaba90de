"""T14: three beats, whose clocks are ten minutes apart and whose time zones change their offset: one run of each due time."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db.models.functions import Now

from annotation.models import Job, Schedule
from tests.chaos.processes import until

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(300)]

TIMED = "annotation.forget_jobs"
EVERY = 2  # seconds
BEATS = {  # the slow one comes first, and alone
    "beat": {"CLOCK": "-600", "TZ": "Australia/Lord_Howe"},
    "beat-2": {"CLOCK": "600", "TZ": "America/New_York"},
    "beat-3": {"TZ": "Europe/Berlin"},
}


def test_three_beats_make_one_run_of_each_due_time_and_one_after_a_long_stop(install, full, report):
    installation = install(TIMES="tick=0.5,reap=1", TIMETABLE=f'{{"{TIMED}": {EVERY}}}')
    for name in list(BEATS)[1:]:
        installation.another("beat", name)
    installation.start("valkey")
    installation.start("worker-light", **BEATS["beat-3"])
    for name, clock in BEATS.items():
        installation.start(name, **clock)
        until("the first run", lambda: Job.objects.filter(task=TIMED, state=Job.State.DONE).exists() or None)
    time.sleep(30 if full else 8)
    Schedule.objects.update(next_due=Now() - timedelta(days=30))
    time.sleep(4 * EVERY)
    installation.stop(*BEATS)
    runs = list(Job.objects.filter(task=TIMED).order_by("created_at").values_list("created_at", flat=True))
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(runs)]
    early = [pause for pause in pauses if pause < EVERY]
    report(
        f"3 beats, {len(runs)} runs {min(pauses):.1f}…{max(pauses):.1f} s apart; after 30 days one run early"
    )
    assert len(early) <= 1, "the one that makes up for 30 days may come early, and no other"
    assert len(runs) >= 5
