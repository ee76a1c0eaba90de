"""Packs are read as they are described, and refused where they are not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from models.errors import ReadingFailed
from models.packs import draw_page, read_pack, split_folder

OCR = {
    "id": "a",
    "doc_type": "receipt",
    "pages": [
        {
            "page": 1, "image": None, "width": 200, "height": 100, "level": "segment",
            "items": [["TOTAL DUE", 20, 10, 110, 20, 0], ["12.90", 150, 10, 180, 20, 0], ["|", 5, 5, 5, 50, 1]],
        }
    ],
}  # fmt: skip
LABELS = {
    "id": "a",
    "fields": {"total": "12.90", "tax": None, "party": ["One", "Two"]},
    "in_ocr": {"total": True, "tax": False, "party": False},
    "meta": {"group": "g"},
}


def pack(folder: Path, ocr: list[dict], labels: list[dict]) -> Path:
    for name, lines in (("ocr.jsonl", ocr), ("labels.jsonl", labels)):
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_segments_become_words_and_nulls_no_answers(tmp_path: Path) -> None:
    (document,) = read_pack(pack(tmp_path, [OCR], [LABELS]))
    (page,) = document.pages
    assert [word.text for word in page.words] == ["TOTAL", "DUE", "12.90", "|"]
    total, due = page.words[:2]
    assert total.box.x0 == 0.1 and due.box.x1 == 0.55 and total.box.x1 < due.box.x0
    assert [(a.field, a.text) for a in document.answers] == [
        ("total", "12.90"),
        ("party", "One"),
        ("party", "Two"),
    ]
    assert (document.unreachable, document.group) == ({"tax", "party"}, "g")
    assert document.images == (None,)


def test_a_page_without_an_image_is_drawn_with_its_words_in_place(tmp_path: Path) -> None:
    (document,) = read_pack(pack(tmp_path, [OCR], [LABELS]))
    image = draw_page(document.pages[0], scale=3)
    assert image.size == (600, 300)
    assert image.crop((450, 30, 540, 60)).getextrema()[0] < 100  # 12.90
    assert image.crop((0, 150, 600, 300)).getextrema()[0] == 255


@pytest.mark.parametrize(
    ("ocr", "labels"),
    [
        ([OCR, OCR], [LABELS]),
        ([OCR], [LABELS | {"id": "b"}]),
        ([OCR | {"pages": [OCR["pages"][0] | {"image": "../../etc/passwd"}]}], [LABELS]),
        ([{"id": "a"}], [LABELS]),
    ],
)
def test_a_pack_that_is_not_one_is_refused(tmp_path: Path, ocr: list[dict], labels: list[dict]) -> None:
    with pytest.raises(ReadingFailed, match=r"line \d of ocr.jsonl"):
        list(read_pack(pack(tmp_path, ocr, labels)))


def test_a_folder_without_the_files_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(ReadingFailed, match="ocr.jsonl is missing"):
        list(read_pack(tmp_path))


def test_labels_and_meta_come_along_as_they_are_and_numbers_count_as_texts(tmp_path: Path) -> None:
    labels = LABELS | {"fields": {"total": 12.5, "tax": None, "number": 7}}
    (document,) = read_pack(pack(tmp_path, [OCR], [labels]))
    assert [(a.field, a.text) for a in document.answers] == [("total", "12.5"), ("number", "7")]
    assert (document.labels, document.meta) == (labels["fields"], {"group": "g"})


@pytest.mark.parametrize("value", [True, {"a": 1}, [["a"]]])
def test_a_value_that_is_no_text_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(ReadingFailed, match="line 1 of"):
        list(read_pack(pack(tmp_path, [OCR], [LABELS | {"fields": {"total": value}}])))


def test_an_empty_line_at_the_end_is_no_document_and_a_broken_one_is_named(tmp_path: Path) -> None:
    pack(tmp_path, [OCR], [LABELS])
    for name in ("ocr.jsonl", "labels.jsonl"):
        with (tmp_path / name).open("a") as file:
            file.write("\n")
    assert len(list(read_pack(tmp_path))) == 1
    (tmp_path / "labels.jsonl").write_bytes(json.dumps(LABELS).encode() + b"\n\xff\xfe\n")
    with pytest.raises(ReadingFailed, match="line 2 of"):
        list(read_pack(tmp_path))


def test_a_pack_is_found_by_itself_by_its_split_or_by_the_only_one_there_is(tmp_path: Path) -> None:
    (tmp_path / "receipts/train").mkdir(parents=True)
    train = pack(tmp_path / "receipts/train", [OCR], [LABELS])
    assert split_folder(train, preferred="heldout") == train
    assert split_folder(tmp_path / "receipts", preferred="heldout") == train
    (tmp_path / "receipts/heldout").mkdir()
    held_out = pack(tmp_path / "receipts/heldout", [OCR], [LABELS])
    assert split_folder(tmp_path / "receipts", preferred="heldout") == held_out
    assert split_folder(tmp_path / "receipts", preferred="train") == train
    with pytest.raises(ReadingFailed, match="holds the packs receipts: give one of them"):
        split_folder(tmp_path, preferred="train")
    with pytest.raises(ReadingFailed, match="is no folder"):
        split_folder(tmp_path / "nowhere", preferred="train")
    with pytest.raises(ReadingFailed, match="several packs: give .*heldout or .*train"):
        split_folder(tmp_path / "receipts", preferred="test")


REAL = os.environ.get("DOCLOOP_REAL_DOCUMENTS")


@pytest.mark.slow
@pytest.mark.skipif(not REAL, reason="DOCLOOP_REAL_DOCUMENTS names no folder of packs")
def test_real_packs_are_read_whole() -> None:
    for folder in sorted(Path(REAL or "").glob("*/train")):
        count = sum(1 for _ in (folder / "labels.jsonl").open())
        documents = list(read_pack(folder))
        assert len(documents) == count > 0
        assert all(image is None or image.is_file() for each in documents for image in each.images)
