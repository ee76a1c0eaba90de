"""What Label Studio holds beside what our database says, in Jepsen's words: lost, duplicated, unexpected, recovered.

- lost: in Label Studio, and counts for nothing here;
- stale: here with an earlier content, or its document's truth or state is not what its annotations make it;
- duplicated: recorded more often than it was ever different;
- unexpected: here, and was never said, or is gone in Label Studio;
- recovered: here although no webhook told of it: the sweep found it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from annotation.models import Correction, CurrentAnnotation, DirtyTask, Document, Job, LabelTask

Key = tuple[bool, tuple[tuple[str, str], ...], str]  # skipped, what is said of each field, by whom


@dataclass
class Findings:
    """What the comparison found; the lists say what, for whoever has to find out why."""

    annotations: int = 0
    lost: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    recovered: int = 0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.stale or self.duplicated or self.unexpected)

    def __str__(self) -> str:
        return (
            f"{self.annotations} annotations: lost {len(self.lost)}, duplicated {len(self.duplicated)}, "
            f"unexpected {len(self.unexpected)}, stale {len(self.stale)}, recovered {self.recovered}"
        )

    def told(self) -> str:
        """With the first few of each kind."""
        kinds = ("lost", "duplicated", "unexpected", "stale")
        return "\n".join([str(self), *(f"{kind}: {getattr(self, kind)[:5]}" for kind in kinds)])


def compare(truth: dict[str, Any], documents: Collection[int] | None = None) -> Findings:
    """Hold the ledger against `Installation.truth()`, for these documents or all of ours."""
    found = Findings()
    ours = set(Document.objects.values_list("pk", flat=True) if documents is None else documents)
    tasks = [task for task in truth["tasks"] if task["document"] in ours]
    there = {each["id"]: (task, each) for task in tasks for each in task["annotations"]}
    found.annotations = len(there)
    pointers = {
        pointer.annotation_id: pointer
        for pointer in CurrentAnnotation.objects.filter(
            document__in=ours, correction__isnull=False
        ).select_related("correction")
    }
    for annotation_id, (task, said) in there.items():
        pointer = pointers.get(annotation_id)
        if pointer is None:
            found.lost.append(f"annotation {annotation_id} of task {task['id']}")
        elif (row_key(pointer.correction), pointer.document_id) != (key(said), task["document"]):
            found.stale.append(f"annotation {annotation_id} of task {task['id']}")
        else:
            found.recovered += pointer.correction.noticed_by == "sweep"
    found.unexpected += [f"annotation {each} is gone there" for each in pointers.keys() - there.keys()]
    _ledger(truth["ever"], ours, found)
    _documents(tasks, ours, found)
    return found


def _ledger(ever: dict[str, list[dict[str, Any]]], ours: Collection[int], found: Findings) -> None:
    """Every row was said once, and none was said by nobody."""
    recorded = Counter(
        (row.annotation_id, row_key(row), row.document_id)
        for row in Correction.objects.filter(document__in=ours)
    )
    for (annotation_id, said, _document), rows in recorded.items():
        versions = sum(key(version) == said for version in ever.get(str(annotation_id), []))
        if not versions:
            found.unexpected.append(f"annotation {annotation_id} never said {said}")
        elif rows > versions:
            found.duplicated.append(f"annotation {annotation_id}: {rows} rows of {versions} contents")


def _documents(tasks: list[dict[str, Any]], ours: Collection[int], found: Findings) -> None:
    """Each document's truth is the newest of its annotations that isn't a skip, and its state follows."""
    by_document: dict[int, list[dict[str, Any]]] = {}
    for task in tasks:
        by_document.setdefault(task["document"], []).extend(task["annotations"])
    for document in Document.objects.filter(pk__in=ours).select_related("truth"):
        annotations = sorted(
            by_document.get(document.pk, []), key=lambda each: (each["updated_at"], each["id"])
        )
        said = [each for each in annotations if not each["skipped"]]
        if (row_key(document.truth) if document.truth else None) != (key(said[-1]) if said else None):
            found.stale.append(f"the truth of document {document.pk}")
        if said and document.state != Document.State.CONFIRMED:
            found.stale.append(f"document {document.pk} is {document.state}")
        if not said and document.state == Document.State.CONFIRMED:
            found.stale.append(f"document {document.pk} is confirmed")


def key(version: dict[str, Any]) -> Key:
    """What one version of an annotation says, worked out from its regions alone."""
    if version["skipped"]:
        return True, (), version["by"]
    fields: dict[str, str] = {}
    texts: dict[str, str] = {}
    for item in version["result"]:
        if labels := item["value"].get("rectanglelabels"):
            fields[item["id"]] = labels[0]
        if item["value"].get("text"):
            texts[item["id"]] = item["value"]["text"][0]
    return False, tuple(sorted((fields[each], texts.get(each, "")) for each in fields)), version["by"]


def row_key(row: Correction) -> Key:
    if row.skipped:
        return True, (), row.annotator
    return False, tuple(sorted((answer.field, answer.text) for answer in row.said)), row.annotator


def at_rest() -> bool:
    """Whether nothing about Label Studio's tasks is left to be done."""
    waiting = Job.objects.exclude(state__in=[Job.State.DONE, Job.State.FAILED])
    return not (
        DirtyTask.objects.exists()
        or waiting.filter(task__in=["annotation.collect_task", "annotation.fill_queue"]).exists()
        or LabelTask.objects.filter(state=LabelTask.State.PUSHING).exists()
    )


def failed_jobs() -> list[str]:
    failed = Job.objects.filter(state=Job.State.FAILED)
    return [f"{job.task} {job.subject}: {job.problem}" for job in failed]
