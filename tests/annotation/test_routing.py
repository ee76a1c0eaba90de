"""Documents without a type: the router moves what it knows, the rest waits for a person; here without a registry."""

from __future__ import annotations

import random

import pytest

from annotation import by_hand, document_types, extraction, intake, projects, reading, refiling, routing
from annotation.errors import Refused
from annotation.labelling import CHOSEN_TYPE
from annotation.models import Document, DocumentType, Refiling, RouterAnswer
from annotation.routing_model import UNKNOWN
from models.routing.learning import learn
from tests.factories import make_document, make_page, make_pdf, make_truth, make_type

pytestmark = pytest.mark.django_db

State = Document.State
TEXTS = {
    "receipts": "Shop {0} number\nItem qty price cash {1}\nTotal 12.00 {2}\nThank you visit again",
    "letters": "Dear sir {0}\nwe regret regarding {1} your enquiry\nplease find enclosed {2}\nYours sincerely",
}
COMMON = [
    "monday",
    "friday",
    "street",
    "bath",
    "leeds",
    "north",
    "green",
    "paper",
    "milk",
    "one",
    "two",
    "three",
]
STRANGE = "Patient ward nurse\nDiagnosis dose tablet\nBlood pressure allergy\nAdmitted discharge"
CHAMPION = {
    "champion": f"{UNKNOWN}-v1",
    "champion_uri": "runs:/0123/model",
    "champion_sha256": "ab" * 32,
}


@pytest.fixture
def receipts():
    return make_type(name="receipts", title="Receipts")


@pytest.fixture
def letters():
    return make_type(name="letters", title="Letters")


def text(name, n):
    return TEXTS[name].format(*random.Random(f"{name} {n}").sample(COMMON, 3))


@pytest.fixture(scope="module")
def learned():
    """A router that has learned from thirty documents of both types."""
    pages = [(make_page(text(name, n)),) for name in TEXTS for n in range(30)]
    return learn(pages, [name for name in TEXTS for _ in range(30)], range(60), seed=1)


@pytest.fixture
def router(monkeypatch, receipts, letters, learned):
    """It is in use, as the first version."""
    monkeypatch.setattr(routing, "_loaded", lambda version: learned)
    DocumentType.every.filter(pk=routing.unknown_type().pk).update(**CHAMPION)


def arrived(text, **more):
    return make_document(routing.unknown_type(), text, **more)


def test_a_document_goes_to_the_type_that_the_router_names_and_is_extracted_as_such(router, receipts, rung):
    document = arrived(text("receipts", 31))
    routing.route_document(document.pk)
    document.refresh_from_db()
    assert document.document_type == receipts
    assert ("annotation.extract_document", document.pk) in rung
    answer = RouterAnswer.objects.get()
    assert (answer.document, answer.version, answer.answer) == (document, f"{UNKNOWN}-v1", receipts)
    assert 0.5 < answer.confidence <= 1
    moved = document.refilings.get()
    assert (moved.by, moved.by_router, moved.before.unknown) == (f"{UNKNOWN}-v1", True, True)
    assert routing.said_by(document) == f"{UNKNOWN}-v1"


def test_what_is_like_no_type_waits_for_a_person_and_no_model_is_asked(router, rung):
    document = arrived(STRANGE)
    routing.route_document(document.pk)
    document.refresh_from_db()
    assert document.document_type.unknown
    assert [each.pk for each in routing.waiting()] == [document.pk]
    assert RouterAnswer.objects.get().answer is None
    assert ("annotation.extract_document", document.pk) not in rung
    for refused in (
        lambda: by_hand.send_to_queue(document.pk, by="lea"),
        lambda: extraction.ask_again(document, by="lea"),
    ):
        with pytest.raises(Refused, match="Nobody knows yet"):
            refused()


def test_without_a_router_it_waits_too(receipts):
    document = arrived(text("receipts", 31))
    routing.route_document(document.pk)
    assert routing.waiting().get() == document
    assert not RouterAnswer.objects.exists()


def test_the_choice_of_a_person_stands_whatever_the_router_says(router, letters):
    document = arrived(text("receipts", 31))
    refiling.move(document.pk, letters, by="lea")
    routing.route_document(document.pk)
    document.refresh_from_db()
    assert document.document_type == letters
    assert not RouterAnswer.objects.exists()
    assert routing.said_by(document) == "lea"


def test_an_answer_is_wrong_once_a_person_says_otherwise(router, receipts, letters):
    document = arrived(text("receipts", 31))
    routing.route_document(document.pk)
    assert [each.wrong for each in routing.answers_about(Document.objects.get())] == [False]
    refiling.move(document.pk, letters, by="lea")
    (said,) = routing.answers_about(Document.objects.get())
    assert (said.answer, said.wrong) == ("Receipts", True)


def test_a_new_router_is_asked_about_all_that_waits_once(router, monkeypatch, receipts):
    waiting = [arrived(STRANGE), arrived(text("receipts", 31)), arrived("", state=State.RECEIVED)]
    unknown = routing.unknown_type()
    routing.route_waiting(unknown.pk)
    assert [Document.objects.get(pk=each.pk).document_type.name for each in waiting] == [
        UNKNOWN,
        "receipts",
        UNKNOWN,
    ]
    routing.route_waiting(unknown.pk)
    assert RouterAnswer.objects.count() == 2
    DocumentType.every.filter(pk=unknown.pk).update(champion=f"{UNKNOWN}-v2")
    routing.route_waiting(unknown.pk)
    assert [each.version for each in waiting[0].router_answers.all()] == [f"{UNKNOWN}-v1", f"{UNKNOWN}-v2"]


def test_a_type_that_was_taken_away_since_the_router_learned_it_is_unknown(router, receipts):
    receipts.delete()
    document = arrived(text("receipts", 31))
    routing.route_document(document.pk)
    assert routing.waiting().get() == document


@pytest.mark.parametrize(("known", "task"), [(True, "extract_document"), (False, "route_document")])
def test_reading_wakes_what_is_due_for_a_type_and_without_one(
    tmp_path, rung, receipts, known, task, settings
):
    kind = receipts if known else routing.unknown_type()
    document = intake.receive(
        make_pdf(tmp_path / "a.pdf"), filename="a.pdf", document_type=kind, by="lea"
    ).document
    reading.read_document(document.pk)
    rung_for = {name for name, subject in rung.all() if subject == document.pk}
    assert f"annotation.{task}" in rung_for
    assert len(rung_for & {"annotation.extract_document", "annotation.route_document"}) == 1


def test_one_that_gets_its_type_while_it_is_read_is_extracted(tmp_path, rung, receipts, monkeypatch):
    document = intake.receive(
        make_pdf(tmp_path / "a.pdf"), filename="a.pdf", document_type=routing.unknown_type(), by="lea"
    ).document
    read = reading.keep_pages

    def meanwhile(document):
        found = read(document)
        refiling.move(document.pk, receipts, by="lea")
        return found

    monkeypatch.setattr(reading, "keep_pages", meanwhile)
    reading.read_document(document.pk)
    assert ("annotation.extract_document", document.pk) in rung
    assert ("annotation.route_document", document.pk) not in rung


def test_the_unknown_type_is_listed_nowhere_and_nobody_can_make_it(receipts, rung):
    unknown = routing.unknown_type()
    assert routing.unknown_type() == unknown
    assert list(DocumentType.objects.all()) == [receipts]
    assert set(DocumentType.every.all()) == {receipts, unknown}
    assert "Unknown" not in projects._config(receipts)
    with pytest.raises(Refused, match="'name' is a small letter"):
        document_types.create({"name": UNKNOWN, "fields": [{"name": "a"}]})
    document_types.create({"name": "docloop-routers", "fields": [{"name": "a"}]})


def test_a_type_is_confirmed_by_whoever_chose_it_and_by_whoever_answered_it(router, receipts, letters):
    sent = make_document(receipts)
    moved = arrived(STRANGE)
    refiling.move(moved.pk, letters, by="lea")
    routed, answered, doubted = [arrived(text("receipts", n)) for n in (31, 32, 33)]
    for each in (routed, answered, doubted):
        routing.route_document(each.pk)
    make_truth(answered, {})
    make_truth(doubted, {}, outcomes={CHOSEN_TYPE: "letters"})
    strayed = make_document(receipts)
    make_truth(strayed, outcomes={CHOSEN_TYPE: "letters"})
    make_document(receipts, state=State.UNREADABLE)
    arrived(STRANGE)
    assert Refiling.objects.filter(by_router=True).count() == 3
    assert set(routing.confirmed()) == {sent, moved, answered}


def test_what_a_router_said_is_counted_and_wrong_is_what_people_say_otherwise(router, receipts, letters):
    documents = [arrived(text("receipts", n)) for n in (31, 32, 33)] + [arrived(STRANGE)]
    for each in documents:
        routing.route_document(each.pk)
    refiling.move(documents[0].pk, letters, by="lea")
    make_truth(documents[1], {})
    assert routing.record_of(f"{UNKNOWN}-v1") == routing.Record(given=3, looked_at=2, wrong=1, unknown=1)


def test_only_the_pages_that_a_router_looks_at_are_read_with_their_words(receipts):
    document = make_document(receipts, text("receipts", 31))
    for number in (1, 2):
        document.pages.create(
            number=number,
            image="x",
            width=10,
            height=20,
            words=make_page("Some words").to_json()["words"],
            read_by="given",
        )
    (pages,) = routing.pages_of(Document.objects.all()).values()
    assert [len(page.words) for page in pages] == [15, 2, 0]
    assert pages[0] == document.word_pages[0]
