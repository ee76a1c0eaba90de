"""Backups compared row by row and byte by byte with what they were made of, never by an exit status alone."""

import hashlib
import json
import tarfile
import time
from itertools import count
from threading import Event, Thread
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import FileField
from django.db.models.functions import Now
from django.test import override_settings

from annotation import inbox, jobs, label_studio, sweep
from annotation.errors import LabelStudioUnreachable
from annotation.ledger import content_hash
from annotation.models import Correction, CurrentAnnotation, Document, Job, TrailEntry
from tests.annotation.stand_in import install, result
from tests.factories import make_document, make_extraction, make_truth, make_type
from webapp.backup import archive, dumps, making, places, restoring, trying
from webapp.backup.archive import BackupError
from webapp.backup.places import Place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SECRET = "only-here-0123456789"
number = count(1)


def url_of(name):
    known = connection.settings_dict
    return f"postgresql://{known['USER']}:{known['PASSWORD']}@{known['HOST']}:{known['PORT']}/{name}"


def on_server(statement):
    server = psycopg2.connect(urlunsplit(urlsplit(url_of("postgres"))))
    server.autocommit = True
    server.cursor().execute(statement)
    server.close()


@pytest.fixture
def place(tmp_path):
    """Where the tests' rows are, with files of its own."""
    (tmp_path / "models" / "receipts" / "1").mkdir(parents=True)
    (tmp_path / "models" / "receipts" / "1" / "weights").write_bytes(b"weights")
    return Place(
        {"docloop": url_of(connection.settings_dict["NAME"])},
        FileSystemStorage(tmp_path / "store"),
        {"models": tmp_path / "models", "rehearsals": tmp_path / "rehearsals"},
        {"secret_key": SECRET},
    )


@pytest.fixture
def elsewhere(tmp_path):
    """A place with nothing in it: a database of its own."""
    name = f"elsewhere{next(number)}"
    on_server(f"CREATE DATABASE {name}")
    yield Place(
        {"docloop": url_of(name)},
        FileSystemStorage(tmp_path / "other" / "store"),
        {"models": tmp_path / "other" / "models", "rehearsals": tmp_path / "other" / "rehearsals"},
    )
    on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def studio(monkeypatch):
    return install(monkeypatch)


@pytest.fixture(autouse=True)
def label_studio_is_down(monkeypatch):
    def unreachable(_project_id):
        raise LabelStudioUnreachable("down")

    monkeypatch.setattr(label_studio, "project", unreachable)


def kept(place, kind, text="Total 12.90"):
    """A document with its file and page image in the place's store."""
    document = make_document(kind, text)
    name = place.store.save(
        f"files/{document.sha256[:2]}/{document.sha256}", ContentFile(document.sha256.encode())
    )
    Document.objects.filter(pk=document.pk).update(file=name)
    place.store.save(f"pages/{document.pk}/0.jpg", ContentFile(b"picture of " + document.sha256.encode()))
    make_extraction(document, {"total": ("12.90", 0.6)})
    document.refresh_from_db()
    return document


def rows_of(place):
    """Every row of every table, as text."""
    with dumps.connected(place.databases["docloop"]) as there, there.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row::text FROM "{table}" AS row')
            found[table] = sorted(row for (row,) in cursor.fetchall())
        return found


def files_of(place):
    names = list(restoring._files(place.store))
    stored = {name: hashlib.sha256(place.store.open(name).read()).hexdigest() for name in names}
    for name, folder in place.folders.items():
        stored |= {
            f"{name}/{each.relative_to(folder)}": each.read_bytes()
            for each in folder.rglob("*")
            if each.is_file()
        }
    return stored


# what a restore adds to say that it happened
CHANGED_BY_RESTORING = {
    "annotation_trailentry",
    "annotation_job",
    "annotation_schedule",
    "annotation_labeltask",
}


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_what_is_restored_is_what_was_there_row_for_row_and_byte_for_byte(name, place, elsewhere, tmp_path):
    kind = make_type(name="receipts")
    documents = [kept(place, kind) for _ in range(3)]
    make_truth(documents[0], {"total": "12.90"})
    before, files = rows_of(place), files_of(place)
    manifest = making.make(tmp_path / name, place)
    assert manifest["databases"]["docloop"]["annotation_document"][0] == 3
    restoring.restore(archive.read(tmp_path / name), elsewhere, by="otto")
    after = rows_of(elsewhere)
    assert len(files) == 7 and files_of(elsewhere) == files
    for table in before.keys() | after.keys():
        if table not in CHANGED_BY_RESTORING:
            assert after.get(table) == before.get(table), table
    with places.connected(elsewhere.databases["docloop"]):
        said = TrailEntry.objects.values_list("by", "action", "why")
        assert list(said) == [("otto", "restored a backup", f"made {manifest['made_at']}")]
        assert Job.objects.filter(task="annotation.sweep_project", subject=kind.pk).exists()
        # the ledger is guarded there too, and what was looked for is still found
        with pytest.raises(Exception, match="append-only"):
            Correction.objects.update(annotator="eve")


def test_a_backup_taken_while_people_work_and_a_sweep_are_what_label_studio_holds(
    place, elsewhere, studio, tmp_path
):
    kind = make_type(name="receipts")
    studio.projects[kind.project_id] = {}
    tasks = [(document, studio.push(document)) for document in (kept(place, kind) for _ in range(40))]
    stop = Event()

    def work():
        for turn in range(20):
            for document, task_id in tasks[:30]:
                if stop.is_set():
                    break
                answers = result(document, {"total": "12.90"} if turn % 2 else {"date": "Total"})
                if annotations := studio._annotations(task_id):
                    studio.edit(task_id, annotations[0].id, result=answers)
                else:
                    studio.submit(task_id, answers)
                inbox.mark_dirty([task_id], noticed_by="webhook")
                inbox.collect_task(task_id)
        connection.close()

    person = Thread(target=work)
    person.start()
    while person.is_alive() and Correction.objects.count() < 33:
        time.sleep(0.01)
    assert person.is_alive()
    making.make(tmp_path / "backup", place)
    at_least = Correction.objects.count()
    stop.set()
    person.join()
    # and after the backup: deleted, skipped, answered without a word, a task taken away
    studio.edit(tasks[0][1], studio._annotations(tasks[0][1])[0].id, skipped=True)
    studio.delete(tasks[1][1], studio._annotations(tasks[1][1])[0].id)
    studio.submit(tasks[35][1], result(tasks[35][0], {"total": "12.90"}))
    studio.delete_task(tasks[36][1])

    restoring.restore(archive.read(tmp_path / "backup"), elsewhere, by="otto")
    with places.connected(elsewhere.databases["docloop"]), override_settings(ROOT_URLCONF="annotation.urls"):
        assert 33 <= Correction.objects.count() <= at_least + 1
        for job in Job.objects.filter(task="annotation.sweep_project", state="waiting"):
            jobs.run(job.pk, sweep.sweep_project)
        while waiting := Job.objects.filter(
            task="annotation.collect_task", state="waiting", due_at__lte=Now()
        ).first():
            jobs.run(waiting.pk, inbox.collect_task)
        current = CurrentAnnotation.objects.filter(correction__isnull=False).select_related("correction")
        ours = {
            each.annotation_id: (each.task_id, each.correction.content_hash, each.correction.skipped)
            for each in current
        }
        theirs = {
            annotation.id: (task.id, content_hash(task.document_id, annotation), annotation.skipped)
            for task in studio.projects[kind.project_id].values()
            for annotation in task.annotations
        }
        assert ours == theirs and len(theirs) == 30
        assert not Job.objects.filter(state="failed").exists()


def test_new_rows_get_numbers_that_label_studio_and_mlflow_cannot_know(place, elsewhere, tmp_path):
    last = kept(place, make_type())
    making.make(tmp_path / "backup", place)
    restoring.restore(archive.read(tmp_path / "backup"), elsewhere, by="otto")
    with places.connected(elsewhere.databases["docloop"]):
        assert make_document().pk > last.pk + 100_000


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_what_is_interrupted_leaves_nothing_that_looks_whole(name, place, tmp_path, monkeypatch):
    kept(place, make_type())
    written = archive.Writing._write
    for step in range(6):
        left = count()

        def fail(self, *args, step=step, left=left):
            if next(left) == step:
                raise KeyboardInterrupt
            return written(self, *args)

        with monkeypatch.context() as broken:
            broken.setattr(archive.Writing, "_write", fail)
            try:
                making.make(tmp_path / name, place)
            except KeyboardInterrupt:
                assert not (tmp_path / name).exists()
                assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == []
            else:
                assert step == 5  # dump, file, picture, weights, manifest


def test_what_a_killed_backup_leaves_is_no_backup_and_in_nobodys_way(place, tmp_path):
    for name in ("backup", "backup.tar"):
        killed = archive.Writing(tmp_path / name)
        killed.add("store/a", place.store.open(place.store.save("a", ContentFile(b"a" * 20_000))))
        with pytest.raises(BackupError, match="cut off|not whole"):
            archive.read(killed.unfinished)
        making.make(tmp_path / name, place)
        archive.check(archive.read(tmp_path / name))
        assert not killed.unfinished.exists()


def test_a_tar_that_was_cut_off_is_refused(place, tmp_path):
    kept(place, make_type())
    making.make(tmp_path / "backup.tar", place)
    whole = (tmp_path / "backup.tar").read_bytes()
    for share in (0.1, 0.5, 0.9):
        (tmp_path / "cut.tar").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(BackupError):
            restoring.check(archive.read(tmp_path / "cut.tar"))


def damage(folder, how):
    manifest = json.loads((folder / "manifest.json").read_text())
    picture = next(folder / name for name in manifest["files"] if name.endswith("0.jpg"))
    if how == "changed":
        picture.write_bytes(picture.read_bytes()[:-1] + b"!")
    elif how == "missing":
        picture.unlink()
    elif how == "foreign":
        (folder / "store" / "files" / "foreign").write_bytes(b"")
    elif how == "link":
        picture.unlink()
        picture.symlink_to("/etc/hostname")
    elif how == "outside":
        manifest["files"]["../../evil"] = {"sha256": "", "size": 0}
    elif how == "newer":
        manifest["migrations"].append("annotation.9999_from_the_future")
    elif how == "newer form":
        manifest["format"] = 99
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("changed", "not as it was written"),
        ("missing", "missing"),
        ("foreign", "does not name"),
        ("link", "is no file"),
        ("outside", "outside the backup"),
        ("newer", "newer release of Docloop .it has migration annotation.9999_from_the_future"),
        ("newer form", "newer release"),
    ],
)
def test_a_backup_that_is_not_as_it_was_written_or_too_new_is_refused_before_anything_is_touched(
    how, said, place, elsewhere, tmp_path
):
    kept(place, make_type())
    making.make(tmp_path / "backup", place)
    damage(tmp_path / "backup", how)
    with pytest.raises(BackupError, match=said):
        restoring.restore(archive.read(tmp_path / "backup"), elsewhere, by="otto", replace=True)
    assert rows_of(elsewhere) == {} and files_of(elsewhere) == {}


def test_a_place_that_is_not_empty_is_refused_unless_it_may_go(place, elsewhere, tmp_path):
    first = kept(place, make_type())
    making.make(tmp_path / "one", place)
    second = kept(place, make_type())
    making.make(tmp_path / "two", place)
    restoring.restore(archive.read(tmp_path / "two"), elsewhere, by="otto")
    rows, files = rows_of(elsewhere), files_of(elsewhere)
    with pytest.raises(BackupError, match="not empty: give --replace"):
        restoring.restore(archive.read(tmp_path / "one"), elsewhere, by="otto")
    assert (rows_of(elsewhere), files_of(elsewhere)) == (rows, files)
    restoring.restore(archive.read(tmp_path / "one"), elsewhere, by="otto", replace=True)
    with places.connected(elsewhere.databases["docloop"]):
        assert list(Document.objects.values_list("pk", flat=True)) == [first.pk]
    # a file that no row knows could never be erased
    assert not elsewhere.store.exists(f"pages/{second.pk}/0.jpg") and not elsewhere.store.exists(
        second.file.name
    )


@pytest.mark.parametrize("what", ["files", "models"])
def test_files_alone_make_a_place_not_empty(what, place, elsewhere, tmp_path):
    making.make(tmp_path / "backup", place)
    if what == "files":
        elsewhere.store.save("files/a", ContentFile(b"a"))
    else:
        elsewhere.folders["models"].mkdir(parents=True)
        (elsewhere.folders["models"] / "a").write_bytes(b"a")
    with pytest.raises(BackupError, match="not empty"):
        restoring.restore(archive.read(tmp_path / "backup"), elsewhere, by="otto")
    assert rows_of(elsewhere) == {}


def test_a_dump_that_breaks_off_in_the_middle_changes_no_row(place, elsewhere, tmp_path):
    kept(place, make_type())
    making.make(tmp_path / "backup", place)
    restoring.restore(archive.read(tmp_path / "backup"), elsewhere, by="otto")
    before = rows_of(elsewhere)
    dump = (tmp_path / "backup" / "databases" / "docloop.dump").read_bytes()
    for share in (0.3, 0.7, 0.99):
        (tmp_path / "cut").write_bytes(dump[: int(len(dump) * share)])
        with (tmp_path / "cut").open("rb") as cut, pytest.raises(BackupError, match="can't be loaded"):
            dumps.load(elsewhere.databases["docloop"], cut)
        assert rows_of(elsewhere) == before


def test_a_database_that_came_back_otherwise_is_told(place, elsewhere, tmp_path):
    kept(place, make_type())
    making.make(tmp_path / "backup", place)
    backup = archive.read(tmp_path / "backup")
    backup.manifest["databases"]["docloop"]["annotation_page"][1] += "0"
    with pytest.raises(BackupError, match="differs .* annotation_page"):
        restoring.load(backup, "docloop", elsewhere.databases["docloop"])


def test_nobody_may_be_at_work_while_it_is_restored(place, elsewhere, tmp_path):
    making.make(tmp_path / "backup", place)
    worker = psycopg2.connect(elsewhere.databases["docloop"])
    with pytest.raises(BackupError, match="stop the web app"):
        restoring.restore(archive.read(tmp_path / "backup"), elsewhere, by="otto")
    worker.close()
    restoring.restore(archive.read(tmp_path / "backup"), elsewhere, by="otto")


def test_a_label_studio_without_the_projects_would_take_every_answer_back(
    place, elsewhere, tmp_path, monkeypatch
):
    make_type(name="receipts", project_id=7)
    making.make(tmp_path / "backup", place)
    monkeypatch.setattr(label_studio, "project", lambda project_id: None)
    with pytest.raises(BackupError, match="not the projects of receipts"):
        restoring.restore(archive.read(tmp_path / "backup"), elsewhere, by="otto")
    assert rows_of(elsewhere) == {}


def test_a_backup_is_tried_without_touching_anything_and_the_day_is_kept(place, tmp_path):
    kept(place, make_type())
    making.make(tmp_path / "backup", place)
    before, files = rows_of(place), files_of(place)
    assert trying.last() is None
    trying.try_out(archive.read(tmp_path / "backup"), by="otto")
    after = rows_of(place)
    assert {name for name in after if after[name] != before[name]} == {"annotation_trailentry"}
    assert files_of(place) == files
    tried = trying.last()
    backup = archive.read(tmp_path / "backup")
    backup.manifest["databases"]["docloop"]["annotation_document"][0] += 1
    with pytest.raises(BackupError, match="differs"):
        trying.try_out(backup, by="otto")
    assert trying.last() == tried


def test_secrets_are_in_it_only_when_asked_for_and_come_back(place, tmp_path):
    making.make(tmp_path / "without.tar", place)
    assert SECRET.encode() not in (tmp_path / "without.tar").read_bytes()
    making.make(tmp_path / "with.tar", place, with_secrets=True)
    assert restoring.secrets_of(archive.read(tmp_path / "with.tar")) == {"secret_key": SECRET}
    assert (tmp_path / "with.tar").stat().st_mode & 0o777 == 0o600
    assert restoring.secrets_of(archive.read(tmp_path / "without.tar")) == {}


def test_every_column_that_names_a_file_of_the_store_is_followed():
    fields = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField)
    }
    assert fields <= set(making.FILES)
    assert ("annotation_page", "image") in making.FILES


def test_files_that_vanish_meanwhile_are_told(place, tmp_path):
    document = kept(place, make_type())
    place.store.delete(document.file.name)
    assert making.make(tmp_path / "backup", place)["gone"] == [document.file.name]


def test_the_commands_say_what_is_in_it_and_what_is_not(place, tmp_path, capsys, settings):
    known = {"database_url": place.databases["docloop"], "data": tmp_path}
    settings.CONFIG = settings.CONFIG.model_copy(update=known)
    make_type()
    call_command("backup", str(tmp_path / "backup.tar"))
    said = capsys.readouterr().out
    assert "rows of docloop" in said and "Not in it: secrets (the environment), Label Studio's" in said
    assert TrailEntry.objects.filter(action="made a backup").count() == 1
    with tarfile.open(tmp_path / "backup.tar") as tar:
        assert tar.getnames()[-1] == "manifest.json"
    call_command("restore", "--test", str(tmp_path / "backup.tar"))
    assert "can be restored" in capsys.readouterr().out and trying.last()
    with pytest.raises(CommandError, match="there already"):
        call_command("backup", str(tmp_path / "backup.tar"))
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", str(tmp_path / "backup.tar"))
    with pytest.raises(CommandError, match="there is no"):
        call_command("restore", str(tmp_path / "nothing"))
