"""Workers die at the steps from a file in a folder to its document: each file becomes one document, and none is lost."""

from __future__ import annotations

import json

import pytest

from annotation.models import Arrival, Document, Source
from tests.chaos.child import SOURCE_STEPS
from tests.chaos.compare import failed_jobs
from tests.chaos.processes import until
from tests.factories import make_pdf

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(600)]

TIMES = "lease=3,beat=1,reap=1,tick=0.5,pauses=0.02"
LONG = [(step, when) for step in SOURCE_STEPS for when in ("before", "after")]
SHORT = [
    ("annotation.sources.looking._keep", "after"),
    ("annotation.intake.receive", "after"),
    ("annotation.sources.folder.Folder.settle", "before"),
]


def test_workers_die_on_the_way_from_a_folder_and_every_file_is_one_document(install, tmp_path, full, report):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    every_second = json.dumps({"annotation.look_at_sources": 1})
    installation = install(TIMES=TIMES, TIMETABLE=every_second, DOCLOOP_SOURCE_ROOTS=str(inbox))
    Source.objects.create(
        name="inbox", kind="folder", settings={"path": str(inbox), "after": "move"}, created_by="otto"
    )
    installation.start("valkey", "worker-light", "worker-reading", "beat")
    points = LONG if full else SHORT
    for number, (step, when) in enumerate(points, start=1):
        installation.arm(step, when, "exit")
        make_pdf(inbox / f"{number}.pdf", f"Invoice {number}, total {number}.50")

        def at_rest(number: int = number) -> bool:
            # one death for each file: one at which five workers die would be given up
            installation.watch()
            left = Arrival.objects.exclude(state="taken") | Arrival.objects.filter(settled=False)
            return not installation.armed() and Arrival.objects.count() == number and not left.exists()

        until(f"a death {when} {step}, and its file to be taken", at_rest)
    report(f"{len(points)} deaths, {Document.objects.count()} documents of {len(points)} files")
    assert Document.objects.count() == Arrival.objects.values("document").distinct().count() == len(points)
    assert len(list((inbox / "taken").iterdir())) == len(points)
    assert not list(inbox.glob("*.pdf"))
    assert not [job for job in failed_jobs() if "source" in str(job) or "arrival" in str(job)]
