"""When a sign-in ends, and what its cookie is like."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from webapp import sessions

pytestmark = pytest.mark.django_db

POLL = {"HX-Request": "true"}


@pytest.fixture
def later(monkeypatch):
    """Moves the clock of sessions on, Django's and ours."""
    clock = {"now": timezone.now()}
    monkeypatch.setattr(timezone, "now", lambda: clock["now"])

    def pass_time(**time):
        clock["now"] += timedelta(**time)

    return pass_time


def sign_in(client, name="lea"):
    return client.post(reverse("sign-in"), {"username": name, "password": "a-long-password"})


def is_in(client, **headers):
    answer = client.get(reverse("overview-live"), headers=headers)
    return answer.status_code == 200 and "HX-Refresh" not in answer


def test_who_is_busy_stays_signed_in_for_days_and_not_for_ever(client, lea, later):
    sign_in(client)
    for _ in range(7 * 24):
        later(hours=1)
        assert is_in(client)
    later(minutes=1)
    assert not is_in(client)
    assert not Session.objects.exists()


def test_who_does_nothing_is_signed_out(client, lea, later):
    sign_in(client)
    later(minutes=479)
    assert is_in(client)
    later(minutes=481)
    assert not is_in(client)


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(client, lea, later):
    sign_in(client)
    for _ in range(8):
        later(minutes=59)
        assert is_in(client, **POLL)
    later(minutes=10)
    assert not is_in(client, **POLL)


def test_a_session_that_does_not_say_when_it_began_is_over(client, lea):
    sign_in(client)
    session = client.session
    del session[sessions.SIGNED_IN]
    session.save()
    assert not is_in(client)


def test_signing_in_changes_the_keys_so_that_one_planted_before_opens_nothing(client, lea):
    client.get(reverse("sign-in"))
    planted = client.session
    planted["by"] = "somebody else"
    planted.save()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = planted.session_key
    token = client.cookies[django_settings.CSRF_COOKIE_NAME].value
    sign_in(client)
    assert client.session.session_key != planted.session_key
    assert client.cookies[django_settings.CSRF_COOKIE_NAME].value != token
    stranger = Client()
    stranger.cookies[django_settings.SESSION_COOKIE_NAME] = planted.session_key
    assert not is_in(stranger)


def test_signing_out_ends_the_session_on_the_server_too(client, lea):
    sign_in(client)
    key = client.session.session_key
    client.post(reverse("sign-out"))
    stranger = Client()
    stranger.cookies[django_settings.SESSION_COOKIE_NAME] = key
    assert not is_in(stranger)


def test_another_password_ends_what_was_signed_in_with_the_old_one(client, lea):
    sign_in(client)
    lea.set_password("another-long-password")
    lea.save()
    assert not is_in(client)


def test_the_cookie_is_for_our_pages_alone(client, lea):
    answer = sign_in(client)
    for name in (django_settings.SESSION_COOKIE_NAME, django_settings.CSRF_COOKIE_NAME):
        cookie = answer.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
            True,
            "Lax",
            "/",
            "",
        )


def test_rows_of_sessions_that_are_over_are_deleted(later):
    store = import_module(django_settings.SESSION_ENGINE).SessionStore
    store().create()
    later(minutes=481)
    current = store()
    current.create()
    sessions.forget()
    assert list(Session.objects.values_list("session_key", flat=True)) == [current.session_key]
