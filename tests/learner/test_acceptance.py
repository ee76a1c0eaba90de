"""Documents that the champion is sure of need no person, except those that a lot picks."""

from __future__ import annotations

import pytest

from annotation.models import Document
from learner import acceptance, selection
from tests.factories import make_document, make_extraction, make_type

pytestmark = pytest.mark.django_db

State = Document.State


def extracted(document_type, confidence: float, version: str = "v1", **more) -> Document:
    document = make_document(document_type, **{"state": State.EXTRACTED} | more)
    values = {"company": ("ACME LTD", 0.99), "date": ("01/02/2024", 0.99), "total": ("12.90", confidence)}
    make_extraction(document, values, version)
    return document


def state_of(document: Document) -> str:
    return Document.objects.get(pk=document.pk).state


def test_only_documents_whose_every_field_is_sure_enough_are_accepted():
    kind = make_type(accept_above=0.95, champion="v1", audit_share=0)
    sure, unsure = extracted(kind, 0.96), extracted(kind, 0.94)
    selection.rank_pool(kind.pk)
    assert (state_of(sure), state_of(unsure)) == (State.ACCEPTED, State.EXTRACTED)


def test_without_a_bound_nothing_is_accepted_unseen():
    kind = make_type(champion="v1", audit_share=0)
    document = extracted(kind, 1.0)
    selection.rank_pool(kind.pk)
    assert state_of(document) == State.EXTRACTED


def test_what_an_earlier_champion_was_sure_of_is_not_accepted():
    kind = make_type(accept_above=0.95, champion="v2", audit_share=0)
    document = extracted(kind, 0.99, "v1")
    assert acceptance.accept(kind) == 0
    assert state_of(document) == State.EXTRACTED


def test_the_audit_slice_is_never_accepted_unseen():
    kind = make_type(accept_above=0.5, champion="v1", audit_share=1)
    document = extracted(kind, 0.99)
    selection.rank_pool(kind.pk)
    assert state_of(document) == State.EXTRACTED


@pytest.mark.parametrize("bound", [0.999, None])
def test_what_the_bound_no_longer_allows_goes_back_to_the_pool(bound):
    kind = make_type(accept_above=0.95, champion="v1", audit_share=0)
    document = extracted(kind, 0.96)
    selection.rank_pool(kind.pk)
    kind.accept_above = bound
    kind.save()
    selection.rank_pool(kind.pk)
    assert state_of(document) == State.EXTRACTED
