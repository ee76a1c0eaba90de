import pytest

from annotation import people, queueing, rechecks
from annotation.models import Recheck
from tests.conftest import person
from tests.factories import make_document, make_truth, make_type

pytestmark = pytest.mark.django_db


def names(users) -> set[str]:
    return {user.username for user in users}


def test_an_annotator_labels_every_type_until_types_are_chosen_for_them(ann):
    receipts, invoices = make_type(), make_type()
    assert set(people.types_of(ann)) == {receipts, invoices}
    ann.only_types.set([receipts])
    assert set(people.types_of(ann)) == {receipts}
    assert names(people.labellers(receipts)) == {"ann"}
    assert names(people.labellers(invoices)) == set()


def test_only_active_annotators_label(ann, lea, otto, eve):
    receipts = make_type()
    person("amy", "annotator")
    assert names(people.labellers(receipts)) == {"ann", "amy"}
    ann.is_active = False
    ann.save()
    assert names(people.labellers(receipts)) == {"amy"}


def test_a_queue_is_as_deep_as_the_people_who_label_the_type_need(ann):
    receipts, invoices, memos = (make_type(queue_depth=3) for _ in range(3))
    amy = person("amy", "annotator")
    ann.only_types.set([receipts, invoices])
    amy.only_types.set([receipts])
    assert [queueing.depth(each) for each in (receipts, invoices)] == [6, 3]
    assert queueing.depth(memos) == 3  # nobody's: a lead may label it all the same


def test_nobody_waits_for_the_second_opinion_of_somebody_who_was_shut_out(ann):
    receipts = make_type()
    mine, hers = make_document(receipts), make_document(receipts)
    make_truth(mine, annotator="Ann@example.org")
    make_truth(hers, annotator="amy@example.org")
    assert rechecks.annotators(receipts) == {"Ann@example.org", "amy@example.org"}
    ann.is_active = False
    ann.save()
    assert rechecks.annotators(receipts) == {"amy@example.org"}
    assert rechecks.ask(hers, Recheck.Purpose.SECOND_OPINION, because="x", shown=()) is None
    assert rechecks.ask(mine, Recheck.Purpose.SECOND_OPINION, because="x", shown=())


def test_every_queue_is_counted_anew_and_types_without_a_project_wait(rung):
    receipts, new = make_type(), make_type(project_id=None)
    people.count_anew()
    assert ("annotation.fill_queue", receipts.pk) in rung
    assert ("annotation.fill_queue", new.pk) not in rung
