"""What was accepted unseen comes out apart from what people confirmed, and says what it is."""

from __future__ import annotations

import json

import pytest

from annotation import lifecycle
from annotation.exports import FORMS
from annotation.models import Document
from tests.factories import make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db


def exported(document_type, form: str) -> list[dict]:
    return [json.loads(row) for row in b"".join(FORMS[form].write(document_type)).splitlines()]


def test_accepted_documents_are_marked_as_unseen_and_are_no_truths():
    kind = make_type(name="receipts")
    seen = make_document(kind)
    make_truth(seen)
    document = make_document(kind, state=Document.State.EXTRACTED)
    make_extraction(document, {"company": ("ACME LTD", 0.99), "total": ("12.90", 0.98)})
    lifecycle.move(document.pk, Document.State.ACCEPTED, reason="accepted unseen: v1 is sure of every field")
    waiting = make_document(kind, state=Document.State.EXTRACTED)
    make_extraction(waiting)

    (row,) = exported(kind, "unseen")
    assert row.pop("accepted_at") is not None
    assert row == {
        "id": document.pk,
        "filename": document.filename,
        "document_type": "receipts",
        "sha256": document.sha256,
        "source": "accepted unseen",
        "model_version": "v1",
        "reason": "accepted unseen: v1 is sure of every field",
        "fields": {"company": "ACME LTD", "date": None, "total": "12.90"},
        "confidence": {"company": 0.99, "date": 0.7, "total": 0.98},
    }
    assert [each["id"] for each in exported(kind, "jsonl")] == [seen.pk]


def test_values_that_repeat_are_lists_and_the_least_sure_one_counts():
    kind = make_type(fields=[{"name": "item", "kind": "text", "repeats": True}])
    document = make_document(kind, "Milk Bread", state=Document.State.ACCEPTED)
    extraction = make_extraction(document, {"item": ("Milk", 0.99)})
    extraction.values += [{**extraction.values[0], "text": "Bread", "confidence": 0.9}]
    extraction.save()
    (row,) = exported(kind, "unseen")
    assert (row["fields"], row["confidence"]) == ({"item": ["Milk", "Bread"]}, {"item": 0.9})
