import hashlib
import threading

import pytest
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFont

from annotation import intake, jobs, reading
from annotation.errors import LostClaim
from annotation.models import Document, Move, Page
from models.errors import ReadingFailed
from models.pages import Box, Word
from tests.factories import make_pdf, make_type

pytestmark = pytest.mark.django_db

LINES = ["Corner Shop Limited", "12 High Street, Bath", "Milk 1.20 Bread 2.30", "Total 3.50 paid in cash"]


class Counting:
    """An engine that says how dark each page is, and remembers it; `breaks_at` is the page that it doesn't survive."""

    name = "counting"

    def __init__(self, version: str = "counting 1", breaks_at: int | None = None) -> None:
        self.version, self.breaks_at = version, breaks_at
        self.levels: list[int] = []
        self._lock = threading.Lock()

    def read(self, image: Image.Image) -> list[Word]:
        level = image.convert("L").getpixel((5, 5))
        if self.breaks_at is not None and abs(level - self.breaks_at) < 3:
            raise KeyboardInterrupt
        with self._lock:
            self.levels.append(level)
        return [Word(f"{level // 10}", Box(0.1, 0.1, 0.2, 0.2))]


@pytest.fixture
def use(monkeypatch):
    """Which engine reads; one page after the other, so that it is known what was read before a crash."""

    def use(engine: Counting) -> Counting:
        monkeypatch.setattr(reading.ocr, "engine", lambda *_args, **_more: engine)
        return engine

    monkeypatch.setattr(reading.ocr, "cores", lambda: 1)
    return use


def fax(path, *levels: int):
    """A TIFF with a page of each grey level."""
    pages = [Image.new("L", (120, 160), level) for level in levels]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    return path


def words_of(document: Document) -> list[str]:
    return [page.word_page.text for page in document.pages.all()]


def received(path) -> Document:
    return intake.receive(path, filename=path.name, document_type=make_type(), by="lea").document


def test_a_born_digital_pdf_is_read_from_its_text_layer(tmp_path, rung, monkeypatch):
    monkeypatch.setattr(reading.ocr, "engine", lambda *_args, **_more: pytest.fail("no OCR is due"))
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
    reading.read_again(document.pk, by="lea")
    reading.read_document(document.pk)
    document.refresh_from_db()
    assert document.state == Document.State.READ and document.problem == ""


def test_pages_read_at_once_keep_their_order(tmp_path, use, monkeypatch):
    engine = use(Counting())
    monkeypatch.setattr(reading.ocr, "cores", lambda: 4)
    document = received(fax(tmp_path / "a.tif", *range(15, 200, 10)))
    reading.read_document(document.pk)
    assert words_of(document) == [str(number) for number in range(1, 20)]
    assert len(engine.levels) == 19


def test_the_same_picture_is_read_once_in_a_file_and_in_every_other(tmp_path, use):
    engine = use(Counting())
    first, second = (
        received(fax(tmp_path / name, *levels))
        for name, levels in (("a.tif", (55, 105, 55)), ("b.tif", (155, 105)))
    )
    reading.read_document(first.pk)
    assert sorted(engine.levels) == [55, 105]
    reading.read_document(second.pk)
    assert sorted(engine.levels) == [55, 105, 155]
    assert (words_of(first), words_of(second)) == (["5", "10", "5"], ["15", "10"])


def test_another_version_of_the_engine_reads_for_itself(tmp_path, use):
    for name, version, levels in (("a.tif", "engine 1", (55,)), ("b.tif", "engine 2", (55, 105))):
        engine = use(Counting(version))
        document = received(fax(tmp_path / name, *levels))
        reading.read_document(document.pk)
        assert sorted(engine.levels) == list(levels)
        assert {page.read_by for page in document.pages.all()} == {version}


def test_long_versions_that_differ_at_their_end_are_different():
    one, other = (reading._short(f"{'engine ' * 20}{end}") for end in "ab")
    assert one != other and len(one) == len(other) == 80
    assert reading._short("engine 1") == "engine 1"


def test_reading_goes_on_where_a_crash_ended_it(tmp_path, use):
    document = received(fax(tmp_path / "a.tif", 55, 105, 155, 205))
    use(Counting(breaks_at=155))
    with pytest.raises(KeyboardInterrupt):
        reading.read_document(document.pk)
    document.refresh_from_db()
    assert document.state == Document.State.RECEIVED and words_of(document) == ["5", "10"]
    engine = use(Counting())
    reading.read_document(document.pk)
    assert sorted(engine.levels) == [155, 205]
    assert words_of(document) == ["5", "10", "15", "20"]


def test_words_go_with_the_document_they_were_read_from(tmp_path, use):
    use(Counting())
    document = received(fax(tmp_path / "a.tif", 55))
    reading.read_document(document.pk)
    Document.objects.filter(pk=document.pk).delete()
    engine = use(Counting())
    again = received(fax(tmp_path / "b.tif", 55, 105))
    reading.read_document(again.pk)
    assert sorted(engine.levels) == [55, 105]


def test_words_that_came_with_a_document_are_not_taken_for_read_ones(tmp_path, use):
    engine = use(Counting())
    document = received(fax(tmp_path / "a.tif", 55))
    reading.read_document(document.pk)
    Page.objects.update(read_by=intake.GIVEN)
    again = received(fax(tmp_path / "b.tif", 55, 105))
    reading.read_document(again.pk)
    assert sorted(engine.levels) == [55, 55, 105]


def test_a_page_is_known_by_the_picture_in_the_store(tmp_path, use):
    use(Counting())
    document = received(fax(tmp_path / "a.tif", 55))
    reading.read_document(document.pk)
    page = document.pages.get()
    with default_storage.open(page.image) as image:
        assert page.image_sha256 == hashlib.sha256(image.read()).hexdigest()


def test_pages_of_an_earlier_try_that_are_no_more_are_dropped(tmp_path, use):
    use(Counting())
    document = received(fax(tmp_path / "a.tif", 55, 105))
    Page.objects.create(document=document, number=7, image="pages/x", width=1, height=1, read_by="old")
    reading.read_document(document.pk)
    assert [page.number for page in document.pages.all()] == [0, 1]


def test_a_worker_that_lost_its_claim_keeps_no_page(tmp_path, use, monkeypatch):
    def lost():
        raise LostClaim("taken over")

    use(Counting())
    document = received(fax(tmp_path / "a.tif", 55))
    monkeypatch.setattr(jobs, "assert_held", lost)
    with pytest.raises(LostClaim):
        reading.read_document(document.pk)
    assert not document.pages.exists()
