"""Files become upright page images, with the PDF's own words where they can be trusted."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.pdfgen.canvas import Canvas

from models.errors import ReadingFailed
from models.generator import generate
from models.ocr.born_digital import is_good
from models.pages import Box, Word
from models.quality import page_quality
from models.rendering import RenderedPage, as_one_tiff, open_page, read_file
from models.sandbox import Limits


def read(folder: Path, name: str, content: bytes) -> list[RenderedPage]:
    path = folder / name
    path.write_bytes(content)
    return read_file(path, folder / "out")


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def texts(page: RenderedPage) -> list[str]:
    assert page.words is not None
    return [word.text for word in page.words]


def test_a_pdf_brings_its_words_to_the_places_where_they_were_printed(tmp_path: Path) -> None:
    document = generate("invoice", 1, seed=3, scan=False)
    (page,) = read(tmp_path, document.name, document.content)
    assert texts(page) == [word.text for word in document.pages[0].words]
    for found, printed in zip(page.words or (), document.pages[0].words, strict=True):
        assert found.box.iou(printed.box) > 0.4
    with Image.open(page.image) as image:
        assert image.size == (page.width, page.height)
    assert page.width * page.height == pytest.approx(2_200_000, rel=0.01)


def test_the_words_of_a_turned_page_stand_where_people_see_them(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(generate("invoice", 0, seed=3, scan=False).content)
    upright = document[0].get_size()
    document[0].set_rotation(90)
    file = io.BytesIO()
    document.save(file)
    (page,) = read(tmp_path, "turned.pdf", file.getvalue())
    assert page.width / page.height == pytest.approx(upright[1] / upright[0], rel=0.01)
    with Image.open(page.image) as image:
        for word in page.words or ():
            box = word.box
            left, top = int(box.x0 * page.width), int(box.y0 * page.height)
            right, bottom = int(box.x1 * page.width) + 1, int(box.y1 * page.height) + 1
            ink = image.convert("L").crop((left, top, right, bottom)).getextrema()[0]
            assert ink < 150, word.box  # there is something printed in every box


def test_a_scanned_pdf_has_no_words_of_its_own(tmp_path: Path) -> None:
    scan = saved(Image.effect_noise((800, 1000), 60), "PDF", resolution=100)
    (page,) = read(tmp_path, "scan.pdf", scan)
    assert page.words is None


def test_invisible_text_under_a_scan_is_not_trusted(tmp_path: Path) -> None:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(600, 800))
    from reportlab.lib.utils import ImageReader

    canvas.drawImage(ImageReader(Image.effect_noise((300, 400), 60)), 0, 0, 600, 800)
    for line in range(30):
        hidden = canvas.beginText(50, 750 - 20 * line)
        hidden.setTextRenderMode(3)
        hidden.textOut("words that somebody's OCR left below the scan")
        canvas.drawText(hidden)
    canvas.save()
    (page,) = read(tmp_path, "hidden.pdf", file.getvalue())
    assert page.words is None


def test_a_photo_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right
    wide = Image.new("RGB", (400, 200), "white")
    wide.paste("black", (0, 0, 400, 20))  # the top edge, which comes to lie at the right
    (page,) = read(tmp_path, "photo.jpg", saved(wide, "JPEG", exif=exif))
    assert (page.width, page.height) == (200, 400)
    with Image.open(page.image) as image:
        assert image.convert("L").getpixel((195, 200)) < 60 < 200 < image.convert("L").getpixel((10, 200))


def test_every_sort_of_picture_becomes_black_on_white(tmp_path: Path) -> None:
    grey = Image.new("L", (120, 90), 255)
    ImageDraw.Draw(grey).rectangle((30, 30, 60, 60), fill=0)
    pictures = [grey.convert(mode) for mode in ("1", "P", "CMYK")]
    pictures.append(grey.convert("I").point(lambda level: level * 257).convert("I;16"))
    for mode in ("LA", "RGBA"):
        clear = Image.new(mode, grey.size, (0,) * len(mode))
        clear.paste((0,) * (len(mode) - 1) + (255,), (30, 30, 61, 61))
        pictures.append(clear)
    file = saved(pictures[0], "TIFF", save_all=True, append_images=pictures[1:])
    pages = read(tmp_path, "sorts.tif", file)
    assert len(pages) == len(pictures)
    for page, picture in zip(pages, pictures, strict=True):
        with Image.open(page.image) as image:
            seen = image.convert("L")
            paper, ink = seen.getpixel((5, 5)), seen.getpixel((45, 45))
            assert paper > 240 and ink < 15, picture.mode


def test_a_large_scan_is_made_smaller_and_a_long_receipt_keeps_its_width(tmp_path: Path) -> None:
    (page,) = read(tmp_path, "large.png", saved(Image.new("L", (5000, 7000), 255), "PNG"))
    assert page.width * page.height == pytest.approx(2_200_000, rel=0.01)
    (page,) = read(tmp_path, "long.png", saved(Image.new("L", (560, 3900), 255), "PNG"))
    assert (page.width, page.height) == (560, 3900)


def test_every_page_of_a_tiff_becomes_a_page(tmp_path: Path) -> None:
    pages = [Image.new("L", (100 + number, 140), 255) for number in range(4)]
    found = read(tmp_path, "fax.tif", saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert [page.width for page in found] == [100, 101, 102, 103]
    assert [page.image.name for page in found] == [f"page-000{n}.jpg" for n in (1, 2, 3, 4)]


def test_images_are_joined_to_one_tiff_the_same_bytes_each_time(tmp_path: Path) -> None:
    paths = []
    for number, form in enumerate(("PNG", "JPEG", "TIFF")):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(saved(Image.new("L", (100 + number, 140), 255), form))
    joined = [as_one_tiff(paths, tmp_path / str(n), name="it.tiff") for n in ("a", "b")]
    assert joined[0].read_bytes() == joined[1].read_bytes()
    pages = read_file(joined[0], tmp_path / "out")
    assert [page.width for page in pages] == [100, 101, 102]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (generate("invoice", 1, seed=1, scan=False).content, "has a PDF among its pages"),
        (saved(Image.new("L", (900, 900)), "PNG")[:200], "is a broken image"),
        (b"<svg/>", "XML"),
    ],
)
def test_what_is_no_image_is_not_joined(tmp_path: Path, second: bytes, says: str) -> None:
    (tmp_path / "0").write_bytes(saved(Image.new("L", (100, 140), 255), "PNG"))
    (tmp_path / "1").write_bytes(second)
    with pytest.raises(ReadingFailed, match=f"'it.tiff' {says}|'it.tiff' .*{says}"):
        as_one_tiff([tmp_path / "0", tmp_path / "1"], tmp_path / "out", name="it.tiff")
    with pytest.raises(ReadingFailed, match="has 2 pages, and 1 are allowed"):
        as_one_tiff([tmp_path / "0"] * 2, tmp_path / "out", Limits(pages=1), name="it.tiff")


def test_as_a_page_image_nothing_is_opened_but_the_jpeg_it_is(tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_bytes(saved(Image.new("L", (100, 140)), "GIF"))
    with pytest.raises(OSError):
        open_page(tmp_path / "page.jpg")


@pytest.mark.slow
def test_a_page_that_needs_too_much_memory_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "greedy.png"
    path.write_bytes(saved(Image.new("RGB", (9000, 9000)), "PNG"))
    with pytest.raises(ReadingFailed, match=r"'greedy.png' needs more memory"):
        read_file(path, tmp_path / "out", Limits(memory=400_000_000))


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    document = generate("invoice", 7, seed=1, scan=False)
    path = tmp_path / "slow.pdf"
    path.write_bytes(document.content)
    with pytest.raises(ReadingFailed, match=r"'slow.pdf' took longer"):
        read_file(path, tmp_path / "out", Limits(wall_seconds=0))


@pytest.mark.slow
def test_pages_that_each_cost_what_a_page_may_cost_no_more_together_than_their_file_may(
    tmp_path: Path,
) -> None:
    path = tmp_path / "many.pdf"
    drawing = Canvas(str(path))
    drawing.beginForm("curves")  # half a second of computing time
    for n in range(3000):
        drawing.bezier(10 + n % 500, 10, 300, n % 700, n % 600, 400, 580, 10 + n % 800)
    drawing.endForm()
    for _ in range(30):
        drawing.doForm("curves")
        drawing.showPage()
    drawing.save()
    with pytest.raises(ReadingFailed, match=r"'many.pdf' takes more computing time"):
        read_file(path, tmp_path / "out", Limits(page_seconds=1, further_seconds=0))
    assert 1 <= len(list((tmp_path / "out").iterdir())) < 30


def words(*each: str) -> list[Word]:
    return [Word(text, Box(0.1, 0.1, 0.2, 0.12)) for text in each]


PROSE = words(
    *["Invoice", "2024-17", "of", "Miller", "and", "Sons,", "total", "1,290.00", "due", "on", "12", "March"]
)


def test_plain_text_is_good_and_its_look_alikes_are_not() -> None:
    assert is_good(PROSE, 0, image_share=0.1, invisible_share=0)
    assert not is_good([], 0, image_share=0, invisible_share=0)
    assert not is_good(PROSE[:3], 0, image_share=0, invisible_share=0), "too little of it"
    assert not is_good(PROSE, len(PROSE), image_share=0, invisible_share=0), "outside of the page"
    assert not is_good(words(*"Invoicetotalamount"), 0, image_share=0, invisible_share=0), "letters"
    private = words(*("\ue001\ue002\ue003\ue004\ue005" for _ in range(9)))
    assert not is_good(private, 0, image_share=0, invisible_share=0), "no Unicode"
    assert not is_good(words(*["%$/(&%$§!"] * 9), 0, image_share=0, invisible_share=0), "garbage"
    assert not is_good(PROSE, 0, image_share=0.9, invisible_share=0), "a stamp on a scan"
    assert not is_good(PROSE * 9, 0, image_share=0.9, invisible_share=1), "OCR below a scan"
    assert is_good(PROSE * 9, 0, image_share=0.9, invisible_share=0), "a letterhead as a picture"


def test_quality_falls_with_blur_paleness_and_noise() -> None:
    clean = Image.new("L", (600, 400), 255)
    for line in range(12):
        font = ImageFont.load_default(22)
        ImageDraw.Draw(clean).text((20, 20 + 30 * line), "Total amount 1,290.00 EUR due", 0, font)
    best = page_quality(clean)
    assert best > 0.95
    blurred = [page_quality(clean.filter(ImageFilter.GaussianBlur(radius))) for radius in (1, 2, 4)]
    assert best >= blurred[0] > blurred[1] > blurred[2] and blurred[2] < 0.4
    pale = page_quality(clean.point(lambda level: 225 + level * 30 // 255))
    assert pale < 0.3
    noisy = page_quality(Image.blend(clean, Image.effect_noise(clean.size, 120), 0.4))
    assert noisy < 0.75
    assert page_quality(Image.new("L", (200, 200), 255)) == 1
