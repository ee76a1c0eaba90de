"""Label Studio as `annotation.label_studio` shows it, in memory, for faults that a real one can't be made to have.

It keeps what the real one is known for: it takes the same task twice without a word, and all or nothing of a request.
What it can't prove is proved against the real one in `tests/journeys/test_label_studio.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from annotation import label_studio, label_studio_backend
from annotation.errors import LabelStudioRefused, LabelStudioUnreachable
from annotation.label_studio import Project


@dataclass
class Task:
    project_id: int
    data: Mapping[str, Any]
    predictions: list[Mapping[str, Any]]
    touched: bool = False
    skipped: bool = False


@dataclass
class LabelStudioInMemory:
    projects: dict[int, dict[str, str]] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)
    webhooks: dict[int, tuple[str, str]] = field(default_factory=dict)
    backends: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    web_answers: bool = True
    given: frozenset[int] | None = frozenset()
    cut_before: int | None = None  # the push with this number (from 1) never arrives
    cut_after: int | None = None  # the push with this number arrives, and its answer is lost
    pushes: list[int] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)  # projects that show the store no more

    def find_project(self, description: str) -> int | None:
        return next((pk for pk, each in self.projects.items() if each["description"] == description), None)

    def create_project(self, title: str, description: str, label_config: str) -> int:
        pk = max(self.projects, default=0) + 1
        self.projects[pk] = {
            "title": title,
            "description": description,
            "label_config": label_config,
            "model_version": "",
        }
        return pk

    def project(self, project_id: int) -> Project | None:
        each = self.projects.get(project_id)
        return Project(project_id, each["label_config"], each["model_version"]) if each else None

    def update_project(self, project_id: int, *, title: str, label_config: str) -> None:
        self.changes.append(title)
        self.projects[project_id] |= {"title": title, "label_config": label_config}

    def set_model_version(self, project_id: int, model_version: str) -> None:
        self.projects[project_id]["model_version"] = model_version

    def ensure_webhook(self, project_id: int, url: str, secret: str) -> bool:
        mended = self.webhooks.get(project_id) != (url, secret)
        self.webhooks[project_id] = (url, secret)
        return mended

    def ensure_backend(self, project_id: int, url: str, user: str, password: str) -> bool:
        if not self.web_answers:  # it asks Docloop's web process before it takes the address
            raise LabelStudioRefused("health check failed", status=400)
        mended = self.backends.get(project_id) != (url, user, password)
        self.backends[project_id] = (url, user, password)
        return mended

    def forget_storage(self, project_id: int, path: str) -> None:
        assert path
        self.forgotten.append(project_id)

    def push_tasks(
        self, project_id: int, tasks: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]]
    ) -> list[int]:
        self.pushes.append(len(tasks))
        if len(self.pushes) == self.cut_before:
            raise LabelStudioUnreachable("cut before it arrived")
        first = max(self.tasks, default=100) + 1
        for number, (data, prediction) in enumerate(tasks):
            self.tasks[first + number] = Task(project_id, data, [prediction] if prediction else [])
        if len(self.pushes) == self.cut_after:
            raise LabelStudioUnreachable("cut after it arrived")
        return list(range(first, first + len(tasks)))

    def tasks_by_document(self, project_id: int, document_ids: Collection[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for pk, task in sorted(self.tasks.items()):
            document = int(task.data["doc_id"])
            if task.project_id == project_id and document in document_ids:
                found.setdefault(document, []).append(pk)
        return found

    def delete_untouched(
        self, project_id: int, task_ids: Collection[int], *, skipped_too: bool = False
    ) -> frozenset[int] | None:
        if self.given is None:
            return None
        for pk in set(task_ids) - self.given:
            task = self.tasks.get(pk)
            if task and not task.touched and (skipped_too or not task.skipped):
                del self.tasks[pk]
        return frozenset(task_ids) - self.tasks.keys()

    def add_predictions(self, project_id: int, predictions: Mapping[int, Mapping[str, Any]]) -> None:
        for pk, prediction in predictions.items():
            there = {each["model_version"] for each in self.tasks[pk].predictions}
            if prediction["model_version"] not in there:
                self.tasks[pk].predictions.append(prediction)

    def documents(self) -> list[int]:
        """The documents it has tasks of, in the order in which they came."""
        return [int(task.data["doc_id"]) for _, task in sorted(self.tasks.items())]


def stand_in(monkeypatch: pytest.MonkeyPatch) -> LabelStudioInMemory:
    """Put one in Label Studio's place."""
    memory = LabelStudioInMemory()
    for name in (
        "find_project",
        "create_project",
        "project",
        "update_project",
        "set_model_version",
        "ensure_webhook",
        "forget_storage",
        "push_tasks",
        "tasks_by_document",
        "delete_untouched",
        "add_predictions",
    ):
        monkeypatch.setattr(label_studio, name, getattr(memory, name))
    monkeypatch.setattr(label_studio_backend, "ensure_backend", memory.ensure_backend)
    return memory
