import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation import document_types, ledger
from annotation.errors import Refused
from annotation.models import Document, DocumentType, LabelTask
from models.schema import Kind
from tests.factories import make_answers, make_document, make_type

TEXT = """\
name: receipt
title: Receipts
fields:
  - name: company
    label: Shop
    help: As printed.
    required: true
  - name: total
    kind: money
thresholds:
  assume_above: 0.9
auto_accept:
  target_error: 0.02
  fields: {total: 0.005}
retraining:
  after: 12
gate:
  least_new: 8
  most_of_one: 0.5
  canary: share
  canary_share: 0.2
  fields: {total: 0.01}
service:
  priority: high
  within_hours: 24
cost:
  hour: 30
queue_depth: 3
overlap: {share: 0.1, annotators: 3}
probes: 0.02
"""
FIELDS = [{"name": "total", "kind": "money"}]


@pytest.fixture
def receipts(db):
    return document_types.create(document_types.specification_of(TEXT))


def test_a_type_is_made_from_yaml(receipts):
    assert (receipts.name, receipts.title) == ("receipt", "Receipts")
    assert receipts.schema["company"].title == "Shop"
    assert receipts.schema["total"].kind is Kind.MONEY
    assert (receipts.target_error, receipts.field_targets) == (0.02, {"total": 0.005})
    assert (receipts.retrain_after, receipts.queue_depth) == (12, 3)
    assert (receipts.least_new, receipts.most_of_one) == (8, 0.5)
    assert (receipts.canary, receipts.canary_share) == ("share", 0.2)
    assert (receipts.priority, receipts.within_hours) == (1, 24.0)
    assert (receipts.hour_costs, receipts.currency) == (30.0, "EUR")
    assert receipts.field_budgets == {"total": 0.01}
    assert (receipts.assume_above, receipts.whole_share) == (0.9, 0.2)
    assert (receipts.overlap_share, receipts.overlap_annotators) == (0.1, 3)
    assert (receipts.probes, receipts.second_opinions) == (0.02, 0.05)
    assert (receipts.strategy, receipts.audit_share, receipts.extractor) == ("mixed", 0.1, "combined")


def test_a_type_is_made_from_json_too(db):
    text = '{"name": "invoice", "fields": [{"name": "total", "kind": "money"}], "retrain_after": 5}'
    made = document_types.create(document_types.specification_of(text))
    assert (made.title, made.retrain_after) == ("Invoice", 5)


def test_every_project_learns_of_a_new_type(receipts, rung):
    made = document_types.create({"name": "invoice", "fields": FIELDS})
    assert ("annotation.sync_project", made.pk) in rung
    assert ("annotation.sync_project", receipts.pk) in rung


def test_yaml_of_a_type_makes_the_same_type(receipts):
    document_types.change(receipts, {"target_error": None, "recipe": {"epochs": 3}})
    receipts.refresh_from_db()
    before = {field.name: getattr(receipts, field.name) for field in DocumentType._meta.fields}
    text = document_types.to_yaml(receipts)
    DocumentType.objects.all().delete()
    again = document_types.create(document_types.specification_of(text))
    again.refresh_from_db()
    for name in before.keys() - {"id", "created_at"}:
        assert getattr(again, name) == before[name]


@pytest.mark.parametrize(
    ("specification", "why"),
    [
        ({"fields": FIELDS}, "needs 'name'"),
        ({"name": "a"}, "needs 'fields'"),
        ({"name": "A type", "fields": FIELDS}, "'name' is a small letter"),
        ({"name": 7, "fields": FIELDS}, "'name' is"),
        ({"name": "a", "title": " ", "fields": FIELDS}, "'title' is a text"),
        ({"name": "a", "fields": []}, "at least one field"),
        ({"name": "a", "fields": "total"}, "'fields' is a list"),
        ({"name": "a", "fields": [{"name": "total", "kind": "sum"}]}, "field 'total'.*text, date, money"),
        ({"name": "a", "fields": [{"name": "total", "colour": "red"}]}, "field 'total': unknown colour"),
        ({"name": "a", "fields": FIELDS * 2}, "used once"),
        ({"name": "a", "fields": [{"name": "total", "choices": 5}]}, "fields"),
        ({"name": "a", "fields": FIELDS, "depth": 3}, "unknown setting 'depth'; there are: name, title"),
        (
            {"name": "a", "fields": FIELDS, "target_error": 0.6},
            "'target_error' is a number above 0 and up to",
        ),
        ({"name": "a", "fields": FIELDS, "target_error": 0}, "'target_error' is a number above 0"),
        (
            {"name": "a", "fields": FIELDS, "auto_accept": {"fields": {"total": "few"}}},
            "'field_targets' is a mapping of fields to numbers",
        ),
        (
            {"name": "a", "fields": FIELDS, "auto_accept": {"fields": {"sum": 0.01}}},
            "'sum' has a target error in 'auto_accept', but is no field; there are: total",
        ),
        (
            {"name": "a", "fields": FIELDS, "thresholds": {"accept": 0.5}},
            "unknown setting 'accept' in 'thresholds'; there is 'assume_above'",
        ),
        (
            {"name": "a", "fields": FIELDS, "thresholds": {"assume_above": 0.4}},
            "'assume_above' is a number from 0.5 to 1, or null",
        ),
        ({"name": "a", "fields": FIELDS, "whole_share": -0.1}, "'whole_share' is a number from 0 to 1"),
        ({"name": "a", "fields": FIELDS, "thresholds": [1]}, "'thresholds' is a mapping"),
        ({"name": "a", "fields": FIELDS, "retraining": {"after": 0}}, "'retrain_after' is a whole number"),
        ({"name": "a", "fields": FIELDS, "queue_depth": True}, "'queue_depth' is a whole number"),
        ({"name": "a", "fields": FIELDS, "audit_share": float("nan")}, "'audit_share' is a number"),
        ({"name": "a", "fields": FIELDS, "extractor": "magic"}, "'extractor' is one of: .*layoutlm"),
        ({"name": "a", "fields": FIELDS, "strategy": "no such, really"}, "'strategy' is the name"),
        ({"name": "a", "fields": FIELDS, "recipe": ["epochs"]}, "'recipe' is a mapping"),
    ],
)
def test_what_cant_be_a_type_is_refused_with_what_is_wrong_and_where(db, specification, why):
    with pytest.raises(Refused, match=why):
        document_types.create(specification)
    assert not DocumentType.objects.exists()


def test_a_name_is_used_once(receipts):
    with pytest.raises(Refused, match="'receipt' already"):
        document_types.create({"name": "receipt", "fields": FIELDS})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [1\nb: 2", "line 2: this is no YAML"),
        ("- a\n- b", "is a mapping"),
        ("just words", "is a mapping"),
        ("", "is a mapping"),
        ("1: x", "is a mapping"),
        ("a: !!python/object/apply:os.system ['true']", "no YAML"),
        ("date: 2024-13-77", "no YAML"),
        ("recipe: {a: &a [x], b: &b [*a, *a]}", "line 1: this is no YAML .write it out instead of an alias"),
        ("\x00", "no YAML"),
    ],
)
def test_text_that_holds_no_type_is_refused(text, why):
    with pytest.raises(Refused, match=why):
        document_types.specification_of(text)


@given(st.text())
def test_no_text_breaks_the_reading_of_specifications(text):
    with contextlib.suppress(Refused):
        assert isinstance(document_types.specification_of(text), dict)


def test_a_file_makes_a_type_and_then_changes_it(db, tmp_path):
    path = tmp_path / "receipt.yaml"
    path.write_text(TEXT)
    made = document_types.from_yaml(path, by="lea")
    path.write_text(TEXT.replace("Receipts", "Till receipts"))
    assert document_types.from_yaml(path, by="lea").pk == made.pk
    assert DocumentType.objects.get().title == "Till receipts"


def test_a_refusal_names_the_file(db, tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("fields: [")
    with pytest.raises(Refused, match=r"^broken\.yaml: line 1: "):
        document_types.from_yaml(path, by="lea")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused, match=r"^broken\.yaml: .*UTF-8"):
        document_types.from_yaml(path, by="lea")


# changes


def test_a_change_leaves_what_it_does_not_name(receipts, rung):
    document_types.change(receipts, {"queue_depth": 9})
    receipts.refresh_from_db()
    assert (receipts.queue_depth, receipts.retrain_after, receipts.title) == (9, 12, "Receipts")


def test_a_change_does_not_undo_what_another_worker_wrote_meanwhile(receipts):
    DocumentType.objects.update(champion="receipt-v1", project_id=5)
    document_types.change(receipts, {"queue_depth": 9})
    stored = DocumentType.objects.get()
    assert (stored.champion, stored.project_id) == ("receipt-v1", 5)


def test_a_type_keeps_its_name(receipts):
    with pytest.raises(Refused, match="can't be renamed"):
        document_types.change(receipts, {"name": "bill"})


@pytest.fixture
def corrected(receipts):
    """Receipts of which one was corrected."""
    document = make_document(receipts)
    ledger.import_answers(document, make_answers(document, {"total": "12.90"}), by="ann")
    return receipts


GROWN = [
    {"name": "total", "kind": "money", "label": "To pay", "repeats": True},
    {"name": "company", "required": True},
    {"name": "tax", "kind": "money"},
]


def test_fields_may_be_added_and_described_anew_whatever_people_said(corrected):
    document_types.change(corrected, {"fields": GROWN})
    assert DocumentType.objects.get().schema.names == ("total", "company", "tax")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ([{"name": "company"}], "field 'total' can't be removed or renamed"),
        (
            [{"name": "company"}, {"name": "amount", "kind": "money"}],
            "field 'total' can't be removed or renamed",
        ),
        ([{"name": "company"}, {"name": "total"}], "the kind of field 'total' can't be changed"),
    ],
)
def test_what_people_said_is_not_lost_by_a_change_of_fields(corrected, fields, why):
    before = DocumentType.objects.get().fields
    with pytest.raises(Refused, match=f"{why} while there are corrections of 'receipt' \\(1\\)"):
        document_types.change(corrected, {"fields": fields})
    assert DocumentType.objects.get().fields == before


@pytest.mark.parametrize(
    ("field", "wanted", "why"),
    [
        ({"repeats": True}, {"repeats": False}, "must go on to repeat"),
        (
            {"kind": "choice", "choices": ["a", "b"]},
            {"kind": "choice", "choices": ["a"]},
            "choice 'b' of field 'x' can't be removed",
        ),
    ],
)
def test_a_field_must_not_shrink(db, field, wanted, why):
    document_type = make_type(fields=[{"name": "x"} | field])
    document = make_document(document_type)
    ledger.import_answers(document, [], by="ann")
    with pytest.raises(Refused, match=why):
        document_types.change(document_type, {"fields": [{"name": "x"} | wanted]})


def test_before_anybody_said_anything_fields_may_go(receipts):
    document_types.change(receipts, {"fields": FIELDS})
    assert DocumentType.objects.get().schema.names == ("total",)


def test_an_annotation_that_is_not_collected_yet_counts_too(receipts):
    document = make_document(receipts, state=Document.State.QUEUED)
    LabelTask.objects.create(document=document, project_id=1, task_id=1, state=LabelTask.State.DONE)
    with pytest.raises(Refused, match="can't be removed"):
        document_types.change(receipts, {"fields": FIELDS})


def test_a_strategy_and_its_parameters_are_checked_before_they_are_kept(receipts, rung):
    document_types.change(receipts, {"strategy": "capped", "strategy_parameters": {"share": 0.2}})
    assert ("learner.rank_pool", receipts.pk) in rung
    for wanted, says in (
        ({"strategy": "best"}, "no strategy 'best'; there are: mixed"),
        ({"strategy_parameters": {"apart": 2}}, "no parameter 'apart'; it has: candidates"),
        ({"strategy_parameters": {"candidates": 2.5}}, "a whole number above 0, not 2.5"),
        ({"strategy_parameters": {"share": "a lot"}}, "a mapping of the strategy's parameters to numbers"),
    ):
        with pytest.raises(Refused, match=says):
            document_types.change(receipts, wanted)
    with pytest.raises(Refused, match="no strategy"):
        document_types.create({"name": "invoice", "fields": FIELDS, "strategy": "best"})


def test_another_strategy_begins_with_its_usual_parameters(receipts):
    document_types.change(receipts, {"strategy_parameters": {"apart": 2}})
    changed = document_types.change(receipts, {"strategy": "random"})
    assert changed.strategy_parameters == {}


def test_what_does_not_change_the_order_has_nothing_ranked(receipts, rung):
    document_types.change(receipts, {"strategy": "mixed", "audit_share": 0.1, "retrain_after": 7})
    assert ("learner.rank_pool", receipts.pk) not in rung
    document_types.change(receipts, {"queue_depth": 9})
    assert ("annotation.fill_queue", receipts.pk) in rung
