import pytest
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFont

from annotation import intake, reading
from annotation.models import Document, Move
from models.errors import ReadingFailed
from tests.factories import make_pdf, make_type

pytestmark = pytest.mark.django_db

LINES = ["Corner Shop Limited", "12 High Street, Bath", "Milk 1.20 Bread 2.30", "Total 3.50 paid in cash"]


def received(path) -> Document:
    return intake.receive(path, filename=path.name, document_type=make_type(), by="lea").document


def test_a_born_digital_pdf_is_read_from_its_text_layer(tmp_path, rung):
    document = received(make_pdf(tmp_path / "a.pdf", " ".join(LINES)))
    reading.read_document(document.pk)
    document.refresh_from_db()
    page = document.pages.get()
    assert document.state == Document.State.READ
    assert page.read_by == reading.TEXT_LAYER
    assert page.word_page.text == " ".join(LINES)
    assert default_storage.exists(page.image)
    assert len(document.fingerprint) == 16
    assert ("annotation.extract_document", document.pk) in rung


@pytest.mark.slow
def test_a_picture_is_read_by_ocr(tmp_path):
    image = Image.new("RGB", (900, 400), "white")
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(LINES):
        draw.text((40, 30 + 80 * row), line, fill="black", font=ImageFont.load_default(40))
    image.save(tmp_path / "scan.png")
    document = received(tmp_path / "scan.png")
    reading.read_document(document.pk)
    page = document.pages.get()
    assert page.read_by.startswith("rapidocr")
    assert "3.50" in page.word_page.text


def test_reading_twice_changes_nothing(tmp_path):
    document = received(make_pdf(tmp_path / "a.pdf", " ".join(LINES)))
    reading.read_document(document.pk)
    reading.read_document(document.pk)
    assert document.pages.count() == 1
    assert Move.objects.filter(document=document).count() == 1


def test_a_file_that_can_never_be_read_says_why(tmp_path, monkeypatch, rung):
    def refuse(*_args, **_more):
        raise ReadingFailed("'a.pdf' is encrypted; save it without a password and upload it again")

    document = received(make_pdf(tmp_path / "a.pdf"))
    monkeypatch.setattr(reading.rendering, "read_file", refuse)
    reading.read_document(document.pk)
    document.refresh_from_db()
    assert document.state == Document.State.UNREADABLE
    assert "encrypted" in document.problem
    assert ("annotation.extract_document", document.pk) not in rung


def test_a_passing_trouble_leaves_the_document_to_the_next_try(tmp_path, monkeypatch):
    def stumble(*_args, **_more):
        raise ReadingFailed("no memory for 'a.pdf'", permanent=False)

    document = received(make_pdf(tmp_path / "a.pdf"))
    monkeypatch.setattr(reading.rendering, "read_file", stumble)
    with pytest.raises(ReadingFailed):
        reading.read_document(document.pk)
    document.refresh_from_db()
    assert document.state == Document.State.RECEIVED


def test_an_unreadable_document_can_be_given_another_try(tmp_path, monkeypatch, rung):
    document = received(make_pdf(tmp_path / "a.pdf", " ".join(LINES)))
    with monkeypatch.context() as broken:
        broken.setattr(
            reading.rendering, "read_file", lambda *a, **k: (_ for _ in ()).throw(ReadingFailed("no"))
        )
        reading.read_document(document.pk)
    reading.read_again(document.pk)
    reading.read_document(document.pk)
    document.refresh_from_db()
    assert document.state == Document.State.READ and document.problem == ""
