"""Figures that are worked out when something happens, and every type at a glance."""

import dataclasses
import json
from datetime import timedelta

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from annotation import tallies
from annotation.models import Document, Job, LabelTask, Tally
from learner import glances, headlines, promotion
from learner.forecast import STEPS, Point, needed
from learner.models import Headline, ModelVersion, Run, Snapshot
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version

pytestmark = pytest.mark.django_db

OUTCOMES = {"company": "accepted", "date": "edited", "total": "accepted"}


def corrected(document_type, **more):
    document = make_document(document_type, audit_probability=0.1)
    make_extraction(document)
    return make_truth(document, outcomes=OUTCOMES, **more)


def glance_of(document_type):
    return next(each for each in glances.glances() if each.id == document_type.pk)


def test_the_headline_tells_of_audit_seconds_and_new_corrections():
    receipts = make_type()
    known = corrected(receipts, lead_time=10.0)
    corrected(receipts, lead_time=30.0)
    Snapshot.objects.create(
        document_type=receipts, hash="a", items=[[known.pk, "gold"]], fields=receipts.fields
    )
    headlines.renew(receipts.pk)
    found = Headline.objects.get(document_type=receipts)
    assert (found.new_corrections, found.audited, found.median_seconds) == (1, 2, 20.0)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.low < found.accuracy < found.high
    corrected(receipts)
    headlines.renew_all()
    assert Headline.objects.get(document_type=receipts).new_corrections == 2


def test_a_type_without_anything_has_a_headline_too():
    receipts = make_type()
    headlines.renew(receipts.pk)
    glance = glance_of(receipts)
    assert (glance.audit, glance.to_goal, glance.automated, glance.documents) == (None, None, None, 0)


def test_a_glance_counts_documents_people_and_what_was_accepted_unseen():
    receipts = make_type()
    corrected(receipts, annotator="ann@example.org")
    corrected(receipts, annotator="bob@example.org", submitted_at=timezone.now() - timedelta(days=3))
    for state in ("accepted", "accepted", "queued", "extracted"):
        make_document(receipts, state=state)
    queued = receipts.documents.get(state="queued")
    LabelTask.objects.create(document=queued, project_id=1, task_id=1, state="open")
    glance = glance_of(receipts)
    assert (glance.documents, glance.corrections, glance.open_tasks) == (6, 2, 1)
    assert (glance.people, glance.automated) == (("ann@example.org",), 0.5)


def test_a_glance_tells_what_is_running():
    receipts = make_type()
    Run.objects.create(document_type=receipts, state="failed")
    Run.objects.create(document_type=receipts, state="running", share=0.5)
    Job.objects.create(
        task="annotation.extract_pool",
        subject=receipts.pk,
        state="running",
        share=0.25,
        claimed_at=timezone.now() - timedelta(minutes=2),
    )
    glance = glance_of(receipts)
    assert glance.live_run == glance.last_run and glance.live_run.share == 0.5
    (work,) = glance.work
    assert (work.title, work.share) == ("documents are being extracted anew", 0.25)
    assert work.minutes_left == pytest.approx(6, rel=0.01)


def test_glances_are_json_and_cost_the_same_for_any_number_of_types(django_assert_num_queries):
    first = make_type()
    promotion.promote(
        make_version(first, state=ModelVersion.State.CHALLENGER), by="the gate", reason="the first"
    )
    stored = json.loads(
        json.dumps([dataclasses.asdict(each) for each in glances.glances()], cls=DjangoJSONEncoder)
    )
    assert stored[0]["champion"]["name"] == first.versions.get().name
    for _ in range(5):
        another = make_type()
        make_version(another, state=ModelVersion.State.CHAMPION)
        corrected(another)
    with django_assert_num_queries(10):
        glances.glances()


def test_the_goal_is_as_far_away_as_the_curve_says():
    curve = {n: 1 - 0.5 * (n / 20) ** -0.4 for n in (20, 60, 180, 540)}
    rising = [Point(f"v{n}", n, f1, f1 - 0.02, f1 + 0.02, 500, 4) for n, f1 in curve.items()]
    assert needed([], 10) is None
    assert needed(rising, 540, goal=0.5) == 0
    assert needed(rising, 540, goal=1.0) is None
    assert needed(rising, 540, goal=0.88) in STEPS


# tallies: what the database counts by itself


def test_documents_are_counted_through_all_that_can_happen_to_them():
    receipts, invoices = make_type(), make_type()
    some = [make_document(receipts) for _ in range(5)]
    Document.objects.filter(pk__in=[each.pk for each in some[:3]]).update(state="extracted")
    Document.objects.filter(pk=some[0].pk).update(document_type=invoices)
    Document.objects.filter(pk=some[4].pk).delete()
    Document.objects.update(priority=1.0)
    before = tallies.counts()
    assert (before[receipts.pk]["extracted"], before[receipts.pk]["read"]) == (2, 1)
    assert (before[invoices.pk]["extracted"], before[invoices.pk]["queued"]) == (1, 0)
    tallies.add_up()
    assert tallies.counts() == before
    assert Tally.objects.count() == 3
