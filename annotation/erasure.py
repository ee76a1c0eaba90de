"""A document out, for good: of the database at once, and of the store and Label Studio by a job that tries until it can.

What stays is a row that says that there was a document, who erased it, when and why, and the hash of its bytes, so that
they aren't taken in again unnoticed. Model versions that learned from it stay as they are until the next training; the
caller says which those are (`learner.erasing`, which is what people and programs call).
"""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models.functions import Now

from annotation import audit_trail, doorbell, jobs, label_studio, page_store
from annotation.errors import LabelStudioRefused, Refused
from annotation.models import Document, Erasure, Job
from annotation.task_views import Json, column_filter

FACTS_OF_DOCUMENTS = (
    "document received",
    "document read",
    "document without type read",
    "document extracted",
    "document misfiled",
    "correction recorded",
    "document accepted",
    "extraction asked",
)
NOT_FOUND = 404


@transaction.atomic
def erase(document: Document, *, by: str, why: str, learned_by: list[str]) -> Erasure:
    """Remove all that the database holds of a document, and have the rest removed. Raises `Refused` while a worker has it.

    In one transaction: either all of it is there still, or it is gone and the job that does the rest is waiting.
    """
    document = Document.objects.select_for_update().get(pk=document.pk)
    _forget_jobs(document)
    rechecks = list(document.rechecks.order_by("pk"))
    projects = {*document.tasks.values_list("project_id", flat=True), document.document_type.project_id}
    erasure = Erasure.objects.create(
        document=document.pk,
        document_type=document.document_type,
        sha256=document.sha256,
        by=by[:150],
        why=why[:500],
        learned_by=learned_by,
        file=document.file.name or "",
        keys=[str(document.pk), *(recheck.key for recheck in rechecks)],
        projects=sorted({each for each in projects if each} | {each.project_id for each in rechecks}),
        tasks=sorted(
            {task_id for task_id in document.tasks.values_list("task_id", flat=True) if task_id}
            | {each.task_id for each in rechecks if each.task_id}
        ),
    )
    delete_rows(document)
    doorbell.ring("document erased", erasure.pk)
    audit_trail.record(by=by, action="erased", subject=f"document {erasure.document}", why=why)
    return erasure


@transaction.atomic
def delete_rows(document: Document) -> None:
    """Delete a document's rows, those of the ledger among them, and write nothing down: `erase` is for people."""
    with connection.cursor() as cursor:
        # the ledger lets go of this document's rows for this transaction; foreign keys are looked at when it ends
        cursor.execute("SELECT set_config('docloop.erasing', %s, true)", [str(document.pk)])
        for table in ("annotation_currentannotation", "annotation_correction", "annotation_recheck"):
            cursor.execute(f"DELETE FROM {table} WHERE document_id = %s", [document.pk])  # noqa: S608  # our own tables
        cursor.execute("SELECT set_config('docloop.erasing', '', true)")
    # what stays of where it came from is a hash, by which it isn't found anew there
    document.arrivals.update(name="", place={}, settled=True)
    document.delete()


def finish(erasure_id: int) -> None:
    """Remove what lies outside the database; done twice it does no harm. Raises `LabelStudioUnreachable`."""
    erasure = Erasure.objects.get(pk=erasure_id)
    if erasure.state == Erasure.State.DONE:
        return
    page_store.forget(erasure.document)
    # the same bytes may have been let in again since
    if erasure.file and not Document.objects.filter(sha256=erasure.sha256).exists():
        default_storage.delete(erasure.file)
    for project_id in erasure.projects:
        _from_label_studio(erasure, project_id)
    with transaction.atomic():
        jobs.assert_held()
        Erasure.objects.filter(pk=erasure.pk).update(state=Erasure.State.DONE, done_at=Now(), file="")


def go_on(document_id: int) -> Erasure | None:
    """The erasure of a document that is gone, rung for again if it isn't done; None if none was erased."""
    erasure = Erasure.objects.filter(document=document_id).select_related("document_type").first()
    if erasure and erasure.state == Erasure.State.ERASING:
        doorbell.ring("document erased", erasure.pk)
    return erasure


def refuse_erased(sha256: str, name: str) -> None:
    """Raises `Refused` if the document with these bytes was erased; `name` is what their sender calls them."""
    erasure = Erasure.objects.filter(sha256=sha256, refuse_again=True).order_by("-pk").first()
    if erasure:
        raise Refused(
            f"{name} was erased on {erasure.at:%Y-%m-%d} by {erasure.by}, so it is not taken in again. "
            f"If it should be, an operator runs: manage.py erase --allow {sha256}"
        )


@transaction.atomic
def allow(sha256: str, *, by: str) -> int:
    """Let the bytes of an erased document in again; answers how many erasures had them refused."""
    refused = Erasure.objects.filter(sha256=sha256, refuse_again=True)
    documents = list(refused.values_list("document", flat=True))
    refused.update(refuse_again=False)
    for document in documents:
        audit_trail.record(by=by, action="allowed again", subject=f"document {document}")
    return len(documents)


def _forget_jobs(document: Document) -> None:
    """Delete the jobs that wait for the document; raises `Refused` if a worker is at one of them."""
    tasks = {task for fact in FACTS_OF_DOCUMENTS for task in settings.WIRING[fact]}
    ours = Job.objects.filter(task__in=tasks, subject=document.pk)
    ours.exclude(state=Job.State.RUNNING).delete()
    if running := ours.filter(state=Job.State.RUNNING).first():
        raise Refused(
            f"document {document.pk} can't be erased just now: a worker has it ({running.task}). Try again in a minute."
        )


def _from_label_studio(erasure: Erasure, project_id: int) -> None:
    """Delete every task of the document, with all that people did to it, whoever pushed it and however often."""
    known = column_filter("id", "in_list", "List", erasure.tasks)
    named = column_filter("data.doc_id", "in_list", "List", erasure.keys)
    try:
        listed: list[dict[str, Json]] = []
        for chosen in [known, named] if erasure.tasks else [named]:
            listed += label_studio.list_tasks(project_id, [chosen], include="id,data")
        # a task that was known may be another document's by now: Label Studio counts anew when it is set up anew
        ours = {task["id"] for task in listed if str(task["data"].get("doc_id", "")) in {"", *erasure.keys}}
        label_studio.delete_tasks(project_id, ours)
    except LabelStudioRefused as refusal:
        if refusal.status != NOT_FOUND:  # the project is gone, and its tasks with it
            raise
