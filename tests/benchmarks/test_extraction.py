"""The extraction benchmark on a small pack that the generator wrote."""

import json
from pathlib import Path

import pytest

from benchmarks.extraction import Result, measure, report
from benchmarks.packs import PACKS
from models.generator import generate

SROIE = PACKS["sroie"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "sroie/train").mkdir(parents=True)
    with (
        (folder / "sroie/train/ocr.jsonl").open("w") as read,
        (folder / "sroie/train/labels.jsonl").open("w") as labelled,
    ):
        for index in range(24):
            document = generate("receipt", index, 5, scan=False)
            page = document.pages[0]
            items = [
                [
                    word.text,
                    word.box.x0 * page.width,
                    word.box.y0 * page.height,
                    word.box.x1 * page.width,
                    word.box.y1 * page.height,
                    0,
                ]
                for word in page.words
            ]
            stored = {"page": 1, "image": None, "width": page.width, "height": page.height, "items": items}
            fields = {a.field: a.text for a in document.answers if a.field in SROIE.schema}
            read.write(json.dumps({"id": document.name, "doc_type": "receipt", "pages": [stored]}) + "\n")
            labelled.write(json.dumps({"id": document.name, "fields": fields, "in_ocr": {}}) + "\n")
    return folder


def measured(data: Path, *sizes: int) -> list[Result]:
    return list(measure(data, SROIE, sizes, [3], held_back=10, threads=2, say=lambda _: None))


def test_every_peer_is_judged_on_the_same_documents_and_says_so(data: Path) -> None:
    results = measured(data)
    assert [result.extractor for result in results] == ["trivial", "rules"]
    assert {result.evaluated for result in results} == {10}
    assert all(
        result.f1["date"].low <= result.f1["date"].value <= result.f1["date"].high for result in results
    )
    assert max(result.f1["date"].value for result in results) > 0.3
    assert "same 10 held-back documents" in report(results)


def test_the_same_figures_come_out_again(data: Path) -> None:
    one, other = measured(data), measured(data)
    assert [result.f1 for result in one] == [result.f1 for result in other]


@pytest.mark.slow
def test_trainings_are_measured_with_their_labels_seed_and_time(data: Path) -> None:
    trained = [result for result in measured(data, 10) if result.labelled]
    assert "layoutlm, MiniLM" in {result.extractor for result in trained}
    assert {(result.labelled, result.seed) for result in trained} == {(10, 3)}
    assert all(result.train_seconds > 0 and result.calibration_error is not None for result in trained)
    json.dumps([result.to_json() for result in trained])
