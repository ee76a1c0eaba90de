"""Another Label Studio project's documents and labels come in, task by task, once."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from annotation import imports, lifecycle
from annotation.errors import Refused
from annotation.label_studio_export import labelled, path_of, plain_name, tasks_of
from annotation.models import Correction, Document, GivenLabels, LabelImport, Page
from annotation.pictures import Pictures
from models.schema import Schema
from tests.factories import FIELDS, make_document, make_page, make_truth, make_type

SCHEMA = Schema.from_json([*FIELDS[:2], {"name": "total", "kind": "money", "label": "Total to pay"}])


def region(
    label: str, text: str | None, *, number: int = 0, kind: str = "rectanglelabels", **more: Any
) -> list:
    """A box over the words that `tests.factories.make_page` puts into line `number`."""
    common = {"id": f"r{number}", "original_width": 1000, "original_height": 1400, "image_rotation": 0} | more
    box = {"x": 4, "y": 4.5 + 3 * number, "width": 92, "height": 3, "rotation": 0}
    items = [
        common | {"from_name": "label", "to_name": "image", "type": kind, "value": box | {kind: [label]}}
    ]
    if text is not None:
        items.append(common | {"from_name": "words", "type": "textarea", "value": box | {"text": [text]}})
    return items


def task(number: int, picture: str, *regions: list, **annotation: Any) -> dict[str, Any]:
    said = {"id": 100 + number, "completed_by": {"email": "pat@other.example"}, "was_cancelled": False}
    result = [item for items in regions for item in items]
    return {
        "id": number,
        "data": {"ocr": f"/data/upload/3/0a1b2c3d-{picture}"},
        "annotations": [said | {"result": result, "updated_at": "2024-05-01T10:00:00Z"} | annotation],
        "predictions": [],
    }


def picture(folder: Path, name: str, shade: int) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    Image.new("RGB", (200, 280), (shade, shade, shade)).save(folder / name)


@pytest.fixture
def receipts(db):
    return make_type(name="receipts", fields=SCHEMA.to_json())


@pytest.fixture
def files(tmp_path) -> Path:
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        picture(tmp_path / "files" / "upload", name, 40 * number)
    return tmp_path / "files"


def take(tasks: list, files: Path, document_type, by: str = "lea") -> list[imports.Taken]:
    with Pictures(files, max_bytes=10_000_000) as pictures:
        return list(imports.take_all(tasks, pictures, document_type, by=by))


def read(document: Document, text: str = "ACME LTD\nDate 01/02/2024\nTotal 12.90") -> None:
    """As reading leaves a document."""
    page = make_page(text)
    Page.objects.create(
        document=document,
        number=0,
        image=f"pages/{document.pk}/0.jpg",
        width=page.width,
        height=page.height,
        words=page.to_json()["words"],
        read_by="text-layer",
    )
    lifecycle.move(document.pk, Document.State.READ, reason="read")


# --- what a task says


def test_labels_are_fields_by_name_or_title():
    told = labelled(
        task(1, "a.png", region("Company", "ACME"), region("total TO pay", "12.90", number=2)), SCHEMA
    )
    names = [item["value"]["rectanglelabels"] for item in told.items if "rectanglelabels" in item["value"]]
    assert names == [["company"], ["total"]]
    assert told.by == "pat@other.example"


def test_plain_labels_on_rectangles_are_understood_too():
    told = labelled(task(1, "a.png", region("company", "ACME", kind="labels")), SCHEMA)
    assert told.items[0]["value"]["rectanglelabels"] == ["company"]


def test_a_text_for_the_whole_task_is_a_value_without_a_place():
    text = {"id": "t", "from_name": "date", "type": "textarea", "value": {"text": ["01/02/2024"]}}
    assert labelled(task(1, "a.png", [text]), SCHEMA).values == (("date", "01/02/2024"),)


def test_the_newest_annotation_of_a_person_counts_and_the_marked_truth_before_it():
    one = task(1, "a.png", region("company", "old"))
    one["annotations"] += [
        one["annotations"][0] | {"result": region("company", "new"), "updated_at": "2024-06-01T10:00:00Z"},
        one["annotations"][0] | {"result": [], "was_cancelled": True, "updated_at": "2024-07-01T10:00:00Z"},
    ]
    assert labelled(one, SCHEMA).items[1]["value"]["text"] == ["new"]
    one["annotations"][0]["ground_truth"] = True
    assert labelled(one, SCHEMA).items[1]["value"]["text"] == ["old"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (task(1, "a.png", region("shop", "ACME")), "label 'shop' is no field.*company, date"),
        (task(1, "a.png", was_cancelled=True), "skipped"),
        (task(1, "a.png") | {"annotations": []}, "nobody has annotated"),
        (task(1, "a.png") | {"data": {"text": "nothing"}}, "names no file"),
        (
            task(
                1,
                "a.png",
                [{"id": "p", "type": "polygonlabels", "value": {"points": [], "labels": ["date"]}}],
            ),
            "no rectangle",
        ),
        (
            task(1, "a.png", [{"id": "t", "from_name": "remark", "value": {"text": ["x"]}}]),
            "called like no field",
        ),
    ],
)
def test_what_can_t_be_understood_is_told(wrong, says):
    with pytest.raises(Refused, match=says):
        labelled(wrong, SCHEMA)


@pytest.mark.parametrize("content", [{}, "x", [1], [{"id": 1, "image": "a.png", "label": []}]])
def test_what_is_no_export_in_its_json_form_is_told(content):
    with pytest.raises(Refused, match="JSON"):
        tasks_of(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "data",
                    "annotations",
                    "result",
                    "value",
                    "text",
                    "labels",
                    "x",
                    "width",
                    "from_name",
                    "choices",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["id", "data", "annotations"]), json_values))
def test_no_json_makes_anything_but_a_refusal(content):
    try:
        labelled(content, SCHEMA)
    except Refused as problem:
        assert str(problem)


@pytest.mark.parametrize(
    ("address", "path", "name"),
    [
        ("/data/upload/3/0a1b2c3d-a%20b.png", "data/upload/3/0a1b2c3d-a b.png", "a b.png"),
        ("/data/local-files/?d=pages/12/0.jpg", "pages/12/0.jpg", "0.jpg"),
        ("https://example.org/x/scan.tif?token=1", "x/scan.tif", "scan.tif"),
    ],
)
def test_a_file_is_known_by_its_path_and_name(address, path, name):
    assert (path_of(address), plain_name(address)) == (path, name)


# --- files


def test_of_files_of_one_name_the_one_in_the_same_folders_is_meant(tmp_path):
    for folder in ("1", "2"):
        picture(tmp_path / "files" / "pages" / folder, "0.png", int(folder))
    with Pictures(tmp_path / "files", max_bytes=10**6) as pictures:
        pictures.fetch("/data/local-files/?d=pages/2/0.png", tmp_path / "got")
        assert (tmp_path / "got").read_bytes() == (tmp_path / "files/pages/2/0.png").read_bytes()
        with pytest.raises(Refused, match="2 files that could be"):
            pictures.fetch("/elsewhere/0.png", tmp_path / "got")


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder))
    return target


def test_a_zip_does_as_well_as_a_folder(receipts, files, tmp_path):
    taken = take([task(1, "a.png", region("company", "ACME"))], zipped(files, tmp_path / "f.zip"), receipts)
    assert taken[0].new


def test_a_file_that_unpacks_to_more_than_it_may_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", b"\0" * 5_000_000)
    with (
        Pictures(tmp_path / "bomb.zip", max_bytes=1_000_000) as pictures,
        pytest.raises(Refused, match="1 MB"),
    ):
        pictures.fetch("a.png", tmp_path / "got")


def test_what_is_no_zip_is_told(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"PK nonsense")
    with pytest.raises(Refused, match="neither a folder nor a zip"):
        Pictures(tmp_path / "x.zip", max_bytes=1)


# --- into the ledger


def test_labels_wait_for_their_document_to_be_read_and_count_then(receipts, files, rung):
    said = [
        task(
            1,
            "a.png",
            region("company", None),  # without a text: what the words under it say
            region("Total to pay", "12.90", number=2),
        )
    ]
    (taken,) = take(said, files, receipts)
    document = taken.document
    assert taken.new and document.filename == "a.png"
    assert ("annotation.read_document", document.pk) in rung
    assert not Correction.objects.exists()
    read(document)
    imports.record_given(document.pk)
    document.refresh_from_db()
    assert document.state == "confirmed"
    assert {(answer.field, answer.text) for answer in document.truth.said} == {
        ("company", "ACME LTD"),
        ("total", "12.90"),
    }
    assert document.truth.annotator == "pat@other.example, imported by lea"
    assert all(answer.place.words for answer in document.truth.said)
    assert not GivenLabels.objects.exists()


def test_reading_a_document_with_labels_rings_for_them(receipts, files, rung):
    from annotation import reading

    (taken,) = take([task(1, "a.png", region("company", "ACME"))], files, receipts)
    kept = ["text-layer"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading, "keep_pages", lambda document: kept)
        reading.read_document(taken.document.pk)
    assert ("annotation.record_given", taken.document.pk) in rung


def test_the_same_import_again_changes_nothing(receipts, files, rung):
    said = [task(1, "a.png", region("company", "ACME LTD"))]
    (first,) = take(said, files, receipts)
    read(first.document)
    imports.record_given(first.document.pk)
    (again,) = take(said, files, receipts)
    assert again.document == first.document and not again.new
    assert ("annotation.record_given", first.document.pk) in rung
    imports.record_given(first.document.pk)
    assert Correction.objects.count() == 1


def test_one_broken_task_doesn_t_stop_the_others(receipts, files):
    said = [
        task(1, "nowhere.png", region("company", "ACME")),
        task(2, "b.png", region("shop", "ACME")),
        task(3, "c.png", region("company", "ACME")),
    ]
    taken = take(said, files, receipts)
    assert [bool(each.problem) for each in taken] == [True, True, False]
    assert "task 1" in taken[0].task and "nowhere.png" in taken[0].problem
    assert Document.objects.count() == GivenLabels.objects.count() == 1


def test_what_people_said_here_is_not_overruled(receipts, files):
    said = [task(1, "a.png", region("company", "Somebody else"))]
    (taken,) = take(said, files, receipts)
    read(taken.document)
    truth = make_truth(taken.document, {"company": "ACME LTD"})
    imports.record_given(taken.document.pk)
    assert Correction.objects.get() == truth
    assert not GivenLabels.objects.exists()


def test_a_file_of_another_type_is_refused(receipts, files):
    other = make_type()
    said = [task(1, "a.png", region("company", "ACME"))]
    take(said, files, receipts)
    assert "already" in take(said, files, other)[0].problem


def test_several_pages_become_one_document(receipts, files):
    one = task(1, "a.png", region("company", "ACME"), region("date", "01/02/2024", number=1, item_index=1))
    one["data"] = {"pages": ["/data/upload/3/a.png", "/data/upload/3/b.png"]}
    (taken,), (again,) = take([one], files, receipts), take([one], files, receipts)
    assert (taken.problem, taken.document.filename) == ("", "a.tiff")
    assert again.document == taken.document, "the same pages make the same file"


def test_a_region_that_has_no_text_and_no_words_is_told(receipts, files):
    (taken,) = take([task(1, "a.png", region("company", None, number=20))], files, receipts)
    read(taken.document)
    with pytest.raises(Refused, match="no text"):
        imports.record_given(taken.document.pk)
    assert GivenLabels.objects.exists()


# --- uploaded, and by command


def uploaded(document_type, labels: bytes, pictures: bytes) -> LabelImport:
    wanted = LabelImport(document_type=document_type, filename="export.json", by="lea")
    wanted.labels.save("labels.json", ContentFile(labels), save=False)
    wanted.pictures.save("pictures.zip", ContentFile(pictures), save=False)
    wanted.save()
    return wanted


def test_an_upload_is_taken_in_by_a_worker_and_its_files_deleted(receipts, files, tmp_path):
    said = [task(1, "a.png", region("company", "ACME")), task(2, "x.png", region("company", "ACME"))]
    wanted = uploaded(receipts, json.dumps(said).encode(), zipped(files, tmp_path / "f.zip").read_bytes())
    stored = wanted.labels.storage
    names = (wanted.labels.name, wanted.pictures.name)
    imports.run_import(wanted.pk)
    wanted.refresh_from_db()
    assert (wanted.state, wanted.tasks, wanted.received, wanted.refused) == ("done", 2, 1, 1)
    assert wanted.problems[0][0] == "task 2"
    assert not any(stored.exists(name) for name in names)
    imports.run_import(wanted.pk)  # rung for twice


def test_an_upload_that_is_no_export_says_so(receipts):
    wanted = uploaded(receipts, b"<html>", b"PK")
    imports.run_import(wanted.pk)
    wanted.refresh_from_db()
    assert wanted.state == "failed" and "JSON" in wanted.problem


def test_the_command_names_what_it_took_and_what_not(receipts, files, tmp_path, capsys):
    export = tmp_path / "export.json"
    export.write_text(json.dumps([task(1, "a.png", region("company", "ACME"))]))
    call_command("import_label_studio", "receipts", export, files=files)
    assert "received  task 1" in capsys.readouterr().out
    export.write_text(json.dumps([task(2, "x.png", region("company", "ACME"))]))
    with pytest.raises(CommandError, match="1 task, 1 refused"):
        call_command("import_label_studio", "receipts", export, files=files, stderr=io.StringIO())


def test_our_own_documents_keep_their_labels_through_an_export(receipts):
    """What a prediction of ours looks like is read as any other project's."""
    from annotation.labelling import prediction, read_annotation
    from tests.factories import make_extraction

    document = make_document(receipts)
    values = make_extraction(document).found
    result = prediction(
        values, document.word_pages, SCHEMA, document_type="receipts", model_version="v1", score=1
    )["result"]
    told = labelled(task(1, "a.png", result), SCHEMA)
    regions, _ = read_annotation(told.items, document.word_pages, SCHEMA)
    told_of = sorted((each.answer.field, each.answer.text) for each in regions)
    assert told_of == sorted((value.field, value.text) for value in values)
