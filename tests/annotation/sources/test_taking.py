"""What arrived becomes documents exactly once, whoever dies in between; what can't be taken is a dead letter."""

from __future__ import annotations

import errno
import threading

import pytest
from django.db import connection

from annotation import intake, jobs
from annotation.errors import Refused, Unreachable
from annotation.models import Arrival, Document, Job, Source
from annotation.sources import keeping, looking, taking
from annotation.sources.folder import Folder, FolderSettings
from tests.annotation.sources.conftest import a_source, look, run, states
from tests.factories import make_document

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """A worker dies here: nothing that it would still have done is done."""


STEPS = {
    "before its files are written down": (looking, "_keep", "before"),
    "after some were written down": (looking, "_keep", "after"),
    "before it is begun": (taking, "_begin", "before"),
    "after it was begun": (taking, "_begin", "after"),
    "before intake": (intake, "receive", "before"),
    "after intake": (intake, "receive", "after"),
    "before it is marked as taken": (taking, "_end", "before"),
    "after it was marked as taken": (taking, "_end", "after"),
    "before the source is told": (Folder, "settle", "before"),
    "after the source was told": (Folder, "settle", "after"),
}


@pytest.mark.parametrize("step", STEPS)
def test_whoever_dies_loses_nothing_and_takes_nothing_twice(step, inbox, pdf, monkeypatch):
    source = a_source("folder", path=str(inbox), after="move")
    for name in "abc":
        (inbox / f"{name}.pdf").write_bytes(pdf(name))
    owner, name, when = STEPS[step]
    real, passed = getattr(owner, name), []

    def dies_once(*arguments, **more):
        if passed:
            return real(*arguments, **more)
        if when == "after":
            real(*arguments, **more)
        passed.append(step)
        raise Killed

    monkeypatch.setattr(owner, name, dies_once)
    with pytest.raises(Killed):
        run(source)
    run(source)
    assert states(source) == {"a.pdf": "taken", "b.pdf": "taken", "c.pdf": "taken"}
    assert Document.objects.count() == Arrival.objects.values("document").distinct().count() == 3
    assert sorted(each.name for each in (inbox / "taken").iterdir()) == ["a.pdf", "b.pdf", "c.pdf"]
    assert not source.arrivals.filter(settled=False).exists()


def test_a_dead_worker_that_comes_back_writes_nothing(folder, inbox, pdf, monkeypatch):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    look(folder)
    look(folder)
    job = Job.objects.get(task="annotation.take_arrivals", subject=folder.pk)
    receive = intake.receive

    def taken_over(*arguments, **more):
        Job.objects.filter(pk=job.pk).update(attempt=99)
        return receive(*arguments, **more)

    monkeypatch.setattr(intake, "receive", taken_over)
    jobs.run(job.pk, taking.take_arrivals, about="source")
    assert states(folder) == {"a.pdf": "waiting"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"", "empty"),
        ("a.pdf", b"%PDF-1.4 and then nothing", "a.pdf"),
        ("a.docx", b"PK\x03\x04 a Word document", "PDF, PNG, JPEG and TIFF"),
        ("a.png", b"%PDF-1.4", "called .png"),
    ],
)
def test_what_cannot_be_taken_is_a_dead_letter_with_the_reason(folder, inbox, pdf, name, content, reason):
    (inbox / name).write_bytes(content)
    (inbox / "good.pdf").write_bytes(pdf("good"))
    run(folder)
    assert states(folder) == {name: "failed", "good.pdf": "taken"}
    assert reason in folder.arrivals.get(state="failed").problem


def test_what_is_too_large_is_a_dead_letter_and_can_be_tried_again(folder, inbox, pdf, allowed, rung):
    allowed(max_upload_mb=1)
    content = pdf("a") + b"\n" * 1_000_000
    (inbox / "a.pdf").write_bytes(content)
    run(folder)
    letter = folder.arrivals.get(state="failed")
    assert "1 MB" in letter.problem
    allowed(max_upload_mb=2)
    assert keeping.try_again(folder, letter.pk, by="lea") == 1
    assert ("annotation.take_arrivals", folder.pk) in rung
    taking.take_arrivals(folder.pk)
    assert states(folder) == {"a.pdf": "taken"}
    assert Document.objects.get().size == len(content)


def test_all_dead_letters_are_tried_again_at_once_and_none_twice(folder, inbox):
    for name in "abc":
        (inbox / f"{name}.pdf").write_bytes(b"")
    run(folder)
    assert keeping.try_again(folder, by="lea") == 3
    with pytest.raises(Refused):
        keeping.try_again(folder, by="lea")
    taking.take_arrivals(folder.pk)
    assert set(states(folder).values()) == {"failed"}


def test_a_dead_letter_that_nobody_wants_is_set_aside(folder, inbox):
    (inbox / "a.pdf").write_bytes(b"")
    run(folder)
    keeping.set_aside(folder, folder.arrivals.get().pk, by="lea")
    assert states(folder) == {"a.pdf": "passed over"}
    run(folder)
    assert states(folder) == {"a.pdf": "passed over"}


def test_a_file_at_which_workers_die_is_given_up_and_the_others_go_on(folder, inbox, pdf, monkeypatch):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    look(folder)
    look(folder)
    (inbox / "b.pdf").write_bytes(pdf("b"))
    look(folder)
    look(folder)
    receive = intake.receive

    def deadly(path, *, filename, **more):
        if filename == "a.pdf":
            raise Killed
        return receive(path, filename=filename, **more)

    monkeypatch.setattr(intake, "receive", deadly)
    for _ in range(taking.MOST_ATTEMPTS):
        with pytest.raises(Killed):
            taking.take_arrivals(folder.pk)
    taking.take_arrivals(folder.pk)
    assert states(folder) == {"a.pdf": "failed", "b.pdf": "taken"}


def test_the_same_content_from_two_sources_is_one_document(folder, inbox, pdf):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    other = a_source("folder", path=str(inbox))
    run(folder)
    run(other)
    assert states(folder) == states(other) == {"a.pdf": "taken"}
    assert Document.objects.count() == 1


def test_without_a_type_the_router_says_of_each(inbox, pdf):
    source = a_source("folder", path=str(inbox))
    Source.objects.filter(pk=source.pk).update(document_type=None)
    (inbox / "a.pdf").write_bytes(pdf("a"))
    run(source)
    assert Document.objects.get().document_type.unknown


def test_nothing_is_taken_while_too_many_documents_wait_to_be_read(folder, inbox, pdf, allowed):
    for name in "abc":
        (inbox / f"{name}.pdf").write_bytes(pdf(name))
    allowed(source_backlog=2)
    run(folder)
    assert sorted(states(folder).values()) == ["taken", "taken", "waiting"]
    folder.refresh_from_db()
    assert "2 documents or more wait to be read" in folder.held_back
    looked = folder.looked_at
    look(folder)
    folder.refresh_from_db()
    assert folder.looked_at == looked  # nor is it looked at
    Document.objects.update(state="read")
    run(folder)
    assert sorted(states(folder).values()) == ["taken", "taken", "taken"]
    folder.refresh_from_db()
    assert folder.held_back == ""


def test_a_full_disk_holds_a_source_back_and_makes_no_dead_letters(folder, inbox, pdf, allowed):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    look(folder)
    look(folder)
    allowed(min_free_gb=10**9)
    taking.take_arrivals(folder.pk)
    folder.refresh_from_db()
    assert "DOCLOOP_MIN_FREE_GB" in folder.held_back
    assert states(folder) == {"a.pdf": "waiting"}
    assert folder.arrivals.get().attempts == 0


def test_a_disk_without_room_for_the_copy_is_no_fault_of_the_file(folder, inbox, pdf, monkeypatch):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    look(folder)
    look(folder)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Folder, "fetch", full)
    for _ in range(taking.MOST_ATTEMPTS + 1):
        with pytest.raises(OSError, match="No space left"):
            taking.take_arrivals(folder.pk)
    assert states(folder) == {"a.pdf": "waiting"}


def test_a_scanner_that_does_not_answer_lets_files_wait(folder, inbox, pdf, allowed):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    look(folder)
    look(folder)
    allowed(clamd="/nowhere/clamd.sock")
    with pytest.raises(Unreachable):
        taking.take_arrivals(folder.pk)
    assert states(folder) == {"a.pdf": "waiting"}
    folder.refresh_from_db()
    assert "virus scanner" in folder.problem


def test_an_erased_document_is_not_taken_again_and_its_name_is_gone(folder, inbox, pdf):
    from annotation import erasure

    (inbox / "secret-name.pdf").write_bytes(pdf("a"))
    run(folder)
    erasure.erase(Document.objects.get(), by="otto", why="asked for", learned_by=[])
    arrival = Arrival.objects.get()
    assert (arrival.name, arrival.place, arrival.document) == ("", {}, None)
    run(folder)
    assert not Document.objects.exists()


def test_a_source_that_is_off_is_left_alone(folder, inbox, pdf, rung):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    keeping.switch(folder, on=False, by="otto")
    looking.look_at_all(0)
    assert ("annotation.look_at_source", folder.pk) not in rung
    run(folder)
    assert states(folder) == {}


def test_changed_settings_are_looked_at_anew(folder, inbox, pdf):
    (inbox / "sub").mkdir()
    (inbox / "a.pdf").write_bytes(pdf("a"))
    (inbox / "sub" / "b.pdf").write_bytes(pdf("b"))
    look(folder)
    keeping.change(folder, FolderSettings(path=str(inbox / "sub")), folder.document_type, by="otto")
    run(folder)
    assert states(folder) == {"b.pdf": "taken"}


def test_a_source_that_is_deleted_leaves_its_documents(folder, inbox, pdf):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    run(folder)
    keeping.delete(folder, by="otto")
    assert Document.objects.count() == 1 and not Arrival.objects.exists()


def test_a_full_list_of_documents_to_read_costs_one_short_look(folder, django_assert_num_queries, allowed):
    from annotation.sources import pressure

    allowed(source_backlog=1)
    make_document(state=Document.State.RECEIVED)
    with django_assert_num_queries(1):
        assert pressure.reason()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_find_and_take_each_file_once(inbox, pdf):
    source = a_source("folder", path=str(inbox))
    for name in "abcd":
        (inbox / f"{name}.pdf").write_bytes(pdf(name))
    faults = []

    def work():
        try:
            run(source)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    run(source)
    assert not faults
    assert states(source) == {f"{name}.pdf": "taken" for name in "abcd"}
    assert Document.objects.count() == Arrival.objects.count() == 4
