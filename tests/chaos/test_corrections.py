"""Whatever is killed, and whatever Label Studio doesn't tell: after the storm the ledger says what Label Studio says.

People correct, change their minds, skip, delete and do what Label Studio never announces, while any process is killed
at random and notices arrive 0 to 3 times, late and in any order.
"""

from __future__ import annotations

import time

import pytest

from annotation.models import Document
from tests.chaos.compare import Findings, compare, failed_jobs
from tests.chaos.processes import Installation, until
from tests.chaos.scenes import OURS, TIMES, scene, settled
from tests.chaos.storm import Storm

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(1200)]


def weather(
    storm: Storm, *, events: int, kills: int, pace: float, programs: tuple[str, ...] = OURS
) -> list[str]:
    """`events` things happen, and `kills` of the programs' processes die meanwhile; answers which."""
    killed = []
    at = sorted(storm.chance.sample(range(events), kills))
    for number in range(events):
        storm.event()
        storm.installation.watch()
        if number in at:
            killed.append(storm.installation.kill(storm.chance.choice(programs)))
        time.sleep(pace)
    return killed


@pytest.mark.parametrize("hooks", [True, False], ids=["hooks", "no-hooks"])
def test_no_correction_is_lost_whatever_is_killed(install, seed, full, report, hooks):
    """T1, and T2 with no webhook at all."""
    installation = install(TIMES=TIMES)
    events, kills = (500, 50) if full else (60, 6)
    storm = Storm(installation, scene(installation, 40 if full else 15), seed)
    storm.hooks = hooks
    killed = weather(storm, events=events, kills=kills, pace=0.05)
    findings, took = settled(installation)
    sent = installation.truth()["sent"]
    report(
        f"{events} events, {len(killed)} kills, notices {sent}; {findings}; at rest {took:.1f} s after the last"
    )
    assert findings.clean, findings.told()
    assert not failed_jobs()
    if not hooks:
        assert findings.recovered == findings.annotations
    assert Document.objects.filter(state=Document.State.CONFIRMED).exists()


# T3: each defence is seen to be needed


def caught(installation: Installation, look: str, seconds: float = 30.0) -> Findings:
    """The comparison when it has found something of this kind for good, else as it is after `seconds`."""
    began, streak = time.monotonic(), 0
    while True:
        findings = compare(installation.truth())
        streak = streak + 1 if getattr(findings, look) else 0
        if streak >= 25 or time.monotonic() - began > seconds:
            return findings
        time.sleep(0.2)


def test_without_the_sweeper_corrections_are_lost(install, seed, full, report):
    installation = install(TIMES=TIMES, MUTANT="sweeper")
    storm = Storm(installation, scene(installation, 12), seed)
    weather(storm, events=200 if full else 40, kills=0, pace=0.02)
    findings = caught(installation, "lost")
    report(f"sweeper off: {findings}")
    assert findings.lost, findings.told()


def test_without_deduplication_corrections_are_counted_twice(install, seed, report):
    installation = install(TIMES=TIMES, MUTANT="deduplication")
    storm = Storm(installation, scene(installation, 4), seed)
    task = storm.installation.told("tasks")[0]
    storm.installation.act(
        "submit",
        task=task["id"],
        result=storm.content(task["document"]),
        delays=[0.0, 2.0, 4.0],  # three deliveries of one notice, each after the one before was worked off
    )
    findings = caught(installation, "duplicated")
    report(f"de-duplication off: {findings}")
    assert findings.duplicated, findings.told()


def test_without_the_pointer_an_edit_back_is_lost(install, seed, full, report):
    if not full:
        pytest.skip("in the long form")
    installation = install(TIMES=TIMES, MUTANT="pointer")
    storm = Storm(installation, scene(installation, 4), seed)
    task = storm.installation.told("tasks")[0]
    first, second = storm.content(task["document"]), storm.content(task["document"])
    told = {"task": task["id"], "delays": [0.0]}
    annotation = storm.installation.act("submit", result=first, **told)
    until("the first to be recorded", lambda: compare(installation.truth()).clean or None)
    storm.installation.act("edit", annotation=annotation, result=second, **told)
    until("the second to be recorded", lambda: compare(installation.truth()).clean or None)
    storm.installation.act("edit", annotation=annotation, result=first, **told)
    findings = caught(installation, "stale")
    report(f"known contents passed over: {findings}")
    assert findings.stale, findings.told()
