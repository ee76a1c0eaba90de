"""What a training of the router learns from and is judged on, and when it is due."""

from __future__ import annotations

import random

import pytest

from annotation import refiling, routing
from annotation.errors import Refused
from annotation.models import DocumentType
from learner import lessons, triggers
from learner.lessons import Known
from learner.models import Lesson, Run
from tests.factories import make_document, make_type

pytestmark = pytest.mark.django_db


def fingerprint(n):
    return f"{random.Random(n).getrandbits(64):016x}"


def known(n, document_type=1, **more):
    return Known(n, document_type, **{"sha256": f"{n:064x}", "fingerprint": fingerprint(n)} | more)


def fill(document_type, n, start=0):
    return [make_document(document_type, fingerprint=fingerprint(start + each)) for each in range(n)]


def test_about_a_fifth_judges_and_at_least_two_of_every_type():
    found = [known(n, n % 2) for n in range(400)] + [known(1000 + n, 7) for n in range(10)]
    judges = lessons.divide(found, range(len(found)), {})
    assert 0.15 < len(judges) / len(found) < 0.25
    assert sum(each.document in judges for each in found if each.document_type == 7) >= 2


def test_what_judged_once_judges_for_ever_and_what_taught_goes_on_teaching():
    found = [known(n) for n in range(100)]
    before = lessons.divide(found, range(100), {})
    remembered = {each.document: each.document in before for each in found}
    more = found + [known(n) for n in range(100, 200)]
    after = lessons.divide(more, range(200), remembered)
    assert {n for n in after if n < 100} == set(before)


def test_near_copies_stand_on_one_side():
    found = [known(n) for n in range(60)]
    judges = lessons.divide(found, [n // 3 for n in range(60)], {})
    assert all(len({n in judges for n in range(start, start + 3)}) == 1 for start in range(0, 60, 3))


def test_one_type_is_too_few_and_so_are_nine_documents(rung):
    fill(make_type(), 12)
    fill(make_type(), 9, start=50)
    with pytest.raises(Refused, match="2 types with 10 documents"):
        lessons.plan()
    triggers.train_router()
    assert not Run.objects.exists()


def test_a_training_is_asked_for_once_enough_types_are_known_and_again_after_enough_more(rung):
    one, other = make_type(), make_type()
    fill(one, 10)
    fill(other, 10, start=50)
    triggers.train_router()
    run = Run.objects.get()
    assert run.document_type == routing.unknown_type()
    assert ("learner.train", run.pk) in rung
    triggers.train_router()  # one is live
    assert Run.objects.count() == 1
    for each in lessons.plan():
        each.run = run
        each.save()
    Run.objects.update(state=Run.State.FINISHED)
    fill(one, 24, start=100)
    triggers.train_router()
    assert Run.objects.count() == 1
    fill(one, 1, start=130)
    triggers.train_router()
    assert Run.objects.count() == 2


def test_a_new_type_is_learned_at_once(rung):
    first = [make_type(), make_type()]
    for n, each in enumerate(first):
        fill(each, 10, start=50 * n)
    triggers.train_router()
    Lesson.objects.bulk_create([_of(each, Run.objects.get()) for each in lessons.plan()])
    Run.objects.update(state=Run.State.FINISHED)
    third = make_type()
    for each in fill(routing.unknown_type(), 10, start=200):
        refiling.move(each.pk, third, by="lea")
    triggers.train_router()
    assert Run.objects.count() == 2


def test_documents_of_the_unknown_type_and_of_the_doctors_probes_teach_nothing():
    fill(routing.unknown_type(), 10)
    fill(DocumentType.objects.create(name="docloop-probe-1", title="Probe", fields=[]), 10, start=50)
    assert lessons.known() == []


def _of(lesson, run):
    lesson.run = run
    return lesson
