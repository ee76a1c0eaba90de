"""Answers in doubt: how they are found, asked about, and settled."""

import pytest

from annotation import rechecks
from annotation.errors import Refused
from annotation.models import Correction, Document, Recheck
from learner import snapshots, suspects
from learner.models import Suspect
from models import label_errors
from models.errors import TrainingFailed
from models.label_errors import Doubt
from tests.factories import make_document, make_truth, make_type

pytestmark = pytest.mark.django_db

ANN, AMY = "ann@example.org", "amy@example.org"


@pytest.fixture
def receipts():
    """Thirty documents that Ann has answered, and one by Amy."""
    kind = make_type()
    for _ in range(30):
        make_truth(make_document(kind), annotator=ANN)
    make_truth(make_document(kind), annotator=AMY)
    return kind


@pytest.fixture
def doubt(monkeypatch, receipts):
    """Have the model doubt these (position, field); answers the documents in the order of positions."""
    found: list[Doubt] = []
    monkeypatch.setattr(label_errors, "find", lambda schema, examples, on_progress: list(found))

    def make(*doubts):
        found[:] = [Doubt(at, field, 0.03, "47.20") for at, field in doubts]
        suspects.find_suspects(receipts.pk)
        return list(Document.objects.order_by("truth"))

    return make


def answer_again(document, values, annotator=AMY):
    """What a person says to the document's recheck."""
    document.refresh_from_db()
    first = document.truth
    recheck = document.rechecks.order_by("-pk").first()
    new = make_truth(document, values, annotator=annotator, recheck=recheck)
    if recheck:
        Recheck.objects.filter(pk=recheck.pk).update(state="done", annotator=annotator)
    document.refresh_from_db()
    suspects.settle(document)
    assert document.truth == new != first
    return new


def test_the_most_doubtful_document_goes_to_another_person_without_what_was_recorded(doubt, rung, receipts):
    documents = doubt((3, "total"), (5, "date"))
    asked = Recheck.objects.get()  # a twentieth of 31 documents is one
    assert (asked.document, asked.fields, asked.not_by) == (documents[3], ["total"], [ANN])
    assert {value.field for value in asked.shows} == {"company", "date"}
    assert asked.reason == "Second opinion: total"
    assert ("annotation.fill_queue", receipts.pk) in rung
    states = dict(Suspect.objects.values_list("document", "state"))
    assert states == {documents[3].pk: "asked", documents[5].pk: "open"}


def test_nobody_is_asked_where_nobody_else_labels(doubt, receipts):
    Correction.objects.filter(annotator=AMY)
    receipts.documents.exclude(truth__annotator=ANN).update(truth=None)
    Recheck.objects.all().delete()
    only = make_type()
    for _ in range(25):
        make_truth(make_document(only), annotator=ANN)
    suspects.find_suspects(only.pk)
    assert not Recheck.objects.filter(document__document_type=only).exists()


def test_a_second_person_who_says_the_same_settles_it_for_good(doubt):
    document = doubt((3, "total"))[3]
    answer_again(document, None)
    suspect = Suspect.objects.get()
    assert (suspect.state, suspect.closed_by) == ("confirmed", AMY)
    doubt((30, "total"))  # its new answer is the newest row, and the model still doubts it
    assert Suspect.objects.get() == suspect


def test_a_second_person_who_says_something_else_changes_it(doubt):
    document = doubt((3, "total"))[3]
    answer_again(document, {"company": "ACME LTD", "date": "01/02/2024"})
    assert Suspect.objects.get().state == "changed"


def test_a_lead_who_dismisses_a_doubt_is_not_asked_again(doubt):
    doubt((5, "date"), (3, "total"))
    suspects.dismiss(Suspect.objects.get(field="total"), by="lea")
    doubt((5, "date"), (3, "total"))
    assert Suspect.objects.get(field="total").state == "dismissed"
    with pytest.raises(Refused):
        suspects.dismiss(Suspect.objects.get(field="total"), by="lea")


def test_a_doubt_that_is_gone_is_forgotten_unless_somebody_is_asked(doubt):
    documents = doubt((3, "total"), (5, "date"))
    doubt()
    assert list(Suspect.objects.values_list("document", flat=True)) == [documents[3].pk]


def test_two_people_who_differ_are_a_doubt_about_what_counts_now(receipts):
    document = receipts.documents.first()
    recheck = rechecks.ask(document, Recheck.Purpose.OVERLAP, because="overlap 1", shown=())
    answer_again(document, {"company": "ACME LTD", "total": "12.90"})
    suspects.differ(Recheck.objects.get(pk=recheck.pk))
    suspect = Suspect.objects.get()
    assert (suspect.field, suspect.source, suspect.says) == ("date", "people", "01/02/2024")


def test_too_few_documents_are_not_looked_through(monkeypatch):
    kind = make_type()
    make_truth(make_document(kind), annotator=ANN)
    monkeypatch.setattr(label_errors, "find", lambda *_, **__: pytest.fail("looked"))
    suspects.find_suspects(kind.pk)


def test_fields_that_nobody_confirmed_are_not_known_to_the_models(monkeypatch, receipts):
    seen = []
    monkeypatch.setattr(
        label_errors, "find", lambda schema, examples, on_progress: seen.extend(examples) or []
    )
    make_truth(make_document(receipts), outcomes={"total": "assumed"}, annotator=ANN)
    suspects.find_suspects(receipts.pk)
    assert seen[-1].unconfirmed == {"total"}
    assert {answer.field for answer in seen[-1].answers} == {"company", "date"}


@pytest.fixture
def snapshot(receipts):
    return snapshots.take(receipts)


def of_split(snapshot, *splits):
    """The snapshot's documents of these splits, in the order in which they are looked through."""
    chosen = [correction for correction, split in snapshot.items if split in splits]
    return list(Document.objects.filter(truth__in=chosen).order_by("truth"))


def test_before_a_training_people_are_asked_and_it_leaves_out_what_they_are_asked_about(
    monkeypatch, receipts, snapshot, rung
):
    learning = of_split(snapshot, "train", "validation")
    seen = []

    def find(schema, examples, on_progress):
        seen.extend(examples)
        return [Doubt(3, "total", 0.03, "47.20"), Doubt(5, "date", 0.04, "")]

    monkeypatch.setattr(label_errors, "find", find)
    found = suspects.before_training(snapshot, lambda _: None)
    assert [int(example.key) for example in seen] == [document.pk for document in learning]
    assert found == [(learning[3].truth_id, "total")]  # a twentieth of 31 documents is one
    assert suspects.with_what_is_said(found) == [(learning[3].truth_id, "total", "47.20")]
    assert Recheck.objects.get().document == learning[3]
    assert ("annotation.fill_queue", receipts.pk) in rung
    assert suspects.before_training(snapshot, lambda _: None) == found


def test_what_was_in_doubt_among_the_judging_documents_is_not_forgotten_before_a_training(
    monkeypatch, snapshot
):
    (judge, *_) = of_split(snapshot, "gold")
    Suspect.objects.create(correction=judge.truth, document=judge, field="total", likelihood=0.1)
    monkeypatch.setattr(label_errors, "find", lambda *_, **__: [])
    assert suspects.before_training(snapshot, lambda _: None) == []
    assert Suspect.objects.get().document == judge


def test_what_was_settled_is_learned_from_again(monkeypatch, snapshot):
    monkeypatch.setattr(label_errors, "find", lambda *_, **__: [Doubt(3, "total", 0.03, "47.20")])
    (found,) = suspects.before_training(snapshot, lambda _: None)
    suspects.dismiss(Suspect.objects.get(correction=found[0]), by="lea")
    assert suspects.before_training(snapshot, lambda _: None) == []


def test_a_type_that_the_quick_learner_cannot_learn_is_trained_all_the_same(monkeypatch, snapshot):
    def find(*_, **__):
        raise TrainingFailed("none has a value that was found in its words")

    monkeypatch.setattr(label_errors, "find", find)
    assert suspects.before_training(snapshot, lambda _: None) == []
