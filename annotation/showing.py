"""A task in; out what Label Studio shows of it: the pages, why it was chosen, what to check, and what a model says."""

from __future__ import annotations

from typing import Any

from annotation import labelling, task_pages
from annotation.models import DocumentType, Extraction, LabelTask


def data(document_type: DocumentType, task: LabelTask) -> dict[str, Any]:  # Label Studio's JSON
    """The task's data: which pages, why this document, what to check."""
    fields = document_type.schema
    said = task.extraction.found if task.extraction else ()
    shown = {value.field for _, value in labelling.shown(said, fields)}
    return labelling.task_data(
        task.document_id,
        task_pages.addresses(task),
        reason=task.reason,
        title=document_type.title,
        asked=[field.title for field in fields if field.name not in task.unasked],
        unasked=[field.title for field in fields if field.name in task.unasked],
        missing=[
            field.title for field in fields if task.extraction and field.name not in (*shown, *task.unasked)
        ],
        found_nothing=task.extraction is not None and not shown,
    )


def prediction(
    document_type: DocumentType, task: LabelTask, extraction: Extraction | None
) -> dict[str, Any] | None:
    """What an extraction says, for Label Studio; None without one."""
    if extraction is None:
        return None
    return labelling.prediction(
        extraction.found,
        task.document.word_pages,
        document_type.schema,
        document_type=document_type.name,
        model_version=task.shown_as or extraction.model_version,
        # Label Studio gives the lowest first
        score=0.0 if task.document.asked_by else extraction.score,
        unasked=task.unasked,
    )
