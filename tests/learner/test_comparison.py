import numpy as np
import pytest

from annotation.labelling import CHOSEN_TYPE
from annotation.models import Extraction, json_of
from learner import comparison
from learner.models import Run, Snapshot
from models.extractors.base import Value
from models.metrics import Scores, paired_bootstrap, paired_bootstraps
from tests.factories import make_document, make_truth, make_type, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def receipts():
    return make_type(name="receipts")


def version(document_type, **splits):
    """A version of a snapshot of these corrections, by split."""
    snapshot = Snapshot.objects.create(
        document_type=document_type,
        hash=f"{Snapshot.objects.count():064x}",
        items=[[each.pk, split] for split, some in splits.items() for each in some],
        fields=document_type.fields,
    )
    run = Run.objects.create(document_type=document_type, state="finished", snapshot=snapshot)
    return make_version(document_type, run=run)


def says(version, document, confidence=0.8, **texts):
    """What a version says of a document; without texts, that it is as people confirmed it."""
    schema = document.document_type.schema
    said = texts or {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
    values = tuple(Value(name, text, schema[name].normalise(text), confidence) for name, text in said.items())
    Extraction.objects.create(
        document=document, model_version=version.name, values=json_of(values), absent={"date": 0.7}, score=0.5
    )


def test_versions_are_compared_on_documents_that_both_read_and_neither_learned_from(receipts):
    documents = {name: make_document(receipts, filename=f"{name}.pdf") for name in "abcdef"}
    truths = {name: make_truth(document) for name, document in documents.items() if name != "f"}
    first = version(receipts, train=[truths["a"]], gold=[truths["c"]])
    second = version(receipts, train=[truths["b"]], gold=[truths["c"], truths["d"]])
    for name in "abcdf":  # f is not confirmed
        says(first, documents[name])
        says(second, documents[name])
    says(first, documents["e"])  # and the other has not read it
    found = comparison.compare(first, second)
    assert (found.documents, found.held_back) == (2, 1)  # c and d


def test_differences_are_those_of_the_second_version_with_intervals(receipts):
    first, second = version(receipts), version(receipts)
    for n in range(20):
        document = make_document(receipts)
        make_truth(document)
        says(first, document, company="ACME LTD", date="01/02/2024", total="99.99" if n < 10 else "12.90")
        says(second, document)
    found = comparison.compare(first, second)
    by_field = {each.field: each for each in found.fields}
    assert (by_field["total"].before, by_field["total"].after) == (0.5, 1.0)
    assert 0 < by_field["total"].low < 0.5 < by_field["total"].high < 1
    assert by_field["company"].difference == by_field["company"].low == by_field["company"].high == 0
    assert found.overall.difference == pytest.approx(10 / 60)
    backwards = comparison.compare(second, first)
    assert backwards.overall.difference == pytest.approx(-found.overall.difference)
    assert [each.document for each in backwards.first_right] == [each.document for each in found.second_right]


def test_examples_show_what_each_said_and_where_people_found_it(receipts):
    first, second = version(receipts), version(receipts)
    document = make_document(receipts, filename="phone.pdf")
    truth = make_truth(document)
    says(first, document, confidence=0.95, company="ACME LTD", total="12.90")  # no date
    says(second, document, confidence=0.6, company="AC ME", date="01/02/2024", total="12,90")
    found = comparison.compare(first, second)
    (date,), (company,) = found.second_right, found.first_right
    assert (date.title, date.truth, date.first.texts, date.second.texts) == (
        "date",
        ("01/02/2024",),
        (),
        ("01/02/2024",),
    )
    assert (date.first.confidence, date.second.confidence) == (0.7, 0.6)
    assert (company.filename, company.second.texts, company.first.confidence) == (
        "phone.pdf",
        ("AC ME",),
        0.95,
    )
    assert company.place == truth.said[0].place


def test_no_field_hides_the_others_among_the_examples_and_one_can_be_asked_for(receipts):
    first, second = version(receipts), version(receipts)
    for _ in range(15):
        document = make_document(receipts)
        make_truth(document)
        says(first, document, company="x", date="01/02/2024", total="1.00")
        says(second, document)
    found = comparison.compare(first, second).second_right
    assert [each.field for each in found] == ["company", "total"] * 5
    only = comparison.compare(first, second, field="total").second_right
    assert {each.field for each in only} == {"total"} and len(only) == comparison.MOST_EXAMPLES


def test_versions_that_share_no_document_have_no_figures(receipts):
    first, second = version(receipts), version(receipts)
    says(first, make_document(receipts))
    found = comparison.compare(first, second)
    assert (found.documents, found.overall, found.fields, found.second_right) == (0, None, (), ())


def test_documents_with_fields_that_nobody_confirmed_say_nothing(receipts):
    first, second = version(receipts), version(receipts)
    document = make_document(receipts)
    make_truth(document, outcomes={"company": "assumed"})
    says(first, document)
    says(second, document)
    assert comparison.compare(first, second).documents == 0


def test_a_field_that_one_was_not_trained_for_is_left_out(receipts):
    first, second = version(receipts), version(receipts)
    Snapshot.objects.filter(pk=first.run.snapshot_id).update(fields=receipts.fields[:2])
    first.run.snapshot.refresh_from_db()
    document = make_document(receipts)
    make_truth(document)
    says(first, document)
    says(second, document)
    found = comparison.compare(first, second)
    assert [each.field for each in found.fields] == ["company", "date"]
    assert found.left_out == ("total",)


def test_of_many_documents_the_newest_are_compared(receipts, monkeypatch):
    monkeypatch.setattr(comparison, "MOST", 3)
    first, second = version(receipts), version(receipts)
    for _ in range(8):
        document = make_document(receipts)
        make_truth(document)
        says(first, document)
        says(second, document)
    assert comparison.compare(first, second).documents == 3


def test_it_asks_the_database_the_same_few_things_whatever_the_number_of_documents(
    receipts, django_assert_num_queries
):
    first, second = version(receipts), version(receipts)
    for _ in range(12):
        document = make_document(receipts)
        make_truth(document)
        says(first, document, company="x")
        says(second, document)
    first.document_type, first.run.snapshot, second.run.snapshot  # noqa: B018  # loaded by whoever asks
    # the newest, those of each version, who learned, the documents, held back from each, what they say
    with django_assert_num_queries(8):
        comparison.compare(first, second)


def test_all_fields_at_once_have_the_intervals_that_each_has_alone():
    rng = np.random.default_rng(3)
    true = np.ones((40, 2), dtype=np.int64)
    one = Scores(("a", "b"), (rng.random((40, 2)) < 0.7).astype(np.int64), true, true)
    other = Scores(("a", "b"), (rng.random((40, 2)) < 0.9).astype(np.int64), true, true)
    found = paired_bootstraps(one, other, np.random.default_rng(0))
    assert list(found) == ["", "a", "b"]
    for name, interval in found.items():
        alone = paired_bootstrap(one, other, np.random.default_rng(0), name or None)
        assert interval.value == alone.value
        assert (interval.low, interval.high) == pytest.approx((alone.low, alone.high))
    with pytest.raises(ValueError, match="different documents"):
        paired_bootstraps(one, other.of(np.arange(40) < 20), rng)


def test_documents_that_are_said_to_be_of_another_type_are_not_compared(receipts):
    first, second = version(receipts), version(receipts)
    for ended in ({}, {CHOSEN_TYPE: "letters"}):
        document = make_document(receipts)
        make_truth(document, outcomes=ended)
        says(first, document)
        says(second, document)
    assert comparison.compare(first, second).documents == 1
