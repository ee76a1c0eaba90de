"""The page of doubts, and the part of an annotator's own page."""

from __future__ import annotations

import hashlib

import pytest
from django.test import Client
from django.urls import reverse

from annotation import label_studio_people
from annotation.labelling import CHOSEN_TYPE
from annotation.models import Correction, CurrentAnnotation, Document, Recheck
from annotation.validation import findings
from models.extractors.base import Answer
from tests.factories import make_document, make_truth, make_type, number

pytestmark = pytest.mark.django_db


def make_doubt(kind, *, by="ann@example.org", asked=True):
    document = make_document(kind)
    found = findings(kind.schema, [Answer("date", "soon")])
    truth = make_truth(
        document, findings=[each.to_json() for each in found], unsettled=True, annotator=by, lead_time=4.0
    )
    if asked:
        Recheck.objects.create(
            document=document,
            purpose="doubt",
            state="open",
            first=truth,
            because="x",
            shown=[],
            project_id=kind.project_id,
            task_id=next(number),
        )
    return document


def set_aside(kind, why):
    document = make_document(kind, state="skipped")
    row = Correction.objects.create(
        document=document,
        source="label studio",
        annotation_id=next(number),
        content_hash=hashlib.sha256(str(document.pk).encode()).hexdigest(),
        skipped=True,
        set_aside=why,
        answers=[],
        annotator="ann@example.org",
        submitted_at=document.received_at or "2026-01-01T00:00:00Z",
    )
    CurrentAnnotation.objects.create(
        source="label studio", annotation_id=row.annotation_id, document=document, correction=row
    )
    return document


@pytest.fixture
def as_lead(lea):
    client = Client()
    client.force_login(lea)
    return client


def test_a_lead_sees_what_looks_wrong_and_where_it_is_asked_about(as_lead):
    kind = make_type()
    document = make_doubt(kind)
    page = as_lead.get(reverse("type-doubts", args=[kind.name])).content.decode()
    assert "“soon” is no date" in page
    assert document.filename in page
    assert reverse("label-document", args=[document.pk]) in page


def test_the_link_leads_to_the_task_that_asks_again(as_lead, monkeypatch):
    monkeypatch.setattr(label_studio_people, "takes_links", lambda: False)
    document = make_doubt(make_type())
    there = as_lead.get(reverse("label-document", args=[document.pk])).url
    assert there.endswith(f"?task={document.rechecks.get().task_id}")


def test_the_types_page_says_how_many_wait(as_lead):
    kind = make_type()
    assert "asked about again" not in as_lead.get(reverse("type", args=[kind.name])).content.decode()
    make_doubt(kind)
    page = as_lead.get(reverse("type", args=[kind.name])).content.decode()
    assert "1 answer looks wrong and is asked about again" in page
    assert reverse("type-doubts", args=[kind.name]) in page


def test_a_lead_sees_what_was_set_aside_and_why(as_lead):
    kind = make_type()
    set_aside(kind, "unreadable")
    set_aside(kind, "unreadable")
    other = set_aside(kind, "blank")
    Document.objects.filter(pk=other.pk).update(state="queued")  # sent back by a lead
    page = as_lead.get(reverse("type-doubts", args=[kind.name])).content.decode()
    assert page.count("Can&#x27;t be read") == 3  # how many, and each of the two
    assert "Nothing on it" not in page


def test_a_lead_sees_documents_of_another_type_everywhere_he_looks_for_them(as_lead):
    letters, kind = make_type(title="Letters"), make_type()
    document = make_document(kind)
    make_truth(
        document, outcomes={"total": "removed", CHOSEN_TYPE: letters.name}, annotator="ann@example.org"
    )
    doubts = reverse("type-doubts", args=[kind.name])
    page = as_lead.get(doubts).content.decode()
    assert document.filename in page and "Letters" in page
    assert "None. Annotators choose the right type" not in page
    assert (
        "None. Annotators choose the right type"
        in as_lead.get(reverse("type-doubts", args=[letters.name])).content.decode()
    )
    for place in (reverse("overview"), reverse("type", args=[kind.name])):
        page = as_lead.get(place).content.decode()
        assert "1 document is said to be of another type." in page
        assert f"{doubts}#misfiled" in page
    page = as_lead.get(reverse("document", args=[document.pk])).content.decode()
    assert f"ann@example.org says that this document is of another type: {letters.name}." in page


def test_an_empty_page_says_what_to_do(as_lead):
    page = as_lead.get(reverse("type-doubts", args=[make_type().name])).content.decode()
    assert "Every answer fits its field" in page
    assert "Say which fields sum up" in page


def test_the_page_takes_few_queries_however_many_there_are(as_lead, django_assert_max_num_queries):
    kind = make_type()
    for _ in range(12):
        make_doubt(kind)
        set_aside(kind, "other")
    with django_assert_max_num_queries(15):
        as_lead.get(reverse("type-doubts", args=[kind.name]))


def test_annotators_see_their_own_doubts_only(ann):
    kind = make_type()
    mine, other = make_doubt(kind), make_doubt(kind, by="amy@example.org")
    client = Client()
    client.force_login(ann)
    part = client.get(reverse("my-doubts")).content.decode()
    assert mine.filename in part
    assert other.filename not in part
    assert reverse("my-doubts") in client.get(reverse("today")).content.decode()


def test_a_document_says_what_looks_wrong_with_its_answer(as_lead):
    document = make_doubt(make_type())
    page = as_lead.get(reverse("document", args=[document.pk])).content.decode()
    assert "needs another look" in page
    assert "“soon” is no date" in page


def test_a_sum_is_filled_in_with_the_form_and_kept(as_lead):
    kind = make_type()
    page = as_lead.get(reverse("edit-type", args=[kind.name])).content.decode()
    assert "Is the sum of" in page
