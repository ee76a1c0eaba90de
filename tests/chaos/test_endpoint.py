"""T8: Label Studio's notices while a training has both cores: each is taken, and nobody waits for it.

Label Studio waits one second for an answer, and its annotator waits as long; a notice that isn't taken is never sent again.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace

import httpx
import pytest
from django.db.models import Sum

from annotation import webhooks
from annotation.models import DirtyTask, DocumentType
from learner.models import Run
from tests.chaos.processes import Installation, until
from tests.chaos.test_trainings import FITTED
from tests.learner.test_training import asked, corrected_type

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(600)]

RATE = 50  # notices a second
TASKS = 100  # that they are about, in turn
ENDLESS = {"epochs": 100_000, "patience": 100_000, "max_minutes": 600.0}
LABEL_STUDIO_WAITS = 1.0  # seconds
TEXT = "as Label Studio sends the whole document along, of which nothing is read. " * 30


def test_every_notice_is_taken_while_a_training_has_both_cores(install, mlflow_url, settings, full, report):
    installation = install(mlflow_url=mlflow_url, DOCLOOP_TRAINING_THREADS="2")
    settings.CONFIG = installation.config
    if full:
        niced(installation, "worker-training")
    run = endless_training(installation)
    seconds = 60 if full else 4
    answers = asyncio.run(notices(installation, run.document_type, seconds))
    load = os.getloadavg()[0]
    statuses = sorted({status for status, _ in answers})
    took = sorted(1000 * each for _, each in answers)
    p50, p99 = (took[int(share * len(took))] for share in (0.5, 0.99))
    counted = DirtyTask.objects.aggregate(n=Sum("seq"))["n"]
    run.refresh_from_db()
    report(
        f"{len(answers)} notices at {RATE} a second beside a training of 2 threads, load {load:.1f}: answered {statuses}, "
        f"lost {len(answers) - counted}; half within {p50:.0f} ms, 99 % within {p99:.0f} ms, all within {took[-1]:.0f} ms"
    )
    assert statuses == [202]
    assert counted == len(answers) == RATE * seconds
    assert run.state == Run.State.RUNNING
    if full:
        assert p99 <= 100
        assert took[-1] < 1000 * LABEL_STUDIO_WAITS


def niced(installation: Installation, name: str) -> None:
    """As `manage.py up` starts it. Other tests don't: beside a busy test suite it would wait for minutes."""
    program = installation.programs[name]
    command = ["nice", "-n", str(program.niceness), *program.command]
    installation.programs[name] = replace(program, command=command)


def endless_training(installation: Installation) -> Run:
    """The fine-tuning of a network, which does not come to its end."""
    run = asked(corrected_type(24, project_id=None, extractor="layoutlm", recipe=ENDLESS))
    installation.arm(FITTED, "before", "0")
    installation.start("valkey")
    installation.start("web", "worker-training")
    until("the training to begin", lambda: installation.fired(FITTED, "before") or None)
    return run


async def notices(
    installation: Installation, document_type: DocumentType, seconds: int
) -> list[tuple[int, float]]:
    """Status and seconds of each answer, to notices that leave at their time whether or not the last was answered."""
    url = f"{installation.values['url']}/hooks/label-studio/{document_type.name}/"
    headers = {webhooks.HEADER: webhooks.secrets(document_type.name)[0]}

    async def one(number: int, at: float) -> tuple[int, float]:
        await asyncio.sleep(at - time.monotonic())
        body = {
            "action": "ANNOTATION_UPDATED",
            "task": {"id": 1 + number % TASKS, "data": {"text": TEXT}},
            "annotation": {"id": number, "result": []},
        }
        began = time.monotonic()
        answer = await client.post(url, json=body, headers=headers)
        return answer.status_code, time.monotonic() - began

    # Label Studio connects anew for each
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:
        begin = time.monotonic() + 0.5
        count = RATE * seconds
        return await asyncio.gather(*(one(n, begin + n / RATE) for n in range(count)))
