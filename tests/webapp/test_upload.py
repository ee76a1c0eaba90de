import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotation.models import Document
from tests.factories import make_pdf, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


def files(folder) -> list[SimpleUploadedFile]:
    good = make_pdf(folder / "a.pdf").read_bytes()
    return [
        SimpleUploadedFile("empty.pdf", b""),
        SimpleUploadedFile("bill.pdf", good),
        SimpleUploadedFile("page.html.pdf", b"<html><script>alert(1)</script></html>"),
        SimpleUploadedFile("copy.pdf", good),
    ]


def test_a_broken_file_does_not_stop_the_batch_and_is_named(lead, tmp_path, rung):
    make_type(name="receipts")
    answer = lead.post(reverse("upload"), {"type": "receipts", "files": files(tmp_path)})
    results = answer.context["results"]
    assert [(result.filename, result.new, bool(result.problem)) for result in results] == [
        ("empty.pdf", False, True),
        ("bill.pdf", True, False),
        ("page.html.pdf", False, True),
        ("copy.pdf", False, False),
    ]
    assert "empty.pdf" in results[0].problem and "page.html.pdf" in results[2].problem
    document = Document.objects.get()
    assert document.uploaded_by == "lea"
    assert results[3].document == document
    assert ("annotation.read_document", document.pk) in rung
    assert "as bill.pdf; it is not taken twice" in answer.content.decode()


def test_the_script_gets_only_the_rows_of_what_it_sent(lead, tmp_path):
    make_type(name="receipts")
    sent = {"type": "receipts", "files": [SimpleUploadedFile("empty.pdf", b"")]}
    rows = lead.post(reverse("upload"), sent, headers={"HX-Request": "true"}).content.decode()
    assert rows.strip().startswith("<tr>") and rows.count("<tr>") == 1
    assert "refused" in rows


def test_sending_nothing_is_told(lead):
    make_type(name="receipts")
    assert "Choose at least one file" in lead.post(reverse("upload"), {"type": "receipts"}).content.decode()


def test_an_unknown_type_is_not_found(lead, tmp_path):
    assert lead.post(reverse("upload"), {"type": "letters", "files": files(tmp_path)}).status_code == 404


def test_without_a_type_the_page_says_what_comes_first(lead):
    assert reverse("new-type") in lead.get(reverse("upload")).content.decode()


def test_the_type_one_came_from_is_chosen(lead):
    make_type(name="invoices")
    make_type(name="receipts")
    page = lead.get(f"{reverse('upload')}?type=receipts").content.decode()
    assert '<option value="receipts" selected>' in page
