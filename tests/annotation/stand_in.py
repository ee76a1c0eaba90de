"""A Label Studio in memory for the tests of the inbox and the sweep: what its API answers, and what people do in it.

It stands at the seam (`annotation.label_studio`'s functions). The journeys use the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from annotation import label_studio, label_studio_backend, label_studio_whole
from annotation.errors import LabelStudioRefused, LabelStudioUnreachable
from annotation.models import Document, LabelTask
from annotation.task_views import AnnotationView, Entry, LabelTaskView
from tests.factories import make_answers
from tests.journeys.annotator import drawn

ANN = "ann@example.org"
SERVICE_ACCOUNT = "service@docloop.example"


class LabelStudioInMemory:
    def __init__(self) -> None:
        self.projects: dict[int, dict[int, LabelTaskView]] = {}
        self.webhooks: list[tuple[int, str, str]] = []
        self.backends: list[tuple[int, str]] = []
        self.fetched: list[int] = []
        self.up = True
        self.during_fetch: Callable[[], None] = lambda: None
        self._ids = count(5000)
        self._clock = datetime(2026, 1, 1, tzinfo=UTC)

    # what Docloop calls

    def fetch_task(self, task_id: int) -> LabelTaskView | None:
        self._answer()
        self.fetched.append(task_id)
        view = self.task(task_id)
        self.during_fetch()
        return view

    def fetch_tasks(self, project_id: int, task_ids: Collection[int]) -> list[LabelTaskView]:
        self._answer()
        self.fetched += task_ids
        views = [self.projects[project_id][each] for each in task_ids if each in self.projects[project_id]]
        self.during_fetch()
        return views

    def inventory(self, project_id: int) -> Iterator[Entry]:
        self._answer()
        if project_id not in self.projects:
            raise LabelStudioRefused("no such project", status=404)
        for task in list(self.projects[project_id].values()):
            skipped = sum(annotation.skipped for annotation in task.annotations)
            yield Entry(
                task_id=task.id,
                document_id=task.document_id,
                updated_at=task.updated_at,
                annotation_ids=tuple(annotation.id for annotation in task.annotations),
                total=len(task.annotations) - skipped,
                cancelled=skipped,
                drafted=task.drafted,
            )

    def service_account(self) -> str:
        self._answer()
        return SERVICE_ACCOUNT

    def ensure_webhook(self, project_id: int, url: str, secret: str) -> bool:
        self._answer()
        self.webhooks.append((project_id, url, secret))
        return len(self.webhooks) == 1

    def ensure_backend(self, project_id: int, url: str, user: str, password: str) -> bool:
        self._answer()
        self.backends.append((project_id, url))
        return len(self.backends) == 1

    # what people do in it

    def now(self) -> datetime:
        self._clock += timedelta(seconds=1)
        return self._clock

    def task(self, task_id: int) -> LabelTaskView | None:
        return next((tasks[task_id] for tasks in self.projects.values() if task_id in tasks), None)

    def push(self, document: Document, **more: Any) -> int:
        """A task for a document, as the queue makes one: in Label Studio and in our table; answers its id."""
        task_id = self.add_task(document.document_type.project_id, document.pk)
        LabelTask.objects.create(
            document=document,
            project_id=document.document_type.project_id,
            task_id=task_id,
            state=LabelTask.State.OPEN,
            extraction=document.extraction,
            **more,
        )
        Document.objects.filter(pk=document.pk).update(state=Document.State.QUEUED)
        return task_id

    def add_task(self, project_id: int, document_id: int | None) -> int:
        task = LabelTaskView(
            id=next(self._ids),
            project_id=project_id,
            document_id=document_id,
            updated_at=self.now(),
            annotations=(),
            drafted=False,
        )
        self.projects.setdefault(project_id, {})[task.id] = task
        return task.id

    def submit(self, task_id: int, result: list[dict[str, Any]], **more: Any) -> int:
        """A new annotation; answers its id."""
        now = self.now()
        annotation = AnnotationView(
            **{
                "id": next(self._ids),
                "result": result,
                "skipped": False,
                "ground_truth": False,
                "completed_by": ANN,
                "created_at": now,
                "updated_at": now,
                "lead_time": 8.0,
                "parent_prediction": None,
            }
            | more
        )
        self._annotate(task_id, [*self._annotations(task_id), annotation])
        return annotation.id

    def edit(self, task_id: int, annotation_id: int, **more: Any) -> None:
        annotations = [
            replace(each, updated_at=self.now(), **more) if each.id == annotation_id else each
            for each in self._annotations(task_id)
        ]
        self._annotate(task_id, annotations)

    def delete(self, task_id: int, annotation_id: int) -> None:
        self._annotate(task_id, [each for each in self._annotations(task_id) if each.id != annotation_id])

    def predict(self, task_id: int) -> None:
        """A new prediction changes the task's time and nothing else."""
        self._annotate(task_id, self._annotations(task_id))

    def delete_task(self, task_id: int) -> None:
        for tasks in self.projects.values():
            tasks.pop(task_id, None)

    # what Label Studio never tells of, or tells less of than happened

    def flag(self, task_id: int, annotation_id: int) -> None:
        """Make an annotation the task's ground truth: the one before loses the flag, and its own time stays."""
        self._annotate(
            task_id,
            [
                replace(each, ground_truth=True, updated_at=self.now())
                if each.id == annotation_id
                else replace(each, ground_truth=False)
                for each in self._annotations(task_id)
            ],
        )

    def propagate(self, annotation: AnnotationView, task_id: int) -> None:
        """Copy an annotation to another task, whose time stays."""
        now = self.now()
        copy = replace(annotation, id=next(self._ids), created_at=now, updated_at=now, ground_truth=False)
        self._put(task_id, [*self._annotations(task_id), copy], {})

    def make_draft(self, task_id: int, annotation_id: int) -> None:
        """Turn an annotation into a draft: as an annotation it is gone."""
        left = [each for each in self._annotations(task_id) if each.id != annotation_id]
        self._put(task_id, left, {"drafted": True, "updated_at": self.now()})

    def merge(self, double: int, into: int) -> None:
        """'Remove duplicates': another task's annotations move here, nobody's time changes, and that task is gone."""
        moved = self._annotations(double)
        self.delete_task(double)
        self._put(into, [*self._annotations(into), *moved], {})

    def delete_project(self, project_id: int) -> None:
        self.projects.pop(project_id)

    def _annotations(self, task_id: int) -> list[AnnotationView]:
        task = self.task(task_id)
        assert task is not None
        return list(task.annotations)

    def _annotate(self, task_id: int, annotations: list[AnnotationView]) -> None:
        self._put(task_id, annotations, {"updated_at": self.now()})

    def _put(self, task_id: int, annotations: list[AnnotationView], more: dict[str, Any]) -> None:
        for tasks in self.projects.values():
            if task_id in tasks:
                tasks[task_id] = replace(tasks[task_id], annotations=tuple(annotations), **more)

    def _answer(self) -> None:
        if not self.up:
            raise LabelStudioUnreachable("Label Studio does not answer")


def install(monkeypatch: pytest.MonkeyPatch) -> LabelStudioInMemory:
    """Put one in the place of the real one's functions."""
    stand_in = LabelStudioInMemory()
    for name in ("fetch_task", "inventory", "ensure_webhook", "service_account"):
        monkeypatch.setattr(label_studio, name, getattr(stand_in, name))
    monkeypatch.setattr(label_studio_whole, "fetch_tasks", stand_in.fetch_tasks)
    monkeypatch.setattr(label_studio_backend, "ensure_backend", stand_in.ensure_backend)
    return stand_in


def result(document: Document, values: dict[str, str]) -> list[dict[str, Any]]:
    """What the front end sends for regions drawn around these values; a region's id stays the same in every edit."""
    items = []
    for answer in make_answers(document, values):
        items += [item | {"id": f"region-{answer.field}"} for item in drawn(answer, (1000, 1400))]
    return items
