import json

import pytest
from django.db import connection

from learner import evaluation, provenance
from learner.models import Run, Snapshot
from learner.snapshots import Split
from models.extractors.base import Answer, Example, Extracted, Value
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version

pytestmark = pytest.mark.django_db


def taught(document_type, *items, **more):
    """A version that was made of these (correction, split)."""
    snapshot = Snapshot.objects.create(
        document_type=document_type,
        hash=f"{Snapshot.objects.count():064x}",
        items=[[correction.pk, split] for correction, split in items],
        fields=document_type.fields,
    )
    run = Run.objects.create(document_type=document_type, state="finished", snapshot=snapshot)
    return make_version(document_type, run=run, **more)


def use_of(document):
    return provenance.use_of([each.pk for each in document.corrections.all()])


def test_which_versions_learned_from_a_document_and_which_were_judged_on_it():
    document_type = make_type()
    document, other = make_document(document_type), make_document(document_type)
    first, second = make_truth(document), make_truth(document)  # it was corrected twice
    elsewhere = make_truth(other)
    v1 = taught(document_type, (first, "train"), (elsewhere, "gold"))
    v2 = taught(document_type, (second, "validation"), (elsewhere, "gold"))
    v3 = taught(document_type, (second, "gold"), (elsewhere, "train"))
    taught(document_type)
    assert use_of(document) == provenance.Use(learned=(v2, v1), judged=(v3,))
    assert use_of(other) == provenance.Use(learned=(v3,), judged=(v2, v1))
    assert use_of(make_document(document_type)) == provenance.Use((), ())


def test_it_is_found_by_an_index_however_many_corrections_a_snapshot_holds():
    document_type = make_type()
    items = [[n, "gold" if n % 5 == 0 else "train"] for n in range(1, 4001)]
    for n in range(20):
        Snapshot.objects.create(document_type=document_type, hash=f"{n:064x}", items=items, fields=[])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE learner_snapshot")
        cursor.execute(
            "EXPLAIN (FORMAT JSON) SELECT id FROM learner_snapshot WHERE snapshot_part(items, false) && %s::bigint[]",
            [[7]],
        )
        plan = json.dumps(cursor.fetchone()[0])
    assert "snapshot_taught" in plan and "Seq Scan" not in plan
    assert len(provenance.snapshots_with([7], gold=False)) == 20
    assert provenance.snapshots_with([7], gold=True) == []
    assert len(provenance.snapshots_with([10], gold=True)) == 20


def test_a_version_knows_its_documents_their_readers_its_code_and_thresholds():
    document_type = make_type(assume_above=0.97)
    corrections = [make_truth(make_document(document_type)) for _ in range(3)]
    version = taught(document_type, *[(each, "train") for each in corrections])
    found = provenance.made_with(
        document_type, version.run.snapshot, {"epochs": 3}, {Split.TRAIN: 3}, {"values": {"error": 0.1}}
    )
    assert found["documents"] == {"train": 3, "validation": 0, "gold": 0}
    assert found["read_by"] == {"text-layer": 3}
    assert found["thresholds"]["assume_above"] == 0.97
    assert found["recipe"] == {"epochs": 3} and len(found["code"]) == 12
    assert json.loads(json.dumps(found)) == found


def test_calibration_is_told_of_values_and_of_absences():
    schema = make_type().schema
    gold = [Example(str(n), (), (Answer("total", "1.00"),)) for n in range(4)]
    said = [Extracted((Value("total", "1.00", "1.00", 0.5),), {"company": 0.9}) for _ in gold]
    found = provenance.calibration(schema, gold, said)
    assert found["values"]["count"] == 4 and found["values"]["error"] == pytest.approx(0.5)
    assert found["absences"]["share_right"] == 1
    # by field too: an honest total and a company that is never sure enough would hide one another
    assert found["fields"]["total"]["values"] == found["values"]
    assert found["fields"]["total"]["absences"]["count"] == 0
    assert found["fields"]["company"]["absences"] == found["absences"]
    assert set(found["fields"]) == set(schema.names)


def test_what_a_version_says_of_gold_is_kept_once_and_not_of_what_was_erased():
    document = make_document()
    there = make_extraction(document, version="receipts-v1")
    said = Extracted((Value("total", "9.99", "9.99", 0.5),), {})
    gold = [Example(str(document.pk), (), ()), Example("987654", (), ())]
    evaluation.keep("receipts-v1", gold, [said, said])
    evaluation.keep("receipts-v2", gold, [said, said])
    evaluation.keep("receipts-v2", gold, [said, said])
    kept = {each.model_version: each for each in document.extractions.all()}
    assert set(kept) == {"receipts-v1", "receipts-v2"}
    assert kept["receipts-v1"].values == there.values
    assert (kept["receipts-v2"].found[0].text, kept["receipts-v2"].score) == ("9.99", 0.5)
    document.refresh_from_db()
    assert document.extraction_id == there.pk
