"""Documents that are done, whoever did it: as a table, and one by one."""

from __future__ import annotations

import csv
import io

import pytest

from annotation import finished, lifecycle
from annotation.exports import FORMS
from annotation.models import Document
from tests.factories import make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db


def accepted(kind, values=None, **more) -> Document:
    document = make_document(kind, state=Document.State.EXTRACTED, **more)
    make_extraction(document, values or {"company": ("ACME LTD", 0.99), "total": ("12.90", 0.98)})
    lifecycle.move(document.pk, Document.State.ACCEPTED, reason="accepted unseen")
    return document


def table(kind) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(FORMS["finished"].write(kind)).decode())))


def test_confirmed_and_accepted_documents_stand_in_one_table_by_id():
    kind = make_type()
    first = accepted(kind, uploaded_by="source scans")
    second = make_document(kind)
    make_truth(second, {"company": "ACME LTD", "date": "01/02/2024"}, {"company": "assumed"})
    third = accepted(kind)
    for state in ("received", "extracted", "queued", "skipped"):
        make_extraction(make_document(kind, state=state))
    accepted(make_type())
    rows = table(kind)
    assert [int(row["id"]) for row in rows] == [first.pk, second.pk, third.pk]
    assert [row["how"] for row in rows] == ["accepted", "confirmed", "accepted"]
    assert [row["total"] for row in rows] == ["12.90", "", "12.90"]
    assert [row["date"] for row in rows] == ["", "2024-02-01", ""]
    assert [row["unconfirmed"] for row in rows] == ["company date total", "company", "company date total"]
    assert [row["model_version"] for row in rows] == ["v1", "", "v1"]
    assert rows[0]["from"] == "source scans"


def test_a_cell_is_no_formula():
    kind = make_type()
    document = accepted(kind, filename="=cmd.pdf")
    (row,) = table(kind)
    assert (row["filename"], row["id"]) == ("'=cmd.pdf", str(document.pk))


def test_several_values_of_a_field_stand_in_one_cell():
    kind = make_type(fields=[{"name": "item", "kind": "text", "repeats": True}])
    document = make_document(kind, "Milk Bread", state=Document.State.ACCEPTED)
    extraction = make_extraction(document, {"item": ("Milk", 0.99)})
    extraction.values += [{**extraction.values[0], "text": "Bread"}]
    extraction.save()
    (row,) = table(kind)
    assert row["item"] == "Milk\nBread"


def test_an_answer_that_looks_wrong_is_not_done_until_somebody_has_confirmed_it():
    kind = make_type()
    document = make_document(kind)
    make_truth(document, unsettled=True)
    assert finished.of_document(document.pk) is None
    assert table(kind) == []
    make_truth(document)
    done = finished.of_document(document.pk)
    assert (done.how, done.fields["total"]) == ("confirmed", "12.90")


def test_another_correction_or_extraction_is_another_result():
    kind = make_type()
    document = accepted(kind)
    results = {finished.of_document(document.pk).about}
    make_truth(document)
    results.add(finished.of_document(document.pk).about)
    make_truth(document)
    results.add(finished.of_document(document.pk).about)
    assert len(results) == 3


def test_what_is_not_done_or_not_there_is_nothing():
    assert finished.of_document(make_document().pk) is None
    assert finished.of_document(2**31) is None
