"""An empty installation in, one with a turning loop out: types, documents, a first model, a filled queue.

Every step looks at what is there already, so that a load that was cut goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import transaction

from annotation import document_types, intake, ledger
from annotation.errors import Refused
from annotation.models import Document, DocumentType, LabelTask
from learner import triggers
from learner.models import Run
from models import generator

HERE = Path(__file__).resolve().parent
SEED = 7
LABELLED = 24  # documents a type that come with their answers: what the first model learns from
UNLABELLED = 36  # documents a type for people to correct
PAUSE = 1.0  # seconds between two looks at the database
PATIENCE = 1800  # seconds without any progress before giving up

Say = Callable[[str], None]


def load_demo(say: Say) -> None:
    """Load what is missing, telling `say` all the while; raises `Refused` when the loop stands still."""
    names = [create_type(path, say) for path in sorted(HERE.glob("*.yaml"))]
    for name in names:
        receive_documents(name, say)
    for name in names:
        wait_for_reading(name, say)
        import_answers(name, say)
    for name in names:
        ask_for_first_model(name)
    for name in names:
        wait_for_champion(name, say)
    for name in names:
        wait_for_queue(name, say)


def create_type(path: Path, say: Say) -> str:
    """The type a YAML file describes, created unless there is one of that name."""
    if not DocumentType.objects.filter(name=path.stem).exists():
        document_types.from_yaml(path)
        say(f"document type {path.stem!r} created")
    return path.stem


def receive_documents(name: str, say: Say) -> None:
    """Generate the type's documents into the data folder, and take them in."""
    folder = settings.CONFIG.data / "demo" / name
    document_type = DocumentType.objects.get(name=name)
    if document_type.documents.count() >= LABELLED + UNLABELLED:
        return
    say(f"{name}: generating {LABELLED + UNLABELLED} documents")
    for written in generator.write(folder, kind=name, count=LABELLED + UNLABELLED, seed=SEED):
        intake.receive(written.path, filename=written.path.name, document_type=document_type, by="demo")


def wait_for_reading(name: str, say: Say) -> None:
    """Until the workers have read every document of the type."""
    documents = Document.objects.filter(document_type__name=name)
    everything = documents.count()

    def read() -> int:
        return everything - documents.filter(state=Document.State.RECEIVED).count()

    for done in until(read, everything):
        say(f"{name}: {done} of {everything} documents read")


def import_answers(name: str, say: Say) -> None:
    """Record the known answers of the first documents as labels that people made elsewhere."""
    folder = settings.CONFIG.data / "demo" / name
    known = {written.path.name: written.answers for written in generator.written(folder)[:LABELLED]}
    documents = Document.objects.filter(
        document_type__name=name, filename__in=known, state__in=[Document.State.READ, Document.State.EXTRACTED]
    )
    with transaction.atomic():  # all at once, so that the first training has them all
        for document in documents:
            ledger.import_answers(document, known[document.filename], by="demo")
    if documents:
        say(f"{name}: {len(known)} documents came with their answers; the others are for people")


def ask_for_first_model(name: str) -> None:
    """Ask for a training unless there is a model, or a training on its way."""
    document_type = DocumentType.objects.get(name=name)
    live = document_type.runs.filter(state__in=[Run.State.WAITING, Run.State.RUNNING])
    if not document_type.champion and not live.exists():
        triggers.ask(document_type, trigger="the demo's first model")


def wait_for_champion(name: str, say: Say) -> None:
    """Until the first model is trained, registered and promoted."""
    document_type = DocumentType.objects.get(name=name)
    if document_type.champion:
        return
    last = ""
    with patience() as still_patient:
        while True:
            document_type.refresh_from_db()
            run = document_type.runs.first()
            if document_type.champion:
                say(f"{name}: {document_type.champion} is the champion")
                return
            if run and run.state in (Run.State.FAILED, Run.State.STOPPED):
                raise Refused(f"{name}: the first training {run.state}: {run.problem}")
            now = f"{run.stage} {run.share:.0%}" if run and run.stage else "waiting for its turn"
            if now != last:
                say(f"{name}: first model: {now}")
            still_patient(now != last)
            last = now
            time.sleep(PAUSE)


def wait_for_queue(name: str, say: Say) -> None:
    """Until pre-annotated tasks wait in Label Studio."""
    tasks = LabelTask.objects.filter(
        document__document_type__name=name, state=LabelTask.State.OPEN, extraction__isnull=False
    )
    with patience() as still_patient:
        while not tasks.exists():
            still_patient(False)
            time.sleep(PAUSE)
    say(f"{name}: {tasks.count()} pre-annotated documents wait in Label Studio")


def until(reached: Callable[[], int], goal: int) -> Iterator[int]:
    """Yield each new count until it reaches `goal`."""
    last = -1
    with patience() as still_patient:
        while last < goal:
            now = reached()
            if now != last:
                yield now
            still_patient(now != last)
            last = now
            if now < goal:
                time.sleep(PAUSE)


@contextmanager
def patience() -> Iterator[Callable[[bool], None]]:
    """A function to call with whether there was progress; raises `Refused` after `PATIENCE` seconds without."""
    since = time.monotonic()

    def still_patient(progress: bool) -> None:
        nonlocal since
        if progress:
            since = time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            raise Refused(
                f"nothing has moved for {PATIENCE // 60} minutes; see the failed jobs on the health page, "
                "and the logs in the data folder"
            )

    yield still_patient
