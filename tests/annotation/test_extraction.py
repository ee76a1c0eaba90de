"""What reads a type is asked about all that no person has confirmed; here it goes by rules, without a registry."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from annotation import document_types, extraction, lifecycle
from annotation.models import Document, DocumentType, Extraction
from models.errors import RegistryError
from models.extractors import named, untaught
from models.extractors.base import Extracted, Value
from models.schema import Schema
from tests.factories import FIELDS, make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db

State = Document.State
CHAMPION = {"champion": "kind-v1", "champion_uri": "runs:/0123/model", "champion_sha256": "ab" * 32}


@pytest.fixture
def asked(monkeypatch):
    """The versions that were loaded, one for each time the champion was asked."""
    model = named("rules").fit(Schema.from_json(FIELDS), [], [], recipe={}, on_progress=lambda _: None)
    versions = []
    monkeypatch.setattr(extraction, "_loaded", lambda version: versions.append(version) or model)
    return versions


def test_a_read_document_is_extracted_by_the_champion(asked, rung):
    document = make_document(make_type(**CHAMPION), "ACME LTD\nDate 01/02/2024\nTotal 12.90")
    extraction.extract_document(document.pk)
    document.refresh_from_db()
    assert document.state == State.EXTRACTED
    assert document.extraction.model_version == "kind-v1"
    assert {value.field: value.text for value in document.extraction.found}["total"] == "12.90"
    assert (asked[0].run, asked[0].version, asked[0].sha256) == ("0123", 1, "ab" * 32)
    assert ("learner.rank_pool", document.document_type_id) in rung


def test_where_nothing_can_read_a_type_yet_a_document_goes_to_the_pool_as_it_is(asked, rung):
    document = make_document(make_type(extractor="crf"))
    extraction.extract_document(document.pk)
    document.refresh_from_db()
    assert document.state == State.READ and not asked
    assert ("learner.rank_pool", document.document_type_id) in rung


def test_a_champion_is_loaded_once_in_a_process(monkeypatch, tmp_path):
    named("rules").fit(Schema.from_json(FIELDS), [], [], recipe={}, on_progress=lambda _: None).save(
        tmp_path / "model"
    )
    fetched = []

    class Shelf:
        def __init__(self, url: str) -> None:
            pass

        def fetch(self, version, sha256, cache):
            fetched.append(version.version)
            return tmp_path / "model"

    monkeypatch.setattr(extraction, "Registry", Shelf)
    kind = make_type(**CHAMPION | {"champion_sha256": "0a" * 32})
    model = extraction.champion(kind)
    assert extraction.champion(DocumentType.objects.get(pk=kind.pk)) is model
    kind.champion = "kind-v2"
    assert extraction.champion(kind) is not model
    assert fetched == [1, 2]


def test_a_new_champion_is_asked_about_everything_that_is_not_confirmed(asked, rung):
    kind = make_type(**CHAMPION)
    states = [State.READ, State.EXTRACTED, State.QUEUED, State.SKIPPED, State.ACCEPTED, State.CONFIRMED]
    documents = [make_document(kind, state=state) for state in states]
    extraction.extract_pool(kind.pk)
    extracted = set(Extraction.objects.values_list("document", flat=True))
    assert extracted == {document.pk for document in documents[:-1]}
    after = [Document.objects.get(pk=document.pk).state for document in documents]
    assert after == [State.EXTRACTED, *states[1:]]
    assert ("learner.rank_pool", kind.pk) in rung


def test_what_the_champion_has_said_already_is_not_asked_again(asked):
    kind = make_type(**CHAMPION)
    make_document(kind)
    extraction.extract_pool(kind.pk)
    extraction.extract_pool(kind.pk)
    assert len(asked) == 1


def test_a_version_that_comes_back_shows_what_it_said_before_and_is_not_asked_again(asked, rung):
    kind = make_type(**CHAMPION)
    documents = [make_document(kind) for _ in range(3)]
    extraction.extract_pool(kind.pk)
    before = {each.pk: each.extraction_id for each in kind.documents.all()}
    DocumentType.objects.filter(pk=kind.pk).update(champion="kind-v2")
    extraction.extract_pool(kind.pk)
    assert not set(before.values()) & set(kind.documents.values_list("extraction", flat=True))
    since = make_document(kind)
    extraction.extract_document(since.pk)
    Document.objects.filter(pk=documents[0].pk).update(state=State.CONFIRMED)  # by the second's answers
    DocumentType.objects.filter(pk=kind.pk).update(champion="kind-v1")
    asked.clear()
    extraction.take_up(kind.pk)
    assert not asked
    after = {each.pk: each.extraction_id for each in kind.documents.all()}
    assert {pk for pk in before if after[pk] == before[pk]} == {each.pk for each in documents[1:]}
    assert ("learner.rank_pool", kind.pk) in rung
    extraction.extract_pool(kind.pk)
    since.refresh_from_db()
    assert (since.extraction.model_version, len(asked)) == ("kind-v1", 1)


@pytest.mark.django_db(transaction=True)
def test_what_one_worker_takes_up_another_does_not_write_again(asked):
    kind = make_type(**CHAMPION)
    document = make_document(kind)
    said = make_extraction(document, version="kind-v1")
    Document.objects.update(extraction=make_extraction(document, version="kind-v2"))
    other: list[str] = []

    def take_up_too():
        with CaptureQueriesContext(connection) as asked_of_the_database:
            extraction.take_up(kind.pk)
        other.extend(each["sql"] for each in asked_of_the_database)
        connection.close()

    thread = threading.Thread(target=take_up_too)
    with transaction.atomic():
        extraction.take_up(kind.pk)
        thread.start()
        with connection.cursor() as cursor:
            waits = False
            while thread.is_alive() and not waits:
                cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
                (waits,) = cursor.fetchone()
    thread.join()
    assert Document.objects.get().extraction == said
    assert other and not any(sql.startswith('UPDATE "annotation_document"') for sql in other)


def test_nothing_is_taken_up_where_nothing_reads(asked):
    kind = make_type(extractor="crf")
    document = make_document(kind)
    Extraction.objects.create(document=document, model_version="", values=[], score=0)
    extraction.take_up(kind.pk)
    document.refresh_from_db()
    assert document.extraction is None


def test_a_document_that_goes_to_a_person_meanwhile_stays_there(monkeypatch):
    """It was read when the champion was asked, and queued before the answer came."""
    document = make_document(make_type(**CHAMPION))

    class Slow:
        def extract(self, documents):
            lifecycle.move(document.pk, State.QUEUED, reason="chosen for labelling")
            return [Extracted((), {"total": 0.5}) for _ in documents]

    monkeypatch.setattr(extraction, "_loaded", lambda _version: Slow())
    extraction.extract_document(document.pk)
    document.refresh_from_db()
    assert document.state == State.QUEUED
    assert document.extraction.model_version == "kind-v1"


def test_a_document_is_as_sure_as_its_least_sure_field():
    values = (Value("total", "1", "1.00", 0.9), Value("date", "x", None, 0.4))
    assert extraction.least_confidence(Extracted(values, {"company": 0.6})) == 0.4
    assert extraction.least_confidence(Extracted(values, {"company": 0.2})) == 0.2
    assert extraction.least_confidence(Extracted(())) == 0.0


class TestWithoutAChampion:
    """The type's untaught extractor reads: here rules, which take no time."""

    def test_a_read_document_is_extracted_under_its_version(self, rung):
        kind = make_type(extractor="rules")
        document = make_document(kind)
        extraction.extract_document(document.pk)
        document.refresh_from_db()
        assert document.state == State.EXTRACTED
        assert document.extraction.model_version == untaught.of("rules", kind.schema).version
        assert {value.field: value.text for value in document.extraction.found}["total"] == "12.90"
        assert document.moves.get().reason == f"extracted by {document.extraction.model_version}"
        assert ("learner.rank_pool", kind.pk) in rung

    def test_the_base_speaks_for_a_type_that_names_no_extractor(self):
        assert extraction.version_in_use(make_type()).startswith("base-")

    def test_what_has_a_champion_is_read_by_that(self, asked):
        kind = make_type(extractor="rules", **CHAMPION)
        document = make_document(kind)
        extraction.extract_document(document.pk)
        document.refresh_from_db()
        assert (document.extraction.model_version, len(asked)) == ("kind-v1", 1)

    def test_the_first_champion_reads_all_that_was_read_untaught(self, asked):
        kind = make_type(extractor="rules")
        documents = [make_document(kind) for _ in range(2)]
        for document in documents:
            extraction.extract_document(document.pk)
        DocumentType.objects.filter(pk=kind.pk).update(**CHAMPION)
        extraction.extract_pool(kind.pk)
        shown = {Document.objects.get(pk=each.pk).extraction.model_version for each in documents}
        assert shown == {"kind-v1"}
        assert Extraction.objects.count() == 4  # what people may have seen stays

    def test_other_fields_have_the_pool_extracted_anew(self, rung):
        kind = make_type(extractor="rules")
        document = make_document(kind)
        extraction.extract_pool(kind.pk)
        changed = document_types.change(kind, {"fields": [*FIELDS, {"name": "shop"}]})
        assert ("annotation.extract_pool", kind.pk) in rung
        extraction.extract_pool(kind.pk)
        document.refresh_from_db()
        assert document.extraction.model_version == extraction.version_in_use(changed)
        assert {value.field for value in document.extraction.found} <= {"company", "date", "total", "shop"}
        assert Extraction.objects.filter(document=document).count() == 2

    def test_a_renamed_field_is_read_under_its_new_name(self):
        kind = make_type(extractor="rules")
        document = make_document(kind)
        extraction.extract_pool(kind.pk)
        document_types.change(kind, {"fields": [{"name": "total_amount", "kind": "money"}]})
        extraction.extract_pool(kind.pk)
        document.refresh_from_db()
        assert [(value.field, value.text) for value in document.extraction.found] == [
            ("total_amount", "12.90")
        ]

    def test_a_type_that_wants_no_base_any_more_gets_no_new_answers(self):
        kind = make_type(extractor="rules")
        kind = document_types.change(kind, {"extractor": "crf"})
        document = make_document(kind)
        extraction.extract_pool(kind.pk)
        document.refresh_from_db()
        assert (document.extraction, document.state) == (None, State.READ)

    def test_a_base_that_can_not_be_opened_leaves_the_document_as_it_is_and_says_so(self, monkeypatch):
        document = make_document(make_type())

        def broken(_found):
            raise RegistryError("the base is not whole")

        monkeypatch.setattr(extraction, "opened", broken)
        with pytest.raises(RegistryError):
            extraction.extract_document(document.pk)
        document.refresh_from_db()
        assert (document.extraction, document.state) == (None, State.READ)


class TestWhatIsLeft:
    def test_types_whose_documents_another_base_has_read_are_rung_for(self, rung):
        outdated, fine, silent = (
            make_type(extractor="rules"),
            make_type(extractor="rules"),
            make_type(extractor="crf"),
        )
        make_extraction(make_document(outdated, state="extracted"), version="base-of-last-year")
        extraction.extract_document(make_document(fine).pk)
        make_document(silent)
        extraction.extract_left()
        pools = {subject for task, subject in rung.all() if task == "annotation.extract_pool"}
        assert pools == {outdated.pk}

    def test_what_is_confirmed_stays_as_people_saw_it(self, rung):
        document = make_document(make_type(extractor="rules"))
        make_extraction(document, version="base-of-last-year")
        make_truth(document)
        extraction.extract_left()
        assert ("annotation.extract_pool", document.document_type_id) not in rung

    def test_an_answer_that_came_after_the_promotion_is_noticed(self, rung):
        """A worker began with the base, and stored its answer when there was a champion already."""
        kind = make_type(extractor="rules")
        extraction.extract_document(make_document(kind).pk)
        DocumentType.objects.filter(pk=kind.pk).update(**CHAMPION)
        extraction.extract_left()
        assert ("annotation.extract_pool", kind.pk) in rung


def test_what_the_version_in_use_has_extracted_is_not_extracted_again_when_it_is_rung_for_twice(asked):
    document = make_document(make_type(**CHAMPION))
    extraction.extract_document(document.pk)
    extraction.extract_document(document.pk)
    assert len(asked) == 1
