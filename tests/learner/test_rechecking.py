"""Who is asked again after an answer: by lot, once for each call, and never the same person."""

import pytest

from annotation import rechecks
from annotation.models import Recheck
from learner import rechecking
from tests.factories import make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db

ANN, AMY, ABE = "ann@example.org", "amy@example.org", "abe@example.org"
TEXT = "ACME LTD\nDate 01/02/2024\nNet 10.00\nTotal 12.90"


def team(**settings):
    """A type that Ann, Amy and Abe label, with a document each."""
    kind = make_type(**settings)
    for who in (ANN, AMY, ABE):
        answered(kind, who)
    return kind


def answered(kind, who=ANN):
    document = make_document(kind, TEXT)
    make_extraction(document)
    answer(document, who)
    return document


def answer(document, who, **more):
    truth = make_truth(document, annotator=who, **more)
    document.current_annotations.create(
        source=truth.source, annotation_id=truth.annotation_id, correction=truth
    )


def test_every_document_of_the_overlap_goes_to_somebody_else_as_the_first_was_shown_it():
    document = answered(team(overlap_share=1.0))
    for _ in range(2):  # a job may be done twice
        rechecking.check_answer(document.pk)
    asked = Recheck.objects.get()
    assert (asked.purpose, asked.not_by, asked.fields) == ("overlap", [ANN], [])
    assert asked.shows == document.corrections.get().extraction.found


def test_as_many_different_people_are_asked_as_the_type_wants():
    document = answered(team(overlap_share=1.0, overlap_annotators=3))
    for who in (AMY, ABE):
        rechecking.check_answer(document.pk)
        recheck = Recheck.objects.get(state="pushing")
        assert who not in recheck.not_by
        Recheck.objects.filter(pk=recheck.pk).update(state="done", annotator=who)
        answer(document, who, recheck=recheck)
    rechecking.check_answer(document.pk)
    assert not Recheck.objects.filter(state="pushing").exists()
    assert Recheck.objects.count() == 2


def test_a_document_that_nobody_else_could_answer_then_is_asked_about_when_somebody_comes():
    kind = make_type(overlap_share=1.0)
    alone = answered(kind, ANN)
    rechecking.check_answer(alone.pk)
    rechecking.ask_left()
    assert not Recheck.objects.exists()
    late = answered(kind, AMY)
    for _ in range(2):
        rechecking.ask_left()
    assert {each.document for each in Recheck.objects.all()} == {alone, late}
    assert Recheck.objects.get(document=alone).not_by == [ANN]


def test_a_document_that_was_asked_about_for_another_reason_gets_its_agreement_afterwards():
    document = answered(team(overlap_share=1.0), ANN)
    doubt = rechecks.ask(document, Recheck.Purpose.DOUBT, because="looks wrong", shown=())
    rechecking.check_answer(document.pk)
    rechecking.ask_left()
    assert not document.rechecks.filter(purpose="overlap").exists()
    Recheck.objects.filter(pk=doubt.pk).update(state="done")
    rechecking.ask_left()
    assert document.rechecks.get(purpose="overlap").state == "pushing"


def test_what_was_left_is_asked_about_some_at_a_time_and_never_more_often_than_wanted(monkeypatch):
    monkeypatch.setattr(rechecking, "MOST_LEFT", 2)
    kind = team(overlap_share=1.0)  # a document each of three people
    rechecking.ask_left()
    assert Recheck.objects.count() == 2
    rechecking.ask_left()
    assert Recheck.objects.count() == 2
    Recheck.objects.update(state="done", annotator=ABE)
    rechecking.ask_left()
    rechecking.ask_left()
    assert Recheck.objects.count() == kind.documents.count() == 3


def test_three_answers_are_not_asked_for_where_two_people_label():
    kind = make_type(overlap_share=1.0, overlap_annotators=3)
    for who in (ANN, AMY):
        document = answered(kind, who)
    rechecking.ask_left()
    Recheck.objects.update(state="done")
    rechecking.ask_left()
    assert document.rechecks.count() == 1


@pytest.mark.parametrize("settings", [{}, {"overlap_share": 0.0, "probes": 0.0}])
def test_nobody_is_asked_again_unless_the_type_says_so(settings):
    rechecking.check_answer(answered(team(**settings)).pk)
    assert not Recheck.objects.exists()


def test_the_share_of_documents_is_about_as_declared():
    drawn = [rechecking.lot("overlap", str(number)) for number in range(4000)]
    assert 0.04 < sum(each < 0.05 for each in drawn) / 4000 < 0.06


def test_a_probe_is_another_document_with_one_wrong_value_and_is_asked_once():
    kind = team(probes=1.0)
    document = answered(kind)
    for _ in range(2):
        rechecking.check_answer(document.pk)
    probe = Recheck.objects.get()
    assert probe.purpose == "probe" and probe.document != document
    (field,) = probe.fields
    schema = kind.schema
    right = {answer.field: answer.text for answer in probe.first.said}
    wrong = [
        value.field for value in probe.shows if not schema[value.field].same(value.text, right[value.field])
    ]
    assert wrong == [field] == ["total"]


def test_an_answer_that_looks_wrong_is_no_probe():
    kind = team(probes=1.0)
    document = answered(kind)
    for other in kind.documents.exclude(pk=document.pk):
        make_truth(other, annotator=AMY, unsettled=True)
    rechecking.check_answer(document.pk)
    assert not Recheck.objects.filter(purpose="probe").exists()


def test_an_answer_to_a_second_question_calls_for_no_probe():
    kind = team(probes=1.0)
    document = answered(kind)
    recheck = Recheck.objects.create(
        document=document,
        purpose="second opinion",
        first=document.corrections.get(),
        because="x",
        shown=[],
        project_id=1,
        state="done",
    )
    make_truth(document, annotator=AMY, recheck=recheck)
    rechecking.check_answer(document.pk)
    assert not Recheck.objects.filter(purpose="probe").exists()


def test_labels_made_elsewhere_call_for_nothing():
    kind = team(probes=1.0, overlap_share=1.0)
    document = make_document(kind, TEXT)
    make_truth(document, source="imported", annotator="a pack")
    rechecking.check_answer(document.pk)
    assert not Recheck.objects.exists()
