"""Docloop's own programs, run as `manage.py up` runs them, with something broken on purpose: for chaos tests only.

    python -m tests.chaos.child celery -A webapp.celery worker …

Everything is asked for in the environment, by whoever tests:

- MUTANT=sweeper: one defence is off (`MUTANTS`), so that a test is seen to fail without it;
- FAILPOINTS=folder: a file `annotation.ledger.record before` in its folder `armed` says what happens at that step: `exit`,
  `stop` or a number of seconds. The first process that comes there takes the file away, and exits with 9, stops
  (SIGSTOP) or sleeps;
- WATCHED=name,name: each pass of these steps is a line of the file `passed` in that folder;
- TIMES=lease=3,beat=1,…: shorter leases, heartbeats, pauses;
- TIMETABLE={"annotation.forget_jobs": 2}: another timetable, in seconds;
- CLOCK=600: this process's clock is wrong by that many seconds.
"""

from __future__ import annotations

import functools
import json
import os
import runpy
import signal
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import django

# from the file to the champion: 33 steps, each of which a process may die before and after
STEPS = (
    # a file comes, is read, extracted and put in front of people
    "annotation.reading.keep_pages",
    "annotation.page_store.keep_some",
    "annotation.extraction._extract",
    "annotation.queueing._choose",
    "annotation.queueing._push",
    "annotation.label_studio.push_tasks",
    "annotation.queueing._arrived",
    # somebody corrects it
    "annotation.inbox.mark_dirty",
    "annotation.label_studio.fetch_task",
    "annotation.ledger.record",
    "annotation.ledger.settle",
    "annotation.inbox._update",
    "annotation.sweep.differences",
    # whatever happens: jobs
    "annotation.doorbell.enqueue",
    "annotation.jobs.claim",
    "annotation.jobs.finish",
    # a model learns from it
    "learner.triggers.ask",
    "learner.snapshots.take",
    "learner.suspects.before_training",
    "models.registry.Registry.start_run",
    "learner.training._fitted",
    "learner.evaluation.answers",
    # and is registered
    "models.registry.Registry.log_model",
    "models.registry.Registry.register",
    "learner.registering.version_of",
    "learner.promotion.challenge",
    "learner.training._keep",
    # and promoted
    "learner.decision.decide",
    "learner.promotion.promote",
    "learner.training._end",
    "learner.aliases.mirror_aliases",
    "models.registry.Registry.point",
    "annotation.extraction.extract_pool",
)
# from a file in a folder to its document: 6 more
SOURCE_STEPS = (
    "annotation.sources.looking._keep",
    "annotation.sources.taking._begin",
    "annotation.sources.folder.Folder.fetch",
    "annotation.intake.receive",
    "annotation.sources.taking._end",
    "annotation.sources.folder.Folder.settle",
)
POINTS = tuple((step, when) for step in STEPS for when in ("before", "after"))


def main(module: str, arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    import webapp.celery

    django.setup()
    # modAL brings torch along, which takes 5 s at each of many starts, and no document here needs it
    webapp.celery.PRELOADED = ("label_studio_sdk",)
    _set_times(os.environ.get("TIMES", ""))
    _set_timetable(os.environ.get("TIMETABLE", ""))
    _set_clock(float(os.environ.get("CLOCK", 0)))
    for mutant in filter(None, os.environ.get("MUTANT", "").split(",")):
        MUTANTS[mutant]()
    if folder := os.environ.get("FAILPOINTS"):
        for step in (*STEPS, *SOURCE_STEPS):
            _watch(step, Path(folder))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


# where a process dies


def _watch(step: str, folder: Path) -> None:
    """Have each pass of a step look whether something is to happen there."""
    owner, name = _owner(step)
    real = getattr(owner, name)
    told = step in os.environ.get("WATCHED", "").split(",")

    @functools.wraps(real)
    def watched(*arguments: Any, **more: Any) -> Any:
        if told:
            _note(folder, step)
        _perhaps(folder, step, "before")
        answer = real(*arguments, **more)
        _perhaps(folder, step, "after")
        return answer

    setattr(owner, name, watched)


def _owner(step: str) -> tuple[Any, str]:
    """The module or class that has the function, and its name there."""
    path, _, name = step.rpartition(".")
    try:
        return import_module(path), name
    except ModuleNotFoundError:
        module, _, kind = path.rpartition(".")
        return getattr(import_module(module), kind), name


def _note(folder: Path, step: str) -> None:
    with (folder / "passed").open("a") as file:
        file.write(f"{step} {os.getpid()} {time.time():.3f}\n")


def _perhaps(folder: Path, step: str, when: str) -> None:
    armed, fired = (folder / state / f"{step} {when}" for state in ("armed", "fired"))
    if not armed.exists():
        return
    try:
        armed.rename(fired)
    except FileNotFoundError:  # another process was faster
        return
    action = fired.read_text()
    (folder / "fired" / f"{fired.name}.pid").write_text(str(os.getpid()))
    if action == "exit":
        os._exit(9)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        time.sleep(float(action))


# times


def _set_times(wanted: str) -> None:
    from django.conf import settings

    from annotation import jobs, label_studio

    for each in filter(None, wanted.split(",")):
        name, _, seconds = each.partition("=")
        if name == "pauses":  # a factor: what takes minutes takes seconds
            jobs.PAUSES = [pause * float(seconds) for pause in jobs.PAUSES]
        elif name == "tick":  # how often beat looks
            settings.CELERY_BEAT_SCHEDULE["tick"]["schedule"] = float(seconds)
        elif name == "timeout":
            label_studio.TIMEOUT = float(seconds)  # type: ignore[assignment]
        elif name == "visibility":
            settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] = float(seconds)
            settings.CELERY_BROKER_TRANSPORT_OPTIONS["unacked_restore_interval"] = 1
            settings.CELERY_BROKER_TRANSPORT_OPTIONS["unacked_restore_throttle"] = 1
        else:
            setattr(jobs, name.upper(), timedelta(seconds=float(seconds)))


def _set_timetable(wanted: str) -> None:
    from django.conf import settings

    if wanted:
        settings.TIMETABLE = {name: timedelta(seconds=s) for name, s in json.loads(wanted).items()}


def _set_clock(wrong_by: float) -> None:
    """The clocks that Python, Celery and Django read; the database's is not ours."""
    if not wrong_by:
        return
    import celery.app.base
    from django.utils import timezone

    clock, app_now, django_now = time.time, celery.app.base.Celery.now, timezone.now
    time.time = lambda: clock() + wrong_by
    celery.app.base.Celery.now = lambda app: app_now(app) + timedelta(seconds=wrong_by)  # type: ignore[method-assign]
    timezone.now = lambda: django_now() + timedelta(seconds=wrong_by)


# defences that are off


def _without_sweeper() -> None:
    from annotation import sweep

    def sweep_project(type_id: int) -> None:
        pass

    sweep.sweep_project = sweep_project


def _without_deduplication() -> None:
    from annotation import ledger

    ledger.content_hash = lambda *_: uuid.uuid4().hex * 2  # type: ignore[assignment]


def _without_pointer() -> None:
    """A content that was recorded before is thought to be known, and passed over: an edit back is lost."""
    from annotation import ledger
    from annotation.models import Correction, CurrentAnnotation

    point = ledger._point

    def only_new(current: Sequence[CurrentAnnotation]) -> None:
        newer = {
            each.annotation_id
            for each in current
            if Correction.objects.filter(annotation_id=each.annotation_id, pk__gt=each.correction_id).exists()
        }
        point([each for each in current if each.annotation_id not in newer])

    ledger._point = only_new


def _without_fencing() -> None:
    from annotation import jobs
    from annotation.models import Job

    jobs.assert_held = lambda: None
    jobs._held = lambda job: Job.objects.filter(pk=job.pk)


def _without_claims() -> None:
    """A job is looked at, and then taken: between the two somebody else may do the same."""
    from annotation import jobs
    from annotation.models import Job

    def claim(job_id: int) -> Job | None:
        job = Job.objects.filter(pk=job_id, state=Job.State.WAITING).first()
        if job is None:
            return None
        time.sleep(0.002)
        job.state, job.attempt = Job.State.RUNNING, job.attempt + 1
        job.save(update_fields=["state", "attempt"])
        return job

    jobs.claim = claim


def _without_isolation() -> None:
    """Files that strangers sent are opened by the worker itself, within the same limits."""
    import resource

    from models import sandbox

    def run(job: str, request: dict[str, Any], *, name: str, limits: sandbox.Limits) -> Any:
        from models import nursery

        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, resource.RLIM_INFINITY))
        return nursery.JOBS[job](request, limits)

    sandbox.run = run


def _without_rows() -> None:
    """The message is the job, and acknowledged when it is done: what Celery's own page advises."""
    from celery import shared_task

    from annotation import jobs
    from annotation.models import Job

    def job(name: str, about: str = "") -> Callable[[Callable[[int], None]], Any]:
        def decorate(work: Callable[[int], None]) -> Any:
            @shared_task(name=name, acks_late=True, reject_on_worker_lost=True)
            def task(job_id: int) -> None:
                found = Job.objects.filter(pk=job_id)
                found.update(state=Job.State.RUNNING)
                work(found.get().subject)
                found.update(state=Job.State.DONE)

            return task

        return decorate

    jobs.job = job  # type: ignore[assignment]


def _without_keys() -> None:
    """Nobody finds again in MLflow what a worker before this one began there."""
    from learner import training

    training.run_key = lambda run, snapshot: uuid.uuid4().hex


MUTANTS: dict[str, Callable[[], None]] = {
    "sweeper": _without_sweeper,
    "deduplication": _without_deduplication,
    "pointer": _without_pointer,
    "fencing": _without_fencing,
    "claims": _without_claims,
    "isolation": _without_isolation,
    "rows": _without_rows,
    "keys": _without_keys,
}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
