"""Exports as their readers load them: Hugging Face's own `datasets`, without a network, and COCO's `pycocotools`."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image
from pycocotools.coco import COCO

from annotation.exports import FORMS
from annotation.models import DocumentType, Page
from tests.factories import make_document, make_truth, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def receipts(tmp_path: Path) -> DocumentType:
    """Two confirmed receipts, one of them without a date, with the images of their pages."""
    document_type = make_type(name="receipts")
    make_truth(make_document(document_type), annotator="ann@docloop.example", lead_time=12.5)
    make_truth(make_document(document_type), {"company": "ACME LTD", "total": "12.90"})
    Image.new("RGB", (100, 140), "white").save(tmp_path / "page.jpg")
    for page in Page.objects.all():
        default_storage.save(page.image, ContentFile((tmp_path / "page.jpg").read_bytes()))
    return document_type


@pytest.fixture
def load(receipts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The only split of an export, read by `datasets` from a file in a folder of the test's own."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "1")
    import datasets  # here and not above: it reads these when it is imported

    def loaded(form: str, reader: str):
        path = tmp_path / f"receipts.{form}"
        path.write_bytes(b"".join(FORMS[form].write(receipts)))
        return datasets.load_dataset(
            reader, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
        )

    return loaded


def test_the_table_of_pages_is_loaded_with_images_and_class_labels(load):
    rows = load("parquet", "parquet")
    assert rows.num_rows == 2
    tags = rows.features["ner_tags"].feature
    assert (tags.names[0], tags.str2int("B-total")) == ("O", tags.names.index("B-total"))
    first, second = rows
    assert first["image"].size == (100, 140)  # the feature is an image: it comes decoded
    assert [tags.int2str(each) for each in first["ner_tags"]][:2] == ["B-company", "I-company"]
    assert first["tokens"][:2] == ["ACME", "LTD"] and len(first["bboxes"]) == len(first["tokens"])
    assert first["fields"]["date"] == ["01/02/2024"] and second["fields"]["date"] == []


@pytest.mark.parametrize("form", ["jsonl", "words"])
def test_json_lines_are_loaded_a_row_each(load, form):
    rows = load(form, "json")
    assert rows.num_rows == 2
    assert rows[0]["id"] != rows[1]["id"]


def test_pycocotools_reads_the_coco_data_set_box_for_box(receipts, tmp_path):
    (tmp_path / "coco.zip").write_bytes(b"".join(FORMS["coco"].write(receipts)))
    with zipfile.ZipFile(tmp_path / "coco.zip") as archive:
        archive.extractall(tmp_path)
    read = COCO(str(tmp_path / "annotations.json"))
    (company,) = read.getCatIds(catNms=["company"])
    boxes = read.loadAnns(read.getAnnIds(catIds=[company]))
    assert [box["text"] for box in boxes] == ["ACME LTD", "ACME LTD"]
    for box in boxes:
        (page,) = read.loadImgs(box["image_id"])
        with Image.open(tmp_path / page["file_name"]) as image:
            assert image.width * page["height"] == image.height * page["width"]
        mask = read.annToMask(box)  # (height, width), of what lies in the box
        assert mask.shape == (page["height"], page["width"])
        assert mask.sum() == pytest.approx(box["area"], rel=0.1)
