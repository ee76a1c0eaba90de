"""The cast, and the doorbell's record.

Ann annotates, Lea leads, Otto operates, Eve has signed in but has no role.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, User

from annotation import doorbell
from annotation.models import Job


def person(name: str, role: str | None) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", "a-long-password")
    if role:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


@pytest.fixture
def ann(db: None) -> User:
    return person("ann", "annotator")


@pytest.fixture
def lea(db: None) -> User:
    return person("lea", "lead")


@pytest.fixture
def otto(db: None) -> User:
    return person("otto", "operator")


@pytest.fixture
def eve(db: None) -> User:
    return person("eve", None)


class Rung:
    """What was rung in a test: (task, subject) of every waiting job."""

    def __contains__(self, task_and_subject: tuple[str, int]) -> bool:
        task, subject = task_and_subject
        return Job.objects.filter(task=task, subject=subject, state="waiting").exists()

    def all(self) -> set[tuple[str, int]]:
        return set(Job.objects.filter(state="waiting").values_list("task", "subject"))


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rung]:
    """Nothing is sent to a broker in these tests: job rows are what happened."""
    monkeypatch.setattr(doorbell, "send", lambda jobs: None)
    yield Rung()
