"""The pool gets its order, its reasons and its audit slice, from real rows."""

from __future__ import annotations

import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation import lifecycle
from annotation.models import Document, LabelTask
from learner import ranking, selection
from learner.models import Automation, Look
from learner.strategies import STRATEGIES, UnknownStrategy
from tests.factories import make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db

State = Document.State


def extracted(document_type, company: float, text: str = "ACME LTD\nTotal 12.90", **more) -> Document:
    document = make_document(document_type, text, state=State.EXTRACTED, **more)
    make_extraction(document, {"company": ("ACME LTD", company), "total": ("12.90", 0.95)})
    return document


def in_order(document_type) -> list[int]:
    ranked = Document.objects.filter(document_type=document_type, priority__isnull=False)
    return list(ranked.order_by("-priority").values_list("pk", flat=True))


def test_the_least_certain_document_comes_first_with_its_reason(rung):
    document_type = make_type(strategy="least-confident", audit_share=0)
    sure, unsure = extracted(document_type, 0.9), extracted(document_type, 0.3)
    selection.rank_pool(document_type.pk)
    assert in_order(document_type) == [unsure.pk, sure.pk]
    unsure.refresh_from_db()
    assert unsure.reason == "least sure of company (30 %)"
    assert unsure.audit_probability is None
    assert ("annotation.fill_queue", document_type.pk) in rung


@pytest.mark.parametrize(
    ("state", "ranked"),
    [(state, state in {State.READ, State.EXTRACTED, State.QUEUED}) for state in State],
)
def test_the_pool_and_the_queue_are_ranked_and_nothing_else(state, ranked):
    document_type = make_type(audit_share=0, champion="v1")
    Automation.objects.create(document_type=document_type, on=True)  # or what is accepted would come back
    document = make_document(document_type, state=state)
    selection.rank_pool(document_type.pk)
    document.refresh_from_db()
    assert (document.priority is not None) == ranked


def test_documents_of_another_type_are_left_alone():
    other = make_document()
    mine = make_document(make_type())
    selection.rank_pool(mine.document_type_id)
    other.refresh_from_db()
    assert other.priority is None


def test_the_audit_slice_is_its_share_of_the_pool_and_is_never_drawn_again():
    document_type = make_type(audit_share=0.25, strategy="least-confident")
    for _ in range(120):
        make_document(document_type)
    selection.rank_pool(document_type.pk)
    audited = Document.objects.filter(document_type=document_type, audit_probability=0.25)
    first = set(audited.values_list("pk", flat=True))
    assert 15 <= len(first) <= 45
    assert all("at random for the audit (25% of all)" in document.reason for document in audited)

    document_type.audit_share = 0.05  # what was drawn stays drawn, with the probability it was drawn with
    document_type.save()
    selection.rank_pool(document_type.pk)
    assert set(audited.values_list("pk", flat=True)) == first


def test_the_audit_slice_has_its_share_of_the_first_places_whatever_the_model_thinks():
    document_type = make_type(audit_share=0.25, strategy="least-confident")
    for n in range(80):
        extracted(document_type, 0.2 + n / 200)
    selection.rank_pool(document_type.pk)
    audited = set(Document.objects.filter(audit_probability__isnull=False).values_list("pk", flat=True))
    assert [pk in audited for pk in in_order(document_type)[:8]] == [False, False, False, True] * 2


def test_a_document_accepted_unseen_returns_to_the_pool_if_its_lot_is_drawn():
    document_type = make_type(audit_share=0.5, target_error=0.02, champion="v1")
    Automation.objects.create(document_type=document_type, on=True)
    documents = [make_document(document_type, state=State.ACCEPTED) for _ in range(20)]
    drawn = {d.pk for d in documents if ranking.draw(d.sha256) < 0.5}
    assert 0 < len(drawn) < 20
    selection.rank_pool(document_type.pk)
    back = Document.objects.filter(state=State.EXTRACTED)
    assert set(back.values_list("pk", flat=True)) == drawn
    assert set(back.values_list("audit_probability", flat=True)) == {0.5}
    assert set(Document.objects.filter(state=State.ACCEPTED).values_list("priority", flat=True)) == {None}


def test_corrections_move_what_the_model_gets_wrong_to_the_front():
    document_type = make_type(strategy="mixed", audit_share=0)
    hotel = "Hotel zur Post\nZimmer und Kurtaxe\nACME LTD\nSumme 12.90"
    for n in range(12):
        wrong = n % 2 == 0
        seen = extracted(
            document_type, 0.8, f"{hotel} Gast {n}" if wrong else f"ACME LTD\nTotal 12.90 Item {n}"
        )
        make_truth(seen, {}, {"total": "edited"} if wrong else {"total": "accepted"})
    # equally sure of both, by the model's confidences
    good = [extracted(document_type, 0.8, f"ACME LTD\nTotal 12.90 Item {n}{n}") for n in range(3)]
    bad = [extracted(document_type, 0.8, f"{hotel} Gast {n}{n}") for n in range(3)]
    selection.rank_pool(document_type.pk)
    order = in_order(document_type)
    assert sorted(order) == sorted(d.pk for d in good + bad)
    assert order[0] in {d.pk for d in bad}


def test_a_layout_that_nobody_has_corrected_is_called_new():
    document_type = make_type(audit_share=0)
    make_truth(extracted(document_type, 0.9), {})
    known = extracted(document_type, 0.5)
    new = extracted(
        document_type, 0.5, "Hotel zur Post Zimmer Bern\nFrühstück Kurtaxe Gast\nACME LTD\nSumme 12.90"
    )
    selection.rank_pool(document_type.pk)
    known.refresh_from_db()
    new.refresh_from_db()
    assert known.reason == "least sure of company (50 %)"
    assert new.reason == "least sure of company (50 %); new layout"


def test_ranking_again_writes_nothing_if_nothing_changed():
    document_type = make_type(audit_share=0.2)
    for _ in range(30):
        make_document(document_type)
    selection.rank_pool(document_type.pk)
    before = list(Document.objects.order_by("pk").values_list("priority", "reason"))
    with CaptureQueriesContext(connection) as queries:
        selection.rank_pool(document_type.pk)
    assert not [
        q for q in queries if q["sql"].startswith(("UPDATE annotation_document", "INSERT INTO learner"))
    ]
    assert list(Document.objects.order_by("pk").values_list("priority", "reason")) == before


def test_the_number_of_queries_does_not_grow_with_the_pool():
    def queries(documents: int) -> int:
        document_type = make_type()
        for _ in range(documents):
            make_document(document_type)
        with CaptureQueriesContext(connection) as captured:
            selection.rank_pool(document_type.pk)
        return len(captured)

    assert queries(3) == queries(60)


def test_a_look_is_computed_once_and_anew_under_another_rule(monkeypatch):
    document = make_document()
    selection.rank_pool(document.document_type_id)
    Look.objects.update(vector=b"\0" * 4 * ranking.DEPTH)
    selection.rank_pool(document.document_type_id)
    assert bytes(Look.objects.get().vector) == b"\0" * 4 * ranking.DEPTH
    monkeypatch.setattr(ranking, "RULE", "v0")
    selection.rank_pool(document.document_type_id)
    assert bytes(Look.objects.get().vector) != b"\0" * 4 * ranking.DEPTH


def test_picks_of_the_past_count_for_the_share():
    document_type = make_type(audit_share=0.25)
    for n in range(3):
        done = make_document(document_type, state=State.CONFIRMED)
        LabelTask.objects.create(document=done, project_id=1, task_id=n + 1, state=LabelTask.State.DONE)
    shas = [hashlib.sha256(f"pick {n}".encode()).hexdigest() for n in range(40)]
    for sha in shas:
        make_document(document_type, sha256=sha)
    selection.rank_pool(document_type.pk)
    first = Document.objects.get(pk=in_order(document_type)[0])
    assert first.sha256 == min(shas, key=ranking.draw)
    assert first.audit_probability == 0.25


def test_of_two_documents_that_are_wrong_alike_the_shorter_comes_first():
    document_type = make_type(strategy="errors-per-second", audit_share=0)
    long, short = extracted(document_type, 0.5), extracted(document_type, 0.5)
    for number in range(1, 9):
        page = long.pages.get(number=0)
        page.pk, page.number = None, number
        page.save()
    selection.rank_pool(document_type.pk)
    assert in_order(document_type) == [short.pk, long.pk]


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_ranks_real_rows(name):
    if name == "modal-ranked-batch":
        pytest.skip("seconds a batch: its own tests are slow ones")
    document_type = make_type(strategy=name, audit_share=0)
    for n in range(9):
        make_truth(
            extracted(document_type, 0.5, f"ACME LTD Total 12.90 {'x' * n}"),
            {},
            {"total": "edited"} if n % 2 else {},
        )
    waiting = {extracted(document_type, 0.1 * n).pk for n in range(1, 5)}
    selection.rank_pool(document_type.pk)
    assert set(in_order(document_type)) == waiting


def test_an_empty_pool_is_ranked_without_fuss(rung):
    document_type = make_type()
    selection.rank_pool(document_type.pk)
    assert ("annotation.fill_queue", document_type.pk) in rung


def test_an_unknown_strategy_is_refused_by_name():
    document_type = make_type(strategy="best")
    with pytest.raises(UnknownStrategy, match="best"):
        selection.rank_pool(document_type.pk)


def test_only_the_lifecycle_moved_anything():
    document_type = make_type(audit_share=1.0)
    document = make_document(document_type, state=State.ACCEPTED)
    selection.rank_pool(document_type.pk)
    assert list(document.moves.values_list("before", "after", "reason")) == [
        ("accepted", "extracted", "picked at random for the audit")
    ]
    assert State.EXTRACTED in lifecycle.POOL
