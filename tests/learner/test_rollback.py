"""A rollback puts back what the earlier champion said: documents, thresholds, Label Studio's predictions, the queue."""

from __future__ import annotations

import pytest

from annotation import extraction, queueing
from annotation.models import Document, LabelTask
from learner import automation, promotion, selection
from learner.models import AcceptanceRule, Automation, ModelVersion
from tests.annotation.queue_stand_in import LabelStudioInMemory, stand_in
from tests.factories import make_document, make_extraction, make_type, make_version

pytestmark = pytest.mark.django_db

TASKS = {
    "annotation.take_up": extraction.take_up,
    "learner.work_out_thresholds": automation.work_out,
    "learner.rank_pool": selection.rank_pool,
    "annotation.fill_queue": queueing.fill_queue,
}  # of those that "champion changed" wakes, the light ones without MLflow


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> LabelStudioInMemory:
    return stand_in(monkeypatch)


def extracted(document: Document, version: ModelVersion, sure: float) -> None:
    values = {"company": ("ACME LTD", 0.95), "date": ("01/02/2024", 0.95), "total": ("12.90", sure)}
    make_extraction(document, values, version=version.name)


def test_a_rollback_restores_what_the_earlier_champion_said_everywhere(studio, monkeypatch):
    project = studio.create_project("Receipts", "receipts", "<View/>")
    kind = make_type(
        queue_depth=3, project_id=project, strategy="least-confident", audit_share=1e-9, target_error=0.05
    )
    documents = [make_document(kind) for _ in range(8)]
    old, new = (make_version(kind, state="challenger") for _ in range(2))

    def settle():
        for each in TASKS.values():
            each(kind.pk)

    def seen():
        open_tasks = LabelTask.objects.filter(state="open").select_related("extraction")
        return {
            "documents": dict(kind.documents.values_list("pk", "extraction__model_version")),
            "order": list(kind.documents.order_by("-priority", "pk").values_list("pk", flat=True)),
            "tasks": {task.document_id: task.extraction.model_version for task in open_tasks},
            "shown": studio.project(project).model_version,
            "thresholds": automation.in_force(kind).pk,
        }

    for version, order in ((old, 1), (new, -1)):  # what one is least sure of, the other is surest of
        promotion.promote(version, by="the gate", reason="better")
        AcceptanceRule.objects.create(
            document_type=kind,
            version=version.name,
            target_error=0.05,
            field_targets={},
            thresholds={"total": 0.999},
            answered=100,
            above=0,
            risk=0.01,
            by="Docloop",
            why="",
        )
        Automation.objects.update_or_create(document_type=kind, defaults={"on": True})
        for place, document in enumerate(documents[::order]):
            extracted(document, version, 0.5 + place / 20)
        Document.objects.filter(document_type=kind, state="read").update(state="extracted")
        kind.refresh_from_db()
        for _ in range(6):  # withdrawing goes by halves
            settle()
        if version == old:
            before = seen()
    between = seen()
    assert between["documents"] != before["documents"] and between["thresholds"] != before["thresholds"]
    assert between["tasks"] != before["tasks"]

    monkeypatch.setattr(extraction, "_loaded", None)  # nothing is asked anew
    promotion.roll_back(kind, by="otto")
    kind.refresh_from_db()
    settle()
    after = seen()
    assert (after["documents"], after["order"], after["thresholds"]) == (
        before["documents"],
        before["order"],
        before["thresholds"],
    )
    assert after["shown"] == before["shown"] == old.name
    assert set(after["tasks"].values()) == {old.name}
    for _ in range(6):
        settle()
    assert seen()["tasks"] == before["tasks"]
