"""Uploads are hostile until proven otherwise."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from models.errors import ReadingFailed
from models.files import JPEG, PDF, PNG, TIFF, inspect, media_type, shown_name
from models.sandbox import Limits

MB = 1_000_000
LIMITS = Limits(file_bytes=MB, pages=10)


def pdf(pages: int = 1, **options: object) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, **options)
    for page in range(pages):
        canvas.drawString(72, 700, f"Total of page {page + 1}: 12.90")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def picture(form: str, size: tuple[int, int] = (60, 80), **options: object) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).save(file, form, **options)
    return file.getvalue()


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def refusal(path: Path, *, max_bytes: int = MB, max_pages: int = 10) -> str:
    with pytest.raises(ReadingFailed) as caught:
        inspect(path, Limits(file_bytes=max_bytes, pages=max_pages))
    message = str(caught.value)
    assert path.name in message and str(path.parent) not in message
    assert caught.value.permanent
    return message


@pytest.mark.parametrize(
    ("name", "content", "kind", "pages"),
    [
        ("a.pdf", pdf(3), PDF, 3),
        ("b.png", picture("PNG"), PNG, 1),
        ("c.jpg", picture("JPEG"), JPEG, 1),
        (
            "d.tif",
            picture("TIFF", save_all=True, append_images=[Image.new("L", (40, 50))] * 2),
            TIFF,
            3,
        ),
        ("SCAN.JPEG", picture("JPEG"), JPEG, 1),
    ],
)
def test_type_and_pages_come_from_the_content(
    tmp_path: Path, name: str, content: bytes, kind: str, pages: int
) -> None:
    facts = inspect(put(tmp_path, name, content), LIMITS)
    assert (facts.media_type, facts.pages, facts.size) == (kind, pages, len(content))
    assert len(facts.sha256) == 64


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("page.png", b"<!DOCTYPE html><html><body>%PDF-1.4</body></html>", "web page"),
        ("report.pdf", b"PK\x03\x04" + bytes(40) + b"%PDF-1.4", "ZIP archive"),
        ("drawing.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "XML"),
        ("letter.tif", b"just some text", "no document that can be read"),
        ("nothing.pdf", b"", "is empty"),
        ("cut.png", picture("PNG", (900, 900))[:2000], "broken image"),
        ("cut.jpg", picture("JPEG", (900, 900))[:3000], "broken image"),
        ("header.pdf", b"%PDF-1.7\n" + bytes(300), "broken PDF"),
        ("long.pdf", pdf(11), "11 pages"),
        ("locked.pdf", pdf(encrypt=StandardEncryption("secret", "owner")), "encrypted"),
        ("huge.png", picture("PNG", (30_000, 30_000)), "30000 x 30000 pixels"),
        ("scan.png", picture("JPEG"), "is called .png, and its content is JPEG"),
        ("report.exe", pdf(), "is called .exe, and its content is PDF"),
        ("report", pdf(), "has no extension"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    assert says in refusal(put(tmp_path, name, content))


def test_a_tiff_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = picture("TIFF", (300, 300), save_all=True, append_images=[Image.effect_noise((300, 300), 90)])
    assert "broken image" in refusal(put(tmp_path, "cut.tif", whole[: len(whole) - 30_000]))


def test_a_file_over_the_limit_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    message = refusal(put(tmp_path, "big.pdf", pdf() + bytes(3000)), max_bytes=2000)
    assert "0.0 MB" in message and "allowed" in message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "can't be opened" in refusal(tmp_path / "gone.pdf")


def test_a_pdf_that_only_forbids_printing_is_taken(tmp_path: Path) -> None:
    locked = pdf(encrypt=StandardEncryption("", "owner", canPrint=0))
    assert inspect(put(tmp_path, "owner.pdf", locked), LIMITS).pages == 1


def test_a_png_that_unpacks_to_gigabytes_is_refused_by_its_size_in_pixels(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = (60_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9 * MB)))
    assert "60000 x 60000" in refusal(put(tmp_path, "bomb.png", bomb + chunk(b"IEND", b"")))


@pytest.mark.slow
def test_a_pdf_that_kills_pdfium_kills_only_the_child(tmp_path: Path) -> None:
    """Forms that draw forms, ten each, twelve deep: a few kilobytes that take for ever."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"]
    objects.append(
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
        b"/Resources << /XObject << /F 5 0 R >> >> >>"
    )
    objects.append(b"<< /Length 4 >>\nstream\n/F Do\nendstream")
    for level in range(12):
        inner = f"{6 + level} 0 R"
        body = b"/F Do " * 10 if level < 11 else b"0 0 9 9 re f"
        resources = f"/Resources << /XObject << /F {inner} >> >>" if level < 11 else ""
        objects.append(
            f"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] {resources} /Length {len(body)} >>\n".encode()
            + b"stream\n" + body + b"\nendstream"
        )  # fmt: skip
    content, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(content))
        content += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    start = len(content)
    content += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    content += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    content += f"trailer << /Root 1 0 R /Size {len(objects) + 1} >>\nstartxref\n{start}\n%%EOF".encode()
    from models.rendering import read_file

    assert len(pypdfium2.PdfDocument(content)) == 1  # it is a PDF, and opens
    path = put(tmp_path, "laughs.pdf", content)
    with pytest.raises(ReadingFailed, match="laughs.pdf"):
        read_file(path, tmp_path / "out", Limits(cpu_seconds=3, wall_seconds=6))


@given(st.binary(max_size=200))
def test_any_bytes_are_either_a_known_type_or_refused(head: bytes) -> None:
    try:
        assert media_type(head, "x") in {PDF, PNG, JPEG, TIFF}
    except ReadingFailed as failure:
        assert "are taken" in str(failure)


@settings(max_examples=50)
@given(st.text())
def test_a_shown_name_is_short_printable_and_no_path(name: str) -> None:
    shown = shown_name(name)
    assert len(shown) <= 80 and shown.isprintable() and "/" not in shown
