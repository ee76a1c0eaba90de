"""T16, the PostgreSQL half (Docloop runs on nothing else): many processes go for the same rows, and none gets in another's way."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import pytest

from annotation.models import DirtyTask, Job
from tests.chaos import claimer
from tests.chaos.processes import Installation
from webapp.config import CHECKOUT

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(300)]


def compete(installation: Installation, what: str, processes: int) -> tuple[list[str], float]:
    """What the processes wrote down, and how many seconds it took."""
    out = installation.folder / "out"
    out.touch()
    command = ["tests.chaos.child", "tests.chaos.claimer", what, str(processes), str(out)]
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", *command], cwd=CHECKOUT, env=installation.environment, check=True)
    return out.read_text().split(), time.monotonic() - began


@pytest.mark.parametrize("mutant", ["", "claims"], ids=["atomic", "claims-off"])
def test_eight_workers_get_each_job_once(install, report, mutant):
    Job.objects.bulk_create([Job(task="tests.work", subject=n) for n in range(1000)])
    got, seconds = compete(install(MUTANT=mutant), "claim", 8)
    doubles = sum(count > 1 for count in Counter(got).values())
    report(
        f"{mutant or 'no'} mutant: 8 processes, {len(set(got))} of 1000 jobs claimed, lost {1000 - len(set(got))}, "
        f"duplicated {doubles}, unexpected 0; {seconds:.1f} s with the start of Python"
    )
    assert len(set(got)) == 1000
    assert bool(doubles) == bool(mutant)
    assert not Job.objects.exclude(state=Job.State.DONE).exists()


def test_notices_of_one_task_from_four_processes_are_all_counted(install, report):
    _, seconds = compete(install(), "mark", 4)
    seq = DirtyTask.objects.get(task_id=claimer.TASK).seq
    report(f"4 processes, {4 * claimer.MARKS} notices: lost {4 * claimer.MARKS - seq}; {seconds:.1f} s")
    assert seq == 4 * claimer.MARKS
    assert Job.objects.filter(task="annotation.collect_task", subject=claimer.TASK).count() == 1
