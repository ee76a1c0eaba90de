import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from annotation import schedules
from annotation.models import Job, Schedule


@pytest.fixture(autouse=True)
def timetable(settings):
    settings.TIMETABLE = {"a.water": timedelta(hours=1)}


def pass_time(hours):
    Schedule.objects.update(next_due=Now() - timedelta(hours=hours))


@pytest.mark.django_db
def test_a_timed_task_is_due_at_once_and_then_after_its_pause(rung):
    assert schedules.tick() == ["a.water"]
    assert schedules.tick() == []
    assert rung.all() == {("a.water", 0)}
    left = Schedule.objects.annotate(left=F("next_due") - Now()).get().left
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


@pytest.mark.django_db
def test_a_long_stop_is_made_up_for_once():
    schedules.tick()
    Job.objects.all().delete()
    pass_time(hours=50)
    assert schedules.tick() == ["a.water"]
    assert schedules.tick() == []


@pytest.mark.django_db(transaction=True)
def test_several_beats_make_one_run():
    start = threading.Barrier(4)
    rung = []

    def beat():
        start.wait()
        rung.extend(schedules.tick())
        connection.close()

    for _ in range(5):
        threads = [threading.Thread(target=beat) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pass_time(hours=1)
    assert rung == ["a.water"] * 5
