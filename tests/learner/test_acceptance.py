"""Documents that are above every field's threshold need no person, except those that a lot picks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Document, Move
from learner import acceptance, automation, selection, snapshots
from learner.models import AcceptanceRule, Automation
from tests.factories import make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db

State = Document.State
OTHERS = 0.95  # company and date; the total is what the tests vary


def extracted(document_type, confidence: float, version: str = "v1", **more) -> Document:
    document = make_document(document_type, **{"state": State.EXTRACTED} | more)
    values = {"company": ("ACME LTD", 0.99), "date": ("01/02/2024", 0.99), "total": ("12.90", confidence)}
    make_extraction(document, values, version)
    return document


def state_of(document: Document) -> str:
    return Document.objects.get(pk=document.pk).state


def promised(document_type, total: float, version: str = "v1", **more) -> AcceptanceRule:
    """Auto-accept is on, with these thresholds."""
    Automation.objects.update_or_create(
        document_type=document_type, defaults={"on": True, "version": version}
    )
    return AcceptanceRule.objects.create(
        **{
            "document_type": document_type,
            "version": version,
            "target_error": document_type.target_error,
            "field_targets": document_type.field_targets,
            "thresholds": {"company": OTHERS, "date": OTHERS, "total": total},
            "answered": 500,
            "risk": 0.025,
            "by": "Docloop",
            "why": "a test",
        }
        | more
    )


@pytest.fixture
def kind(db):
    # no lot is below this share: nothing is drawn for the audit by chance
    return make_type(target_error=0.02, champion="v1", audit_share=1e-9)


def test_only_documents_above_every_fields_threshold_are_accepted_and_the_reason_says_by_what(kind):
    rule = promised(kind, 0.9)
    sure, unsure = extracted(kind, 0.9), extracted(kind, 0.89)
    selection.rank_pool(kind.pk)
    assert (state_of(sure), state_of(unsure)) == (State.ACCEPTED, State.EXTRACTED)
    said = sure.moves.get(after=State.ACCEPTED).reason
    assert "v1" in said and "total ≥ 0.9000" in said and f"rule {rule.pk}" in said


def test_a_field_of_which_nothing_was_said_is_not_sure(kind):
    promised(kind, 0.9)
    document = make_document(kind, state=State.EXTRACTED)
    extraction = make_extraction(document, {"company": ("ACME LTD", 0.99), "total": ("12.90", 0.99)})
    extraction.absent, extraction.score = {}, 0.99
    extraction.save()
    assert acceptance.accept(kind) == 0


def test_absent_fields_count_too(kind):
    promised(kind, 0.9)
    values = {"company": ("ACME LTD", 0.99), "total": ("12.90", 0.99)}
    documents = []
    for absent in (0.99, 0.9):
        document = make_document(kind, state=State.EXTRACTED)
        extraction = make_extraction(document, values)
        extraction.absent, extraction.score = {"date": absent}, absent
        extraction.save()
        documents.append(document)
    acceptance.accept(kind)
    assert [state_of(document) for document in documents] == [State.ACCEPTED, State.EXTRACTED]


def test_nothing_is_accepted_while_it_is_off_without_thresholds_or_without_an_audit(kind):
    document = extracted(kind, 1.0)
    assert acceptance.accept(kind) == 0
    rule = promised(kind, 0.9)
    Automation.objects.update(on=False)
    assert acceptance.accept(kind) == 0
    Automation.objects.update(on=True)
    AcceptanceRule.objects.update(broken_at=timezone.now())
    assert acceptance.accept(kind) == 0
    AcceptanceRule.objects.update(broken_at=None)
    kind.audit_share = 0
    assert acceptance.accept(kind) == 0
    kind.audit_share = 1e-9
    promised(kind, 0.9, thresholds={})  # a newer look found nothing that it could promise
    assert acceptance.accept(kind) == 0
    AcceptanceRule.objects.exclude(pk=rule.pk).delete()
    assert acceptance.accept(kind) == 1
    assert state_of(document) == State.ACCEPTED


def test_what_an_earlier_champion_was_sure_of_is_not_accepted(kind):
    promised(kind, 0.9, "v2")
    kind.champion = "v2"
    document = extracted(kind, 0.99, "v1")
    assert acceptance.accept(kind) == 0
    assert state_of(document) == State.EXTRACTED


def test_the_audit_slice_is_never_accepted_unseen(kind):
    promised(kind, 0.5)
    kind.audit_share = 1
    kind.save()
    document = extracted(kind, 0.99)
    selection.rank_pool(kind.pk)
    assert state_of(document) == State.EXTRACTED


def test_what_other_targets_would_not_accept_goes_back_to_the_pool(kind):
    promised(kind, 0.9)
    less, more = extracted(kind, 0.92), extracted(kind, 0.99)
    selection.rank_pool(kind.pk)
    kind.target_error = 0.01
    kind.save()
    promised(kind, 0.95)
    selection.rank_pool(kind.pk)
    assert (state_of(less), state_of(more)) == (State.EXTRACTED, State.ACCEPTED)


def test_a_new_champions_documents_wait_for_its_thresholds_and_then_follow_them(kind):
    promised(kind, 0.9)
    kept, lost = extracted(kind, 0.95), extracted(kind, 0.95)
    selection.rank_pool(kind.pk)
    kind.champion = "v2"
    kind.save()
    for document, confidence in ((kept, 0.99), (lost, 0.7)):
        values = {"company": ("ACME LTD", 0.99), "date": ("01/02/2024", 0.99), "total": ("12.90", confidence)}
        make_extraction(document, values, "v2")
    selection.rank_pool(kind.pk)
    assert {state_of(kept), state_of(lost)} == {State.ACCEPTED}
    promised(kind, 0.9, "v2")
    selection.rank_pool(kind.pk)
    assert (state_of(kept), state_of(lost)) == (State.ACCEPTED, State.EXTRACTED)


def test_rolling_back_restores_the_thresholds(kind):
    first = promised(kind, 0.9)
    kind.champion = "v2"
    promised(kind, 0.8, "v2")
    kind.champion = "v1"
    assert automation.in_force(kind) == first


def test_where_nothing_can_be_promised_of_a_new_champion_everything_goes_back(kind):
    promised(kind, 0.9)
    document = extracted(kind, 0.95)
    selection.rank_pool(kind.pk)
    kind.champion = "v2"
    kind.save()
    Automation.objects.update(version="v2")
    selection.rank_pool(kind.pk)
    assert state_of(document) == State.EXTRACTED


def test_switched_off_what_was_accepted_while_the_promise_was_kept_stays(kind):
    promised(kind, 0.9)
    early, late = extracted(kind, 0.95), extracted(kind, 0.95)
    selection.rank_pool(kind.pk)
    Move.objects.filter(document=early).update(at=timezone.now() - timedelta(days=2))
    automation.switch_off(kind, by="lea", why="a test", keeps=timezone.now() - timedelta(days=1))
    selection.rank_pool(kind.pk)
    assert (state_of(early), state_of(late)) == (State.ACCEPTED, State.EXTRACTED)
    kind.champion = "v2"  # which says something else of it by now
    make_extraction(early, {"company": ("ACME LTD", 0.99)}, "v2")
    assert acceptance.take_back(kind) == 1


def test_switched_off_for_good_everything_goes_back(kind):
    promised(kind, 0.9)
    document = extracted(kind, 0.95)
    selection.rank_pool(kind.pk)
    automation.switch_off(kind, by="lea", why="a test")
    selection.rank_pool(kind.pk)
    assert state_of(document) == State.EXTRACTED


def test_what_nobody_saw_is_never_learned_from(kind):
    promised(kind, 0.9)
    for n in range(12):
        make_truth(make_document(kind, f"ACME LTD\nDate 01/02/2024\nTotal 12.90 {'word ' * n}"))
    extracted(kind, 0.95)
    before = snapshots.plan(kind)
    selection.rank_pool(kind.pk)
    assert Document.objects.filter(document_type=kind, state=State.ACCEPTED).count() == 1
    assert snapshots.plan(kind) == before


def test_the_number_of_queries_does_not_grow_with_the_documents(kind, django_assert_max_num_queries):
    promised(kind, 0.9)
    for _ in range(30):
        extracted(kind, 0.95)
    with django_assert_max_num_queries(15):
        assert acceptance.accept(kind) == 30
    AcceptanceRule.objects.update(thresholds={"company": 1.0, "date": 1.0, "total": 1.0})
    with django_assert_max_num_queries(18):
        assert acceptance.take_back(kind) == 30


def test_accepted_documents_are_looked_at_once_under_the_same_circumstances(kind, django_assert_num_queries):
    promised(kind, 0.9)
    document = extracted(kind, 0.95)
    selection.rank_pool(kind.pk)
    assert acceptance.take_back(kind) == 0
    with django_assert_num_queries(3):
        assert acceptance.take_back(kind) == 0
    kind.audit_share = 1.0  # a raised share draws those that were accepted before
    assert acceptance.take_back(kind) == 1
    assert state_of(document) == State.EXTRACTED


def test_what_the_new_champion_has_not_read_yet_is_looked_at_again(kind):
    promised(kind, 0.9)
    document = extracted(kind, 0.95)
    selection.rank_pool(kind.pk)
    kind.champion = "v2"
    promised(kind, 0.9, "v2")
    assert acceptance.take_back(kind) == 0
    make_extraction(document, {"company": ("ACME LTD", 0.5)}, "v2")
    assert acceptance.take_back(kind) == 1
