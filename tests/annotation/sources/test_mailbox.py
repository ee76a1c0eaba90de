"""A mailbox as a source, against a real IMAP server."""

from __future__ import annotations

import logging
from email.message import EmailMessage

import pytest

from annotation.errors import Refused, Unreachable
from annotation.models import Document, Source
from annotation.sources import keeping, kinds, looking, taking
from annotation.sources import mailbox as imap
from tests.annotation.sources.conftest import PASSWORD, USER, free_port, look, run, states

pytestmark = pytest.mark.django_db


def test_every_file_of_a_mail_becomes_a_document_and_the_mail_is_marked_as_seen(mailbox, mails, pdf):
    contents = [pdf("first"), pdf("second")]
    mails.send(("first.pdf", contents[0]), ("Übersicht.pdf", contents[1]))
    assert b"Seen" not in mails.flags()[0]
    run(mailbox)
    assert states(mailbox) == {"first.pdf": "taken", "Übersicht.pdf": "taken"}
    stored = {document.filename: document.file.read() for document in Document.objects.all()}
    assert stored == {"first.pdf": contents[0], "Übersicht.pdf": contents[1]}
    assert b"Seen" in mails.flags()[0]


def test_a_mail_without_a_file_is_passed_over_and_marked_as_seen(mailbox, mails):
    mails.send()
    run(mailbox)
    arrival = mailbox.arrivals.get()
    assert (arrival.state, arrival.problem) == ("passed over", "the mail has no file")
    assert b"Seen" in mails.flags()[0]
    assert not Document.objects.exists()


def test_mails_are_found_once_and_later_ones_too(mailbox, mails, pdf):
    mails.send(("a.pdf", pdf("a")))
    run(mailbox)
    mails.send(("b.pdf", pdf("b")))
    mails.send(("c.pdf", pdf("c")))
    run(mailbox)
    run(mailbox)
    assert states(mailbox) == {"a.pdf": "taken", "b.pdf": "taken", "c.pdf": "taken"}
    mailbox.refresh_from_db()
    assert mailbox.cursor["uid"] == mailbox.arrivals.order_by("pk").last().place["uid"]


def test_a_mail_with_a_file_that_cannot_be_taken_stays_unseen_until_somebody_has_decided(mailbox, mails, pdf):
    mails.send(("a.pdf", pdf("a")), ("b.pdf", b"no PDF"))
    run(mailbox)
    assert states(mailbox) == {"a.pdf": "taken", "b.pdf": "failed"}
    assert b"Seen" not in mails.flags()[0]
    keeping.set_aside(mailbox, mailbox.arrivals.get(state="failed").pk, by="lea")
    taking.take_arrivals(mailbox.pk)
    assert b"Seen" in mails.flags()[0]


def test_a_mail_is_moved_and_those_that_somebody_marked_as_deleted_stay(mailbox, mails, pdf):
    mailbox.settings |= {"after": "move", "move_to": f"{mails.folder}.Taken"}
    mailbox.save()
    mails.send(("a.pdf", pdf("a")))
    mails.client.select(mails.folder)
    mails.client.store("1", "+FLAGS", r"(\Deleted)")
    mails.send(("b.pdf", pdf("b")))
    Source.objects.filter(pk=mailbox.pk).update(cursor={})
    mailbox.refresh_from_db()
    run(mailbox)
    run(mailbox)
    assert states(mailbox) == {"a.pdf": "taken", "b.pdf": "taken"}
    assert len(mails.flags(f"{mails.folder}.Taken")) == 2
    assert Document.objects.count() == 2


def test_the_text_pictures_in_it_and_signatures_are_no_files(mailbox, mails, pdf):
    mail = EmailMessage()
    mail.set_content("Hello")
    mail.add_alternative("<p>Hello <img src='cid:logo'></p>", subtype="html")
    html = mail.get_payload()[1]
    html.add_related(b"\x89PNG logo", "image", "png", cid="<logo>", filename="logo.png", disposition="inline")
    mail.make_mixed()
    mail.add_attachment(b"signature", maintype="application", subtype="pkcs7-signature", filename="smime.p7s")
    mail.add_attachment(pdf("a"), maintype="application", subtype="pdf", filename="a.pdf")
    send(mails, mail)
    run(mailbox)
    assert states(mailbox) == {"a.pdf": "taken"}


TEXT = (b"text", b"plain", None, None, None, b"7bit", 5, 1)
PDF = (b"application", b"pdf", None, None, None, b"base64", 80)
MIXED = (TEXT, PDF, b"mixed", (b"boundary", b"x"), None)


@pytest.mark.parametrize(
    ("structure", "parts"),
    [
        (PDF, ["1"]),
        (([TEXT, PDF], b"mixed"), ["1", "2"]),
        (([TEXT, (b"message", b"rfc822", None, None, None, b"7bit", 9, (), MIXED, 3), PDF], b"mixed"), ["1", "2.1", "2.2", "3"]),
        (([TEXT, (b"message", b"rfc822", None, None, None, b"7bit", 9, (), PDF, 3)], b"mixed"), ["1", "2.1"]),
        (([(TEXT, PDF, b"related", (b"boundary", b"y")), PDF], b"mixed"), ["1.1", "1.2", "2"]),
    ],
)  # fmt: skip
def test_the_parts_of_a_mail_are_numbered_as_the_standard_has_it(structure, parts):
    """RFC 3501, 6.4.5, with its example of a mail within a mail."""
    assert [part for part, _, _ in imap._leaves(structure)] == parts


def test_a_file_that_a_server_does_not_hand_out_is_a_dead_letter_and_not_lost(mailbox, mails, pdf):
    """This server counts the parts of a mail within a mail in its own way."""
    inner = EmailMessage()
    inner["Subject"] = "the forwarded one"
    inner.set_content("Hello")
    inner.add_attachment(pdf("inner"), maintype="application", subtype="pdf", filename="inner.pdf")
    mail = EmailMessage()
    mail.set_content("See the mail attached")
    mail.add_attachment(inner)
    send(mails, mail)
    run(mailbox)
    (letter,) = mailbox.arrivals.all()
    assert letter.state == "failed" and "empty" in letter.problem


def test_a_mail_that_is_a_file_itself_and_has_no_name_for_it_gets_one(mailbox, mails, pdf):
    mail = EmailMessage()
    mail.set_content(pdf("a"), maintype="application", subtype="pdf", disposition="attachment")
    send(mails, mail)
    run(mailbox)
    (name,) = states(mailbox)
    assert name.startswith("mail-") and name.endswith(".pdf")
    assert states(mailbox) == {name: "taken"}


def test_a_file_larger_than_a_piece_comes_whole(mailbox, mails, pdf, monkeypatch):
    monkeypatch.setattr("annotation.sources.mailbox.CHUNK", 1000)
    content = pdf("a") + bytes(range(256)) * 40
    mails.send(("a.pdf", content))
    run(mailbox)
    assert Document.objects.get().file.read() == content


def test_a_file_that_is_too_large_is_not_fetched_to_its_end(mailbox, mails, pdf, allowed, monkeypatch):
    allowed(max_upload_mb=1)
    mails.send(("a.pdf", pdf("a") + b"\n" * 3_000_000))
    run(mailbox)
    assert "1 MB" in mailbox.arrivals.get(state="failed").problem


def test_a_mail_that_is_deleted_before_it_is_taken_is_forgotten(mailbox, mails, pdf):
    mails.send(("a.pdf", pdf("a")))
    look(mailbox)
    mails.client.select(mails.folder)
    mails.client.store("1", "+FLAGS", r"(\Deleted)")
    mails.client.expunge()
    taking.take_arrivals(mailbox.pk)
    look(mailbox)
    assert states(mailbox) == {}


def test_a_mail_that_cannot_be_understood_is_a_dead_letter_and_the_others_are_taken(
    mailbox, mails, pdf, monkeypatch
):
    mails.send(("a.pdf", pdf("a")))
    mails.send(("b.pdf", pdf("b")))
    leaves = imap._leaves

    def broken(structure):
        monkeypatch.setattr(imap, "_leaves", leaves)
        return iter((structure[0][0][99],))

    monkeypatch.setattr(imap, "_leaves", broken)
    run(mailbox)
    assert states(mailbox) == {"mail 101": "failed", "b.pdf": "taken"}
    assert "no document that can be read" in mailbox.arrivals.get(state="failed").problem


def test_more_numbers_than_are_asked_for_at_once_are_all_looked_through(mailbox, mails, pdf, monkeypatch):
    monkeypatch.setattr(imap, "RANGE", 2)
    for name in "abcde":
        mails.send((f"{name}.pdf", pdf(name)))
    look(mailbox)
    assert mailbox.arrivals.count() == 5


def test_a_mailbox_that_numbers_its_mails_anew_is_looked_through_again(mailbox, mails, pdf):
    mails.send(("a.pdf", pdf("a")))
    look(mailbox)
    mailbox.arrivals.update(place=mailbox.arrivals.get().place | {"validity": 1}, key="0" * 64)
    Source.objects.filter(pk=mailbox.pk).update(cursor={"validity": 1, "uid": 10_000})
    taking.take_arrivals(mailbox.pk)
    run(mailbox)
    assert states(mailbox) == {"a.pdf": "taken"}
    assert mailbox.arrivals.count() == 1
    assert Document.objects.count() == 1


def test_a_wrong_password_is_told_on_the_source_and_never_written_anywhere(mailbox, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    (tmp_path / "secrets" / "mail").write_text("a wrong password")
    with pytest.raises(Refused, match="does not let invoices in"):
        looking.look_at(mailbox.pk)
    mailbox.refresh_from_db()
    assert "does not let invoices in" in mailbox.problem
    assert "a wrong password" not in caplog.text + mailbox.problem


def test_the_password_is_in_no_line_of_the_log_and_no_row(mailbox, mails, pdf, caplog):
    caplog.set_level(logging.DEBUG)
    mails.send(("a.pdf", pdf("a")))
    run(mailbox)
    assert states(mailbox) == {"a.pdf": "taken"}
    assert PASSWORD not in caplog.text
    assert PASSWORD not in str(Source.objects.values()) + str(mailbox.arrivals.values())


def test_a_server_that_does_not_answer_is_tried_again(mailbox):
    mailbox.settings |= {"port": free_port()}
    mailbox.save()
    with pytest.raises(Unreachable, match="does not answer"):
        looking.look_at(mailbox.pk)
    mailbox.refresh_from_db()
    assert "does not answer" in mailbox.problem


def test_a_folder_that_is_not_there_is_told(mailbox):
    mailbox.settings |= {"folder": "Nowhere"}
    mailbox.save()
    with pytest.raises(Refused, match="no folder 'Nowhere'"):
        looking.look_at(mailbox.pk)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"host": "imap.example.org"}, "DOCLOOP_SOURCE_HOSTS"),
        ({"secret": "nothing"}, "'nothing' can't be read"),
        ({"secret": "../secret_key"}, "secret"),
        ({"password": "typed in"}, "password"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_the_reason(allowed, more, reason):
    given = {"host": "127.0.0.1", "user": USER, "secret": "mail"} | more
    with pytest.raises(Refused, match=reason) as refused:
        kinds.checked("mailbox", given)
    assert "typed in" not in str(refused.value)


def test_broken_base64_and_other_encodings_are_decoded_as_far_as_they_go():
    def decoded(pieces: list[bytes], encoding: str) -> bytes:
        return b"".join(imap._decoded(iter(pieces), encoding))

    assert decoded([b"aGVs", b"bG8=\r\n"], "base64") == b"hello"
    assert decoded([b"aGVsbG"], "base64") == b"hell"
    assert decoded([b"a=3D", b"b=\r\nc=C3", b"=BC"], "quoted-printable") == b"a=bc\xc3\xbc"
    assert decoded([b"as it is"], "7bit") == b"as it is"


def send(mails, mail: EmailMessage) -> None:
    answer, _ = mails.client.append(mails.folder, None, None, mail.as_bytes())
    assert answer == "OK"
