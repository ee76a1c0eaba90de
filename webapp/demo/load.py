"""An empty installation in, one with a turning loop out: types, documents, a first model, a filled queue.

Every step looks at what is there already, so that a load that was cut goes on where it was.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from django.db import transaction

from annotation import audit_trail, document_types, doorbell, intake, ledger, lifecycle
from annotation.errors import Refused
from annotation.models import Correction, Document, DocumentType, LabelTask
from learner import triggers
from learner.models import Decision, Run
from models.extractors.base import Answer
from models.generator import GeneratedDocument, generate
from models.pages import Place

HERE = Path(__file__).resolve().parent
SEED = 7
QUEUE_DEPTH = 5  # tasks for each annotator, once the first model is there
LABELLED = 24  # documents a type that come with their answers: what the first model learns from
UNLABELLED = 36  # documents a type for people to correct
STEP = 10  # documents read between two lines about it
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
        ask_for_first_model(name)
    for name in names:
        wait_for_first_model(name, say)
        open_queue(name)
        wait_for_queue(name, say)


def create_type(path: Path, say: Say) -> str:
    """The type a YAML file describes, created unless there is one of that name."""
    if not DocumentType.objects.filter(name=path.stem).exists():
        document_types.from_yaml(path, by=audit_trail.SHELL)
        # nothing goes to people before the first model has pre-annotated it
        DocumentType.objects.filter(name=path.stem).update(queue_depth=0)
        say(f"document type {path.stem!r} created")
    return path.stem


def receive_documents(name: str, say: Say) -> None:
    """Generate the type's documents, and take them in."""
    document_type = DocumentType.objects.get(name=name)
    if document_type.documents.count() >= LABELLED + UNLABELLED:
        return
    say(f"{name}: making {LABELLED + UNLABELLED} documents")
    with tempfile.TemporaryDirectory(prefix="docloop-demo-") as folder:
        for index in range(LABELLED + UNLABELLED):
            document = generate(name, index, SEED)
            path = Path(folder) / document.name
            path.write_bytes(document.content)
            intake.receive(path, filename=document.name, document_type=document_type, by="demo")


def wait_for_reading(name: str, say: Say) -> None:
    """Until the workers have read every document of the type."""
    documents = Document.objects.filter(document_type__name=name)
    everything, last, patience = documents.count(), -1, Patience()
    while last < everything:
        now = everything - documents.filter(state=Document.State.RECEIVED).count()
        if now // STEP != last // STEP or now == everything:
            say(f"{name}: {now} of {everything} documents are read")
        if now < everything:
            patience(now != last)
        last = now


def import_answers(name: str, say: Say) -> None:
    """Record the known answers of the first documents as labels that people made elsewhere."""
    waiting = Document.objects.filter(
        document_type__name=name, uploaded_by="demo", truth=None, state__in=lifecycle.POOL
    )
    if Correction.objects.filter(document__document_type__name=name).exists():
        return
    documents = {document.filename: document for document in waiting}
    with transaction.atomic():  # all at once, so that the first training has them all
        for index in range(LABELLED):
            generated = generate(name, index, SEED)
            if document := documents.get(generated.name):
                ledger.import_answers(document, placed(generated), by="demo")
    say(f"{name}: {LABELLED} documents came with their answers; the others are for people")


def placed(generated: GeneratedDocument) -> list[Answer]:
    """The answers with their boxes, but without word numbers: the words that reading found are others."""
    return [
        replace(answer, place=Place(answer.place.page, answer.place.box)) if answer.place else answer
        for answer in generated.answers
    ]


def ask_for_first_model(name: str) -> None:
    """Ask for a training unless there was one, or one is on its way."""
    document_type = DocumentType.objects.get(name=name)
    if not document_type.runs.exclude(state__in=[Run.State.FAILED, Run.State.STOPPED]).exists():
        triggers.ask(document_type, trigger="the demo's first model")


def wait_for_first_model(name: str, say: Say) -> None:
    """Until the first model is trained, registered and decided on: one that is no better than the base stays out."""
    document_type = DocumentType.objects.get(name=name)
    last, patience = "", Patience()
    while not document_type.champion:
        run = document_type.runs.first()
        if run and run.state in (Run.State.FAILED, Run.State.STOPPED):
            raise Refused(f"{name}: the first training {run.state}: {run.problem}")
        if run and run.state == Run.State.FINISHED:
            document_type.refresh_from_db()
            decision = Decision.objects.filter(version__run=run).first()
            if decision and not document_type.champion:
                say(f"{name}: {' '.join(decision.reasons)}")
                return
        now = f"{run.stage} ({run.share:.0%})" if run and run.stage else "waiting for its turn"
        if now != last:
            say(f"{name}: first model: {now}")
        patience(now != last)
        last = now
        document_type.refresh_from_db()
    say(f"{name}: {document_type.champion} is the champion")


def open_queue(name: str) -> None:
    """Let the documents go to Label Studio, once all are pre-annotated."""
    closed = DocumentType.objects.filter(name=name, queue_depth=0)
    unseen, patience = (
        Document.objects.filter(document_type__name=name, state=Document.State.READ),
        Patience(),
    )
    last = unseen.count()
    while last:
        patience((now := unseen.count()) != last)
        last = now
    for document_type in closed:
        with transaction.atomic():
            closed.update(queue_depth=QUEUE_DEPTH)
            doorbell.ring("pool changed", document_type.pk)


def wait_for_queue(name: str, say: Say) -> None:
    """Until pre-annotated tasks wait in Label Studio."""
    tasks = LabelTask.objects.filter(
        document__document_type__name=name, state=LabelTask.State.OPEN, extraction__isnull=False
    )
    patience = Patience()
    while not tasks.exists():
        patience(False)
    say(f"{name}: {tasks.count()} pre-annotated documents wait in Label Studio")


class Patience:
    """Ends a wait in which nothing moves: call it with whether there was progress."""

    def __init__(self) -> None:
        self.since = time.monotonic()

    def __call__(self, progress: bool) -> None:
        """Raises `Refused` after `PATIENCE` seconds without progress."""
        if progress:
            self.since = time.monotonic()
        elif time.monotonic() - self.since > PATIENCE:
            raise Refused(
                f"nothing has moved for {PATIENCE // 60} minutes; see the failed jobs on the health page, "
                "and the logs in the data folder"
            )
        time.sleep(PAUSE)
