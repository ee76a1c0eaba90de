"""Which of the services that Docloop leans on answer, asked with short patience."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from urllib.error import URLError
from urllib.request import urlopen

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotation.models import Job

PATIENCE = 2  # seconds
LATE = timedelta(minutes=2)  # a due job that waits longer has no worker to do it, or stands in a long line


@dataclass(frozen=True, slots=True)
class Service:
    """One service, and what it said."""

    name: str
    ok: bool
    said: str


def check() -> list[Service]:
    """All of them at once, so that several dead ones cost no more than one."""
    asked: dict[str, Callable[[], str]] = {
        "Broker": _broker,
        "Label Studio": lambda: _http(settings.CONFIG.label_studio_url, "/health"),
        "MLflow": lambda: _http(settings.CONFIG.mlflow_url, "/health"),
    }
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = {name: threads.submit(ask) for name, ask in asked.items()}
    found = [Service("Workers", *workers())]
    for name, answer in answers.items():
        problem = answer.exception()
        if problem:
            found.append(Service(name, False, f"does not answer ({type(problem).__name__})"))
        else:
            found.append(Service(name, True, answer.result()))
    return found


def database_problem() -> str:
    """Why no request can be answered; "" if the database answers and has this release's tables."""
    try:
        missing = missing_migrations()
    except DatabaseError:
        return "the database does not answer"
    return "the database lacks tables of this release: manage.py migrate" if missing else ""


def missing_migrations() -> list[str]:
    """Those of this release that the database has not seen, as `app.name`; raises `DatabaseError`."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{each.app_label}.{each.name}" for each, _ in plan]


def _nobody_works() -> bool:
    """Whether work is due for minutes that no worker takes; one query.

    A long line that gets shorter, of uploads say, is none: the like of its first was done lately, or is being done.
    """
    now = timezone.now()
    held = Q(state=Job.State.RUNNING, lease_until__gt=now)
    done = Q(state=Job.State.DONE, finished_at__gt=now - LATE)
    alike = Job.objects.filter(held | done, task=OuterRef("task"))
    late = Job.objects.filter(state=Job.State.WAITING, due_at__lt=now - LATE).order_by("due_at")
    first = late.values_list(Exists(alike), flat=True).first()
    return first is False


def workers() -> tuple[bool, str]:
    """Whether somebody does what is due, and how much there is, in words: told by the jobs."""
    waiting = Job.objects.filter(state=Job.State.WAITING).count()
    running = Job.objects.filter(state=Job.State.RUNNING).count()
    said = f"{running} job{'' if running == 1 else 's'} running, {waiting} waiting"
    if _nobody_works():
        return False, f"{said}; the oldest has been due for more than two minutes, and no worker takes it"
    return True, said


def _broker() -> str:
    with current_app.connection_for_write(connect_timeout=PATIENCE) as connection:
        connection.ensure_connection(max_retries=1, timeout=PATIENCE)
    return "answers"


def _http(base: str, path: str) -> str:
    address = base.rstrip("/") + path
    if not address.startswith(("http://", "https://")):
        raise URLError("not an http address")
    with urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310  # http alone, as was just seen
        return f"answers at {base}" if answer.status < 400 else f"answers {answer.status}"
