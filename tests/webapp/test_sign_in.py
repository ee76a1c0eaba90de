from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone

from annotation.models import TrailEntry
from webapp import people, sign_in

pytestmark = pytest.mark.django_db


def test_a_lead_arrives_at_the_overview(client, lea):
    answer = client.post(reverse("sign-in"), {"username": "lea", "password": "a-long-password"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("overview")
    assert "No document types yet" in answer.content.decode()


def test_an_annotator_arrives_at_their_own_page(client, ann):
    answer = client.post(reverse("sign-in"), {"username": "ann", "password": "a-long-password"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("today")


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(client, lea):
    answer = client.post(reverse("sign-in"), {"username": "lea", "password": "another"})
    assert answer.status_code == 200
    assert (
        "don&#x27;t belong together" in answer.content.decode() or "don't belong" in answer.content.decode()
    )


def test_signing_out_needs_a_post(client, lea):
    client.force_login(lea)
    assert client.get(reverse("sign-out")).status_code == 405
    assert client.post(reverse("sign-out")).status_code == 302
    assert client.get(reverse("overview")).status_code == 302


def test_the_sign_in_sends_nobody_to_another_site(client, lea):
    filled = {"username": "lea", "password": "a-long-password", "next": "https://elsewhere.example/"}
    assert client.post(reverse("sign-in"), filled)["Location"] == reverse("overview")


# guessing


@pytest.fixture
def guarded(settings):
    settings.AXES_ENABLED = True


def attempt(client, name="lea", password="wrong", address="192.0.2.1", **headers):
    filled = {"username": name, "password": password}
    return client.post(reverse("sign-in"), filled, REMOTE_ADDR=address, **headers)


def locked(client, name="lea", **keywords):
    """After as many wrong passwords as there may be."""
    answers = [attempt(client, name, **keywords) for _ in range(django_settings.AXES_FAILURE_LIMIT)]
    assert [answer.status_code for answer in answers[:-1]] == [200] * (len(answers) - 1)
    return answers[-1]


def test_after_ten_wrong_passwords_the_right_one_has_to_wait_too(client, lea, guarded):
    answer = locked(client)
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.content.decode()
    assert attempt(client, password="a-long-password").status_code == 429
    assert client.get(reverse("sign-in")).status_code == 200


def test_others_and_other_addresses_are_not_locked_with_it(client, lea, otto, guarded):
    locked(client)
    assert attempt(client, "otto", "a-long-password").status_code == 302
    client.logout()
    assert attempt(client, password="a-long-password", address="192.0.2.2").status_code == 302


def test_a_lock_is_over_after_a_quarter_of_an_hour_however_often_somebody_tries_meanwhile(
    client, lea, guarded
):
    locked(client)
    attempt(client)
    long_ago = timezone.now() - django_settings.AXES_COOLOFF_TIME - timedelta(seconds=1)
    assert AccessAttempt.objects.update(attempt_time=long_ago) == 1
    assert attempt(client, password="a-long-password").status_code == 302


def test_a_right_password_forgets_the_wrong_ones(client, lea, guarded):
    for _ in range(2):
        for _ in range(django_settings.AXES_FAILURE_LIMIT - 1):
            attempt(client)
        assert attempt(client, password="a-long-password").status_code == 302
        client.logout()


def test_a_lock_is_written_on_the_trail_once_and_what_was_typed_is_not(client, lea, guarded):
    locked(client)
    attempt(client)
    locked(client, "my-secret-password")
    entries = list(TrailEntry.objects.filter(action="locked sign-in").order_by("pk"))
    assert [entry.subject for entry in entries] == [f"user {lea.pk}", "nobody's name"]
    assert all("my-secret-password" not in entry.why for entry in entries)


def test_nothing_that_was_typed_is_in_a_log(client, lea, guarded, caplog):
    with caplog.at_level("WARNING"):
        locked(client, "my-secret-name", password="my-secret-password")
    assert "my-secret" not in caplog.text


def test_whoever_sets_a_new_password_signs_in_with_it_at_once(client, lea, guarded):
    locked(client)
    form = client.get(people.password_link(lea), follow=True).redirect_chain[-1][0]
    new = dict.fromkeys(("new_password1", "new_password2"), "correct horse battery")
    assert client.post(form, new)["Location"] == reverse("sign-in")
    assert attempt(client, password="correct horse battery").status_code == 302


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_added(rf, settings):
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9, 192.0.2.7")
    settings.CONFIG = settings.CONFIG.model_copy(update={"https": False})
    assert sign_in.address_of(request) == "10.0.0.1"
    settings.CONFIG = settings.CONFIG.model_copy(update={"https": True})
    assert sign_in.address_of(request) == "192.0.2.7"
