"""T6: Label Studio is away for ten minutes, then fails in every way for ten more: nothing is given up, nobody is hammered.

Label Studio is a server that really hangs, cuts and truncates; time is virtual: every five seconds of it the timetable
ticks, and the jobs that are due are worked off by this test's process.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from label_studio_sdk.core import http_client
from pydantic import SecretStr

from annotation import doorbell, inbox, jobs, label_studio, projects, queueing, schedules, sweep
from annotation.models import Job, LabelTask, Schedule
from tests.chaos.compare import at_rest, compare
from tests.chaos.processes import TOKEN, Installation
from tests.chaos.storm import Storm
from tests.factories import make_document, make_type

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(1200)]

STEP = 5.0  # virtual seconds
SWEEP = 60.0
FAULTS = ["429", "500", "502", "timeout", "half-open", "truncated", "cut"]
WORK = {
    "annotation.sync_project": projects.sync_project,
    "annotation.fill_queue": queueing.fill_queue,
    "annotation.collect_task": inbox.collect_task,
    "annotation.sweep_project": sweep.sweep_project,
    "annotation.sweep_all": lambda _nothing: sweep.sweep_all(),
}


class VirtualTime:
    """Time passes by moving everything that is due nearer."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept = 0.0
        self.failed: list[str] = []

    def sleep(self, seconds: float) -> None:
        """The SDK waits before it asks again."""
        self.slept += seconds

    def step(self) -> None:
        by = timedelta(seconds=STEP)
        Job.objects.update(due_at=F("due_at") - by)
        Schedule.objects.update(next_due=F("next_due") - by)
        self.now += STEP
        schedules.tick()
        for job in Job.objects.filter(state=Job.State.WAITING, task__in=WORK).order_by("due_at"):
            jobs.run(job.pk, WORK[job.task])
        failed = Job.objects.filter(state=Job.State.FAILED, task__in=WORK)
        self.failed += [f"{job.task}: {job.problem}" for job in failed]

    def until(self, look: Callable[[], bool], most: float) -> float:
        """Virtual seconds until `look` holds."""
        began = self.now
        while not look() and self.now - began < most:
            self.step()
        return self.now - began


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> VirtualTime:
    clock = VirtualTime()
    monkeypatch.setattr(http_client, "time", types.SimpleNamespace(sleep=clock.sleep))
    monkeypatch.setattr(label_studio, "TIMEOUT", 0.3)
    settings.TIMETABLE = {"annotation.sweep_all": timedelta(seconds=SWEEP)}
    return clock


@pytest.fixture
def installation(install: Callable[..., Installation], settings: Any) -> Installation:
    """Label Studio alone is a process."""
    made = install()
    made.start("label-studio")
    settings.CONFIG = settings.CONFIG.model_copy(
        update={
            "label_studio_url": made.values["label_studio_url"],
            "label_studio_token": SecretStr(TOKEN),
            "url": made.values["url"],
        }
    )
    return made


def test_an_outage_of_label_studio_costs_time_and_nothing_else(installation, clock, seed, full, report):
    documents = 20 if full else 8
    document_type = make_type(
        project_id=None, extractor="crf", queue_depth=documents, retrain_after=10**6, second_opinions=0.0
    )
    for _ in range(documents):
        make_document(document_type)
    doorbell.ring("document type changed", document_type.pk)

    def all_open() -> bool:
        return LabelTask.objects.filter(state=LabelTask.State.OPEN).count() == documents

    clock.until(all_open, 300)
    assert all_open()
    storm = Storm(installation, document_type, seed)
    storm.hooks = False  # notices come from a web process, and none runs: what they would mark is marked here

    def people_work(events: int) -> None:
        for _ in range(events):
            storm.event()
        inbox.mark_dirty([task["id"] for task in installation.told("tasks")], noticed_by="webhook")

    # away
    people_work(documents * 2)
    installation.told("faults", {"down": True})
    installation.told("forget-calls")
    for _ in range(int(600 / STEP)):
        clock.step()
    away = len(installation.calls())
    # failing
    installation.told("faults", {"rate": 0.3, "kinds": FAULTS, "hang": 0.6})
    for number in range(int(600 / STEP)):
        if number % 12 == 0:
            people_work(documents // 2)
        clock.step()
    # back
    people_work(documents)
    installation.told("faults", {})
    findings = compare(installation.truth())
    took = clock.until(lambda: at_rest() and compare(installation.truth()).clean, 10 * SWEEP)
    after = compare(installation.truth())
    report(
        f"10 min away: {away / 600:.2f} calls a second; 10 min with 30 % of the calls failing; "
        f"before it was well again {findings}; {took:.0f} virtual s after it {after}; {len(clock.failed)} jobs failed"
    )
    assert after.clean, after.told()
    assert took <= SWEEP + 3 * STEP  # until it is rung for, swept, and collected
    assert away <= 600
    assert clock.failed == []
