"""A challenger on trial fills in its share of the documents, and nobody sees which."""

from __future__ import annotations

import pytest

from annotation import canary, extraction, queueing
from annotation.models import Document, DocumentType, LabelTask
from models.extractors import named
from models.schema import Schema
from tests.annotation.queue_stand_in import LabelStudioInMemory, stand_in
from tests.factories import FIELDS, make_document, make_type

pytestmark = pytest.mark.django_db

CHAMPION = {"champion": "kind-v1", "champion_uri": "runs:/0123/model", "champion_sha256": "ab" * 32}
TRIED = {"challenger": "kind-v2", "challenger_uri": "runs:/4567/model", "challenger_sha256": "cd" * 32}


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> LabelStudioInMemory:
    return stand_in(monkeypatch)


@pytest.fixture
def asked(monkeypatch):
    """The versions that were loaded; both read by rules."""
    model = named("rules").fit(Schema.from_json(FIELDS), [], [], recipe={}, on_progress=lambda _: None)
    versions = []
    monkeypatch.setattr(extraction, "_loaded", lambda version: versions.append(version.version) or model)
    return versions


@pytest.fixture
def kind(studio):
    project = studio.create_project("Kind", "kind", "<View/>")
    return make_type(**CHAMPION, **TRIED, challenger_share=0.5, queue_depth=20, project_id=project)


def end(kind: DocumentType, **more) -> None:
    gone = {"challenger": "", "challenger_uri": "", "challenger_sha256": "", "challenger_share": 0.0}
    DocumentType.objects.filter(pk=kind.pk).update(**gone, **more)


def read_by(kind: DocumentType) -> dict[int, str]:
    return dict(kind.documents.values_list("pk", "extraction__model_version"))


def test_the_database_draws_the_same_lots(kind):
    for _ in range(60):
        make_document(kind)
    drawn = kind.documents.alias(lot=canary.lot(kind)).filter(canary.filled_in(kind))
    here = {each.pk for each in kind.documents.all() if canary.fills_in(kind, each.sha256)}
    assert set(drawn.values_list("pk", flat=True)) == here
    assert 10 < len(here) < 50


def test_another_challenger_fills_in_other_documents_and_in_the_shadow_none(kind):
    contents = [f"{n:064x}" for n in range(200)]
    first = [canary.fills_in(kind, each) for each in contents]
    kind.challenger = "kind-v3"
    assert first != [canary.fills_in(kind, each) for each in contents]
    kind.challenger_share = 0.0
    assert not any(canary.fills_in(kind, each) for each in contents)


def test_each_document_is_extracted_by_what_fills_it_in_and_by_nothing_else(kind, asked, rung):
    documents = [make_document(kind) for _ in range(20)]
    extraction.extract_document(documents[0].pk)
    extraction.extract_pool(kind.pk)
    wanted = {each.pk: extraction.version_for(kind, each) for each in documents}
    assert set(wanted.values()) == {"kind-v1", "kind-v2"}
    assert read_by(kind) == wanted
    assert not extraction.unseen(kind).exists()
    asked.clear()
    extraction.extract_pool(kind.pk)
    assert not asked


def test_when_the_trial_ends_the_champion_reads_what_it_has_not_seen(kind, asked, rung):
    for _ in range(20):
        make_document(kind)
    extraction.extract_pool(kind.pk)
    end(kind)
    extraction.take_up(kind.pk)
    extraction.extract_pool(kind.pk)
    assert set(read_by(kind).values()) == {"kind-v1"}


def test_people_are_not_shown_which_model_filled_a_task_in(kind, studio, asked, rung):
    for n in range(12):
        make_document(kind, priority=n)
    extraction.extract_pool(kind.pk)
    queueing.fill_queue(kind.pk)
    assert {each.extraction.model_version for each in LabelTask.objects.all()} == {"kind-v1", "kind-v2"}
    shown = {each["model_version"] for task in studio.tasks.values() for each in task.predictions}
    assert shown == {"kind-v1-or-v2"}
    assert studio.project(kind.project_id).model_version == "kind-v1-or-v2"


def test_what_is_open_when_a_trial_begins_is_shown_by_the_same_name_and_keeps_what_it_says(
    kind, studio, asked, rung
):
    end(kind)
    for n in range(12):
        make_document(kind, priority=n)
    extraction.extract_pool(kind.pk)
    queueing.fill_queue(kind.pk)
    DocumentType.objects.filter(pk=kind.pk).update(**TRIED, challenger_share=0.5)
    queueing.fill_queue(kind.pk)  # before the challenger has read its share
    extraction.extract_pool(kind.pk)
    queueing.fill_queue(kind.pk)
    for task in studio.tasks.values():
        names = [each["model_version"] for each in task.predictions]
        assert names.count("kind-v1-or-v2") == 1
    assert studio.project(kind.project_id).model_version == "kind-v1-or-v2"
    assert {each.extraction.model_version for each in LabelTask.objects.all()} == {"kind-v1"}


@pytest.mark.parametrize("champion", ["kind-v1", "kind-v2"])
def test_after_the_trial_every_task_shows_what_the_champion_says_by_its_name(
    kind, studio, asked, rung, champion
):
    for n in range(12):
        make_document(kind, priority=n)
    extraction.extract_pool(kind.pk)
    queueing.fill_queue(kind.pk)
    end(kind, champion=champion)
    extraction.extract_pool(kind.pk)
    queueing.fill_queue(kind.pk)
    assert studio.project(kind.project_id).model_version == champion
    for task in studio.tasks.values():
        assert [each["model_version"] for each in task.predictions].count(champion) == 1
    for task in LabelTask.objects.all():
        assert (task.extraction.model_version, task.shown_as) == (champion, "")
    assert Document.objects.filter(state="queued").count() == 12
