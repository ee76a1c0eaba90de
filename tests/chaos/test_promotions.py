"""T24: champions change while whoever changes them is killed at random, and twenty readers look on.

Readers never see a type without champion, with two, or with one's name and another's files; after each kill MLflow's
alias is what the database says as soon as the aliases were mirrored once. Ten kills, with --chaos-full a hundred.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, connections

from annotation.errors import Refused
from annotation.models import DocumentType
from learner import aliases, promotion
from learner.models import ModelVersion, VersionMove
from models.extractors import named
from models.registry import Alias, Registry
from models.schema import Schema
from tests.factories import FIELDS, make_type, make_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.chaos]

READERS = 20
VERSIONS = 4
LONGEST = 1.0  # seconds until a kill: a promotion with its aliases takes a tenth of that on an idle machine

SEEN = """
    SELECT type.champion, type.champion_uri, type.champion_sha256, version.name, version.uri, version.sha256
    FROM annotation_documenttype type LEFT JOIN learner_modelversion version
    ON version.document_type_id = type.id AND version.state = 'champion' WHERE type.id = %s
"""


def forked(work: Callable[[], None]) -> int:
    """The process id of a child that does the work; both open connections of their own."""
    connections.close_all()  # before: a connection that is closed in the child would be closed here too
    child = os.fork()
    if child:
        return child
    try:
        work()
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(0)


def change_for_ever(type_id: int, seed: int) -> None:
    """Promote one version after the other, or roll back, each time with MLflow's aliases."""
    chance = random.Random(seed)
    while True:
        document_type = DocumentType.objects.get(pk=type_id)
        try:
            if chance.random() < 0.5:
                promotion.roll_back(document_type, by="otto")
            else:
                versions = list(document_type.versions.exclude(state="champion"))
                promotion.promote(chance.choice(versions), by="otto", reason="by hand")
        except Refused:  # no earlier champion
            continue
        aliases.mirror_aliases(type_id)


def read_for_ever(type_id: int, report: Path, stop: Path) -> None:
    """READERS threads that look until `stop` is there; what they saw is in `report`: looks, and what was wrong."""
    looks, wrong = [0] * READERS, []

    def read(number: int) -> None:
        while not stop.exists():
            with connection.cursor() as cursor:
                cursor.execute(SEEN, [type_id])
                rows = cursor.fetchall()
            if len(rows) != 1 or rows[0][:3] != rows[0][3:]:
                wrong.append(repr(rows))
            looks[number] += 1
            time.sleep(0.01)  # so that those who are looked at come to something too
        connections.close_all()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.write_text(json.dumps({"looks": sum(looks), "wrong": wrong[:10]}))


def registered_version(document_type: DocumentType, registry: Registry, folder: Path, n: int) -> ModelVersion:
    run = registry.start_run(f"{document_type.name}-{n}", experiment=document_type.name, params={}, tags={})
    sha256 = registry.log_model(run, folder)
    made = registry.register(
        document_type.name, run=run, run_key=f"{document_type.name}-{n}", sha256=sha256, tags={}
    )
    # each its own sha256, so that a reader can tell their files apart
    version = make_version(
        document_type, number=made.version, name=f"{document_type.name}-v{made.version}", state="challenger"
    )
    version.run.mlflow_run_id = run
    version.run.save()
    return version


def test_readers_never_see_a_missing_or_mixed_champion_and_aliases_follow(
    settings, tmp_path, mlflow_url, request, capsys
):
    settings.CONFIG = settings.CONFIG.model_copy(update={"data": tmp_path, "mlflow_url": mlflow_url})
    seed = request.config.getoption("--chaos-seed")
    kills = 100 if request.config.getoption("--chaos-full") else 10
    registry = Registry(mlflow_url)
    document_type = make_type()
    model = named("rules").fit(Schema.from_json(FIELDS), [], [], recipe={}, on_progress=lambda _: None)
    model.save(tmp_path / "model")
    for n in range(VERSIONS):
        version = registered_version(document_type, registry, tmp_path / "model", n)
        promotion.promote(version, by="the gate", reason="better")
    moves = VersionMove.objects.count()

    report, stop = tmp_path / "report", tmp_path / "stop"
    readers = forked(lambda: read_for_ever(document_type.pk, report, stop))
    chance = random.Random(seed)
    caught_up = []
    try:
        for kill in range(kills):
            actor = forked(lambda kill=kill: change_for_ever(document_type.pk, 1000 * seed + kill))
            time.sleep(chance.uniform(0, LONGEST))
            os.kill(actor, signal.SIGKILL)
            os.waitpid(actor, 0)
            began = time.monotonic()
            aliases.mirror_all()
            champion = ModelVersion.objects.get(document_type=document_type, state="champion")
            caught_up.append(time.monotonic() - began)
            assert registry.aliased(document_type.name, Alias.CHAMPION).version == champion.number, (
                f"kill {kill}"
            )
            assert registry.aliased(document_type.name, Alias.CHALLENGER) is None
    finally:
        stop.touch()
        os.waitpid(readers, 0)
    seen = json.loads(report.read_text())
    changed = (VersionMove.objects.count() - moves) // 2
    with capsys.disabled():
        sys.stderr.write(
            f"\nT24, seed {seed}: {kills} kills, {changed} changes of champion, {seen['looks']} looks of {READERS} readers: "
            f"{len(seen['wrong'])} missing or mixed; aliases caught up within {max(caught_up):.2f} s. "
            f"Again: pytest tests/chaos/test_promotions.py --chaos-full --chaos-seed {seed}\n"
        )
    assert seen["wrong"] == []
    assert seen["looks"] > kills and changed > 0
