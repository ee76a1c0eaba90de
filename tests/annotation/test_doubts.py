"""Answers that look wrong are recorded, asked about again and not learned from; set-aside documents are no corrections."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation import inbox, labelling, ledger, queueing, rechecks
from annotation.exports import FORMS
from annotation.models import Correction, Document, Outcome, Recheck
from models.extractors.base import Answer
from tests.annotation.stand_in import install, result
from tests.factories import make_document, make_extraction, make_type, place_of

pytestmark = pytest.mark.django_db

RIGHT = {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}


@pytest.fixture
def studio(monkeypatch):
    return install(monkeypatch)


@pytest.fixture
def document():
    document = make_document()
    make_extraction(document)
    document.refresh_from_db()
    return document


@pytest.fixture
def task_id(studio, document):
    return studio.push(document)


def collect(task_id):
    inbox.mark_dirty([task_id], noticed_by="webhook")
    inbox.collect_task(task_id)


def typed(document, **texts):
    """What the front end sends where people typed another text than what stands under the box."""
    items = result(document, RIGHT)
    for item in items:
        field = item["id"].removeprefix("region-")
        if "text" in item["value"] and field in texts:
            item["value"]["text"] = [texts[field]]
    return items


def chosen(control, *values):
    return {
        "id": control,
        "from_name": control,
        "to_name": "pages",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": list(values)},
    }


def truth_of(document):
    return Document.objects.get(pk=document.pk).truth


def ask_again(studio, document):
    """The recheck that the queue makes of a doubt, arrived in Label Studio."""
    kind = document.document_type
    rechecks._ask_about_doubts(kind, kind.project_id)
    recheck = Recheck.objects.get(document=document, state="pushing")
    recheck.task_id, recheck.state = studio.add_task(kind.project_id, None), "open"
    recheck.save()
    return recheck


def test_an_answer_that_looks_wrong_is_kept_and_nobody_learns_from_it(studio, document, task_id):
    studio.submit(task_id, typed(document, date="soon"))
    collect(task_id)
    truth = truth_of(document)
    assert truth.unsettled
    assert [each["field"] for each in truth.findings] == ["date"]
    assert {answer.field: answer.text for answer in truth.said} == RIGHT | {"date": "soon"}
    assert not ledger.truths(document.document_type).exists()
    assert ledger.count_since(document.document_type, []) == 0
    assert list(ledger.doubtful(document.document_type)) == [truth]


def test_an_answer_that_is_right_is_learned_from_at_once(studio, document, task_id):
    studio.submit(task_id, typed(document))
    collect(task_id)
    assert (truth_of(document).findings, truth_of(document).unsettled) == ([], False)
    assert ledger.count_since(document.document_type, []) == 1


def test_whoever_labels_next_is_asked_and_told_why(studio, document, task_id):
    studio.submit(task_id, typed(document, date="soon"))
    collect(task_id)
    recheck = ask_again(studio, document)
    assert recheck.reason == "date: “soon” is no date: type the date, such as 31/12/2026."
    assert (recheck.fields, recheck.not_by) == (["date"], [])
    shown = {value.field: (value.text, value.confidence) for value in recheck.shows}
    assert shown["date"] == ("soon", 0.0)
    assert shown["total"] == ("12.90", 1.0)
    recheck.delete()


def test_a_doubt_is_asked_about_once(studio, document, task_id):
    studio.submit(task_id, typed(document, date="soon"))
    collect(task_id)
    recheck = ask_again(studio, document)
    kind = document.document_type
    rechecks._ask_about_doubts(kind, kind.project_id)
    Recheck.objects.filter(pk=recheck.pk).update(state="withdrawn")  # somebody deleted it in Label Studio
    rechecks._ask_about_doubts(kind, kind.project_id)
    assert Recheck.objects.count() == 1
    assert ledger.doubtful(kind).exists()  # it is listed on the type's page


def test_who_says_it_a_second_time_is_believed(studio, document, task_id):
    studio.submit(task_id, typed(document, date="soon"))
    collect(task_id)
    recheck = ask_again(studio, document)
    studio.submit(recheck.task_id, typed(document, date="soon"))
    collect(recheck.task_id)
    truth = truth_of(document)
    assert truth.recheck_id == recheck.pk
    assert (len(truth.findings), truth.unsettled) == (1, False)
    assert ledger.truths(document.document_type).get() == truth


def test_who_puts_it_right_is_believed_too(studio, document, task_id):
    studio.submit(task_id, typed(document, date="soon"))
    collect(task_id)
    recheck = ask_again(studio, document)
    studio.submit(recheck.task_id, typed(document))
    collect(recheck.task_id)
    assert (truth_of(document).findings, truth_of(document).unsettled) == ([], False)


def test_another_value_that_looks_wrong_is_asked_about_anew(studio, document, task_id):
    studio.submit(task_id, typed(document, date="soon"))
    collect(task_id)
    recheck = ask_again(studio, document)
    studio.submit(recheck.task_id, typed(document, date="later"))
    collect(recheck.task_id)
    assert truth_of(document).unsettled
    assert ask_again(studio, document).first == truth_of(document)


def test_who_sets_the_document_aside_in_place_of_an_answer_leaves_the_doubt_to_a_lead(
    studio, document, task_id
):
    studio.submit(task_id, typed(document, date="soon"))
    collect(task_id)
    recheck = ask_again(studio, document)
    studio.submit(recheck.task_id, [chosen("problem", "unreadable")], skipped=True)
    collect(recheck.task_id)
    recheck.refresh_from_db()
    assert recheck.state == "withdrawn"  # it takes no room from other questions
    assert list(ledger.doubtful(document.document_type)) == [truth_of(document)]


def test_labels_that_were_imported_are_marked_and_nobody_is_asked(document):
    imported = ledger.import_answers(document, [Answer("date", "soon")], by="elsewhere")
    assert ([each["field"] for each in imported.findings], imported.unsettled) == (["date"], False)


def test_a_field_that_a_person_says_is_absent_ended_as_removed(studio, document, task_id):
    shown = [
        item | {"id": item["id"].replace("region-total", "total-0"), "origin": "prediction"}
        for item in result(document, {"total": "12.90"})
    ]
    studio.submit(task_id, [*shown, chosen("absent", "total", "company")])
    collect(task_id)
    truth = truth_of(document)
    assert truth.said == ()
    assert truth.outcomes == {"company": "removed", "date": "accepted", "total": "removed"}
    assert truth.findings == []


@pytest.mark.parametrize("reason", ["unreadable", "blank", "not a document", "other"])
def test_a_document_that_was_set_aside_is_no_correction_and_does_not_come_back(
    studio, document, task_id, reason, monkeypatch
):
    studio.submit(task_id, [*typed(document, date="soon"), chosen("problem", reason)], skipped=True)
    collect(task_id)
    document.refresh_from_db()
    row = Correction.objects.get()
    assert (row.skipped, row.set_aside, row.answers, row.findings) == (True, reason, [], [])
    assert (document.state, document.truth) == ("skipped", None)
    assert document.moves.last().reason == f"skipped by ann@example.org: {reason}"
    assert not Outcome.objects.exists()
    assert not ledger.truths(document.document_type).exists()
    monkeypatch.setattr(queueing, "SKIPPED_FOR", timedelta(days=-1))
    assert not queueing.skipped_long_ago(document.document_type).exists()


def test_a_skip_without_a_reason_comes_back(studio, document, task_id, monkeypatch):
    studio.submit(task_id, typed(document), skipped=True)
    collect(task_id)
    assert Correction.objects.get().set_aside == ""
    monkeypatch.setattr(queueing, "SKIPPED_FOR", timedelta(days=-1))
    assert queueing.skipped_long_ago(document.document_type).get() == document


def test_nobody_learns_from_a_document_of_another_type_and_it_is_not_exported(studio, document, task_id):
    annotation = studio.submit(task_id, [*typed(document, date="soon"), chosen("document_type", "letter")])
    collect(task_id)
    kind, truth = document.document_type, truth_of(document)
    assert truth.misfiled == "letter"
    assert list(ledger.misfiled(kind)) == [truth]
    assert ledger.held_back() == {kind.pk: (0, 1)}
    assert not ledger.truths(kind).exists()
    assert ledger.count_since(kind, []) == 0
    assert [*FORMS["jsonl"].write(kind)] == []
    assert (
        Document.objects.get(pk=document.pk)
        .moves.last()
        .reason.startswith("said to be of the type letter by")
    )
    # nobody is asked whether a letter's date is right
    assert (truth.findings, truth.unsettled) == ([], False)

    studio.edit(task_id, annotation, result=[*typed(document), chosen("document_type", kind.name)])
    collect(task_id)
    assert truth_of(document).misfiled == ""
    assert list(ledger.truths(kind)) == [truth_of(document)]
    assert ledger.held_back() == {}
    assert ledger.count_since(kind, []) == 1


def test_a_box_that_was_moved_without_its_text_is_asked_about_again(studio, document, task_id):
    extraction = document.extraction
    shown = labelling.prediction(
        extraction.found,
        document.word_pages,
        document.document_type.schema,
        document_type=document.document_type.name,
        model_version="v1",
        score=0.5,
    )["result"]
    elsewhere = place_of(document.word_pages[0], "ACME LTD").box.to_percent()
    moved = [
        item | {"value": item["value"] | elsewhere} if item["id"] == "total-0" else item for item in shown
    ]
    annotation = studio.submit(task_id, moved)
    collect(task_id)
    truth = truth_of(document)
    assert truth.unsettled
    assert [each["what"] for each in truth.findings] == [
        "total: “12.90” does not stand where its box was put"
    ]

    studio.edit(task_id, annotation, result=shown)  # put back
    collect(task_id)
    assert (truth_of(document).findings, truth_of(document).unsettled) == ([], False)


def test_parts_that_do_not_sum_are_asked_about(studio):
    fields = [
        {"name": "company"},
        {"name": "date", "kind": "date"},
        {"name": "net", "kind": "money"},
        {"name": "total", "kind": "money", "label": "Total", "sum_of": "net"},
    ]
    document = make_document(
        make_type(fields=fields), text="ACME LTD\nDate 01/02/2024\nTotal 12.90\nNet 12.00"
    )
    task_id = studio.push(document)
    studio.submit(task_id, result(document, {"total": "12.90", "net": "12.00"}))
    collect(task_id)
    (finding,) = truth_of(document).findings
    assert finding["what"] == "Total is 12.90, but net make 12.00"
