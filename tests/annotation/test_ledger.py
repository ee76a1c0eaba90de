from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from annotation import inbox, ledger
from annotation.errors import IllegalMove, Refused
from annotation.models import Correction, CurrentAnnotation, Document, Job
from annotation.task_views import AnnotationView
from models.extractors.base import Answer
from models.pages import Box, Place
from tests.annotation.stand_in import install, result
from tests.factories import make_answers, make_document, make_extraction, make_type

pytestmark = pytest.mark.django_db

SAID = {"company": "ACME LTD", "total": "12.90"}
OTHER = {"company": "ACME LTD", "date": "01/02/2024"}


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


def truth_of(document):
    truth = Document.objects.get(pk=document.pk).truth
    return {answer.field: answer.text for answer in truth.said} if truth else None


def view(**more):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    items = [{"id": "a", "from_name": "field", "type": "rectanglelabels", "value": {"x": 1}, "score": 0.5}]
    return AnnotationView(
        **{
            "id": 1,
            "result": items,
            "skipped": False,
            "ground_truth": False,
            "completed_by": "ann@example.org",
            "created_at": at,
            "updated_at": at,
            "lead_time": 8.0,
            "parent_prediction": None,
        }
        | more
    )


class TestTheTable:
    @pytest.mark.parametrize("change", [{"skipped": True}, {"annotator": "eve"}, {"answers": []}])
    def test_a_row_cannot_be_changed(self, studio, document, task_id, change):
        studio.submit(task_id, result(document, SAID))
        collect(task_id)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Correction.objects.update(**change)

    def test_a_row_cannot_be_deleted(self, studio, document, task_id):
        studio.submit(task_id, result(document, SAID))
        collect(task_id)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Correction.objects.all()._raw_delete("default")

    def test_every_content_of_an_annotation_is_kept(self, studio, document, task_id):
        annotation = studio.submit(task_id, result(document, SAID))
        collect(task_id)
        studio.edit(task_id, annotation, result=result(document, OTHER))
        collect(task_id)
        assert Correction.objects.filter(annotation_id=annotation).count() == 2


class TestTruth:
    def test_an_edit_back_to_an_earlier_content_counts(self, studio, document, task_id):
        annotation = studio.submit(task_id, result(document, SAID))
        for values in (SAID, OTHER, SAID):
            studio.edit(task_id, annotation, result=result(document, values))
            collect(task_id)
            assert truth_of(document) == values
        assert Correction.objects.count() == 2

    def test_the_newest_answer_is_the_truth(self, studio, document, task_id):
        first = studio.submit(task_id, result(document, SAID))
        studio.submit(task_id, result(document, OTHER), completed_by="bob@example.org")
        collect(task_id)
        assert truth_of(document) == OTHER
        studio.edit(task_id, first, result=result(document, SAID | OTHER))
        collect(task_id)
        assert truth_of(document) == SAID | OTHER

    def test_an_edit_back_is_newer_than_what_came_between(self, studio, document, task_id):
        first = studio.submit(task_id, result(document, SAID))
        collect(task_id)
        studio.edit(task_id, first, result=result(document, OTHER))
        studio.submit(task_id, result(document, OTHER), completed_by="bob@example.org")
        collect(task_id)
        studio.edit(task_id, first, result=result(document, SAID))
        collect(task_id)
        assert truth_of(document) == SAID

    def test_of_two_at_the_same_moment_the_later_number_counts(self, studio, document, task_id):
        at = studio.now()
        for values in (SAID, OTHER):
            studio.submit(task_id, result(document, values), updated_at=at)
        collect(task_id)
        assert truth_of(document) == OTHER

    def test_when_the_newest_is_deleted_the_one_before_counts_again(self, studio, document, task_id):
        studio.submit(task_id, result(document, SAID))
        second = studio.submit(task_id, result(document, OTHER))
        collect(task_id)
        studio.delete(task_id, second)
        collect(task_id)
        assert truth_of(document) == SAID

    def test_only_a_change_of_the_truth_is_rung(self, studio, document, task_id, rung):
        studio.submit(task_id, result(document, SAID))
        collect(task_id)
        Job.objects.all().delete()
        studio.submit(task_id, [], skipped=True)
        collect(task_id)
        assert ("learner.learn_from_correction", document.pk) not in rung

    def test_truths_are_one_a_document_of_the_type(self, studio, document, task_id):
        for values in (SAID, OTHER):
            studio.submit(task_id, result(document, values))
        skipped = make_document(document.document_type)
        foreign = make_document()
        studio.submit(studio.push(skipped), [], skipped=True)
        studio.submit(studio.push(foreign), result(foreign, SAID))
        for each in list(studio.projects[document.document_type.project_id]) + list(
            studio.projects[foreign.document_type.project_id]
        ):
            collect(each)
        document.refresh_from_db()
        assert list(ledger.truths(document.document_type)) == [document.truth]
        assert ledger.count_since(document.document_type, known=[]) == 1
        assert ledger.count_since(document.document_type, known=[document.truth_id]) == 0


class TestWhatWasSeen:
    def test_outcomes_are_against_the_version_the_person_began_with(self, studio, document):
        seen = document.extraction
        newer = make_extraction(document, {"company": ("ACME", 0.9)}, version="v2")
        document.refresh_from_db()
        task_id = studio.push(document)
        studio.submit(task_id, result(document, SAID), model_version="v1")
        collect(task_id)
        correction = Correction.objects.get()
        assert correction.extraction == seen != newer
        assert correction.outcomes == {"company": "accepted", "date": "accepted", "total": "accepted"}

    def test_without_a_version_they_are_against_what_the_task_shows(self, studio, document, task_id):
        make_extraction(document, {}, version="v2")
        studio.submit(task_id, result(document, {"company": "ACME", "date": "01/02/2024"}))
        collect(task_id)
        correction = Correction.objects.get()
        assert correction.extraction.model_version == "v1"
        assert correction.outcomes == {"company": "edited", "date": "added", "total": "removed"}

    def test_who_edits_later_still_saw_what_was_shown_at_first(self, studio, document, task_id):
        annotation = studio.submit(task_id, result(document, SAID))
        collect(task_id)
        newer = make_extraction(document, {}, version="v2")
        document.tasks.update(extraction=newer)
        studio.edit(task_id, annotation, result=result(document, OTHER))
        collect(task_id)
        assert {each.extraction.model_version for each in Correction.objects.all()} == {"v1"}


class TestContentHash:
    def test_what_says_the_same_is_the_same(self):
        first, second = {"id": "a", "value": {"x": 1}}, {"id": "b", "value": {"x": 2}}
        same = [
            view(result=[first, second]),
            view(result=[second, first]),
            view(result=[first | {"score": 0.3, "origin": "manual"}, second]),
            view(result=[first, second], lead_time=99.0, updated_at=datetime.now(UTC)),
        ]
        assert len({ledger.content_hash(1, each) for each in same}) == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"skipped": True},
            {"ground_truth": True},
            {"completed_by": "bob@example.org"},
            {"result": []},
            {"result": [{"id": "a", "from_name": "field", "type": "rectanglelabels", "value": {"x": 2}}]},
            {"result": [view().result[0] | {"item_index": 1}]},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_what_says_something_else_is_not(self, change):
        assert ledger.content_hash(1, view()) != ledger.content_hash(1, view(**change))

    def test_the_same_said_of_another_document_is_not(self):
        assert ledger.content_hash(1, view()) != ledger.content_hash(2, view())


class TestImported:
    def test_labels_made_elsewhere_are_a_truth(self, document, rung):
        ledger.import_answers(document, make_answers(document, SAID), by="archive")
        document.refresh_from_db()
        assert (document.state, document.truth.source, document.truth.annotator) == (
            "confirmed",
            "imported",
            "archive",
        )
        assert truth_of(document) == SAID
        assert document.moves.last().reason == "labels imported by archive"
        assert ("learner.learn_from_correction", document.pk) in rung

    def test_importing_again_changes_nothing(self, document, rung):
        for _ in range(2):
            ledger.import_answers(document, make_answers(document, SAID), by="archive")
            already_rung = ("learner.learn_from_correction", document.pk) in rung
            Job.objects.all().delete()
        assert Correction.objects.count() == 1 and not already_rung

    def test_a_later_import_replaces_an_earlier_one(self, document):
        for values in (SAID, OTHER, SAID):
            ledger.import_answers(document, make_answers(document, values), by="archive")
        assert truth_of(document) == SAID
        assert CurrentAnnotation.objects.count() == 1

    def test_a_person_corrects_what_was_imported(self, studio, document):
        ledger.import_answers(document, make_answers(document, SAID), by="archive")
        task_id = studio.push(document)
        later = datetime.now(UTC) + timedelta(hours=1)
        annotation = studio.submit(task_id, result(document, OTHER), updated_at=later)
        collect(task_id)
        assert truth_of(document) == OTHER
        studio.delete(task_id, annotation)
        collect(task_id)
        assert truth_of(document) == SAID  # no deletion in Label Studio takes an imported label away

    def test_a_field_that_there_is_not_is_refused(self, document):
        with pytest.raises(Refused, match="no field colour; there are: company, date, total"):
            ledger.import_answers(document, [Answer("colour", "red")], by="archive")

    def test_a_page_that_there_is_not_is_refused(self, document):
        lost = Answer("total", "1", Place(1, Box(0, 0, 1, 1)))
        with pytest.raises(Refused, match="has 1 page"):
            ledger.import_answers(document, [lost], by="archive")

    def test_a_document_that_is_not_read_cannot_be_confirmed(self):
        document = make_document(make_type(), state="received")
        with pytest.raises(IllegalMove):
            ledger.import_answers(document, [], by="archive")
        assert not Correction.objects.exists()
