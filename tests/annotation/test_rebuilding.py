"""The ledger is lost, in part or whole; what Label Studio holds is in it again afterwards, annotation for annotation."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation import inbox, ledger, rebuilding
from annotation.errors import LabelStudioUnreachable
from annotation.models import (
    Correction,
    CurrentAnnotation,
    DirtyTask,
    Document,
    DocumentType,
    Job,
    Outcome,
    Recheck,
    TrailEntry,
    json_of,
)
from tests.annotation.stand_in import SERVICE_ACCOUNT, LabelStudioInMemory, install, result
from tests.factories import make_document, make_extraction, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def studio(monkeypatch):
    return install(monkeypatch)


def answered(studio: LabelStudioInMemory, kind, n: int, *, collect: bool = True) -> list[int]:
    """Documents with a task each; every third is skipped, every fourth answered by two people; answers the tasks."""
    tasks = []
    for number in range(n):
        document = make_document(kind)
        make_extraction(document)
        document.refresh_from_db()
        task = studio.push(document)
        studio.submit(task, result(document, {"total": "12.90"}), skipped=number % 3 == 0)
        if number % 4 == 0:
            studio.submit(task, result(document, {"company": "ACME LTD"}), completed_by="bob@example.org")
        tasks.append(task)
        if collect:
            inbox.mark_dirty([task], noticed_by="webhook")
            inbox.collect_task(task)
    return tasks


def lose(*tables: str) -> None:
    """The rows are gone, whatever guards them and points to them."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET LOCAL session_replication_role = origin")


LEDGER = ("annotation_correction", "annotation_currentannotation", "annotation_outcome")


def differences(studio: LabelStudioInMemory) -> set[object]:
    """What Label Studio and the ledger's present rows say otherwise than each other, and truths that don't fit."""
    theirs = {
        (annotation.id, task.id, ledger.content_hash(task.document_id, annotation), annotation.skipped)
        for tasks in studio.projects.values()
        for task in tasks.values()
        for annotation in task.annotations
    }
    current = CurrentAnnotation.objects.filter(correction__isnull=False).select_related("correction")
    ours = {
        (each.annotation_id, each.task_id, each.correction.content_hash, each.correction.skipped)
        for each in current
    }
    newest = {
        each.document_id: each.correction_id
        for each in current.order_by("submitted_at")
        if not each.correction.skipped
    }
    truths = dict(Document.objects.filter(truth__isnull=False).values_list("pk", "truth"))
    return (theirs ^ ours) | (set(newest.items()) ^ set(truths.items()))


@pytest.mark.parametrize(
    "lost",
    [LEDGER, ("annotation_correction",), (*LEDGER, "annotation_labeltask"), ()],
    ids=["all", "rows", "tasks", "none"],
)
def test_everything_that_label_studio_holds_is_in_the_ledger_again(studio, lost):
    kinds = [make_type(), make_type()]
    for kind in kinds:
        answered(studio, kind, 12)
    assert differences(studio) == set()
    lose(*lost)
    found = {each.name: each for each in rebuilding.rebuild(by="otto")}
    assert differences(studio) == set()
    for kind in kinds:
        each = found[kind.name]
        assert (each.held, each.taken, each.gone, each.problems) == (15, 15, 0, [])
        assert each.known == (0 if lost else 15)
    assert Document.objects.filter(state="confirmed", truth__isnull=True).count() == 0
    assert Outcome.objects.count() == Correction.objects.filter(skipped=False).count()
    assert TrailEntry.objects.filter(by="otto", action="rebuilt the ledger").count() == 2


def test_doing_it_twice_changes_nothing(studio):
    kind = make_type()
    answered(studio, kind, 6)
    list(rebuilding.rebuild(by="otto"))
    before = list(Correction.objects.order_by("pk").values())
    Job.objects.all().delete()
    list(rebuilding.rebuild(by="otto"))
    assert list(Correction.objects.order_by("pk").values()) == before
    assert not Job.objects.filter(task__startswith="learner.").exists()


def test_many_tasks_take_no_more_statements_than_few(studio):
    def statements(tasks: int) -> int:
        kind = make_type()
        answered(studio, kind, tasks, collect=False)
        with CaptureQueriesContext(connection) as asked:
            found = {each.name: each for each in rebuilding.rebuild(by="otto")}
        assert found[kind.name].taken == found[kind.name].held > tasks
        DocumentType.objects.filter(pk=kind.pk).update(project_id=None)
        return len(asked)

    assert statements(30) == statements(6)


def test_rows_that_label_studio_no_longer_holds_are_counted_and_kept(studio):
    kind = make_type()
    first, second, *_ = answered(studio, kind, 6)
    rows = Correction.objects.count()
    studio.delete_task(first)  # two people's
    studio.edit(second, studio._annotations(second)[0].id, skipped=True)  # the earlier content is kept too
    [found] = rebuilding.rebuild(by="otto")
    assert (found.held, found.taken, found.gone) == (6, 6, 2)
    assert Correction.objects.count() == rows + 1


def test_a_dry_run_tells_the_same_and_changes_nothing(studio):
    kind = make_type()
    answered(studio, kind, 6)
    lose(*LEDGER)
    Document.objects.update(truth=None)
    [found] = rebuilding.rebuild(by="otto", dry=True)
    assert (found.held, found.known, found.taken) == (8, 0, 0)
    assert (
        not Correction.objects.exists() and not TrailEntry.objects.exists() and not DirtyTask.objects.exists()
    )


def test_what_machines_made_is_refused_and_told(studio):
    kind = make_type()
    [task] = answered(studio, kind, 1)
    studio.submit(task, [], completed_by=SERVICE_ACCOUNT)
    [found] = rebuilding.rebuild(by="otto")
    assert (found.held, found.taken, len(found.problems)) == (3, 2, 1)
    assert "account of Docloop itself" in found.problems[0]


def test_tasks_of_documents_that_docloop_has_not_are_counted(studio):
    kind = make_type()
    answered(studio, kind, 1)
    stranger = studio.add_task(kind.project_id, 999_999)
    studio.submit(stranger, [])
    [found] = rebuilding.rebuild(by="otto")
    assert (found.held, found.foreign) == (2, 1)


def test_a_project_that_is_gone_holds_nothing_and_takes_nothing(studio):
    kind = make_type()
    answered(studio, kind, 4)
    rows = Correction.objects.count()
    del studio.projects[kind.project_id]
    [found] = rebuilding.rebuild(by="otto")
    assert (found.held, found.gone) == (0, rows)
    assert (
        CurrentAnnotation.objects.filter(correction__isnull=True).count() == 0
    )  # the sweep says whether they count


def recheck_of(studio, document, purpose):
    task = studio.add_task(document.document_type.project_id, None)
    return Recheck.objects.create(
        document=document, purpose=purpose, state="open", first=document.truth, because=purpose,
        shown=json_of(document.extraction.found), project_id=document.document_type.project_id, task_id=task,
    )  # fmt: skip


def test_second_opinions_come_back_and_answers_to_probes_stay_out(studio):
    kind = make_type()
    tasks = answered(studio, kind, 2)
    documents = [Document.objects.get(pk=studio.task(task).document_id) for task in tasks]
    for document, purpose in zip(documents, ["second opinion", "probe"], strict=True):
        recheck = recheck_of(studio, Document.objects.get(pk=document.pk), purpose)
        studio.submit(
            recheck.task_id,
            result(document, {"total": "12.90", "company": "ACME LTD"}),
            completed_by="eva@example.org",
        )
        inbox.mark_dirty([recheck.task_id], noticed_by="webhook")
        inbox.collect_task(recheck.task_id)
    before = set(Correction.objects.values_list("annotation_id", "content_hash", "annotator"))
    assert {who for *_, who in before} >= {"eva@example.org"}
    lose(*LEDGER)
    [found] = rebuilding.rebuild(by="otto")
    assert set(Correction.objects.values_list("annotation_id", "content_hash", "annotator")) == before
    assert (found.held, found.taken, found.probes, found.problems) == (len(before), len(before), 1, [])
    assert not Recheck.objects.exclude(first__in=Correction.objects.values("pk")).exists()


def test_what_was_taken_before_label_studio_went_away_stays(studio, monkeypatch):
    monkeypatch.setattr(rebuilding, "BATCH", 2)
    kind = make_type()
    tasks = answered(studio, kind, 6, collect=False)

    def go_away():
        if len(studio.fetched) > 2:
            raise LabelStudioUnreachable("down")

    studio.during_fetch = go_away
    with pytest.raises(CommandError, match="it takes up where it was"):
        call_command("rebuild_from_label_studio")
    assert 0 < CurrentAnnotation.objects.values("task_id").distinct().count() < len(tasks)
    studio.during_fetch = lambda: None
    call_command("rebuild_from_label_studio", stdout=StringIO())
    assert differences(studio) == set()


def test_the_command_counts_type_by_type_and_fails_while_something_is_missing(studio):
    kind = make_type(name="receipts")
    answered(studio, kind, 4)
    lose(*LEDGER)
    Document.objects.update(truth=None)
    out = StringIO()
    with pytest.raises(CommandError, match="5 annotations are not in the ledger"):
        call_command("rebuild_from_label_studio", "--dry-run", stdout=out)
    assert (
        out.getvalue() == "receipts: Label Studio holds 5 annotations, the ledger has 0 of them as they are\n"
    )
    out = StringIO()
    call_command("rebuild_from_label_studio", stdout=out)
    assert "has 5 of them as they are (5 were missing or different)" in out.getvalue()
