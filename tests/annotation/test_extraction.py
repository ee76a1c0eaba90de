"""The champion is asked about what no person has confirmed; here it is one of rules, without a registry."""

from __future__ import annotations

import pytest

from annotation import extraction, lifecycle
from annotation.models import Document, Extraction
from models.extractors import named
from models.extractors.base import Extracted, Value
from models.schema import Schema
from tests.factories import FIELDS, make_document, make_type

pytestmark = pytest.mark.django_db

State = Document.State
CHAMPION = {"champion": "kind-v1", "champion_uri": "runs:/0123/model", "champion_sha256": "ab" * 32}


@pytest.fixture
def asked(monkeypatch):
    """The versions that were loaded, one for each time the champion was asked."""
    model = named("rules").fit(Schema.from_json(FIELDS), [], [], recipe={}, on_progress=lambda _: None)
    versions = []
    monkeypatch.setattr(extraction, "_loaded", lambda version: versions.append(version) or model)
    return versions


def test_a_read_document_is_extracted_by_the_champion(asked, rung):
    document = make_document(make_type(**CHAMPION), "ACME LTD\nDate 01/02/2024\nTotal 12.90")
    extraction.extract_document(document.pk)
    document.refresh_from_db()
    assert document.state == State.EXTRACTED
    assert document.extraction.model_version == "kind-v1"
    assert {value.field: value.text for value in document.extraction.found}["total"] == "12.90"
    assert (asked[0].run, asked[0].version, asked[0].sha256) == ("0123", 1, "ab" * 32)
    assert ("learner.rank_pool", document.document_type_id) in rung


def test_without_a_champion_a_document_goes_to_the_pool_as_it_is(asked, rung):
    document = make_document(make_type())
    extraction.extract_document(document.pk)
    document.refresh_from_db()
    assert document.state == State.READ and not asked
    assert ("learner.rank_pool", document.document_type_id) in rung


def test_a_new_champion_is_asked_about_everything_that_is_not_confirmed(asked, rung):
    kind = make_type(**CHAMPION)
    states = [State.READ, State.EXTRACTED, State.QUEUED, State.SKIPPED, State.ACCEPTED, State.CONFIRMED]
    documents = [make_document(kind, state=state) for state in states]
    extraction.extract_pool(kind.pk)
    extracted = set(Extraction.objects.values_list("document", flat=True))
    assert extracted == {document.pk for document in documents[:-1]}
    after = [Document.objects.get(pk=document.pk).state for document in documents]
    assert after == [State.EXTRACTED, *states[1:]]
    assert ("learner.rank_pool", kind.pk) in rung


def test_what_the_champion_has_said_already_is_not_asked_again(asked):
    kind = make_type(**CHAMPION)
    make_document(kind)
    extraction.extract_pool(kind.pk)
    extraction.extract_pool(kind.pk)
    assert len(asked) == 1


def test_a_document_that_goes_to_a_person_meanwhile_stays_there(monkeypatch):
    """It was read when the champion was asked, and queued before the answer came."""
    document = make_document(make_type(**CHAMPION))

    class Slow:
        def extract(self, documents):
            lifecycle.move(document.pk, State.QUEUED, reason="chosen for labelling")
            return [Extracted((), {"total": 0.5}) for _ in documents]

    monkeypatch.setattr(extraction, "_loaded", lambda _version: Slow())
    extraction.extract_document(document.pk)
    document.refresh_from_db()
    assert document.state == State.QUEUED
    assert document.extraction.model_version == "kind-v1"


def test_a_document_is_as_sure_as_its_least_sure_field():
    values = (Value("total", "1", "1.00", 0.9), Value("date", "x", None, 0.4))
    assert extraction.least_confidence(Extracted(values, {"company": 0.6})) == 0.4
    assert extraction.least_confidence(Extracted(values, {"company": 0.2})) == 0.2
    assert extraction.least_confidence(Extracted(())) == 0.0
