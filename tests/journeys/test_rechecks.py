"""A document that somebody has answered is asked about again in a real Label Studio: by others, and as a probe."""

from __future__ import annotations

import pytest

from annotation import inbox, label_studio_rechecks, projects, queueing, rechecks, sweep
from annotation.models import Correction, DirtyTask, Document, Recheck
from models.extractors.base import Value
from tests.factories import make_answers, make_document, make_extraction, make_type
from tests.journeys.annotator import corrected, shown_prediction
from tests.journeys.conftest import PEOPLE

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

ANN, AMY = PEOPLE
TRUTH = {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
Purpose = Recheck.Purpose


def collect(kind) -> None:
    sweep.sweep_project(kind.pk)
    for task_id in list(DirtyTask.objects.values_list("task_id", flat=True)):
        inbox.collect_task(task_id)


def as_shown(document: Document, values: dict[str, str]) -> list[Value]:
    schema = document.document_type.schema
    return [
        Value(each.field, each.text, schema[each.field].normalise(each.text), 0.9, each.place)
        for each in make_answers(document, values)
    ]


@pytest.fixture
def answered(configured, ann, amy):
    """A type of which Ann and Amy have answered a document each: (type, Ann's, Amy's)."""
    kind = make_type(project_id=None, queue_depth=4, champion="v1")
    for _ in range(2):
        make_extraction(make_document(kind, state="extracted"))
    projects.sync_project(kind.pk)
    queueing.fill_queue(kind.pk)
    kind.refresh_from_db()
    done = []
    for person in (ann, amy):
        task = person.next_task(kind.project_id)
        document = Document.objects.get(pk=int(task["data"]["doc_id"]))
        person.submit(task, corrected(task, make_answers(document, TRUTH), kind.schema))
        done.append(document)
    collect(kind)
    for document in done:
        document.refresh_from_db()
        assert document.state == "confirmed"
    return kind, *done


def test_a_second_opinion_goes_to_somebody_else_and_its_answer_counts(answered, ann, amy):
    kind, of_ann, _ = answered
    first = of_ann.truth
    asked = rechecks.ask(
        of_ann,
        Purpose.SECOND_OPINION,
        because="doubt",
        shown=as_shown(of_ann, {"company": "ACME LTD", "date": "01/02/2024"}),
        fields=["total"],
        reason="Second opinion: total",
    )
    queueing.fill_queue(kind.pk)
    collect(kind)
    asked.refresh_from_db()
    assert asked.state == "open"
    assert ann.next_task(kind.project_id) is None
    task = amy.next_task(kind.project_id)
    assert task["data"]["doc_id"] == asked.key
    assert task["data"]["reason"] == "Second opinion: total"
    assert {item["id"] for item in shown_prediction(task)["result"]} == {
        "document_type",
        "company-0",
        "date-0",
    }
    amy.submit(task, corrected(task, make_answers(of_ann, TRUTH | {"total": "LTD"}), kind.schema))
    collect(kind)
    asked.refresh_from_db()
    of_ann.refresh_from_db()
    assert (asked.state, asked.annotator, of_ann.state) == ("done", AMY, "confirmed")
    assert of_ann.truth != first and of_ann.truth.recheck == asked
    assert {answer.text for answer in of_ann.truth.said} == {"ACME LTD", "01/02/2024", "LTD"}


def test_who_answered_a_document_can_open_its_recheck_by_address_but_the_second_opinion_is_another_persons(
    answered, ann, amy
):
    kind, of_ann, _ = answered
    asked = rechecks.ask(of_ann, Purpose.OVERLAP, because="overlap 2", shown=as_shown(of_ann, TRUTH))
    queueing.fill_queue(kind.pk)
    asked.refresh_from_db()
    task = ann.client.get(f"/api/tasks/{asked.task_id}").raise_for_status().json()
    ann.submit(task, shown_prediction(task)["result"])
    assert amy.next_task(kind.project_id) is None  # Label Studio takes it for labelled
    collect(kind)
    queueing.fill_queue(kind.pk)
    collect(kind)  # it tells of the deletion
    asked.refresh_from_db()
    assert asked.state == "open" and asked.task_id != task["id"]
    assert Correction.objects.filter(document=of_ann).count() == 1
    assert ann.next_task(kind.project_id) is None
    again = amy.next_task(kind.project_id)
    assert again["data"]["doc_id"] == asked.key
    amy.submit(again, shown_prediction(again)["result"])
    collect(kind)
    asked.refresh_from_db()
    assert (asked.state, asked.annotator) == ("done", AMY)


def test_a_probe_tells_who_looks_and_leaves_no_trace_in_ledger_or_label_studio(answered, ann, amy):
    kind, of_ann, of_amy = answered
    wrong = as_shown(of_ann, TRUTH | {"total": "01/02/2024"})
    probes = [
        rechecks.ask(document, Purpose.PROBE, because="lot", shown=wrong, fields=["total"])
        for document in (of_ann, of_amy)
    ]
    queueing.fill_queue(kind.pk)
    before = Correction.objects.count()
    blind = ann.next_task(kind.project_id)
    ann.submit(blind, shown_prediction(blind)["result"])
    careful = amy.next_task(kind.project_id)
    amy.submit(careful, corrected(careful, make_answers(of_ann, TRUTH), kind.schema))
    collect(kind)
    queueing.fill_queue(kind.pk)
    outcomes = {row.annotator: (row.untouched, row.outcomes["total"]) for row in Recheck.objects.all()}
    assert outcomes == {ANN: (True, "accepted"), AMY: (False, "edited")}
    assert Correction.objects.count() == before
    assert not label_studio_rechecks.tasks_by_key(kind.project_id, [each.key for each in probes])
    for document in (of_ann, of_amy):
        document.refresh_from_db()
        assert {answer.text for answer in document.truth.said} == set(TRUTH.values())
    collect(kind)  # Label Studio tells of the deletion
    assert set(Recheck.objects.values_list("state", flat=True)) == {"done"}


def test_an_untouched_recheck_is_shown_under_the_new_versions_name_when_the_champion_changes(answered, amy):
    kind, of_ann, _ = answered
    rechecks.ask(of_ann, Purpose.OVERLAP, because="overlap 2", shown=as_shown(of_ann, TRUTH))
    queueing.fill_queue(kind.pk)
    extra = make_document(kind, state="extracted")
    make_extraction(extra, version="v2")
    type(kind).objects.filter(pk=kind.pk).update(champion="v2")
    for _ in range(2):  # the version that is shown changes at the end of the first
        queueing.fill_queue(kind.pk)
    task = amy.next_task(kind.project_id)
    assert task["data"]["doc_id"].startswith("recheck-")
    assert shown_prediction(task)["model_version"] == "v2"
