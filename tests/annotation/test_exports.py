"""What people confirmed, as files for other programs."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image

from annotation.exports import FORMS
from annotation.models import Page, json_of
from models.extractors.base import Answer
from models.packs import read_pack
from tests.factories import FIELDS, make_answers, make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db

LIST = [*FIELDS, {"name": "item", "kind": "text", "repeats": True}]


def written(document_type, form: str) -> bytes:
    return b"".join(FORMS[form].write(document_type))


def lines(document_type, form: str) -> list[dict]:
    return [json.loads(line) for line in written(document_type, form).splitlines()]


@pytest.fixture
def receipts():
    """Two confirmed receipts, one of them with a field that nobody confirmed, and one that nobody has seen."""
    document_type = make_type(name="receipts")
    make_truth(make_document(document_type), lead_time=12.5, annotator="ann@docloop.example")
    half = make_document(document_type)
    make_extraction(half)
    make_truth(half, {"company": "ACME LTD", "total": "12.90"}, {"company": "accepted", "total": "assumed"})
    make_document(document_type)
    make_truth(make_document())  # of another type
    return document_type


def test_json_lines_say_every_field_and_who_said_it(receipts):
    first, second = lines(receipts, "jsonl")
    assert first["fields"] == {"company": "ACME LTD", "date": "2024-02-01", "total": "12.90"}
    assert (first["annotator"], first["seconds"]) == ("ann@docloop.example", 12.5)
    assert first["unconfirmed"] == []
    assert second["fields"]["date"] is None
    assert second["unconfirmed"] == ["total"]
    assert first["answers"][0]["place"]["page"] == 0


def test_a_table_has_a_row_for_each_document(receipts):
    rows = list(csv.DictReader(io.StringIO(written(receipts, "csv").decode())))
    assert [row["total"] for row in rows] == ["12.90", "12.90"]
    assert [row["date"] for row in rows] == ["2024-02-01", ""]
    assert [row["unconfirmed"] for row in rows] == ["", "total"]


@pytest.mark.parametrize("text", ["=SUM(A1)", "@import", "+cmd", "-2+3"])
def test_no_text_of_a_table_is_a_formula(text):
    document_type = make_type()
    make_truth(make_document(document_type, f"{text}\nTotal -5.00"), {"company": text, "total": "-5.00"})
    (row,) = csv.DictReader(io.StringIO(written(document_type, "csv").decode()))
    assert row["company"] == f"'{text}"
    assert row["total"] == "-5.00", "a figure stays one"


def test_word_labels_are_as_long_as_the_words(receipts):
    whole, half = lines(receipts, "words")
    assert whole["tokens"] == ["ACME", "LTD", "Date", "01/02/2024", "Total", "12.90"]
    assert whole["ner_tags"] == ["B-company", "I-company", "O", "B-date", "O", "B-total"]
    assert all(0 <= side <= 1000 for box in whole["bboxes"] for side in box)
    assert half["ner_tags"] == ["B-company", "I-company", None, None, None, None], (
        "nobody confirmed the total"
    )


def test_a_pack_is_read_back_as_the_same_documents(receipts, tmp_path):
    with zipfile.ZipFile(io.BytesIO(written(receipts, "pack"))) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    (document,) = read_pack(tmp_path)  # what nobody confirmed in full is no part of it
    assert dict(document.labels) == {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
    assert document.unreachable == frozenset()
    truth = receipts.documents.get(pk=int(document.key))
    (page,), (stored,) = document.pages, truth.word_pages
    assert [word.text for word in page.words] == [word.text for word in stored.words]
    for word, original in zip(page.words, stored.words, strict=True):
        assert word.box.to_json() == pytest.approx(original.box.to_json(), abs=1e-3)


def test_several_values_of_a_field_are_all_told(tmp_path):
    document_type = make_type(fields=LIST)
    document = make_document(document_type, "Tea\nMilk\nTotal 12.90")
    said = (*make_answers(document, {"item": "Tea", "total": "12.90"}), Answer("item", "Milk"))
    make_truth(document, {}, answers=json_of(said))
    assert lines(document_type, "jsonl")[0]["fields"]["item"] == ["Tea", "Milk"]
    (row,) = csv.DictReader(io.StringIO(written(document_type, "csv").decode(), newline=""))
    assert row["item"] == "Tea\nMilk"
    with zipfile.ZipFile(io.BytesIO(written(document_type, "pack"))) as archive:
        archive.extractall(tmp_path)
    (packed,) = read_pack(tmp_path)
    assert packed.labels["item"] == ["Tea", "Milk"]


@pytest.fixture
def pictures(receipts):
    """The image of the first page of each document, in the store."""
    for page in Page.objects.all():
        image = io.BytesIO()
        Image.new("L", (100, 140), 200).save(image, "JPEG")
        default_storage.delete(page.image)
        default_storage.save(page.image, ContentFile(image.getvalue()))


def test_coco_has_every_page_and_a_box_for_each_confirmed_value(receipts, pictures):
    with zipfile.ZipFile(io.BytesIO(written(receipts, "coco"))) as archive:
        assert archive.testzip() is None
        told = json.loads(archive.read("annotations.json"))
        for image in told["images"]:
            with Image.open(io.BytesIO(archive.read(image["file_name"]))) as picture:
                assert picture.size == (100, 140)
    assert [category["name"] for category in told["categories"]] == ["company", "date", "total"]
    assert [image["unconfirmed"] for image in told["images"]] == [[], ["total"]]
    boxes = [(box["image_id"], box["category_id"], box["text"]) for box in told["annotations"]]
    first, second = (image["id"] for image in told["images"])
    assert boxes == [
        (first, 1, "ACME LTD"),
        (first, 2, "01/02/2024"),
        (first, 3, "12.90"),
        (second, 1, "ACME LTD"),
    ]
    assert [box["id"] for box in told["annotations"]] == [1, 2, 3, 4]
    x, y, width, height = told["annotations"][0]["bbox"]
    assert x >= 0 and y >= 0 and x + width <= 1000 and y + height <= 1400


def test_a_table_of_pages_declares_its_features(receipts, pictures):
    table = pq.read_table(io.BytesIO(written(receipts, "parquet")))
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert set(features) == set(table.column_names)
    tags = features["ner_tags"]["feature"]["names"]
    whole, half = table.to_pylist()
    assert [tags[number] for number in whole["ner_tags"]] == [
        "B-company",
        "I-company",
        "O",
        "B-date",
        "O",
        "B-total",
    ]
    assert half["ner_tags"][2:] == [None] * 4 and half["unconfirmed"] == ["total"]
    assert whole["fields"] == {"company": ["ACME LTD"], "date": ["01/02/2024"], "total": ["12.90"]}
    with Image.open(io.BytesIO(whole["image"]["bytes"])) as picture:
        assert picture.size == (100, 140)


def test_a_file_is_sent_while_it_is_written():
    """However many truths there are, only some of them are in memory: no part of a file is as large as the file."""
    document_type = make_type()
    for _ in range(250):
        make_truth(make_document(document_type))
        make_extraction(make_document(document_type, state="accepted"))
    for form in FORMS.values():
        parts = [len(part) for part in form.write(document_type)]
        assert len(parts) > 3 and max(parts) < 0.9 * sum(parts), form.name


@pytest.mark.parametrize("form", FORMS)
def test_without_any_correction_the_file_is_whole_and_empty(form, tmp_path):
    content = written(make_type(), form)
    if form == "parquet":
        assert pq.read_table(io.BytesIO(content)).num_rows == 0
    elif form == "coco":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert json.loads(archive.read("annotations.json"))["images"] == []
    elif form == "pack":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert [archive.read(name) for name in archive.namelist()] == [b"", b""]
    else:
        assert len(content.splitlines()) == (1 if form in ("csv", "finished") else 0)


class TestCommand:
    def test_it_writes_the_file(self, receipts, tmp_path, capsys):
        call_command("export", "receipts", form="csv", out=tmp_path / "all.csv")
        assert (tmp_path / "all.csv").read_bytes() == written(receipts, "csv")
        assert "all.csv" in capsys.readouterr().out
        assert [path.name for path in tmp_path.iterdir()] == ["all.csv"]

    def test_an_unknown_type_is_answered_with_the_known_ones(self, receipts):
        with pytest.raises(CommandError, match="no document type 'invoices'.*receipts"):
            call_command("export", "invoices")

    def test_a_folder_that_is_not_there_is_told(self, receipts, tmp_path):
        with pytest.raises(CommandError, match="can't be written: No such file or directory"):
            call_command("export", "receipts", out=tmp_path / "nowhere" / "all.jsonl")
