"""A task that asks only for what the model doubts, in a real Label Studio: what the person sees, and what is learned."""

from __future__ import annotations

import random

import pytest

from annotation import inbox, projects, queueing, sweep
from annotation.labelling import AS_READ
from annotation.models import DirtyTask, Document, LabelTask
from learner import snapshots
from learner.snapshots import Split
from models.extractors.base import Answer
from tests.factories import make_document, make_extraction, make_truth, make_type, place_of
from tests.journeys.annotator import drawn, shown_prediction

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

# sure of a wrong company, in doubt about the total, and sure that there is no date
SAYS = {"company": ("Total", 0.98), "total": ("12.90", 0.6)}


@pytest.fixture
def receipts(configured):
    """A type that asks selectively, with one document in its queue."""
    kind = make_type(project_id=None, champion="v1", queue_depth=1, assume_above=0.9, whole_share=0.0)
    document = make_document(kind, priority=1, state="extracted", fingerprint=f"{1:016x}")
    extraction = make_extraction(document, SAYS)
    extraction.absent = {"date": 0.97}
    extraction.save()
    projects.sync_project(kind.pk)
    queueing.fill_queue(kind.pk)
    kind.refresh_from_db()
    return kind


def submit(person, kind, result) -> Document:
    task = person.next_task(kind.project_id)
    person.submit(task, result)
    sweep.sweep_project(kind.pk)
    for task_id in DirtyTask.objects.values_list("task_id", flat=True):
        inbox.collect_task(task_id)
    return Document.objects.get(pk=int(task["data"]["doc_id"]))


def labels(result) -> list[str]:
    return [item["value"]["rectanglelabels"][0] for item in result if "rectanglelabels" in item["value"]]


def relabelled(result, before, after):
    """The result after somebody gave a region another label: the key of the label, with the region selected."""
    return [
        item | {"origin": "prediction-changed", "value": item["value"] | {"rectanglelabels": [after]}}
        if item["value"].get("rectanglelabels") == [before]
        else item
        for item in result
    ]


def test_the_person_is_told_what_to_check_and_what_is_taken_as_read(receipts, ann):
    task = ann.next_task(receipts.project_id)
    assert task["data"]["asked"] == "Check: total"
    assert task["data"]["unasked"] == "Taken as read unless you change them: company, date"
    assert labels(shown_prediction(task)["result"]) == ["total (doubtful)", f"company{AS_READ}"]
    assert LabelTask.objects.get().unasked == ["company", "date"]


def test_what_nobody_touched_is_assumed_and_is_not_learned(receipts, ann):
    shown = shown_prediction(ann.next_task(receipts.project_id))["result"]
    document = submit(ann, receipts, shown)
    truth = document.truth
    assert truth.outcomes == {"company": "assumed", "date": "assumed", "total": "accepted"}
    assert {answer.field: answer.text for answer in truth.said} == {"company": "Total", "total": "12.90"}

    rng = random.Random(1)
    for _ in range(12):
        make_truth(make_document(receipts, fingerprint=f"{rng.getrandbits(64):016x}"))
    examples = snapshots.examples(snapshots.take(receipts))
    (learned,) = [each for each in examples[Split.TRAIN] if each.key == str(document.pk)]
    assert learned.unconfirmed == {"company", "date"}
    assert [(answer.field, answer.text) for answer in learned.answers] == [("total", "12.90")]
    assert not any(each.unconfirmed for split in (Split.GOLD, Split.VALIDATION) for each in examples[split])


def test_what_somebody_looked_at_or_found_is_confirmed(receipts, ann):
    task = ann.next_task(receipts.project_id)
    page = Document.objects.get(pk=int(task["data"]["doc_id"])).word_pages[0]
    shown = relabelled(shown_prediction(task)["result"], f"company{AS_READ}", "company")
    found = drawn(Answer("date", "01/02/2024", place_of(page, "01/02/2024")), (1000, 1400))
    document = submit(ann, receipts, [*shown, *found])
    assert document.truth.outcomes == {"company": "accepted", "date": "added", "total": "accepted"}
    assert not document.truth.unconfirmed


def test_a_task_that_waits_is_made_anew_when_the_model_is_in_doubt_about_more(receipts, ann):
    document = Document.objects.get()
    make_extraction(document, {"company": ("ACME LTD", 0.5), "total": ("12.90", 0.95)}, version="v2")
    queueing.fill_queue(receipts.pk)
    task = ann.next_task(receipts.project_id)
    assert task["data"]["asked"] == "Check: company, date. Not found: date"
    assert labels(shown_prediction(task)["result"]) == ["company (poor)", f"total{AS_READ}"]
