import hashlib
import io
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from annotation import intake
from annotation.models import Document
from models.errors import ReadingFailed
from tests.factories import make_pdf, make_type

pytestmark = pytest.mark.django_db


def png(folder: Path, colour: str = "white") -> Path:
    path = folder / f"{colour}.png"
    Image.new("RGB", (200, 300), colour).save(path)
    return path


def test_a_file_becomes_a_document_and_rings_for_reading(tmp_path, rung):
    received = intake.receive(
        make_pdf(tmp_path / "a.pdf"), filename="bill.pdf", document_type=make_type(), by="lea"
    )
    document = Document.objects.get()
    assert received.new and received.document == document
    assert (document.filename, document.media_type, document.uploaded_by) == (
        "bill.pdf",
        "application/pdf",
        "lea",
    )
    with document.file.open("rb") as stored:
        assert stored.read() == (tmp_path / "a.pdf").read_bytes()
    assert ("annotation.read_document", document.pk) in rung


def test_the_same_bytes_twice_are_one_document(tmp_path):
    first = intake.receive(
        make_pdf(tmp_path / "a.pdf"), filename="a.pdf", document_type=make_type(), by="lea"
    )
    second = intake.receive(tmp_path / "a.pdf", filename="b.pdf", document_type=make_type(), by="ann")
    assert not second.new and second.document == first.document
    assert Document.objects.count() == 1


def test_what_a_process_that_died_had_written_of_a_file_is_not_taken_for_the_file(tmp_path):
    content = make_pdf(tmp_path / "a.pdf", "A bill that no other test has sent: tea 4.20").read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    name = default_storage.save(f"files/{sha256[:2]}/{sha256}", ContentFile(content[:200]))
    document = intake.receive(
        tmp_path / "a.pdf", filename="a.pdf", document_type=make_type(), by="lea"
    ).document
    assert document.file.name == name
    assert default_storage.open(name).read() == content


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + b"\0" * 50, "ZIP"),
        (b"<html><script>1</script></html>", "web page"),
        (b"%PDF-1.7\nnothing more", "bill.pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "bill.pdf"),
    ],
)
def test_what_is_no_document_is_refused_by_name_and_leaves_nothing(tmp_path, rung, content, says):
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(ReadingFailed, match="bill.pdf") as refusal:
        intake.receive(path, filename="bill.pdf", document_type=make_type(), by="lea")
    assert says in str(refusal.value)
    assert not Document.objects.exists() and not rung.all()


def test_a_file_over_the_limit_is_refused(tmp_path, settings):
    settings.CONFIG = settings.CONFIG.model_copy(update={"max_upload_mb": 1})
    image = Image.effect_noise((1200, 1200), 90)
    content = io.BytesIO()
    image.save(content, "PNG")
    path = tmp_path / "big.png"
    path.write_bytes(content.getvalue() + b"\0" * 1_000_000)
    with pytest.raises(ReadingFailed, match="big.png"):
        intake.receive(path, filename="big.png", document_type=make_type(), by="lea")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\bill.pdf", "bill.pdf"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("", "unnamed"),
        ("x" * 400 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_a_name_is_kept_without_folders_and_control_characters(sent, kept):
    assert intake.plain_name(sent) == kept


def test_stored_files_are_named_by_content_not_by_sender(tmp_path):
    document = intake.receive(
        png(tmp_path), filename="../../evil.png", document_type=make_type(), by="eve"
    ).document
    assert document.file.name == f"files/{document.sha256[:2]}/{document.sha256}"
    assert default_storage.exists(document.file.name)
