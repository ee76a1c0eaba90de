"""The broker forgets what was queued, or sends it again: the rows are the truth, and each is done once."""

from __future__ import annotations

import time

import pytest

from annotation.models import Correction, Job
from models.registry import Registry
from tests.chaos.compare import failed_jobs
from tests.chaos.processes import until
from tests.chaos.scenes import scene, settled
from tests.chaos.storm import Storm
from tests.chaos.test_trainings import FITTED, ended
from tests.learner.test_training import asked, corrected_type

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_broker_that_forgets_all_that_is_queued_loses_nothing(install, seed, full, report):
    """T10."""
    installation = install()  # leases and looks as they are
    documents = 200 if full else 30
    storm = Storm(installation, scene(installation, documents), seed)
    installation.stop("worker-light", "beat")
    for task in installation.told("tasks"):
        content = storm.content(task["document"])
        installation.act("submit", task=task["id"], result=content, delays=[0.0])
    collecting = Job.objects.filter(task="annotation.collect_task", state=Job.State.WAITING)
    until("every notice to be a waiting job", lambda: collecting.count() == documents or None)
    broker = installation.broker()
    # A message follows its row's commit: the last ones are still on their way when the last row is seen.
    until("every job's message to be queued", lambda: broker.llen("light") >= documents or None)
    queued = broker.llen("light")
    broker.flushall()
    assert broker.llen("light") == 0
    wiped = time.monotonic()
    installation.start("worker-light")
    until("the first correction", lambda: Correction.objects.exists() or None)
    first = time.monotonic() - wiped
    findings, _ = settled(installation, 300)
    report(
        f"{queued} messages wiped, {documents} jobs: {findings}; the first {first:.1f} s after the wipe (with the start "
        f"of the worker), the last {time.monotonic() - wiped:.1f} s"
    )
    assert findings.clean, findings.told()
    assert findings.annotations == documents == Correction.objects.count()
    assert not failed_jobs()


@pytest.mark.parametrize("mutant", ["", "rows"], ids=["rows", "messages-only"])
def test_a_training_that_is_longer_than_the_visibility_timeout_runs_once(
    install, mlflow_url, report, full, mutant
):
    """T11, and T3: where the message is the job and acknowledged late, the broker sends it again."""
    if mutant and not full:
        pytest.skip("in the long form")
    visible, lasts = (5, 20) if full else (2, 8)
    installation = install(
        mlflow_url=mlflow_url, TIMES=f"visibility={visible},reap=1", WATCHED=FITTED, MUTANT=mutant
    )
    run = asked(corrected_type(14, project_id=None))
    installation.arm(FITTED, "before", str(lasts))
    installation.another("worker-training", "worker-training-2")
    installation.start("valkey")
    installation.start("worker-training", "worker-training-2")
    until("the training to begin", lambda: installation.fired(FITTED, "before") or None)
    time.sleep(lasts)
    ended(installation, run)
    times = len(installation.passed(FITTED))
    report(
        f"{mutant or 'no'} mutant: a {lasts} s training, visibility timeout {visible} s: run {times} times"
    )
    if mutant:
        assert times > 1
    else:
        assert times == 1
        assert len(Registry(mlflow_url).versions(run.document_type.name)) == 1
