"""How each annotator works, from the ledger, overlaps and probes."""

import pytest
from django.utils import timezone

from annotation.models import Recheck
from learner import people
from tests.factories import make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db

ANN, AMY = "ann@example.org", "amy@example.org"


def recheck(document, purpose, annotator, **more):
    return Recheck.objects.create(
        document=document,
        purpose=purpose,
        first=document.corrections.earliest("pk"),
        because=f"{purpose} {Recheck.objects.count()}",
        shown=[],
        project_id=1,
        state="done",
        annotator=annotator,
        answered_at=timezone.now(),
        **more,
    )


def answered(kind, who, **more):
    document = make_document(kind)
    make_extraction(document)
    make_truth(document, annotator=who, **more)
    return document


def test_documents_seconds_and_what_was_submitted_as_shown():
    kind = make_type()
    for seconds, outcome in ((10, "accepted"), (20, "edited"), (90, "assumed")):
        answered(kind, ANN, lead_time=seconds, outcomes={"total": outcome})
    (ann,) = people.of(kind)
    assert (ann.annotator, ann.documents, ann.median_seconds) == (ANN, 3, 20)
    assert (ann.untouched.n, ann.untouched.share) == (3, pytest.approx(2 / 3))
    assert ann.untouched.low < 2 / 3 < ann.untouched.high
    assert ann.agreement is None and ann.probes is None


def test_who_leaves_the_wrong_values_of_probes_is_marked_and_a_careful_colleague_is_not():
    kind = make_type()
    for _ in range(6):
        document = answered(kind, ANN)
        recheck(document, "probe", AMY, fields=["total"], outcomes={"total": "accepted", "date": "accepted"})
        recheck(document, "probe", ANN, fields=["total"], outcomes={"total": "edited", "date": "accepted"})
    found = {person.annotator: person.probes for person in people.of(kind)}
    assert (found[AMY].missed, found[AMY].blind) == (6, True)
    assert (found[ANN].missed, found[ANN].blind) == (0, False)


def test_a_probes_answer_is_no_document_of_its_annotator():
    kind = make_type()
    recheck(answered(kind, ANN), "probe", AMY, fields=["total"], outcomes={"total": "edited"})
    assert {person.annotator: person.documents for person in people.of(kind)} == {ANN: 1, AMY: 0}


def test_agreement_is_with_whom_the_lot_gave_the_same_documents():
    kind = make_type()
    for total in ("12.90", "12.90", None):
        document = answered(kind, ANN)
        second = recheck(document, "overlap", AMY)
        said = {"company": "ACME LTD", "date": "01/02/2024"} | ({"total": total} if total else {})
        make_truth(document, said, annotator=AMY, recheck=second, lead_time=3)
    found = {person.annotator: person for person in people.of(kind)}
    assert found[ANN].agreement.documents == 3
    assert found[ANN].agreement.share == pytest.approx((1 + 1 + 2 / 3) / 3)
    assert found[AMY].median_seconds is None  # times of being asked again tell nothing of the others


def test_the_list_takes_few_queries_however_many_people_there_are(django_assert_max_num_queries):
    kind = make_type()
    for number in range(8):
        answered(kind, f"person{number}@example.org", lead_time=5)
    with django_assert_max_num_queries(5):
        assert len(people.of(kind)) == 8
