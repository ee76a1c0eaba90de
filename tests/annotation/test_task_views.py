from datetime import UTC, datetime

import pytest

from annotation import task_views

AT = "2026-11-23T10:00:00.5Z"


def task(**more):
    return {
        "id": 3,
        "project": 1,
        "data": {"doc_id": "12"},
        "updated_at": AT,
        "annotations": [],
        "predictions": [],
    } | more


def annotation(**more):
    return {
        "id": 9,
        "result": [{"id": "total-0", "origin": "prediction"}],
        "was_cancelled": False,
        "ground_truth": False,
        "completed_by": {"id": 2, "email": "ann@example.org"},
        "created_at": AT,
        "updated_at": AT,
        "draft_created_at": None,
        "lead_time": 4.5,
        "parent_prediction": None,
    } | more


def prediction(pk, version, at="2026-11-23T09:00:00Z"):
    return {"id": pk, "model_version": version, "created_at": at}


def view(given, *predictions):
    return task_views.task_of(task(annotations=[given], predictions=list(predictions))).annotations[0]


def test_an_annotation_says_who_when_and_how_long():
    seen = view(annotation(was_cancelled=True))
    assert (seen.completed_by, seen.lead_time, seen.skipped) == ("ann@example.org", 4.5, True)
    assert seen.updated_at == datetime(2026, 11, 23, 10, 0, 0, 500_000, UTC)


@pytest.mark.parametrize("stored", ["", "x", "-1", "²", "1.5", None])
def test_a_task_that_is_not_ours_has_no_document(stored):
    assert task_views.document_id(task(data={"doc_id": stored})) is None
    assert task_views.document_id(task(data={})) is None


def test_the_version_is_that_of_the_prediction_the_person_began_with():
    predictions = [prediction(1, "v1"), prediction(2, "v2")]
    assert view(annotation(parent_prediction=1), *predictions).model_version == "v1"
    assert view(annotation(parent_prediction=2), *predictions).model_version == "v2"


def test_who_went_on_with_a_draft_saw_the_newest_prediction_of_that_time():
    predictions = [prediction(1, "v1"), prediction(2, "v2", at="2026-11-23T09:30:00Z")]
    from_draft = annotation(draft_created_at="2026-11-23T09:10:00Z")
    assert view(from_draft, *predictions).model_version == "v1"
    assert view(annotation(), *predictions).model_version == "v2"


def test_who_drew_everything_saw_no_prediction():
    assert view(annotation(result=[{"id": "x", "origin": "manual"}]), prediction(1, "v1")).model_version == ""
    assert view(annotation()).model_version == ""


@pytest.mark.parametrize(
    ("listed", "ids"), [("", ()), (None, ()), ("7", (7,)), ("9,7", (7, 9)), ("9, 7", (7, 9))]
)
def test_the_inventory_tells_annotations_by_id(listed, ids):
    entry = task_views.entry_of(
        task(annotations_ids=listed, total_annotations=2, cancelled_annotations=1, draft_exists=True)
    )
    assert entry.annotation_ids == ids
    assert (entry.task_id, entry.document_id, entry.total, entry.cancelled) == (3, 12, 2, 1)
    assert entry.drafted


def test_nothing_costly_is_asked_for_unasked():
    hidden = task_views.hidden_columns(["draft_exists", "id"])
    assert hidden["explore"] == hidden["labeling"]
    assert "tasks:draft_exists" not in hidden["explore"]
    assert "tasks:predictions_results" in hidden["explore"]
