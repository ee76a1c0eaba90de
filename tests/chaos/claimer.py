"""Several processes that go for the same rows at once: `python -m tests.chaos.child tests.chaos.claimer WHAT HOW_MANY OUT`.

With `claim`, each tries to claim every waiting job and appends a line to OUT for each that it got; with `mark`, each
marks one task dirty 400 times.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from django.db import connection

from annotation import doorbell, inbox, jobs
from annotation.models import Job

MARKS = 400
TASK = 7


def claim_all(out: Path) -> None:
    ids = list(Job.objects.filter(state=Job.State.WAITING).values_list("pk", flat=True))
    random.Random(os.getpid()).shuffle(ids)
    with out.open("a", buffering=1) as file:
        for job_id in ids:
            if job := jobs.claim(job_id):
                file.write(f"{job.pk}\n")
                jobs.finish(job)


def mark_often(_out: Path) -> None:
    for _ in range(MARKS):
        inbox.mark_dirty([TASK], noticed_by="webhook")


def main(what: str, how_many: int, out: Path) -> int:
    doorbell.send = lambda jobs: None  # there is no broker here
    children = []
    for _ in range(how_many):
        if not (child := os.fork()):
            {"claim": claim_all, "mark": mark_often}[what](out)
            connection.close()
            os._exit(0)
        children.append(child)
    return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
