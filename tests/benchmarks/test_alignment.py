import json

from benchmarks.alignment import FINDERS, OURS, measure, report


def test_every_finder_is_measured_on_every_field_of_a_pack(data):
    rows = list(measure(data, ["sroie"]))
    fields = {row.field for row in rows}
    assert {"company", "date", "total"} <= fields
    assert {(row.field, row.finder) for row in rows} == {(f, finder) for f in fields for finder in FINDERS}
    for row in rows:
        assert row.documents == 30
        assert row.same <= row.found_reachable <= row.found <= row.values
        assert row.found == sum(row.how.values())
        assert row.announced <= row.repeated <= row.found


def test_values_that_are_printed_in_another_way_are_found_by_ours_alone(tmp_path):
    folder = tmp_path / "orders" / "train"
    folder.mkdir(parents=True)
    texts = ["Flight 12/30/19 - 03/04/20", "ACME Stores, Limited", "Total $1,234.50"]
    items = [[text, 10, 10 + 20 * row, 300, 25 + 20 * row, row] for row, text in enumerate(texts)]
    page = {"page": 1, "image": None, "width": 400, "height": 600, "level": "segment", "items": items}
    fields = {"name": "Acme Stores Ltd", "begins": "2019-12-30", "ends": "2020-03-04", "total": "1234.50"}
    common = {"id": "1", "doc_type": "order"}
    (folder / "ocr.jsonl").write_text(json.dumps(common | {"pages": [page]}))
    (folder / "labels.jsonl").write_text(
        json.dumps(common | {"fields": fields, "in_ocr": dict.fromkeys(fields, True), "meta": {}})
    )
    rows = {(row.field, row.finder): row for row in measure(tmp_path, ["orders"])}
    assert all(rows[field, OURS].how == {"normalised": 1} for field in ("name", "begins", "ends"))
    assert all(rows[field, OURS].same == 1 for field in ("begins", "ends", "total"))
    assert not any(rows[field, "plain search"].found for field in fields)


def test_the_report_has_a_line_for_each_row(data):
    rows = list(measure(data, ["sroie"]))
    assert len(report(rows).splitlines()) == len(rows) + 2
    assert set(rows[0].to_json()) >= {"pack", "field", "finder", "values", "same", "seconds"}
