"""OWASP ASVS 5.0, chapter V5 (File Handling): its thirteen requirements, a test each."""

from __future__ import annotations

import io
import json
import re
import socket
import stat
import struct
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from annotation import imports, intake, quota, reading
from annotation.errors import Refused, Unreachable
from annotation.models import Document, DocumentType, LabelImport
from annotation.pictures import Pictures
from models import files
from models.sandbox import Limits
from tests.factories import make_pdf, make_type
from webapp.config import CHECKOUT, Config

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, lea):
    make_type(name="receipts")
    client.force_login(lea)
    return client


@pytest.fixture
def limited(settings):
    """Sets settings of Docloop's own for a test."""

    def change(**changes: object) -> None:
        settings.CONFIG = settings.CONFIG.model_copy(update=changes)

    return change


def pdf(folder: Path, text: str = "Total 12.90") -> bytes:
    return make_pdf(folder / f"{abs(hash(text))}.pdf", text).read_bytes()


def picture(form: str, size: tuple[int, int] = (60, 80)) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).save(file, form)
    return file.getvalue()


def send(client, name: str, content: bytes):
    """By the API, as programs do."""
    sent = {"document_type": "receipts", "file": SimpleUploadedFile(name, content)}
    return client.post("/api/documents", sent, headers={"X-CSRFToken": "unused"})


def refusal(client, name: str, content: bytes) -> str:
    """What a refused file is told; nothing of it stays."""
    before = stored()
    answer = send(client, name, content)
    assert answer.status_code == 422, answer.content
    assert stored() == before and not Document.objects.exists()
    return str(answer.json()["detail"])


def stored() -> set[Path]:
    return {path for path in Path(django_settings.STORE).rglob("*") if path.is_file()}


def zipped(folder: Path, **entries: bytes) -> Path:
    path = folder / "files.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


# V5.1 File Handling Documentation


def test_v5_1_1_the_documentation_names_every_type_extension_and_limit_and_what_happens_to_hostile_files():
    page = (CHECKOUT / "docs" / "reference" / "files.md").read_text()
    for extensions in files.EXTENSIONS.values():
        assert all(f"`{extension}`" in page for extension in extensions)
    for setting, unit in (
        ("max_upload_mb", "MB"),
        ("max_pages", "pages"),
        ("max_megapixels", "million pixels"),
        ("user_files", "files"),
        ("user_gb", "GB"),
        ("min_free_gb", "GB"),
    ):
        default = Config.model_fields[setting].default
        assert f"{default:,} {unit}" in page and f"`DOCLOOP_{setting.upper()}`" in page, setting
    limits = Limits()
    for seconds, what in (
        (limits.opening_seconds, "s of CPU to be opened"),
        (limits.page_seconds, "s for any page"),
        (limits.further_seconds, "s more with each page"),
        (limits.cpu_seconds, "s at most"),
    ):
        assert f"{seconds} {what}" in page
    assert "What is refused" in page and "as an attachment only" in page


# V5.2 File Upload and Content


def test_v5_2_1_a_file_over_the_size_is_refused_and_a_request_over_all_sizes_is_not_even_read(
    lead, limited, tmp_path, client
):
    limited(max_upload_mb=1)
    assert "1.1 MB, and 1 MB are allowed" in refusal(lead, "big.pdf", pdf(tmp_path) + bytes(1_100_000))

    def bring(length: str) -> int:
        body = {"data": b"x", "content_type": "multipart/form-data; boundary=x", "CONTENT_LENGTH": length}
        return lead.post(reverse("upload"), **body).status_code

    assert bring(str(300_000_000)) == 413 and bring("-1") == 413
    body = {"data": b"x", "content_type": "multipart/form-data; boundary=x", "CONTENT_LENGTH": "300000000"}
    assert lead.post("/api/documents", **body).json()["status"] == 413
    lead.logout()
    assert bring(str(2_000_000)) == 413, "whoever isn't signed in has no file to send"


@pytest.mark.parametrize(
    ("name", "form", "says"),
    [
        ("scan.png", "JPEG", "is called .png, and its content is JPEG"),
        ("scan.pdf", "PNG", "is called .pdf, and its content is PNG"),
        ("scan.jpg.exe", "JPEG", "is called .exe"),
        ("scan", "TIFF", "has no extension"),
    ],
)
def test_v5_2_2_extension_first_bytes_and_content_must_agree(lead, name, form, says):
    assert says in refusal(lead, name, picture(form))


def test_v5_2_2_also_within_a_zip_and_first_bytes_alone_are_no_content(lead, tmp_path, rung):
    assert "broken image" in refusal(lead, "a.png", b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "broken PDF" in refusal(lead, "a.pdf", b"%PDF-1.7\n" + bytes(100))
    task = {"id": 1, "data": {"image": "a.png"}, "annotations": [{"result": []}]}
    with Pictures(zipped(tmp_path, **{"a.png": picture("JPEG")}), max_bytes=10**6) as pictures:
        (taken,) = imports.take_all([task], pictures, DocumentType.objects.get(), by="lea")
    assert "is called .png" in taken.problem and not Document.objects.exists()


def test_v5_2_3_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("annotation.pictures.SMALL", 1_000_000)
    with pytest.raises(Refused, match="100 times its size"):
        Pictures(zipped(tmp_path, bomb=bytes(5_000_000)), max_bytes=10**6)
    monkeypatch.setattr("annotation.pictures.MOST_FILES", 3)
    with pytest.raises(Refused, match="holds 4 files, 3 at most"):
        Pictures(zipped(tmp_path, a=b"", b=b"", c=b"", d=b""), max_bytes=10**6)
    monkeypatch.setattr("annotation.pictures.MOST_DIRECTORY", 10)
    with pytest.raises(Refused, match="lists more than"):
        Pictures(zipped(tmp_path, a=b""), max_bytes=10**6)


def test_v5_2_3_a_file_that_unpacks_to_more_than_its_zip_says_is_cut_off(tmp_path):
    path = zipped(tmp_path, **{"a.png": bytes(3_000_000)})
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 100)))
    with Pictures(path, max_bytes=1_000_000) as pictures, pytest.raises(Refused):
        pictures.fetch("a.png", tmp_path / "out")
    assert (tmp_path / "out").stat().st_size <= 1_000_000


def test_v5_2_4_a_person_has_a_quota_of_files_and_of_bytes(lead, limited, tmp_path, rung):
    limited(user_files=1)
    assert send(lead, "a.pdf", pdf(tmp_path, "one")).status_code == 201
    told = send(lead, "b.pdf", pdf(tmp_path, "two"))
    assert told.status_code == 422 and "lea has brought 1 files, and 1 are allowed" in told.json()["detail"]
    assert send(lead, "a.pdf", pdf(tmp_path, "one")).status_code == 200, "what is known takes no room"
    limited(user_files=10, user_gb=0.000001)
    assert "GB, and 1e-06 are allowed" in send(lead, "b.pdf", pdf(tmp_path, "two")).json()["detail"]
    quota.check(by="ingest", size=10**6)  # a command on the server


def test_v5_2_4_nothing_is_taken_in_when_the_store_is_nearly_full(lead, limited, tmp_path):
    limited(min_free_gb=10**9)
    assert "GB left" in refusal(lead, "a.pdf", pdf(tmp_path))


def test_v5_2_5_a_zip_with_a_symbolic_link_is_refused(tmp_path):
    path = zipped(tmp_path, **{"a.png": picture("PNG")})
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("b.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(Refused, match=r"symbolic link .b\.png."):
        Pictures(path, max_bytes=10**6)


def test_v5_2_6_an_image_of_too_many_pixels_is_refused(lead, limited):
    limited(max_megapixels=1)
    assert "1100 x 1000 pixels" in refusal(lead, "wide.png", picture("PNG", (1100, 1000)))


# V5.3 File Storage


def test_v5_3_1_what_was_uploaded_lies_where_no_server_serves_it_and_can_not_be_run(lead, tmp_path, rung):
    send(lead, "a.pdf", pdf(tmp_path))
    document = Document.objects.get()
    path = Path(default_storage.path(document.file.name))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600, "nobody else's, and no program"
    served = (Path(django_settings.STATIC_ROOT), CHECKOUT / "webapp" / "static")
    assert not any(path.is_relative_to(folder) for folder in served)
    for address in (
        f"/{document.file.name}",
        f"/static/{document.file.name}",
        f"/store/{document.file.name}",
    ):
        assert lead.get(address).status_code == 404
    assert not document.file.name.startswith("pages/"), "which Label Studio serves"


@pytest.mark.parametrize(
    "name",
    ["../../etc/cron.d/evil.pdf", "..\\..\\evil.pdf", "/etc/evil.pdf", "a\x00/../evil.pdf", "evil.pdf"],
)
def test_v5_3_2_files_are_stored_under_names_of_our_own(lead, tmp_path, rung, name):
    received = intake.receive(
        make_pdf(tmp_path / "x.pdf"), filename=name, document_type=make_type(name="bills"), by="lea"
    )
    document = received.document
    assert document.file.name == f"files/{document.sha256[:2]}/{document.sha256}"
    assert document.filename == "evil.pdf"
    assert {path.relative_to(django_settings.STORE).parts[0] for path in stored()} <= {
        "files",
        "pages",
        "imports",
        "drift",
    }


def test_v5_3_3_folders_that_a_zip_names_are_passed_over(tmp_path, rung):
    path = zipped(tmp_path, **{"../../../evil.png": picture("PNG"), "/etc/other.png": picture("PNG", (9, 9))})
    export = [
        {"id": n, "data": {"image": name}, "annotations": [{"result": []}]}
        for n, name in enumerate(("../../../evil.png", "/etc/other.png"))
    ]
    wanted = LabelImport(document_type=make_type(name="bills"), filename="x.json", by="lea")
    wanted.labels.save("labels.json", io.BytesIO(json.dumps(export).encode()), save=False)
    wanted.pictures.save("pictures.zip", io.BytesIO(path.read_bytes()), save=True)
    imports.run_import(wanted.pk)
    assert set(Document.objects.values_list("filename", flat=True)) == {"evil.png", "other.png"}
    assert all(
        re.fullmatch(r"files/[0-9a-f]{2}/[0-9a-f]{64}", each.file.name) for each in Document.objects.all()
    )
    assert not list(tmp_path.parent.rglob("evil.png")) and not Path("/etc/other.png").exists()


# V5.4 File Download


def test_v5_4_1_downloads_have_a_name_of_ours_whatever_is_asked_and_the_senders_is_an_attachment(
    lead, tmp_path, rung
):
    send(lead, "bill.pdf", pdf(tmp_path))
    document = Document.objects.get()
    reading.read_document(document.pk)
    shown = {
        reverse("page-image", args=[document.pk, 0]): f"document-{document.pk}-page-1.jpg",
        reverse("page-preview", args=[document.pk, 0]): f"document-{document.pk}-page-1.webp",
        reverse("page-crop", args=[document.pk, 0])
        + "?box=0,0,1,1": f"document-{document.pk}-page-1-piece.jpg",
        f"/api/documents/{document.pk}/pages/0/image": f"document-{document.pk}-page-1.jpg",
    }
    for address, name in shown.items():
        answer = lead.get(address, {"filename": "evil.html"} if "?" not in address else None)
        assert answer["Content-Disposition"] == f'inline; filename="{name}"'
        assert answer["Content-Type"].startswith("image/") and answer["X-Content-Type-Options"] == "nosniff"
    for address in (reverse("document-file", args=[document.pk]), f"/api/documents/{document.pk}/file"):
        answer = lead.get(address, {"filename": "evil.html"})
        assert answer["Content-Disposition"] == 'attachment; filename="bill.pdf"'
        assert answer["Content-Type"] == "application/octet-stream"
        assert (
            answer["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer["Content-Security-Policy"]
        )
        assert b"".join(answer.streaming_content) == (default_storage.open(document.file.name)).read()
    exported = lead.get("/api/document-types/receipts/export/jsonl")
    assert exported["Content-Disposition"] == 'attachment; filename="receipts.jsonl"'


@pytest.mark.parametrize(
    ("sent", "header"),
    [
        ('a";\r\nSet-Cookie: x=1.pdf', r'attachment; filename="a\";Set-Cookie: x=1.pdf"'),
        ("Rechnung für Zoë.pdf", "attachment; filename*=utf-8''Rechnung%20f%C3%BCr%20Zo%C3%AB.pdf"),
        ("bill\u202efdp.pdf", 'attachment; filename="billfdp.pdf"'),
        ('"><script>.pdf', 'attachment; filename="\\"><script>.pdf"'),
    ],
)
def test_v5_4_2_names_are_encoded_as_rfc_6266_has_it(lead, tmp_path, rung, sent, header):
    intake.receive(
        make_pdf(tmp_path / "x.pdf"), filename=sent, document_type=make_type(name="bills"), by="lea"
    )
    document = Document.objects.get()
    answer = lead.get(reverse("document-file", args=[document.pk]))
    assert answer["Content-Disposition"] == header and "Set-Cookie" not in answer.headers
    assert b"".join(answer.streaming_content)
    assert "<script>.pdf" not in lead.get(reverse("document", args=[document.pk])).content.decode()


@contextmanager
def clamd(*verdicts: bytes) -> Iterator[SimpleNamespace]:
    """Speaks clamd's INSTREAM on a port of its own, and says of each file in turn what it is told to."""
    seen = SimpleNamespace(content=b"")
    with socket.create_server(("127.0.0.1", 0)) as server:
        seen.address = f"127.0.0.1:{server.getsockname()[1]}"

        def answer() -> None:
            for verdict in verdicts:
                scanner, _ = server.accept()
                with scanner, scanner.makefile("rb") as coming:
                    assert coming.read(10) == b"zINSTREAM\0"
                    while length := struct.unpack("!I", coming.read(4))[0]:
                        seen.content += coming.read(length)
                    scanner.sendall(verdict)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield seen
        thread.join(10)


def test_v5_4_3_a_virus_scanner_looks_at_every_file_before_it_is_kept(lead, limited, tmp_path, rung):
    content = pdf(tmp_path)
    with clamd(b"stream: Eicar-Test-Signature FOUND\0") as scanner:
        limited(clamd=scanner.address)
        told = refusal(lead, "a.pdf", content)
    assert told == "'a.pdf' was not taken: the virus scanner found Eicar-Test-Signature in it"
    assert scanner.content == content
    with clamd(b"stream: OK\0") as scanner:
        limited(clamd=scanner.address)
        assert send(lead, "a.pdf", content).status_code == 201


def test_v5_4_3_without_an_answer_of_the_scanner_nothing_is_taken_in(lead, limited, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
    limited(clamd=address)
    answer = send(lead, "a.pdf", pdf(tmp_path))
    assert answer.status_code == 503 and "virus scanner doesn't answer" in answer.json()["detail"]
    with clamd(b"INSTREAM size limit exceeded. ERROR\0") as scanner:
        limited(clamd=scanner.address)
        with pytest.raises(Unreachable, match="StreamMaxLength"):
            intake.receive(
                make_pdf(tmp_path / "x.pdf"), filename="x.pdf", document_type=make_type(), by="lea"
            )
    assert not Document.objects.exists()
