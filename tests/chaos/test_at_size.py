"""T17 and T18 with 50,000 tasks: a lost ledger is rebuilt from Label Studio, backed up, and restored within two minutes.

Only in the long form; the same with a few tasks, while people work, is in tests/annotation/test_rebuilding.py and
tests/webapp/test_backup.py. Label Studio is the stand-in in memory.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import connection

from annotation import label_studio, rebuilding
from annotation.errors import LabelStudioUnreachable
from annotation.models import Correction, Document, DocumentType, LabelTask, Page
from tests.annotation.stand_in import LabelStudioInMemory, result
from tests.annotation.stand_in import install as stand_in
from tests.annotation.test_rebuilding import differences
from tests.factories import make_document, make_type
from tests.webapp.test_backup import on_server, url_of
from webapp.backup import archive, making, places, restoring
from webapp.backup.places import Place

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.django_db(transaction=True),
]

TASKS = 50_000
BATCH = 5000
RESTORED_WITHIN = 120  # seconds


def test_fifty_thousand_tasks_come_back_from_label_studio_and_from_a_backup(
    monkeypatch, tmp_path, full, report
):
    if not full:
        pytest.skip("in the long form")
    studio = stand_in(monkeypatch)
    answer_many(studio, make_type(name="receipts"), FileSystemStorage(tmp_path / "store"))
    missing = len(differences(studio))
    began = time.monotonic()
    [found] = rebuilding.rebuild(by="otto")
    rebuilt = time.monotonic() - began
    left = len(differences(studio))
    report(
        f"ledger lost ({missing} differences), rebuilt from {TASKS} tasks in {rebuilt:.0f} s: {found.taken} of {found.held} "
        f"annotations, {left} differences"
    )
    assert (found.taken, found.problems, left) == (found.held, [], 0)
    assert missing >= found.held >= TASKS

    def unreachable(_project_id: int) -> None:
        raise LabelStudioUnreachable("down")

    monkeypatch.setattr(label_studio, "project", unreachable)
    began = time.monotonic()
    making.make(tmp_path / "backup", place(tmp_path, connection.settings_dict["NAME"], "store"))
    made = time.monotonic() - began
    on_server("CREATE DATABASE at_size")
    try:
        there = place(tmp_path, "at_size", "restored")
        began = time.monotonic()
        restoring.restore(archive.read(tmp_path / "backup"), there, by="otto")
        restored = time.monotonic() - began
        with places.connected(there.databases["docloop"]):
            left, rows = len(differences(studio)), Correction.objects.count()
        files = sum(1 for _ in restoring._files(there.store))
    finally:
        on_server("DROP DATABASE at_size WITH (FORCE)")
    report(
        f"backed up in {made:.0f} s, restored in {restored:.0f} s: {rows} corrections and {files} files, {left} differences"
    )
    assert (left, rows, files) == (0, found.held, 2 * TASKS)
    assert restored <= RESTORED_WITHIN


def place(folder: Path, database: str, store: str) -> Place:
    folders = {name: folder / f"{store}-{name}" for name in ("models", "rehearsals")}
    return Place({"docloop": url_of(database)}, FileSystemStorage(folder / store), folders)


def answer_many(studio: LabelStudioInMemory, kind: DocumentType, store: FileSystemStorage) -> None:
    """Every document has a task that somebody answered, every tenth one by two, every twentieth skipped it; no ledger."""
    pattern = make_document(kind)
    page, said = pattern.pages.get(), result(pattern, {"total": "12.90"})
    pattern.delete()
    for start in range(0, TASKS, BATCH):
        numbers = range(start, start + BATCH)
        documents = Document.objects.bulk_create([a_document(kind, number) for number in numbers])
        Page.objects.bulk_create([a_page(document, page) for document in documents])
        tasks = [studio.add_task(kind.project_id or 0, document.pk) for document in documents]
        LabelTask.objects.bulk_create(
            LabelTask(document=document, project_id=kind.project_id, task_id=task, state=LabelTask.State.DONE)
            for document, task in zip(documents, tasks, strict=True)
        )
        for number, task, document in zip(numbers, tasks, documents, strict=True):
            studio.submit(task, said, skipped=number % 20 == 0)
            if number % 10 == 0:
                studio.submit(task, said, completed_by="bob@example.org")
            store.save(document.file.name, ContentFile(document.sha256.encode()))
            store.save(f"pages/{document.pk}/0.jpg", ContentFile(document.sha256.encode()))


def a_document(kind: DocumentType, number: int) -> Document:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    return Document(
        document_type=kind,
        sha256=sha256,
        filename=f"{number}.pdf",
        media_type="application/pdf",
        size=len(sha256),
        file=f"files/{sha256[:2]}/{sha256}",
        state=Document.State.CONFIRMED,
        fingerprint=sha256[:16],
    )


def a_page(document: Document, like: Page) -> Page:
    return Page(
        document=document,
        number=0,
        image=f"pages/{document.pk}/0.jpg",
        width=like.width,
        height=like.height,
        words=like.words,
        read_by=like.read_by,
    )
