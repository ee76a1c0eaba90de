"""T15: a database that takes nothing for a while: the endpoint says so, nothing is half written, and it mends alone.

The endpoint is Django's live server; Label Studio is the stand-in in memory.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from django.db import DatabaseError, connection

from annotation import inbox, jobs, sweep, webhooks
from annotation.models import Correction, DirtyTask, Document, Job
from tests.annotation.stand_in import install as stand_in
from tests.annotation.stand_in import result
from tests.factories import make_document, make_type

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]


@contextmanager
def read_only() -> Iterator[None]:
    """As PostgreSQL is when it stands by, or when its operator saves a full disk: everybody reads, nobody writes."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])

    def become(state: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")  # for this one
            cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {state}")
            # whoever is connected has begun under the other rule
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()

    become("on")
    try:
        yield
    finally:
        become("off")


def test_a_database_that_takes_nothing_for_a_while_costs_time_only(live_server, monkeypatch, full, report):
    studio = stand_in(monkeypatch)
    kind = make_type()
    documents = [make_document(kind) for _ in range(50 if full else 10)]
    tasks = {studio.push(document): document for document in documents}

    def notice(task_id: int) -> int:
        body = {"action": "ANNOTATION_CREATED", "task": {"id": task_id}}
        url = f"{live_server.url}/hooks/label-studio/{kind.name}/"
        headers = {webhooks.HEADER: webhooks.secrets(kind.name)[0]}
        return httpx.post(url, json=body, headers=headers).status_code

    answers = []
    with read_only():
        for task_id, document in tasks.items():
            studio.submit(task_id, result(document, {"total": "12.90"}))
            answers.append(notice(task_id))
        with pytest.raises(DatabaseError):
            sweep.sweep_project(kind.pk)
    left = DirtyTask.objects.count() + Job.objects.count() + Correction.objects.count()
    first = next(iter(tasks))
    taken = notice(first)
    began = time.monotonic()
    sweep.sweep_project(kind.pk)
    for job in Job.objects.filter(task="annotation.collect_task"):
        jobs.run(job.pk, inbox.collect_task)
    confirmed = Document.objects.filter(state=Document.State.CONFIRMED).count()
    rows = Correction.objects.count()
    recovered = Correction.objects.filter(noticed_by="sweep").count()
    report(
        f"{len(answers)} notices answered {sorted(set(answers))}, {left} rows left by them; then {taken}, and one sweep: "
        f"lost {len(documents) - confirmed}, duplicated {rows - len(documents)}, unexpected 0, recovered {recovered}, "
        f"in {time.monotonic() - began:.1f} s"
    )
    assert (set(answers), left, taken) == ({503}, 0, 202)
    assert (confirmed, rows, recovered) == (len(documents), len(documents), len(documents) - 1)
