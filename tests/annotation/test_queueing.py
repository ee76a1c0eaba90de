from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation import extraction, ledger, queueing, task_pages
from annotation.errors import LabelStudioUnreachable, LostClaim
from annotation.models import Correction, CurrentAnnotation, Document, DocumentType, Extraction, LabelTask
from tests.annotation.queue_stand_in import LabelStudioInMemory, stand_in
from tests.conftest import person
from tests.factories import make_document, make_extraction, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> LabelStudioInMemory:
    return stand_in(monkeypatch)


@pytest.fixture
def receipts(studio):
    project = studio.create_project("Receipts", "receipts", "<View/>")
    return make_type(queue_depth=3, project_id=project)


def make_pool(document_type, priorities, version="v1"):
    """Extracted documents with these priorities."""
    documents = []
    for priority in priorities:
        document = make_document(document_type, priority=priority, state="extracted")
        make_extraction(document, version=version)
        documents.append(document)
    return documents


def states(documents):
    return [Document.objects.get(pk=each.pk).state for each in documents]


def test_the_best_of_the_pool_go_to_label_studio_and_unranked_ones_last(studio, receipts):
    low, best, unranked, middle = make_pool(receipts, [0.1, 0.9, None, 0.5])
    queueing.fill_queue(receipts.pk)
    assert studio.documents() == [best.pk, middle.pk, low.pk]
    assert states([best, middle, low, unranked]) == ["queued", "queued", "queued", "extracted"]
    tasks = LabelTask.objects.order_by("task_id")
    assert [task.task_id for task in tasks] == sorted(studio.tasks)
    assert {task.state for task in tasks} == {"open"}


def test_every_active_annotator_has_a_queue_of_that_depth(studio, receipts, ann, lea):
    person("amy", "annotator")
    gone = person("abe", "annotator")
    gone.is_active = False
    gone.save()
    make_pool(receipts, range(10))
    queueing.fill_queue(receipts.pk)
    assert len(studio.tasks) == 2 * 3


def test_a_full_queue_takes_nothing_more(studio, receipts):
    make_pool(receipts, range(5))
    queueing.fill_queue(receipts.pk)
    queueing.fill_queue(receipts.pk)
    assert studio.pushes == [3]


def test_a_document_without_extraction_goes_up_blank_and_says_why(studio, receipts):
    document = make_document(receipts)
    queueing.fill_queue(receipts.pk)
    (task,) = studio.tasks.values()
    assert task.predictions == []
    assert task.data["reason"] == queueing.NEW_TYPE
    assert task.data["pages"] == task_pages.addresses(document.tasks.get())


def test_what_the_annotator_is_shown_is_the_documents_extraction(studio, receipts):
    (document,) = make_pool(receipts, [1])
    queueing.fill_queue(receipts.pk)
    task = LabelTask.objects.get()
    assert studio.tasks[task.task_id].predictions[0]["model_version"] == "v1"
    assert task.extraction == Extraction.objects.get(document=document)
    assert studio.projects[receipts.project_id]["model_version"] == "v1"


@pytest.mark.parametrize("cut", ["cut_before", "cut_after"])
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_cut_push_leaves_neither_duplicates_nor_holes(studio, receipts, monkeypatch, cut, batch):
    monkeypatch.setattr(queueing, "BATCH", 1)
    documents = make_pool(receipts, [3, 2, 1])
    setattr(studio, cut, batch)
    with pytest.raises(LabelStudioUnreachable):
        queueing.fill_queue(receipts.pk)
    assert LabelTask.objects.filter(state="pushing").count() == 3 - (batch - 1)
    queueing.fill_queue(receipts.pk)
    assert Counter(studio.documents()) == Counter(each.pk for each in documents)
    assert sorted(LabelTask.objects.values_list("task_id", flat=True)) == sorted(studio.tasks)
    assert set(LabelTask.objects.values_list("state", flat=True)) == {"open"}


def test_doubles_that_two_workers_pushed_are_cleared_away(studio, receipts):
    (document,) = make_pool(receipts, [1])
    LabelTask.objects.create(document=document, project_id=receipts.project_id)
    Document.objects.update(state="queued")
    studio.push_tasks(receipts.project_id, [({"doc_id": str(document.pk)}, None)] * 2)
    queueing.fill_queue(receipts.pk)
    assert LabelTask.objects.get().task_id == min(studio.tasks)
    assert len(studio.tasks) == 1


def test_a_push_whose_answer_comes_after_the_annotation_does_not_reopen_the_task(
    studio, receipts, monkeypatch
):
    make_pool(receipts, [1])
    push = studio.push_tasks

    def annotated_at_once(project_id, tasks):
        ids = push(project_id, tasks)
        LabelTask.objects.update(task_id=ids[0], state="done")  # as `annotation.inbox` does it
        Document.objects.update(state="confirmed")
        return ids

    monkeypatch.setattr(queueing.label_studio, "push_tasks", annotated_at_once)
    queueing.fill_queue(receipts.pk)
    assert LabelTask.objects.get().state == "done"
    assert Document.objects.get().state == "confirmed"


def test_a_worker_that_lost_its_job_sends_and_writes_nothing(studio, receipts, monkeypatch):
    make_pool(receipts, [1])

    def lost():
        raise LostClaim("taken over")

    monkeypatch.setattr(queueing.jobs, "assert_held", lost)
    with pytest.raises(LostClaim):
        queueing.fill_queue(receipts.pk)
    assert studio.pushes == []
    assert not LabelTask.objects.exists()


def filled(studio, receipts):
    """Three documents in the queue, and then ten better ones in the pool."""
    old = make_pool(receipts, [3, 2, 1])
    queueing.fill_queue(receipts.pk)
    make_pool(receipts, range(10, 20))
    return old


def test_tasks_that_clearly_lost_their_rank_make_room_a_few_at_a_time(studio, receipts):
    old = filled(studio, receipts)
    queueing.fill_queue(receipts.pk)
    assert states(old) == ["queued", "queued", "extracted"]  # half of three, and the worst of them
    assert LabelTask.objects.filter(document=old[2]).get().state == "withdrawn"
    assert old[2].pk not in studio.documents()
    assert len(studio.tasks) == 3
    queueing.fill_queue(receipts.pk)
    queueing.fill_queue(receipts.pk)
    assert states(old) == ["queued", "extracted", "extracted"]  # the first may be handed out at this moment


def test_what_people_may_be_given_at_this_moment_stays_where_it_is(studio, receipts, ann):
    person("amy", "annotator")
    sure = [0.9, 0.1, 0.8, 0.2, 0.7, 0.3]
    documents = make_pool(receipts, range(6, 0, -1))
    for document, confidence in zip(documents, sure, strict=True):
        make_extraction(
            document, {"total": ("12.90", confidence), "company": ("ACME LTD", 0.95)}, version="v2"
        )
    queueing.fill_queue(receipts.pk)
    before = {task.document_id: task.task_id for task in LabelTask.objects.all()}
    Document.objects.update(reason="date 0.20")
    make_pool(receipts, range(10, 40))
    for _ in range(4):
        queueing.fill_queue(receipts.pk)
    least_sure = {
        documents[n].pk for n in (1, 3, 5)
    }  # half of the six, as two people hold two and ask for two
    now = LabelTask.objects.filter(document__in=documents, state="open")
    assert {task.document_id: task.task_id for task in now} == {pk: before[pk] for pk in least_sure}


def test_tasks_near_the_edge_stay(studio, receipts):
    old = make_pool(receipts, [3, 2, 1])
    queueing.fill_queue(receipts.pk)
    make_pool(receipts, [10, 11, 12])  # the old ones are still among the best six
    queueing.fill_queue(receipts.pk)
    assert states(old) == ["queued"] * 3


def test_a_task_that_somebody_works_on_is_never_withdrawn(studio, receipts):
    old = filled(studio, receipts)
    worst = LabelTask.objects.get(document=old[2])
    studio.tasks[worst.task_id].touched = True  # annotated or drafted, and not collected yet
    queueing.fill_queue(receipts.pk)
    assert states(old) == ["queued"] * 3
    studio.tasks[worst.task_id].touched = False
    studio.given = frozenset({worst.task_id})  # open in somebody's browser
    queueing.fill_queue(receipts.pk)
    assert states(old) == ["queued"] * 3


def test_nothing_is_withdrawn_while_label_studio_does_not_tell_what_is_open(studio, receipts):
    old = filled(studio, receipts)
    studio.given = None
    queueing.fill_queue(receipts.pk)
    assert states(old) == ["queued"] * 3


def test_the_audit_slice_is_never_withdrawn(studio, receipts):
    old = filled(studio, receipts)
    Document.objects.filter(pk__in=[each.pk for each in old]).update(audit_probability=0.1)
    queueing.fill_queue(receipts.pk)
    assert states(old) == ["queued"] * 3


def test_a_withdrawn_document_can_come_back(studio, receipts):
    old = filled(studio, receipts)
    queueing.fill_queue(receipts.pk)
    Document.objects.filter(pk=old[2].pk).update(priority=100)
    LabelTask.objects.filter(state="open").update(state="done")
    queueing.fill_queue(receipts.pk)
    assert (
        LabelTask.objects.filter(document=old[2]).values_list("state", flat=True).order_by("pk")[1] == "open"
    )


def test_after_a_promotion_open_tasks_show_what_the_champion_says(studio, receipts, rung):
    documents = make_pool(receipts, [2, 1])
    queueing.fill_queue(receipts.pk)
    new = [make_extraction(each, {"total": ("12.90", 0.99)}, version="v2") for each in documents]
    queueing.fill_queue(receipts.pk)
    for task in studio.tasks.values():
        assert [each["model_version"] for each in task.predictions] == ["v1", "v2"]  # the old one stays
    assert set(LabelTask.objects.values_list("extraction", flat=True)) == {each.pk for each in new}
    assert studio.projects[receipts.project_id]["model_version"] == "v2"


def test_a_refresh_gives_a_blank_task_its_first_prediction_and_leaves_answered_ones(studio, receipts):
    blank, answered = make_document(receipts), make_document(receipts)
    queueing.fill_queue(receipts.pk)
    LabelTask.objects.filter(document=answered).update(state="done")
    for each in (blank, answered):
        make_extraction(each, version="v1")
    queueing.fill_queue(receipts.pk)
    predictions = {int(task.data["doc_id"]): len(task.predictions) for task in studio.tasks.values()}
    assert predictions == {blank.pk: 1, answered.pk: 0}


def test_a_second_refresh_adds_nothing(studio, receipts):
    documents = make_pool(receipts, [1])
    queueing.fill_queue(receipts.pk)
    make_extraction(documents[0], version="v2")
    queueing.fill_queue(receipts.pk)
    queueing.fill_queue(receipts.pk)
    (task,) = studio.tasks.values()
    assert len(task.predictions) == 2


def shown_by(studio, task):
    """What Label Studio pre-fills a task with: the newest prediction of the version that its project shows."""
    version = studio.projects[task.project_id]["model_version"]
    of_version = [each for each in studio.tasks[task.task_id].predictions if each["model_version"] == version]
    return of_version[-1] if of_version else None


def test_no_task_opens_empty_while_a_new_champion_works_through_the_queue(studio, receipts):
    type(receipts).objects.update(queue_depth=4)
    old = make_pool(receipts, [3, 2, 1])
    queueing.fill_queue(receipts.pk)
    make_extraction(old[0], {"total": ("12.90", 0.99)}, version="v2")
    unseen = make_document(receipts, priority=9, state="extracted")  # the old one never saw it
    make_extraction(unseen, {"total": ("12.90", 0.98)}, version="v2")
    queueing.fill_queue(receipts.pk)
    assert studio.projects[receipts.project_id]["model_version"] == "v1"
    tasks = {task.document_id: task for task in LabelTask.objects.filter(state="open")}
    assert unseen.pk in tasks
    assert all(shown_by(studio, task) for task in tasks.values())
    assert shown_by(studio, tasks[unseen.pk])["result"][1]["score"] == 0.98
    for document in old[1:]:
        make_extraction(document, {"total": ("12.90", 0.97)}, version="v2")
    queueing.fill_queue(receipts.pk)
    assert studio.projects[receipts.project_id]["model_version"] == "v2"
    assert all(
        shown_by(studio, task)["result"][1]["score"] in (0.97, 0.98, 0.99)
        for task in LabelTask.objects.filter(state="open")
    )


def test_label_studio_shows_the_old_version_while_most_tasks_have_only_that(studio, receipts):
    make_pool(receipts, [9, 8])
    queueing.fill_queue(receipts.pk)
    make_pool(receipts, [7], version="v2")
    queueing.fill_queue(receipts.pk)
    assert studio.projects[receipts.project_id]["model_version"] == "v1"


def test_fields_that_the_schema_lost_are_not_shown(studio, receipts):
    (document,) = make_pool(receipts, [1])
    receipts.fields = [field for field in receipts.fields if field["name"] != "total"]
    receipts.save()
    queueing.fill_queue(receipts.pk)
    (task,) = studio.tasks.values()
    assert {item["id"] for item in task.predictions[0]["result"]} == {"document_type", "company-0"}


def test_a_type_without_a_project_waits_for_it(studio):
    waiting = make_type(project_id=None)
    make_pool(waiting, [1])
    queueing.fill_queue(waiting.pk)
    queueing.fill_queue(waiting.pk)
    assert studio.pushes == []


def lost_from(monkeypatch, call):
    """This worker is taken for dead before it asserts its claim for the time numbered `call` (from 1)."""
    calls = []

    def assert_held():
        calls.append(None)
        if len(calls) >= call:
            raise LostClaim("taken over")

    monkeypatch.setattr(queueing.jobs, "assert_held", assert_held)


def test_a_worker_that_lost_its_job_after_choosing_sends_nothing(studio, receipts, monkeypatch):
    make_pool(receipts, [1])
    lost_from(monkeypatch, call=2)
    with pytest.raises(LostClaim):
        queueing.fill_queue(receipts.pk)
    assert studio.pushes == []


def test_a_worker_that_lost_its_job_while_it_renewed_writes_nothing(studio, receipts, monkeypatch):
    (document,) = make_pool(receipts, [1])
    queueing.fill_queue(receipts.pk)
    make_extraction(document, version="v2")
    lost_from(monkeypatch, call=1)
    with pytest.raises(LostClaim):
        queueing.fill_queue(receipts.pk)
    assert LabelTask.objects.get().extraction.model_version == "v1"


SHOP = "abcd0123456789ef"
NEARLY = "abcd0123456789e0"
OTHER = "5432fedcba987610"


def alike(receipts, **fingerprints):
    """Documents with these fingerprints, the first the best."""
    documents = make_pool(receipts, range(len(fingerprints), 0, -1))
    for document, fingerprint in zip(documents, fingerprints.values(), strict=True):
        Document.objects.filter(pk=document.pk).update(fingerprint=fingerprint)
    return documents


def test_nobody_is_handed_a_near_copy_of_what_a_colleague_has(studio, receipts):
    first, copy, second, third, fourth = alike(receipts, a=SHOP, b=NEARLY, c=OTHER, d="", e="")
    queueing.fill_queue(receipts.pk)
    assert studio.documents() == [first.pk, second.pk, third.pk]
    LabelTask.objects.filter(document=second).update(state="done")
    Document.objects.filter(pk=second.pk).update(state="confirmed")
    queueing.fill_queue(receipts.pk)
    assert studio.documents()[3:] == [fourth.pk]  # the copy is better, but its like is still open
    LabelTask.objects.filter(document=first).update(state="done")
    Document.objects.filter(pk=first.pk).update(state="confirmed")
    queueing.fill_queue(receipts.pk)
    assert studio.documents()[4:] == [copy.pk]


def test_a_team_whose_documents_are_all_alike_still_has_work(studio, receipts):
    documents = alike(receipts, a=SHOP, b=SHOP, c=SHOP, d=SHOP)
    queueing.fill_queue(receipts.pk)
    assert studio.documents() == [each.pk for each in documents[:3]]


def test_a_queued_document_is_not_withdrawn_for_the_copies_that_rank_above_it(studio, receipts):
    queued = make_pool(receipts, [3, 2, 1])
    queueing.fill_queue(receipts.pk)
    for document in make_pool(receipts, range(10, 20)):
        Document.objects.filter(pk=document.pk).update(fingerprint=SHOP)
    queueing.fill_queue(receipts.pk)
    assert states(queued) == ["queued"] * 3


def skipped(studio, receipts, *, days):
    """A document that its only annotator skipped so many days ago, and whose task is still in Label Studio."""
    (document,) = make_pool(receipts, [5])
    queueing.fill_queue(receipts.pk)
    task = LabelTask.objects.get(document=document)
    skip(document, task, days)
    studio.tasks[task.task_id].skipped = True
    return document


def skip(document, task, days):
    correction = Correction.objects.create(
        document=document,
        source="label studio",
        annotation_id=Correction.objects.count() + 1,
        content_hash=f"{Correction.objects.count():064x}",
        skipped=True,
        answers=[],
        annotator="ann@example.org",
        submitted_at=timezone.now(),
        recorded_at=timezone.now() - timedelta(days=days),
    )
    CurrentAnnotation.objects.create(
        source="label studio",
        annotation_id=correction.annotation_id,
        document=document,
        correction=correction,
        task_id=task.task_id,
    )
    LabelTask.objects.filter(pk=task.pk).update(state="done")
    ledger.settle([document.pk])


def test_a_skipped_document_comes_back_as_a_new_task_after_a_day(studio, receipts):
    document = skipped(studio, receipts, days=2)
    queueing.fill_queue(receipts.pk)
    assert states([document]) == ["queued"]
    assert studio.documents() == [document.pk]
    tasks = LabelTask.objects.order_by("pk")
    assert [task.state for task in tasks] == ["withdrawn", "open"]
    assert list(Correction.objects.values_list("skipped", flat=True)) == [True]  # the ledger forgets nothing


def test_until_then_it_is_left_to_others(studio, receipts):
    document = skipped(studio, receipts, days=0.9)
    queueing.fill_queue(receipts.pk)
    assert states([document]) == ["skipped"]
    assert LabelTask.objects.get().state == "done"


def test_a_skipped_document_that_a_colleague_has_open_is_left_to_them(studio, receipts):
    document = skipped(studio, receipts, days=2)
    studio.given = frozenset(studio.tasks)
    queueing.fill_queue(receipts.pk)
    assert states([document]) == ["skipped"]


def test_a_document_that_was_skipped_again_and_again_stays_skipped(studio, receipts):
    document = skipped(studio, receipts, days=4)
    task = LabelTask.objects.get(document=document)
    for days in (3, 2):
        skip(document, task, days)
    queueing.fill_queue(receipts.pk)
    assert states([document]) == ["skipped"]


def reasons(studio):
    return {int(task.data["doc_id"]): task.data["reason"] for task in studio.tasks.values()}


def test_an_untouched_task_shows_the_reason_that_its_document_has_now(studio, receipts):
    kept, document = make_pool(receipts, [2, 1])
    Document.objects.update(reason="total 0.41; new layout")
    queueing.fill_queue(receipts.pk)
    (number,) = LabelTask.objects.filter(document=document).values_list("pk", flat=True)
    Document.objects.filter(pk=document.pk).update(reason="total 0.41")
    queueing.fill_queue(receipts.pk)
    assert reasons(studio) == {document.pk: "total 0.41", kept.pk: "total 0.41; new layout"}
    task = LabelTask.objects.get(document=document)
    assert (task.pk, task.state, task.reason) == (number, "open", "total 0.41")
    assert task.task_id in studio.tasks
    assert states([document]) == ["queued"]
    assert studio.pushes == [2, 1]


def test_reasons_are_renewed_some_at_a_time_so_that_the_queue_never_stands_empty(
    studio, receipts, monkeypatch
):
    documents = make_pool(receipts, [3, 2, 1])
    queueing.fill_queue(receipts.pk)
    left = []
    delete = studio.delete_untouched

    def deleting(project_id, task_ids, **more):
        gone = delete(project_id, task_ids, **more)
        left.append(len(studio.tasks))
        return gone

    monkeypatch.setattr(queueing.label_studio, "delete_untouched", deleting)
    given = LabelTask.objects.get(document=documents[0]).task_id
    studio.given = frozenset({given})  # the best is open: it must not hold up the others
    Document.objects.update(reason="date 0.20")
    queueing.fill_queue(receipts.pk)
    assert min(left) == 2
    assert [reasons(studio)[each.pk] for each in documents] == [queueing.NEW_TYPE, "date 0.20", "date 0.20"]
    assert given in studio.tasks


def test_a_task_that_somebody_works_on_keeps_the_reason_it_shows(studio, receipts):
    make_pool(receipts, [1])
    queueing.fill_queue(receipts.pk)
    ids = set(studio.tasks)
    studio.given = frozenset(ids)
    Document.objects.update(reason="date 0.20")
    queueing.fill_queue(receipts.pk)
    assert set(studio.tasks) == ids
    assert LabelTask.objects.get().reason == queueing.NEW_TYPE


def test_a_worker_that_died_after_taking_a_task_for_its_reason_loses_no_document(studio, receipts):
    first, document = make_pool(receipts, [2, 1])
    queueing.fill_queue(receipts.pk)
    Document.objects.update(reason="date 0.20")
    studio.cut_before = 2
    with pytest.raises(LabelStudioUnreachable):
        queueing.fill_queue(receipts.pk)
    task = LabelTask.objects.filter(document=document)
    assert task.get().state == "pushing"
    queueing.fill_queue(receipts.pk)
    assert reasons(studio) == {first.pk: queueing.NEW_TYPE, document.pk: "date 0.20"}
    assert task.get().state == "open"


class TestWithoutAChampion:
    def test_an_annotator_reads_who_filled_the_fields_in(self, studio, receipts):
        make_document(receipts, reason="total 0.41")
        DocumentType.objects.filter(pk=receipts.pk).update(extractor="rules")
        extraction.extract_pool(receipts.pk)
        queueing.fill_queue(receipts.pk)
        (task,) = studio.tasks.values()
        assert task.data["reason"] == "New type, read by the rules alone; total 0.41"
        version = task.predictions[0]["model_version"]
        assert version.startswith("rules-")
        assert studio.projects[receipts.project_id]["model_version"] == version

    def test_the_first_champion_takes_over_in_the_open_queue(self, studio, receipts):
        DocumentType.objects.filter(pk=receipts.pk).update(extractor="rules")
        document = make_document(receipts, reason="total 0.41")
        extraction.extract_pool(receipts.pk)
        queueing.fill_queue(receipts.pk)
        DocumentType.objects.filter(pk=receipts.pk).update(champion="receipt-v1")
        make_extraction(document, version="receipt-v1")
        queueing.fill_queue(receipts.pk)
        (task,) = studio.tasks.values()
        assert task.predictions[-1]["model_version"] == "receipt-v1"
        assert studio.projects[receipts.project_id]["model_version"] == "receipt-v1"

    def test_what_another_base_said_is_replaced_in_the_open_queue(self, studio, receipts):
        DocumentType.objects.filter(pk=receipts.pk).update(extractor="rules")
        document = make_document(receipts, state="extracted")
        make_extraction(document, version="base-of-last-year")
        queueing.fill_queue(receipts.pk)
        assert studio.projects[receipts.project_id]["model_version"] == "base-of-last-year"
        extraction.extract_pool(receipts.pk)
        queueing.fill_queue(receipts.pk)
        assert studio.projects[receipts.project_id]["model_version"].startswith("rules-")
        task = LabelTask.objects.get(document=document)
        assert task.extraction.model_version.startswith("rules-")
