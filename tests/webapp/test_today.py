"""An annotator's own page."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import LabelTask
from tests.factories import make_document, make_truth, make_type

pytestmark = pytest.mark.django_db


def queued(document_type, task_id: int):
    document = make_document(document_type, state="queued")
    LabelTask.objects.create(
        document=document, project_id=document_type.project_id, task_id=task_id, state="open"
    )
    return document


def shown(client, user):
    client.force_login(user)
    return client.get(reverse("today"))


def test_annotators_see_what_waits_in_the_types_they_label(client, ann):
    receipts = make_type(name="receipts", title="Receipts")
    memos = make_type(title="Memos")
    make_type(title="No project yet", project_id=None)
    queued(receipts, 41)
    queues = shown(client, ann).context["queues"]
    assert [(queue.title, queue.open) for queue in queues] == [("Memos", 0), ("Receipts", 1)]
    ann.only_types.set([receipts])
    answer = shown(client, ann)
    assert [queue.title for queue in answer.context["queues"]] == ["Receipts"]
    assert f'href="{reverse("label-type", args=["receipts"])}"' in answer.content.decode()
    assert memos.title not in answer.content.decode()


def test_the_page_follows_what_is_submitted_meanwhile(client, ann):
    page = shown(client, ann).content.decode()
    assert f'hx-get="{reverse("today-live")}"' in page
    make_truth(make_document(), annotator="ann@example.org", lead_time=7)
    live = client.get(reverse("today-live"))
    assert live.context["day"].total.documents == 1
    assert "<html" not in live.content.decode()


def test_a_lead_sees_every_queue(client, lea, ann):
    lea.only_types.set([make_type(title="Receipts")])
    make_type(title="Memos")
    assert len(shown(client, lea).context["queues"]) == 2


def test_a_day_is_what_one_person_submitted_last_for_each_document_since_midnight(client, ann):
    receipts, memos = make_type(title="Receipts"), make_type(title="Memos")
    now, two = timezone.now(), {"company": "edited", "date": "accepted", "total": "added"}
    mine = make_document(receipts)
    make_truth(mine, outcomes=two, annotator="Ann@example.org", submitted_at=now, lead_time=20)
    make_truth(
        mine, outcomes={"total": "edited"}, annotator="ann@example.org", submitted_at=now, lead_time=30
    )
    make_truth(make_document(receipts), outcomes=two, annotator="ann@example.org", lead_time=10)
    right = {"company": "assumed", "total": "accepted"}
    make_truth(make_document(memos), outcomes=right, annotator="ann@example.org", lead_time=None)
    make_truth(make_document(receipts), annotator="bob@example.org", submitted_at=now)
    make_truth(make_document(receipts), annotator="ann@example.org", submitted_at=now - timedelta(days=2))
    make_truth(make_document(receipts), annotator="ann@example.org", skipped=True)
    day = shown(client, ann).context["day"]
    total = day.total
    assert (total.documents, total.fields, total.untouched, total.median_seconds) == (3, 3, 1, 20)
    assert [(title, share.documents, share.fields) for title, share in day.types] == [
        ("Memos", 1, 0),
        ("Receipts", 2, 3),
    ]
    assert [line.changed for line in day.newest] == [[], ["company", "total"], ["total"]]
    assert "nothing: it was right" in shown(client, ann).content.decode()


def test_the_day_begins_at_midnight_by_the_readers_clock(client, ann, monkeypatch):
    noon = timezone.now().replace(hour=12, minute=0)
    monkeypatch.setattr(timezone, "now", lambda: noon)
    make_truth(make_document(), annotator="ann@example.org", submitted_at=noon - timedelta(hours=10))
    assert shown(client, ann).context["day"].total.documents == 1
    client.cookies["docloop_zone"] = "America/Los_Angeles"  # it was yesterday there, 18 or 19 o'clock
    assert shown(client, ann).context["day"].total.documents == 0


def test_an_account_without_an_address_has_done_nothing(client, ann):
    make_truth(make_document(), annotator="", submitted_at=timezone.now())
    ann.email = ""
    ann.save()
    assert shown(client, ann).context["day"].total.documents == 0


def test_the_page_asks_the_database_as_often_for_many_documents_as_for_few(
    client, ann, django_assert_max_num_queries
):
    for number in range(4):
        document_type = make_type()
        for task in range(4):
            document = queued(document_type, 100 * number + task)
            make_truth(document, outcomes={"total": "edited"}, annotator="ann@example.org", lead_time=9)
    client.force_login(ann)
    with django_assert_max_num_queries(13):
        assert client.get(reverse("today")).context["day"].total.documents == 16
