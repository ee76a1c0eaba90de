"""A document through the whole loop of the live installation, and out again: what no look at single parts can show.

It belongs to a document type of its own, which no other project hears of, and is answered in the name of Docloop's own
account: such answers never enter the ledger. Nothing of it stays but a run that is marked as deleted in MLflow.
"""

from __future__ import annotations

import logging
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from annotation import doorbell, intake, label_studio_about, projects, task_pages, webhooks
from annotation.errors import LabelStudioError
from annotation.models import DirtyTask, Document, DocumentType, Job, LabelTask
from annotation.type_settings import PROBE_PREFIX
from models.errors import DocloopError
from webapp.doctor import tidying
from webapp.doctor.findings import Finding, failed, skipped, well

log = logging.getLogger(__name__)

LOCK = (
    0x646F63746F72  # of PostgreSQL's advisory locks: one probe at a time, or they would take each other away
)
FIELDS = [{"name": "total", "kind": "money"}]
NOTICE = 10.0  # seconds that Label Studio's notice may take
PATIENCE = 90.0  # seconds for each step that a worker does
PAUSE = 0.2

T = TypeVar("T")


class Stuck(DocloopError):
    """The probe did not get any further: `finding` says where, and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.said)
        self.finding = finding


def send() -> list[Finding]:
    """Send a probe round the loop; how far it came. Takes away what it made, and what an earlier one left."""
    if not _locked(True):
        return [skipped("probe", "another doctor's is on its way")]
    found: list[Finding] = []
    try:
        tidying.tidy()
        _travel(found)
    except Stuck as end:
        found.append(end.finding)
    except Exception as problem:  # the outermost edge: its kind alone, for messages may hold anything
        log.exception("the doctor's probe failed")
        found.append(failed("probe", f"broke off ({type(problem).__name__})", "see the log of this command"))
    finally:
        found.append(_taken_away())
        _locked(False)
    return found


def _travel(found: list[Finding]) -> None:
    nonce = secrets.token_hex(4)
    kind = DocumentType.objects.create(
        name=PROBE_PREFIX + nonce, title=f"Docloop's probe {nonce}", fields=FIELDS, extractor="rules",
        audit_share=0, second_opinions=0, queue_depth=1,
    )  # fmt: skip
    found.append(_project(kind))
    document = _received(kind, nonce)
    found.append(_read(document))
    found.append(_extracted(document))
    task = _pushed(document)
    found.append(well("probe: queue", "it is ranked, and a task in Label Studio"))
    found.append(_shown(task))
    found.append(_announced(kind, task))


def _project(kind: DocumentType) -> Finding:
    check = "probe: project"
    try:
        projects.sync_project(kind.pk)
    except LabelStudioError as problem:
        raise Stuck(failed(check, str(problem), "do as it says, then ask the doctor again")) from None
    kind.refresh_from_db()
    return well(check, "made in Label Studio, with its webhook")


def _received(kind: DocumentType, nonce: str) -> Document:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.pdf"
        path.write_bytes(pdf(f"Docloop's own probe {nonce} of the doctor. Bread 2.30 Milk 1.20 Total 3.50"))
        try:
            return intake.receive(path, filename=path.name, document_type=kind, by="doctor").document
        except DocloopError as problem:
            remedy = "see to `data folder` and `disk` above; if both are well, it is a fault of this release"
            raise Stuck(failed("probe: intake", str(problem), remedy)) from None


def _read(document: Document) -> Finding:
    check = "probe: reading"

    def look() -> Document | None:
        return Document.objects.filter(pk=document.pk).exclude(state=Document.State.RECEIVED).first()

    read = _within(PATIENCE, look) or _stuck(check, "annotation.read_document", document.pk, "reading")
    if read.state == Document.State.UNREADABLE:
        raise Stuck(failed(check, read.problem, _log_of("reading")))
    return well(check, "taken in and read")


def _extracted(document: Document) -> Finding:
    check = "probe: extraction"

    def look() -> Document | None:
        return Document.objects.filter(pk=document.pk, extraction__isnull=False).first()

    if _within(PATIENCE, look) is None:
        _stuck(check, "annotation.extract_document", document.pk, "reading")
    return well(check, "a model said what it says")


def _pushed(document: Document) -> LabelTask:
    def look() -> LabelTask | None:
        return document.tasks.filter(state=LabelTask.State.OPEN, task_id__isnull=False).first()

    kind = document.document_type_id
    return _within(PATIENCE, look) or _stuck("probe: queue", "annotation.fill_queue", kind, "light")


def _shown(task: LabelTask) -> Finding:
    """Label Studio's page, in a browser, gets from Docloop what lies in our store."""
    check, page, config = "probe: page image", task.document.pages.get(number=0), settings.CONFIG
    base = (config.internal_url or config.url).rstrip("/")
    headers = {"Origin": min(task_pages.origins())}
    if config.https:
        headers["X-Forwarded-Proto"] = "https"  # as the TLS proxy says
    try:
        shown = httpx.get(base + urlsplit(task_pages.address(task, page)).path, headers=headers, timeout=10)
    except httpx.TransportError as problem:
        said = f"a page image did not come ({type(problem).__name__})"
        return failed(check, said, f"start the web process, and see that {base} leads to it")
    with default_storage.open(page.image) as kept:
        if shown.status_code != 200 or kept.read() != shown.content:
            return failed(
                check,
                f"{base} shows another image than the store holds, or none (HTTP {shown.status_code})",
                "see that the web process and the workers have the same DOCLOOP_DATA",
            )
    return well(check, "Docloop shows Label Studio's page what the store holds")


def _announced(kind: DocumentType, task: LabelTask) -> Finding:
    """What is done in Label Studio comes home: by its notice, or at least by the sweep."""
    check, task_id = "probe: webhook", task.task_id or 0
    label_studio_about.submit_as_docloop(task_id)
    began = time.monotonic()
    noticed = DirtyTask.objects.filter(task_id=task_id)
    if _within(NOTICE, noticed.filter(noticed_by="webhook").first):
        return well(check, f"Label Studio told of a change within {time.monotonic() - began:.1f} s")
    doorbell.ring("project in doubt", kind.pk)
    if _within(PATIENCE, noticed.first) is None:
        _stuck("probe: sweep", "annotation.sweep_project", kind.pk, "light")
    return failed(
        check,
        f"Label Studio told nothing of a change within {NOTICE:.0f} s; only the sweep found it",
        webhooks.unblocking(webhooks.address(kind)),
    )


def _taken_away() -> Finding:
    check = "probe: taken away"
    try:
        left = tidying.tidy()
    except Exception as problem:  # the outermost edge
        log.exception("the doctor's probe could not be taken away")
        left = [type(problem).__name__]
    if left:
        said = f"not all of it: {', '.join(left)}"
        return failed(
            check, said, "manage.py doctor, once Label Studio and the database answer: it takes it away"
        )
    return well(check, "nothing of it is left")


def _stuck(check: str, task: str, subject: int, queue: str) -> NoReturn:
    """Raises `Stuck` with why, as far as the job tells."""
    job = Job.objects.filter(task=task, subject=subject).order_by("-pk").first()
    why = (
        job.problem
        if job and job.problem
        else f"its job is {job.state}"
        if job
        else "no job was written for it"
    )
    raise Stuck(failed(check, f"not done within {PATIENCE:.0f} s: {why}", _log_of(queue)))


def _log_of(queue: str) -> str:
    return (
        f"mend what is said, or start the worker that should do it: celery -A webapp.celery worker --queues {queue} "
        f"(its log under `make up` is logs/worker-{queue}.log in the data folder)"
    )


def _within(seconds: float, look: Callable[[], T | None]) -> T | None:
    """What `look` finds within that time."""
    until = time.monotonic() + seconds
    while (found := look()) is None and time.monotonic() < until:
        time.sleep(PAUSE)
    return found


def _locked(lock: bool) -> bool:
    """Take the lock of probes, if nobody has it, or give it back."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {'pg_try_advisory_lock' if lock else 'pg_advisory_unlock'}(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def pdf(line: str) -> bytes:
    """A PDF of one page with one line of text (ASCII, without brackets and backslashes)."""
    text = b"BT /F1 12 Tf 40 740 Td (" + line.encode("ascii") + b") Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return made + end % (size, table, size, len(made))
