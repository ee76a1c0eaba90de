"""Operators say whom Docloop tells of what, and see what became of it."""

import pytest
from django.urls import reverse

from annotation.models import TrailEntry
from webapp.models import Delivery, WebhookEndpoint

pytestmark = pytest.mark.django_db

FORM = {"url": "https://example.org/hook", "events": ["correction.recorded"]}


@pytest.fixture
def operator(client, otto):
    client.force_login(otto)
    return client


@pytest.fixture
def endpoint(operator):
    operator.post(reverse("webhooks"), FORM)
    return WebhookEndpoint.objects.get()


def act(operator, endpoint, action):
    return operator.post(reverse("webhook-act", args=[endpoint.pk]), {"action": action}, follow=True)


def test_an_endpoint_is_added_and_its_secret_told_once(operator):
    page = operator.post(reverse("webhooks"), FORM)
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.secret in page.content.decode().replace("&#x27;", "'")
    assert "no-store" in page["Cache-Control"]
    assert (endpoint.events, endpoint.created_by) == (["correction.recorded"], "otto")
    for again in (reverse("webhooks"), reverse("webhook", args=[endpoint.pk])):
        assert endpoint.secret not in operator.get(again).content.decode()
    assert TrailEntry.objects.get().action == "added a webhook"


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (FORM | {"url": "ftp://example.org"}, "https://"),
        (FORM | {"events": []}, "at least one event"),
        (FORM | {"events": ["everything"]}, "not one of the available choices"),
    ],
)
def test_what_can_t_be_is_told_at_its_place(operator, form, says):
    page = operator.post(reverse("webhooks"), form).content.decode()
    assert says in page
    assert not WebhookEndpoint.objects.exists()


def test_a_test_message_is_sent(operator, endpoint, rung):
    page = act(operator, endpoint, "test").content.decode()
    delivery = Delivery.objects.get()
    assert ("webapp.deliver", delivery.pk) in rung
    assert "webhook.test" in page


def test_an_endpoint_is_switched_off_and_on_and_deleted(operator, endpoint):
    act(operator, endpoint, "off")
    endpoint.refresh_from_db()
    assert not endpoint.active
    assert "switch it on first" in act(operator, endpoint, "test").content.decode()
    act(operator, endpoint, "on")
    endpoint.refresh_from_db()
    assert endpoint.active
    assert "Add its address" in act(operator, endpoint, "delete").content.decode()
    assert not WebhookEndpoint.objects.exists()
    assert TrailEntry.objects.count() == 4


def test_an_action_that_there_is_not_is_told(operator, endpoint):
    assert "no such action" in act(operator, endpoint, "explode").content.decode()


def test_a_message_is_sent_again_by_hand(operator, endpoint, rung):
    delivery = Delivery.objects.create(
        endpoint=endpoint, event="correction.recorded", about="1", payload={}, state="failed", status=500
    )
    page = operator.post(reverse("webhook-send-again", args=[endpoint.pk, delivery.pk]), follow=True)
    assert "sent again" in page.content.decode()
    assert ("webapp.deliver", delivery.pk) in rung


def test_the_pages_ask_the_same_number_of_questions_however_many_messages(
    operator, endpoint, django_assert_max_num_queries
):
    Delivery.objects.bulk_create(
        Delivery(endpoint=endpoint, event="correction.recorded", about=str(n), payload={}) for n in range(80)
    )
    with django_assert_max_num_queries(6):
        assert "Only the newest" in operator.get(reverse("webhook", args=[endpoint.pk])).content.decode()
    with django_assert_max_num_queries(6):
        operator.get(reverse("webhooks"))
