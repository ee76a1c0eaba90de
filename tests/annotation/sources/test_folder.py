"""A folder as a source: what is taken, what is not, and what becomes of the files."""

from __future__ import annotations

import os

import pytest

from annotation.errors import Refused, Unreachable
from annotation.models import Arrival, Document
from annotation.sources import kinds, taking
from tests.annotation.sources.conftest import a_source, look, run, states

pytestmark = pytest.mark.django_db


def test_a_file_becomes_a_document_of_the_sources_type(folder, inbox, pdf, rung):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    run(folder)
    document = Document.objects.get()
    assert (document.document_type, document.filename) == (folder.document_type, "a.pdf")
    assert document.uploaded_by == f"source {folder.name}"
    assert states(folder) == {"a.pdf": "taken"}
    assert Arrival.objects.get().document == document
    assert ("annotation.read_document", document.pk) in rung
    assert (inbox / "a.pdf").exists()


def test_a_file_is_taken_once_however_often_the_folder_is_looked_at(folder, inbox, pdf):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    for _ in range(3):
        run(folder)
    assert Document.objects.count() == Arrival.objects.count() == 1


def test_a_file_that_is_still_written_to_waits_until_it_rests(folder, inbox, pdf):
    content = pdf("a")
    (inbox / "a.pdf").write_bytes(content[:200])
    look(folder)
    (inbox / "a.pdf").write_bytes(content)
    look(folder)
    taking.take_arrivals(folder.pk)
    assert states(folder) == {"a.pdf": "sighted"}
    assert not Document.objects.exists()
    run(folder)
    assert states(folder) == {"a.pdf": "taken"}


def test_a_file_that_changes_between_two_looks_and_the_taking_is_found_again(folder, inbox, pdf):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    look(folder)
    look(folder)
    (inbox / "a.pdf").write_bytes(pdf("something else and longer"))
    taking.take_arrivals(folder.pk)
    assert states(folder) == {"a.pdf": "sighted"}
    run(folder)
    assert states(folder) == {"a.pdf": "taken"}
    assert Arrival.objects.count() == 1
    assert Document.objects.get().file.read() == pdf("something else and longer")


def test_unfinished_and_hidden_files_and_links_are_not_looked_at(folder, inbox, pdf, tmp_path):
    (tmp_path / "outside.pdf").write_bytes(pdf("outside"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.pdf").write_bytes(pdf("b"))
    (inbox / "link.pdf").symlink_to(tmp_path / "outside.pdf")
    (inbox / "folder").symlink_to(tmp_path / "elsewhere")
    for name in (".hidden.pdf", "a.pdf.part", "~$a.pdf"):
        (inbox / name).write_bytes(pdf("a"))
    run(folder)
    assert states(folder) == {}


def test_a_folder_that_becomes_a_link_after_it_was_looked_at_leads_nowhere(folder, inbox, pdf, tmp_path):
    (inbox / "sub").mkdir()
    (inbox / "sub" / "a.pdf").write_bytes(pdf("a"))
    look(folder)
    look(folder)
    (inbox / "sub").rename(tmp_path / "moved")
    (inbox / "sub").symlink_to(tmp_path / "moved")
    taking.take_arrivals(folder.pk)
    run(folder)
    assert states(folder) == {}
    assert not Document.objects.exists()


def test_a_pipe_keeps_nobody_waiting(folder, inbox, pdf):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    look(folder)
    look(folder)
    (inbox / "a.pdf").unlink()
    os.mkfifo(inbox / "a.pdf")
    taking.take_arrivals(folder.pk)
    run(folder)
    assert states(folder) == {}


def test_a_name_that_is_no_text_is_taken_and_shown_as_far_as_it_can_be(folder, inbox, pdf):
    name = os.fsencode(str(inbox)) + b"/scan-\xe4\n.pdf"
    with open(name, "wb") as file:
        file.write(pdf("a"))
    run(folder)
    assert states(folder) == {"scan-??.pdf": "taken"}


def test_a_drive_that_is_away_loses_nothing(folder, inbox, pdf, tmp_path):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    look(folder)
    look(folder)
    inbox.rename(tmp_path / "away")
    with pytest.raises(Unreachable):
        taking.take_arrivals(folder.pk)
    assert states(folder) == {"a.pdf": "waiting"}
    inbox.mkdir()  # where a drive would be
    taking.take_arrivals(folder.pk)
    inbox.rmdir()
    (tmp_path / "away").rename(inbox)
    run(folder)
    assert states(folder) == {"a.pdf": "taken"}


def test_a_file_that_is_taken_away_before_it_is_taken_is_forgotten(folder, inbox, pdf):
    (inbox / "a.pdf").write_bytes(pdf("a"))
    look(folder)
    look(folder)
    (inbox / "a.pdf").unlink()
    taking.take_arrivals(folder.pk)
    assert states(folder) == {"a.pdf": "sighted"}
    look(folder)
    assert states(folder) == {}


def test_files_in_folders_are_taken_and_moved_to_the_same_folder_below_taken(inbox, pdf):
    source = a_source("folder", path=str(inbox), after="move")
    (inbox / "june").mkdir()
    (inbox / "june" / "a.pdf").write_bytes(pdf("a"))
    run(source)
    assert [str(each.relative_to(inbox)) for each in inbox.rglob("*.pdf")] == ["taken/june/a.pdf"]
    run(source)
    assert states(source) == {"june/a.pdf": "taken"}
    (inbox / "june" / "a.pdf").write_bytes(pdf("another"))
    run(source)
    assert sorted(each.name for each in (inbox / "taken" / "june").iterdir()) == ["a-2.pdf", "a.pdf"]


def test_what_cannot_be_read_is_not_moved(inbox):
    source = a_source("folder", path=str(inbox), after="move")
    (inbox / "a.pdf").write_bytes(b"no PDF at all")
    run(source)
    assert states(source) == {"a.pdf": "failed"}
    assert (inbox / "a.pdf").exists()


@pytest.mark.parametrize("path", ["/etc", "inbox", "/"])
def test_a_folder_that_was_not_allowed_is_refused(path):
    with pytest.raises(Refused, match="DOCLOOP_SOURCE_ROOTS|whole path"):
        kinds.checked("folder", {"path": path})


def test_a_way_out_of_the_allowed_folder_is_refused(inbox, tmp_path):
    (inbox / "out").symlink_to(tmp_path / "secrets")
    for path in (f"{inbox}/../secrets", f"{inbox}/out"):
        with pytest.raises(Refused, match="DOCLOOP_SOURCE_ROOTS"):
            kinds.checked("folder", {"path": path})


def test_without_allowed_folders_none_may_be_looked_at(inbox, allowed):
    allowed(source_roots="")
    with pytest.raises(Refused, match="DOCLOOP_SOURCE_ROOTS"):
        kinds.checked("folder", {"path": str(inbox)})


def test_more_files_than_are_written_down_at_once_are_all_found(folder, inbox):
    for number in range(1005):
        (inbox / f"{number}.pdf").touch()
    look(folder)
    look(folder)
    assert folder.arrivals.filter(state="waiting").count() == 1005
