"""A document with a word that stands nowhere else is erased; then the word is looked for in everything that is kept (T25).

With the real PostgreSQL (its dump is searched), store, MLflow, trainings, logs and caches; Label Studio is the tests' own.
"""

import logging
import random
import subprocess
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection

from annotation import audit_trail, label_studio, lifecycle, page_store
from annotation.errors import Refused
from annotation.models import Correction, Document, Erasure
from learner import promotion, training, triggers
from learner.models import ModelVersion, Run
from tests.factories import make_document, make_extraction, make_truth, make_type
from webapp.embedded import postgres

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TEXT = "{shop}\nReceipt {n}\nDate {date}\nTotal {total}\nThank you"


def canary(seed: int) -> str:
    """32 characters, each time the same."""
    return "".join(random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz", k=32))


def holders(places: dict[str, Path], *words: str) -> list[str]:
    """Where any of the words stands, in a file or in its name: the database's dump too."""
    known = connection.settings_dict
    name = f"postgresql://{known['USER']}:{quote(known['PASSWORD'])}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
    dump = subprocess.run(
        [postgres.program("pg_dump"), "--inserts", name], capture_output=True, check=True
    ).stdout
    wanted = [
        form for word in words for form in (word.encode(), word.upper().encode(), word.capitalize().encode())
    ]
    found = ["database"] if any(word in dump for word in wanted) else []
    for place, folder in places.items():
        for path in sorted(folder.rglob("*")):
            content = path.read_bytes() if path.is_file() else b""
            if any(word in content or word in str(path).encode() for word in wanted):
                found.append(f"{place}: {path.relative_to(folder)}")
    return found


@pytest.fixture
def installation(settings, tmp_path, mlflow_url, tmp_path_factory, monkeypatch):
    """Places of its own for everything that is kept; answers them by name."""
    data = tmp_path / "data"
    (data / "store").mkdir(parents=True)
    settings.CONFIG = settings.CONFIG.model_copy(
        update={"data": data, "mlflow_url": mlflow_url, "training_threads": 2}
    )
    storage = settings.STORAGES["default"] | {"OPTIONS": {"location": data / "store"}}
    settings.STORAGES = settings.STORAGES | {"default": storage}
    monkeypatch.setattr(label_studio, "list_tasks", lambda *args, **more: iter(()))
    monkeypatch.setattr(label_studio, "delete_tasks", lambda *args: None)
    log = logging.FileHandler(tmp_path / "log")
    logging.getLogger().addHandler(log)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    logs = tmp_path / "logs"
    logs.mkdir()
    log.baseFilename = str(logs / "docloop.log")
    log.close()
    log.stream = log._open()
    yield {
        "data": data,
        "logs": logs,
        "MLflow": next(tmp_path_factory.getbasetemp().glob("mlflow*")),
    }
    logging.getLogger().setLevel(level)
    logging.getLogger().removeHandler(log)
    log.close()


def corrected(kind, n: int, shop: str) -> Document:
    """A document that says `shop`, with its file, page image, extraction and truth."""
    date, total = f"{n % 28 + 1:02}/03/2024", f"{n + 5}.{n % 80 + 10}"
    document = make_document(
        kind,
        TEXT.format(shop=shop, n=n, date=date, total=total),
        filename=f"{shop}.pdf",
        fingerprint=f"{random.Random(n).getrandbits(64):016x}",
    )
    name = default_storage.save(f"files/{document.sha256[:2]}/{document.sha256}", ContentFile(shop.encode()))
    Document.objects.filter(pk=document.pk).update(file=name)
    default_storage.save(page_store.image_name(document.pk, 0), ContentFile(shop.encode()))
    make_extraction(document, {"company": (shop, 0.6), "total": (total, 0.9)}, version="v0")
    lifecycle.move(document.pk, Document.State.EXTRACTED, reason="extracted")
    make_truth(document, {"company": shop, "date": date, "total": total})
    return document


def trained(kind) -> ModelVersion:
    run = triggers.ask(kind, trigger="by hand")
    training.train(run.pk)
    run.refresh_from_db()
    assert run.state == Run.State.FINISHED, run.problem
    return run.version


def test_after_erasing_no_trace_is_left_and_the_versions_that_learned_from_it_are_named(installation):
    kind = make_type(name="receipts", extractor="crf", retrain_after=1000)
    shops = ["ACME LTD", "NORTH STAR SDN BHD", "BLUE HARBOUR CO", "GREEN VALLEY MART"]
    for n in range(24):
        corrected(kind, n, shops[n % 4])
    before = trained(kind)  # did not learn from them
    words = [canary(1), canary(2)]
    documents = [corrected(kind, 100 + n, f"{words[n % 2]} LTD") for n in range(8)]
    # the default extractor, which spells values as people confirmed them: its file holds some
    type(kind).objects.filter(pk=kind.pk).update(extractor="combined", recipe={"rounds": 3, "folds": 2})
    kind.refresh_from_db()
    after = trained(kind)
    if after.state == ModelVersion.State.CHAMPION:
        promotion.promote(before, by="lea", reason="the other learned from what is to be erased")
    there = {each.partition(":")[0] for each in holders(installation, *words)}
    assert there == {"database", "data", "MLflow"}  # it was there to be found
    for document in documents:
        mine = list(Correction.objects.filter(document=document).values_list("pk", flat=True))
        items = dict(after.run.snapshot.items)
        taught = any(items.get(pk) in {"train", "validation"} for pk in mine)
        call_command("erase", document.pk, yes=True, forget_models=True, stdout=StringIO())
        erased = Erasure.objects.get(document=document.pk)
        assert (erased.learned_by, erased.state) == ([after.name] if taught else [], "done")
    assert holders(installation, *words) == []
    # what is left says so, and is never put to work
    after.refresh_from_db()
    assert after.forgotten
    with pytest.raises(Refused, match="files were deleted"):
        promotion.promote(after, by="lea", reason="it was better")
    assert audit_trail.verify().sound
