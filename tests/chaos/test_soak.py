"""T26: people work for long, models are trained and processes die: nothing is lost, nothing grows, nothing waits.

pytest tests/chaos/test_soak.py --chaos-soak         # ten minutes
pytest tests/chaos/test_soak.py --chaos-soak 120     # as long as it takes to see what grows slowly
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import psutil
import pytest
from django.db.models.functions import Now
from django.utils import timezone

from annotation.errors import Refused
from annotation.models import Correction, DocumentType, Job
from learner import triggers
from learner.models import ModelVersion, Run
from models.registry import Registry
from tests.chaos.compare import failed_jobs
from tests.chaos.processes import Installation, until
from tests.chaos.scenes import TIMES, scene, settled
from tests.chaos.storm import Storm
from webapp.embedded.programs import OURS as PROGRAMS

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(4 * 3600)]

DOCUMENTS = 40
PACE = 1.0  # seconds between two events
# seconds between two trainings, and two kills: of two hours, so many parts; of less, so that what was killed can come back
TRAININGS, SOONEST_TRAINING = 12, 120
KILLS, SOONEST_KILL = 24, 60
LOOK = 10  # seconds between two looks at the processes
LONGEST_WAIT = 60  # seconds that a job that is due may wait
SLOPE = 1.0  # MB an hour
LONG = 60  # minutes, from which on a slope can be told from the memory that a process takes as it begins
MORE_FILES = 10  # open ones, of one process between a look when it had begun and its last
BEGINS = 60  # seconds: what a process opens in them, it opens once


@dataclass
class Watch:
    """What was seen of each process that lived, and of what waited."""

    installation: Installation
    seen: dict[tuple[str, int], list[tuple[float, float, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    longest_wait: float = 0.0

    def look(self) -> None:
        for name in PROGRAMS:  # the stand-in for Label Studio may grow
            for each in family(self.installation.running[name].pid):
                try:
                    megabytes = each.memory_info().rss / 2**20
                    told = (time.monotonic(), megabytes, each.num_fds())
                except psutil.NoSuchProcess:
                    continue
                self.seen[name, each.pid].append(told)
        due = Job.objects.filter(state=Job.State.WAITING, due_at__lte=Now()).order_by("due_at").first()
        if due:
            self.longest_wait = max(self.longest_wait, (timezone.now() - due.due_at).total_seconds())

    def slopes(self, least: float) -> dict[str, float]:
        """MB an hour by program: the steepest of its processes that were seen for `least` seconds, after the first fifth."""
        steepest: dict[str, float] = {}
        for (name, _pid), looks in self.seen.items():
            if looks[-1][0] - looks[0][0] < least:
                continue
            late = looks[len(looks) // 5 :]
            slope = float(np.polyfit([3600**-1 * at for at, *_ in late], [mb for _, mb, _ in late], 1)[0])
            steepest[name] = max(steepest.get(name, -np.inf), slope)
        return steepest

    def more_files(self) -> dict[str, int]:
        """By program how many more files a process had open at its last look than when it had begun, at the most."""
        most: dict[str, int] = {}
        for (name, _pid), looks in self.seen.items():
            later = [files for at, _, files in looks if at - looks[0][0] >= BEGINS]
            if later:
                most[name] = max(most.get(name, 0), later[-1] - later[0])
        return most


def family(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def test_nothing_is_lost_and_nothing_grows_in_a_long_time(install, mlflow_url, seed, request, report):
    minutes = request.config.getoption("--chaos-soak")
    if not minutes:
        pytest.skip("with --chaos-soak")
    installation = install(mlflow_url=mlflow_url, TIMES=TIMES)
    storm = Storm(installation, document_type := scene(installation, DOCUMENTS, PROGRAMS), seed)
    watch = Watch(installation)
    killed = work(storm, watch, 60 * minutes)
    runs = Run.objects.filter(document_type=document_type)

    def all_ended() -> bool | None:
        installation.watch()
        return not runs.filter(state__in=triggers.LIVE).exists() or None

    until("the last training to end", all_ended, 180)
    findings, _ = settled(installation)
    finished, versions = (
        runs.filter(state=Run.State.FINISHED).count(),
        len(Registry(mlflow_url).versions(document_type.name)),
    )
    slopes, files = watch.slopes(30 * minutes), watch.more_files()
    told = ", ".join(f"{name} {slope:+.1f}" for name, slope in sorted(slopes.items()))
    report(
        f"{minutes} min, load {os.getloadavg()[0]:.1f}: {findings}; {Correction.objects.count()} rows in the ledger; "
        f"{len(killed)} kills; {finished} of {runs.count()} trainings finished, {versions} versions; longest wait of a due "
        f"job {watch.longest_wait:.0f} s; MB an hour at the most, of processes that lived for half of it: {told}; more open "
        f"files: {files}"
    )
    assert findings.clean, findings.told()
    assert not failed_jobs()
    assert versions == ModelVersion.objects.count() == finished == runs.count()
    assert watch.longest_wait <= LONGEST_WAIT
    assert max(files.values(), default=0) <= MORE_FILES
    if minutes >= LONG:
        assert max(slopes.values()) <= SLOPE


def work(storm: Storm, watch: Watch, seconds: float) -> list[str]:
    """An event each second; trainings and kills at their times. Answers which programs were killed."""
    installation, killed = storm.installation, []
    began = time.monotonic()
    looked, asked = began, 0
    pause = max(seconds / KILLS, SOONEST_KILL)
    training_pause = max(seconds / TRAININGS, SOONEST_TRAINING)
    while (passed := time.monotonic() - began) < seconds:
        storm.event()
        installation.watch()
        if passed > pause * (len(killed) + 1):
            killed.append(installation.kill(storm.chance.choice(PROGRAMS)))
        if passed > training_pause * (asked + 1):
            asked += 1
            train(storm.document_type)
        if time.monotonic() - looked >= LOOK:
            looked = time.monotonic()
            watch.look()
        time.sleep(max(0.0, PACE - (time.monotonic() - began - passed)))
    return killed


def train(document_type: DocumentType) -> None:
    with suppress(Refused):  # one is running, or too few documents are answered yet
        triggers.ask(document_type, trigger="by hand")
