"""Trainings that are killed, or stopped and woken: one model version, and nothing written by who came too late."""

from __future__ import annotations

import os
import signal
import time

import pytest

from annotation.models import Job
from learner.models import ModelVersion, Run
from models.registry import Registry
from tests.chaos.processes import Installation, until
from tests.learner.test_training import asked, corrected_type

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(1800)]

QUICK = "lease=4,beat=1,reap=1,pauses=0.1"
FITTED = "learner.training._fitted"


def begun(installation: Installation) -> Run:
    """A training that has come to where it learns, and stays there for an hour."""
    run = asked(corrected_type(14, project_id=None))
    installation.arm(FITTED, "before", "3600")
    installation.start("valkey")
    installation.start("worker-training")
    until("the training to begin", lambda: installation.fired(FITTED, "before") or None)
    return run


def job_of(run: Run) -> Job:
    return Job.objects.get(task="learner.train", subject=run.pk)


def ended(installation: Installation, run: Run) -> None:
    """Wait until the run has."""

    def look() -> bool | None:
        installation.watch()
        run.refresh_from_db()
        return run.state not in (Run.State.WAITING, Run.State.RUNNING) or None

    until("the run to end", look, 180)
    return run


def test_a_killed_training_is_retaken_within_a_minute_and_registers_once(install, mlflow_url, full, report):
    """T13; in long with the leases as they are."""
    installation = install(mlflow_url=mlflow_url, **({} if full else {"TIMES": QUICK}))
    run = begun(installation)
    os.killpg(installation.running["worker-training"].pid, signal.SIGKILL)
    killed = time.monotonic()

    def retaken() -> bool | None:
        installation.watch()
        return job_of(run).attempt == 2 or None

    until("the training to be retaken", retaken)
    took = time.monotonic() - killed
    ended(installation, run)
    versions = Registry(mlflow_url).versions(run.document_type.name)
    leases = "as they are" if full else "shortened to 4 s"
    report(f"killed training retaken after {took:.1f} s (leases {leases}); {len(versions)} version")
    assert (run.state, len(versions)) == (Run.State.FINISHED, 1), run.problem
    if full:
        assert took <= 60


@pytest.mark.parametrize("mutant", ["", "fencing"], ids=["fenced", "fencing-off"])
def test_a_training_that_wakes_after_another_took_over_writes_nothing(
    install, mlflow_url, full, report, mutant
):
    """T12, and T3: without fencing its progress is written over the other's end."""
    if mutant and not full:
        pytest.skip("in the long form")
    installation = install(mlflow_url=mlflow_url, TIMES=QUICK, MUTANT=mutant)
    run = asked(corrected_type(14, project_id=None))
    installation.arm(FITTED, "before", "stop")
    installation.start("valkey")
    installation.start("worker-training")
    zombie = until("the training to stand still", lambda: installation.fired(FITTED, "before") or None)
    installation.another("worker-training", "worker-training-2")
    installation.start("worker-training-2")
    ended(installation, run)
    assert run.stage == "done"
    os.kill(zombie, signal.SIGCONT)
    if mutant:
        until("the zombie to write", lambda: Run.objects.exclude(stage="done").exists() or None)
    else:
        until(
            "the zombie to be refused",
            lambda: "taken over by another worker" in installation.log("worker-training") or None,
        )
    run.refresh_from_db()
    versions = Registry(mlflow_url).versions(run.document_type.name)
    report(f"{mutant or 'no'} mutant: the run says {run.stage!r}; {len(versions)} version")
    assert len(versions) == ModelVersion.objects.count() == 1
    assert (run.stage != "done") == bool(mutant)
    assert job_of(run).attempt == 2
