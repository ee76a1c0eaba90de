"""An export of another Label Studio project in: documents, and what people said of them.

Task by task: what is wrong with one is told and the others go on. A file that is known is the same document, so that an
import that was cut off, or is done again, changes nothing twice. Labels wait beside a new document until it is read
(words lie under the boxes only then), and what people have said in Docloop since is never overruled by them.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from annotation import doorbell, intake, jobs, labelling, ledger
from annotation.errors import Refused
from annotation.label_studio_export import Json, Labelled, labelled, name_of, plain_name, tasks_of
from annotation.models import Correction, Document, DocumentType, GivenLabels, LabelImport
from annotation.pictures import Pictures, one_file
from models.errors import DocloopError
from models.extractors.base import Answer

MOST_PROBLEMS = 500  # of one import that are kept
PAUSE = 1.0  # seconds between two writes of how far an import is
UNREAD = (Document.State.RECEIVED, Document.State.UNREADABLE)


@dataclass(frozen=True, slots=True)
class Taken:
    """How one task ended: its document, or what was wrong."""

    task: str
    document: Document | None = None
    new: bool = False
    problem: str = ""


def tasks_in(path: Path) -> list[Json]:
    """The tasks of an export; raises `Refused` if it is none."""
    try:
        with path.open(encoding="utf-8") as file:
            content = json.load(file)
    except (ValueError, RecursionError):
        raise Refused(
            "this is no JSON file in UTF-8: export the Label Studio project in the form JSON"
        ) from None
    return tasks_of(content)


def take_all(
    tasks: list[Json], pictures: Pictures, document_type: DocumentType, *, by: str
) -> Iterator[Taken]:
    """Every task is tried, whatever happens to the others."""
    for number, task in enumerate(tasks, start=1):
        name = name_of(task, number)
        try:
            received = take(labelled(task, document_type.schema), pictures, document_type, by=by)
        except DocloopError as problem:
            yield Taken(name, problem=str(problem))
        else:
            yield Taken(name, received.document, received.new)


def take(given: Labelled, pictures: Pictures, document_type: DocumentType, *, by: str) -> intake.Received:
    """One task's file to intake, and its labels beside the document. Raises `Refused`, and what intake raises."""
    with tempfile.TemporaryDirectory(prefix="docloop-import-") as name:
        folder = Path(name)
        pages = [folder / str(number) for number in range(len(given.pictures))]
        for address, page in zip(given.pictures, pages, strict=True):
            pictures.fetch(address, page)
        first = plain_name(given.pictures[0])
        filename = first if len(pages) == 1 else f"{Path(first).stem}.tiff"
        file = one_file(pages, folder / "joined", intake.upload_limits(), name=filename)
        received = intake.receive(file, filename=filename, document_type=document_type, by=by)
    if received.document.document_type_id != document_type.pk:
        raise Refused(f"its file is a document of {received.document.document_type.title} already")
    _keep(received.document.pk, given, f"{given.by}, imported by {by}" if given.by else by)
    return received


@transaction.atomic
def _keep(document_id: int, given: Labelled, by: str) -> None:
    # locked, as reading locks it: either it finds the labels at its end, or we find that it is read
    document = Document.objects.select_for_update().get(pk=document_id)
    kept = {"items": list(given.items), "values": [list(value) for value in given.values], "by": by[:150]}
    GivenLabels.objects.update_or_create(document=document, defaults=kept)
    if document.state not in UNREAD:
        doorbell.ring("labels given", document_id)


def record_given(document_id: int) -> None:
    """Write the labels that came with a document into the ledger, now that it is read. Raises `Refused`."""
    given = GivenLabels.objects.filter(document=document_id).first()
    if given is None:
        return
    document = Document.objects.select_related("document_type", "truth").get(pk=document_id)
    with transaction.atomic():
        jobs.assert_held()
        if document.truth is None or document.truth.source == Correction.Source.IMPORTED:
            schema = document.document_type.schema
            regions, _ = labelling.read_annotation(given.items, document.word_pages, schema)
            answers = [region.answer for region in regions]
            answers += [Answer(field, text) for field, text in given.values]
            ledger.import_answers(document, answers, by=given.by)
        given.delete()


# --- uploaded imports


def run_import(import_id: int) -> None:
    """Take in what somebody uploaded; how far it is stands in its row. Its files are deleted at the end."""
    wanted = LabelImport.objects.select_related("document_type").filter(pk=import_id).first()
    if wanted is None or not wanted.live:
        return
    with tempfile.TemporaryDirectory(prefix="docloop-import-") as name:
        try:
            _run(wanted, Path(name))
        except Refused as problem:
            _write(wanted, state=LabelImport.State.FAILED, problem=str(problem)[:1000], finished_at=Now())
    for file in (wanted.labels, wanted.pictures):
        file.delete(save=False)


def _run(wanted: LabelImport, folder: Path) -> None:
    labels, zipped = folder / "labels.json", folder / "pictures.zip"
    for stored, copy in ((wanted.labels, labels), (wanted.pictures, zipped)):
        with stored.open("rb") as content, copy.open("wb") as target:
            for chunk in content.chunks():
                target.write(chunk)
    tasks = tasks_in(labels)
    counts = {"received": 0, "known": 0, "refused": 0}
    problems: list[list[str]] = []
    _write(wanted, state=LabelImport.State.RUNNING, tasks=len(tasks))
    written = time.monotonic()
    with Pictures(zipped, max_bytes=settings.CONFIG.max_upload_mb * 1_000_000) as pictures:
        for taken in take_all(tasks, pictures, wanted.document_type, by=wanted.by):
            counts["refused" if taken.problem else "received" if taken.new else "known"] += 1
            if taken.problem and len(problems) < MOST_PROBLEMS:
                problems.append([taken.task, taken.problem])
            if time.monotonic() - written > PAUSE:
                _write(wanted, **counts, problems=problems)
                jobs.tell(sum(counts.values()) / len(tasks))
                written = time.monotonic()
    _write(wanted, **counts, problems=problems, state=LabelImport.State.DONE, finished_at=Now())


def _write(wanted: LabelImport, **changes: Any) -> None:  # columns of the row
    with transaction.atomic():
        jobs.assert_held()
        LabelImport.objects.filter(pk=wanted.pk).update(**changes)
