"""Label Studio's JSON of tasks in, frozen values in our words out; and back, what is asked of it. No network.

A task's whole answer holds all content; the light inventory is asked for with everything costly hidden.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.labelling import problem_in

Json = Any  # Label Studio's JSON, of whatever form

# what an inventory asks for
LIGHT = "id,data,updated_at,total_annotations,cancelled_annotations,annotations_ids,draft_exists"
# columns that Label Studio works out only when they are not hidden; the costly ones read every result
COMPUTED = {
    "annotations_ids",
    "annotations_results",
    "annotators",
    "avg_lead_time",
    "completed_at",
    "draft_exists",
    "file_upload",
    "predictions_model_versions",
    "predictions_results",
    "predictions_score",
    "storage_filename",
}


@dataclass(frozen=True, slots=True)
class AnnotationView:
    """What one person submitted for a task."""

    id: int
    result: list[dict[str, Json]]
    skipped: bool
    ground_truth: bool
    completed_by: str  # e-mail
    created_at: datetime
    updated_at: datetime
    lead_time: float | None  # seconds
    parent_prediction: int | None
    model_version: str = ""  # whose prediction the person began with; empty if with an empty page


@dataclass(frozen=True, slots=True)
class LabelTaskView:
    """A task with all its annotations."""

    id: int
    project_id: int
    document_id: int | None  # None: a task that somebody else made
    updated_at: datetime
    annotations: tuple[AnnotationView, ...]
    drafted: bool  # somebody has begun and not submitted


@dataclass(frozen=True, slots=True)
class Entry:
    """A task in the light inventory: enough to see that something changed, without any content."""

    task_id: int
    document_id: int | None
    updated_at: datetime
    annotation_ids: tuple[int, ...]
    total: int  # annotations that were not skipped
    cancelled: int  # skipped ones
    drafted: bool


def task_of(task: dict[str, Json]) -> LabelTaskView:
    """From the answer for one task."""
    return LabelTaskView(
        id=task["id"],
        project_id=task["project"],
        document_id=document_id(task),
        updated_at=_time(task["updated_at"]),
        annotations=tuple(_annotation(each, task["predictions"]) for each in task["annotations"]),
        drafted=bool(task.get("draft_exists")),
    )


def entry_of(task: dict[str, Json]) -> Entry:
    """From a task of a list that was asked for with `LIGHT`."""
    return Entry(
        task_id=task["id"],
        document_id=document_id(task),
        updated_at=_time(task["updated_at"]),
        annotation_ids=tuple(sorted(map(int, parts(task.get("annotations_ids"))))),
        total=task["total_annotations"],
        cancelled=task["cancelled_annotations"],
        drafted=bool(task.get("draft_exists")),
    )


def document_id(task: dict[str, Json]) -> int | None:
    """Our document's id in a task's data; None for a task that isn't ours."""
    stored = str((task.get("data") or {}).get("doc_id", ""))
    return int(stored) if stored.isascii() and stored.isdigit() else None


def parts(listed: Json) -> set[str]:
    """Of a column that Label Studio gives as text with commas."""
    return {part.strip() for part in str(listed or "").split(",") if part.strip()}


def column_filter(column: str, operator: str, kind: str, value: Json) -> dict[str, Json]:
    """One condition of a list of tasks."""
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def hidden_columns(shown: Collection[str]) -> dict[str, list[str]]:
    """What keeps Label Studio from working out any costly column but those `shown`."""
    hidden = [f"tasks:{column}" for column in sorted(COMPUTED - set(shown))]
    return {"explore": hidden, "labeling": hidden}


def _annotation(annotation: dict[str, Json], predictions: Sequence[dict[str, Json]]) -> AnnotationView:
    return AnnotationView(
        id=annotation["id"],
        result=annotation["result"],
        # who says what is wrong with the document hasn't answered it, whichever button they pressed
        skipped=bool(annotation["was_cancelled"]) or bool(problem_in(annotation["result"])),
        ground_truth=bool(annotation["ground_truth"]),
        completed_by=annotation["completed_by"]["email"] if annotation["completed_by"] else "",
        created_at=_time(annotation["created_at"]),
        updated_at=_time(annotation["updated_at"]),
        lead_time=annotation["lead_time"],
        parent_prediction=annotation["parent_prediction"],
        model_version=_begun_with(annotation, predictions),
    )


def _begun_with(annotation: dict[str, Json], predictions: Sequence[dict[str, Json]]) -> str:
    """The model version whose prediction the person began with; empty if with an empty page.

    The editor says which it was. It doesn't for what was taken up again from a draft: then it was the newest
    prediction that there was, if any region comes from one.
    """
    for each in predictions:
        if each["id"] == annotation["parent_prediction"]:
            return str(each["model_version"] or "")
    if not any(str(item.get("origin", "")).startswith("prediction") for item in annotation["result"]):
        return ""
    begun = _time(annotation["draft_created_at"] or annotation["created_at"])
    earlier = [each for each in predictions if _time(each["created_at"]) <= begun]
    newest = max(earlier, key=lambda each: each["id"], default=None)
    return str(newest["model_version"] or "") if newest else ""


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
