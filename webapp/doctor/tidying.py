"""Whatever probes left, out: files, Label Studio's projects, rows and jobs. Done twice, or after a kill, it does no harm."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from annotation import erasure, label_studio, label_studio_about, page_store, projects
from annotation.errors import LabelStudioError
from annotation.models import DirtyTask, DocumentType, Erasure, Job, LabelTask
from annotation.type_settings import PROBE_PREFIX

# facts whose subject is a document type (see `webapp.wiring`)
FACTS_OF_TYPES = (
    "document type changed", "extractions outdated", "pool changed", "ranking changed", "figures outdated",
    "champion changed", "targets changed", "audit grew", "challenger changed", "project in doubt", "training finished",
    "stream grew", "drift detected",
)  # fmt: skip
QUIET = 10.0  # seconds that workers get to end what they do for a probe; what they write later is refused (fencing)


def tidy() -> list[str]:
    """Take every probe away; answers the names of those that Label Studio still holds (they stay to be found again)."""
    left = []
    for kind in DocumentType.objects.filter(name__startswith=PROBE_PREFIX):
        try:
            project = kind.project_id or label_studio.find_project(projects.description(kind))
            if project:
                label_studio_about.delete_project(project)
        except LabelStudioError:
            left.append(kind.name)
        else:
            _remove(kind)
    # what rang for a type while it was taken away
    orphans = Job.objects.filter(task__in=_wired(FACTS_OF_TYPES)).exclude(
        subject__in=DocumentType.every.values("pk")
    )
    orphans.exclude(state=Job.State.RUNNING).delete()
    return left


def _remove(kind: DocumentType) -> None:
    erasures = list(kind.erasures.all())  # somebody was quicker
    files = [
        *kind.documents.values_list("pk", "file"),
        *((erased.document, erased.file) for erased in erasures),
    ]
    known = LabelTask.objects.filter(document__document_type=kind, task_id__isnull=False)
    tasks = [
        *known.values_list("task_id", flat=True),
        *(each for erased in erasures for each in erased.tasks),
    ]
    jobs = (
        Q(task__in=_wired(FACTS_OF_TYPES), subject=kind.pk)
        | Q(task__in=_wired(erasure.FACTS_OF_DOCUMENTS), subject__in=[document for document, _ in files])
        | Q(task__in=_wired(("task changed",)), subject__in=tasks)
        | Q(task__in=_wired(("document erased",)), subject__in=[erased.pk for erased in erasures])
    )
    _wait_for_quiet(jobs)
    for document_id, file in files:  # before the rows: whoever is cut here finds them again
        page_store.forget(document_id)
        if file:
            default_storage.delete(file)
    with transaction.atomic():
        Job.objects.filter(jobs).delete()
        DirtyTask.objects.filter(task_id__in=tasks).delete()
        Erasure.objects.filter(document_type=kind).delete()
        for document in kind.documents.all():
            erasure.delete_rows(document)
        kind.delete()
    Job.objects.filter(jobs).delete()


def _wired(facts: tuple[str, ...]) -> list[str]:
    return sorted({task for fact in facts for task in settings.WIRING[fact]})


def _wait_for_quiet(jobs: Q) -> None:
    until = time.monotonic() + QUIET
    while time.monotonic() < until:
        Job.objects.filter(jobs).exclude(state=Job.State.RUNNING).delete()
        if not Job.objects.filter(jobs).exists():
            return
        time.sleep(0.2)
