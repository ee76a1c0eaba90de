import pytest
from django.db import transaction

from annotation import doorbell
from annotation.models import Job

pytestmark = pytest.mark.django_db


def test_a_fact_writes_a_job_for_every_task_wired_to_it(rung, settings):
    settings.WIRING = {"kettle boiled": ["a.pour", "a.whistle"]}
    doorbell.ring("kettle boiled", 7)
    assert rung.all() == {("a.pour", 7), ("a.whistle", 7)}


def test_a_fact_that_is_rolled_back_leaves_no_job(rung, settings):
    settings.WIRING = {"kettle boiled": ["a.pour"]}
    with pytest.raises(RuntimeError), transaction.atomic():
        doorbell.ring("kettle boiled", 7)
        raise RuntimeError
    assert rung.all() == set()


def test_a_job_that_waits_already_is_enough(settings):
    doorbell.enqueue("a.pour", 7, 8)
    doorbell.enqueue("a.pour", 8, 7)
    assert Job.objects.count() == 2


def test_a_running_job_does_not_swallow_a_new_ring():
    doorbell.enqueue("a.pour", 7)
    Job.objects.update(state="running")
    doorbell.enqueue("a.pour", 7)
    assert sorted(Job.objects.values_list("state", flat=True)) == ["running", "waiting"]
