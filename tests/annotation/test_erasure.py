from io import StringIO

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from annotation import audit_trail, erasure, intake, jobs, label_studio, lifecycle, page_store
from annotation.errors import LabelStudioRefused, LabelStudioUnreachable, Refused
from annotation.models import (
    Correction,
    CurrentAnnotation,
    Document,
    Erasure,
    Job,
    LabelTask,
    Move,
    Recheck,
    TrailEntry,
)
from learner import erasing
from learner.models import Look, Run, Snapshot, Suspect
from tests.factories import make_document, make_extraction, make_pdf, make_truth, make_type, make_version

pytestmark = pytest.mark.django_db

CANARY = "Zebra9517"


class LabelStudio:
    """The two functions that erasing asks of it. Tasks: id → (project, doc_id)."""

    def __init__(self) -> None:
        self.tasks: dict[int, tuple[int, str]] = {}
        self.up, self.gone = True, set()

    def list_tasks(self, project_id, filters, *, include):
        if not self.up:
            raise LabelStudioUnreachable("down")
        if project_id in self.gone:
            raise LabelStudioRefused("no such project", status=404)
        (chosen,) = filters
        wanted = {str(each) for each in chosen["value"]}
        for pk, (project, doc_id) in list(self.tasks.items()):
            if (
                project == project_id
                and (str(pk) if chosen["filter"] == "filter:tasks:id" else doc_id) in wanted
            ):
                yield {"id": pk, "data": {"doc_id": doc_id}}

    def delete_tasks(self, project_id, task_ids):
        for task_id in task_ids:
            del self.tasks[task_id]


@pytest.fixture(autouse=True)
def store_of_its_own(settings, tmp_path):
    storage = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path / "store"}}
    settings.STORAGES = settings.STORAGES | {"default": storage}
    (tmp_path / "store").mkdir()


@pytest.fixture
def studio(monkeypatch):
    memory = LabelStudio()
    monkeypatch.setattr(label_studio, "list_tasks", memory.list_tasks)
    monkeypatch.setattr(label_studio, "delete_tasks", memory.delete_tasks)
    return memory


@pytest.fixture
def document(studio):
    """A document about which every table has something to say, and Label Studio too."""
    document_type = make_type(project_id=7)
    document = make_document(
        document_type, f"{CANARY} LTD\nDate 01/02/2024\nTotal 12.90", filename=f"{CANARY}.pdf"
    )
    name = default_storage.save(f"files/te/{document.sha256}", ContentFile(CANARY.encode()))
    Document.objects.filter(pk=document.pk).update(file=name)
    for number in range(2):  # the second page's row is gone, as after a reading that was cut
        default_storage.save(page_store.image_name(document.pk, number), ContentFile(CANARY.encode()))
    make_extraction(document, {"company": (CANARY, 0.9)})
    lifecycle.move(document.pk, Document.State.EXTRACTED, reason=f"read as {CANARY}")
    truth = make_truth(document, {"company": CANARY}, annotator="ann@example.org")
    CurrentAnnotation.objects.create(
        source=truth.source,
        annotation_id=truth.annotation_id,
        document=document,
        correction=truth,
        task_id=41,
    )
    recheck = Recheck.objects.create(
        document=document,
        purpose="second opinion",
        first=truth,
        because="x",
        shown=truth.answers,
        project_id=7,
    )
    make_truth(document, {"company": CANARY}, recheck=recheck)
    Suspect.objects.create(correction=truth, document=document, field="company", likelihood=0.1, says=CANARY)
    Look.objects.create(document=document, rule="v1", vector=b"1234")
    LabelTask.objects.create(document=document, project_id=7, task_id=41, state="done")
    studio.tasks = {41: (7, str(document.pk)), 42: (7, recheck.key), 50: (7, "999999")}
    document.refresh_from_db()
    return document


def holders() -> list[str]:
    """The tables and files that hold the canary."""
    found = [
        model.__name__
        for model in apps.get_models()
        if any(CANARY in str(row) for row in model.objects.values_list())
    ]
    files, folders = [], [""]
    while folders:
        folder = folders.pop()
        inner, names = default_storage.listdir(folder)
        folders += [f"{folder}/{each}".strip("/") for each in inner]
        for name in names:
            path = f"{folder}/{name}".strip("/")
            if CANARY in path or CANARY.encode() in default_storage.open(path).read():
                files.append(path)
    return sorted(found) + sorted(files)


def test_nothing_of_it_is_left_in_the_database_the_store_or_label_studio(document, studio):
    pk, sha256 = document.pk, document.sha256
    assert len(holders()) >= 10  # it was there to be found
    erased = erasing.erase(pk, by="otto", why="asked for by the person it is about")
    assert [each for each in holders() if "/" not in each] == []
    assert 41 in studio.tasks and default_storage.exists(f"pages/{pk}/0.jpg")  # the job's
    erasure.finish(erased.pk)
    assert holders() == []
    assert not default_storage.exists(f"pages/{pk}")
    assert studio.tasks == {50: (7, "999999")}
    erased.refresh_from_db()
    assert (erased.state, erased.sha256, erased.by, erased.document) == ("done", sha256, "otto", pk)


def test_the_trail_tells_who_erased_what_and_why_and_nothing_of_its_content(document):
    pk = document.pk
    erasing.erase(pk, by="otto", why="by law")
    entry = TrailEntry.objects.get()
    assert (entry.by, entry.action, entry.subject, entry.why) == (
        "otto",
        "erased",
        f"document {pk}",
        "by law",
    )
    assert audit_trail.verify().sound


def test_label_studio_that_is_down_is_asked_again_until_it_has_let_go(document, studio):
    studio.up = False
    erased = erasing.erase(document.pk, by="otto")
    job = Job.objects.get(task="annotation.finish_erasure", subject=erased.pk)
    jobs.run(job.pk, erasure.finish)
    job.refresh_from_db()
    assert (job.state, job.failures) == ("waiting", 0)
    assert 41 in studio.tasks
    studio.up = True
    Job.objects.filter(pk=job.pk).update(due_at="2020-01-01T00:00:00Z")
    jobs.run(job.pk, erasure.finish)
    erased.refresh_from_db()
    assert erased.state == "done" and set(studio.tasks) == {50}


@pytest.mark.parametrize("step", ["images", "file", "Label Studio", "the end"])
def test_interrupted_anywhere_it_goes_on_when_asked_again(document, studio, monkeypatch, step):
    pk, name = document.pk, document.file.name
    erased = erasing.erase(pk, by="otto")

    def dies(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as fault:
        where = {
            "images": (page_store, "forget"),
            "file": (default_storage._wrapped.__class__, "delete"),
            "Label Studio": (label_studio, "delete_tasks"),
            "the end": (jobs, "assert_held"),
        }[step]
        fault.setattr(*where, dies)
        with pytest.raises(KeyboardInterrupt):
            erasure.finish(erased.pk)
    again = erasing.erase(pk, by="otto")
    assert again.pk == erased.pk and Erasure.objects.count() == 1
    assert Job.objects.filter(task="annotation.finish_erasure", subject=erased.pk, state="waiting").exists()
    erasure.finish(erased.pk)
    erasure.finish(erased.pk)
    assert holders() == [] and set(studio.tasks) == {50} and not default_storage.exists(name)


def test_an_erasing_that_dies_within_the_database_leaves_all_as_it_was(document, monkeypatch):
    before = holders()
    monkeypatch.setattr(audit_trail, "record", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        erasing.erase(document.pk, by="otto")
    assert holders() == before
    assert not Erasure.objects.exists() and Correction.objects.filter(document=document).count() == 2


def test_a_task_that_is_another_documents_by_now_is_left_alone(document, studio):
    studio.tasks = {41: (7, "999999")}  # Label Studio was set up anew and counts from 1 again
    erased = erasing.erase(document.pk, by="otto")
    erasure.finish(erased.pk)
    assert 41 in studio.tasks


def test_a_task_of_it_that_nobody_knew_goes_too(document, studio):
    studio.tasks[77] = (7, str(document.pk))  # pushed twice
    erasure.finish(erasing.erase(document.pk, by="otto").pk)
    assert set(studio.tasks) == {50}


def test_a_project_that_is_gone_took_its_tasks_along(document, studio):
    studio.gone = {7}
    erased = erasing.erase(document.pk, by="otto")
    erasure.finish(erased.pk)
    erased.refresh_from_db()
    assert erased.state == "done"


def test_others_documents_stay_as_they_are_and_the_ledger_stays_closed(document):
    other = make_document(document.document_type)
    kept = make_truth(other, annotator="ann@example.org")
    erasing.erase(document.pk, by="otto")
    assert list(Correction.objects.all()) == [kept]
    assert Move.objects.filter(document=other).count() == other.moves.count()
    for change in (kept.delete, lambda: Correction.objects.filter(pk=kept.pk).update(annotator="eve")):
        with pytest.raises((DatabaseError, Exception), match="append-only|protected"), transaction.atomic():
            change()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Correction.objects.filter(pk=kept.pk)._raw_delete("default")


def test_the_versions_that_learned_from_it_are_named_and_those_that_did_not_are_not(document):
    document_type = document.document_type
    correction = document.truth

    def version(split, **more):
        snapshot = Snapshot.objects.create(
            document_type=document_type,
            hash=f"{Snapshot.objects.count():064x}",
            items=[[correction.pk, split]],
            fields=document_type.fields,
        )
        run = Run.objects.create(document_type=document_type, state="finished", snapshot=snapshot)
        return make_version(document_type, run=run, **more)

    old, now = version("train", state="retired"), version("validation", state="champion")
    version("gold", state="retired")
    erased = erasing.erase(document.pk, by="otto")
    assert erased.learned_by == [now.name, old.name]
    assert erasing.still_in_use(erased) == [now.name]


@pytest.mark.parametrize("split", ["train", "gold", None])
def test_it_waits_for_a_training_that_uses_it(document, split):
    document_type = document.document_type
    snapshot = split and Snapshot.objects.create(
        document_type=document_type,
        hash="1" * 64,
        items=[[document.truth_id, split]],
        fields=document_type.fields,
    )
    run = Run.objects.create(document_type=document_type, state="running", snapshot=snapshot)
    with pytest.raises(Refused, match=f"training {run.pk} uses it"):
        erasing.erase(document.pk, by="otto")
    Run.objects.update(state="stopped")
    assert erasing.erase(document.pk, by="otto")


def test_it_waits_for_a_worker_that_reads_it_and_takes_away_the_jobs_that_wait(document):
    Job.objects.create(task="annotation.extract_document", subject=document.pk)
    reading = Job.objects.create(task="annotation.read_document", subject=document.pk, state="running")
    with pytest.raises(Refused, match="a worker has it"):
        erasing.erase(document.pk, by="otto")
    assert Job.objects.filter(task="annotation.extract_document").exists()
    reading.delete()
    erasing.erase(document.pk, by="otto")
    assert not Job.objects.filter(subject=document.pk).exclude(task="annotation.finish_erasure").exists()


def test_the_same_bytes_are_not_taken_in_again_unnoticed(tmp_path, studio):
    path, document_type = make_pdf(tmp_path / "a.pdf"), make_type()
    received = intake.receive(path, filename="a.pdf", document_type=document_type, by="lea")
    sha256, pk = received.document.sha256, received.document.pk
    Job.objects.all().delete()
    erasure.finish(erasing.erase(pk, by="otto").pk)
    with pytest.raises(Refused, match=rf"again\.pdf was erased on .* by otto.*--allow {sha256}"):
        intake.receive(path, filename="again.pdf", document_type=document_type, by="lea")
    assert not default_storage.exists(f"files/{sha256[:2]}/{sha256}")
    out = StringIO()
    call_command("erase", allow=sha256, stdout=out)
    again = intake.receive(path, filename="again.pdf", document_type=document_type, by="lea")
    assert again.new and again.document.pk != pk
    done = ["received", "erased", "allowed again", "received"]
    assert list(TrailEntry.objects.values_list("action", flat=True)) == done


def test_the_command_says_what_is_gone_what_stays_and_who_learned_from_it(document, studio):
    pk = document.pk
    out, err = StringIO(), StringIO()
    call_command("erase", pk, yes=True, why="by law", stdout=out, stderr=err)
    assert f"Document {pk} is erased." in out.getvalue() and CANARY not in out.getvalue()
    assert holders() == [] and not err.getvalue()
    with pytest.raises(CommandError, match="there is no document 123456"):
        call_command("erase", 123456, yes=True)


def test_the_command_leaves_label_studio_to_the_workers_if_it_is_down(document, studio):
    studio.up = False
    err = StringIO()
    call_command("erase", document.pk, yes=True, stdout=StringIO(), stderr=err)
    assert "The workers go on" in err.getvalue()
    assert Erasure.objects.get().state == "erasing"
