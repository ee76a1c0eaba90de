import io
import json

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image

from annotation.models import Document, DocumentType
from tests.factories import make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def pack(tmp_path):
    """Two documents: one with an image of its page, one without."""
    Image.new("L", (400, 600), 255).save(tmp_path / "one.jpg")
    items = [["Corner Shop", 10, 10, 200, 30, 0], ["Total", 10, 50, 80, 70, 1], ["12.90", 90, 50, 160, 70, 1]]
    page = {"page": 1, "width": 400, "height": 600, "level": "segment", "items": items}
    documents = [
        {"id": "one", "doc_type": "receipt", "pages": [page | {"image": "one.jpg"}]},
        {"id": "two", "doc_type": "receipt", "pages": [page | {"image": None}]},
    ]
    labels = [
        {
            "id": each["id"],
            "fields": {"company": "Corner Shop", "date": None, "total": "12.90"},
            "in_ocr": {},
            "meta": {},
        }
        for each in documents
    ]
    (tmp_path / "ocr.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)))
    return tmp_path


def ingest(*words: str) -> None:
    call_command("ingest", *words, stdout=io.StringIO(), stderr=io.StringIO())


def test_a_pack_comes_with_its_words_and_needs_no_reading(pack, rung):
    ingest(str(pack), "--type", make_type().name)
    assert list(Document.objects.values_list("filename", "state").order_by("pk")) == [
        ("one", "read"),
        ("two", "read"),
    ]
    for document in Document.objects.all():
        page = document.pages.get()
        assert page.read_by == "given"
        assert page.word_page.text == "Corner Shop Total 12.90"
        assert ("annotation.extract_document", document.pk) in rung


def test_a_packs_image_is_drawn_anew_and_one_that_is_none_is_refused(pack):
    sent = (pack / "one.jpg").read_bytes() + b"<script>"
    (pack / "one.jpg").write_bytes(sent)
    ingest(str(pack), "--type", make_type().name)
    with default_storage.open(Document.objects.get(filename="one").pages.get().image) as image:
        kept = image.read()
    assert kept.startswith(b"\xff\xd8\xff") and b"<script>" not in kept
    (pack / "one.jpg").write_bytes(b"GIF89a" + bytes(99))
    (pack / "ocr.jsonl").write_text((pack / "ocr.jsonl").read_text().replace('"id": "one"', '"id": "new"'))
    (pack / "labels.jsonl").write_text(
        (pack / "labels.jsonl").read_text().replace('"id": "one"', '"id": "new"')
    )
    with pytest.raises(CommandError, match="1 of 2"):
        ingest(str(pack), "--type", DocumentType.objects.get().name)


def test_a_packs_labels_become_corrections_if_asked_for(pack):
    ingest(str(pack), "--type", make_type().name, "--answers")
    for document in Document.objects.all():
        assert document.state == Document.State.CONFIRMED
        assert {answer.field: answer.text for answer in document.truth.said} == {
            "company": "Corner Shop",
            "total": "12.90",
        }


def test_a_pack_twice_is_the_same_documents(pack):
    name = make_type().name
    ingest(str(pack), "--type", name)
    ingest(str(pack), "--type", name)
    assert Document.objects.count() == 2


def test_a_broken_pack_names_its_line(pack):
    (pack / "ocr.jsonl").write_text((pack / "ocr.jsonl").read_text().replace('"width": 400', '"width": 0'))
    with pytest.raises(CommandError, match="line 1"):
        ingest(str(pack), "--type", make_type().name)
